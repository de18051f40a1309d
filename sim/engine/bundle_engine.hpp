/// Bandwidth shared by bundles: equal transfers are one class, the solver knows classes only, and
/// inside a class a virtual clock says when each transfer ends. The FlowEngine of fleets too large
/// for one solver variable a transfer.
#pragma once

#include <memory>

#include "sim/engine/flow_engine.hpp"
#include "sim/engine/flow_solver.hpp"

namespace fleetcache::engine {

struct BundleOptions {
  /// Rates are computed again when a class's population differs by more than this share from the
  /// one they were computed for. 0: at every start and end, exact. Requires: 0 <= epsilon < 1.
  double epsilon = 0.05;
};

/// What the bundling cost and how old its rates were.
struct BundleStats {
  std::uint64_t classes = 0;       ///< ever created
  std::uint64_t solves = 0;        ///< calls of the solver
  std::uint64_t reweights = 0;     ///< populations handed to it
  std::uint64_t rate_changes = 0;  ///< classes whose rate a solve changed, summed
  /// The most that a population differed, while time passed, from the one its rate was computed
  /// for, as a share of the latter. At most epsilon.
  double staleness_max = 0;
};

/// A FlowEngine whose unit is the class: flows with the same set of shared links and the same least
/// per-flow cap on their routes. A class is made when its first flow starts. Differences to the
/// exact engine:
///
///  - `start` takes any weight > 0; `set_capacity` takes 0 (failed: flows wait, and go on later);
///    links may be added at any time;
///  - between two solves the rate of a class is constant and its flows share it; a class whose
///    flows are at their cap keeps them there, so it may use up to 1 + epsilon of its part;
///  - link_usage is O(classes on the link), and as of the last solve, which comes after all
///    events of a date.
///
/// A start or end costs O(log flows of its class + log classes), a solve what the solver says plus
/// O(log classes) for each class whose rate changed. 64 bytes a live flow. Does not need SimGrid:
/// what it takes from it is the solver.
class BundleEngine : public FlowEngine {
 public:
  virtual const BundleStats& bundle_stats() const = 0;
};

std::unique_ptr<BundleEngine> make_bundle_engine(std::unique_ptr<FlowSolver> solver,
                                                 const BundleOptions& options = {});

}  // namespace fleetcache::engine
