/// Rates of classes of equal flows: weighted max-min fair shares of links. A class is a route, a
/// population k of flows on it, and perhaps a cap on each of them; it is one unknown however large
/// k is. Two bodies give the same rates: SimGrid's solver and a native one.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "policies/base/units.hpp"

namespace fleetcache::engine {

using SolverLink = std::uint32_t;
using SolverClass = std::uint32_t;

/// No cap on a flow by itself.
constexpr BytesPerSecond kUncapped{std::numeric_limits<double>::infinity()};

/// Weighted max-min fairness: the rates x are the ones that no flow could raise without lowering a
/// flow that has no more than it, under
///
///     for every link l:    sum of x_c over classes c through l  <=  capacity_l
///     for every class c:   x_c  <=  k_c * per-flow cap_c
///
/// where a flow of class c has x_c / k_c. A class with k = 0 or with a link of capacity 0 has rate
/// 0. Changes take effect at the next solve(); rates are those of the last.
class FlowSolver {
 public:
  virtual ~FlowSolver() = default;

  /// Requires: capacity >= 0, finite. At any time.
  virtual SolverLink add_link(std::string_view name, BytesPerSecond capacity) = 0;
  /// A class without flows. Requires: distinct links, cap > 0; a cap if there is no link. At any
  /// time. O(route).
  virtual SolverClass add_class(std::span<const SolverLink> route,
                                BytesPerSecond per_flow_cap = kUncapped) = 0;
  /// Requires: flows >= 0, finite; any positive number, not only whole ones. O(1).
  virtual void set_population(SolverClass id, double flows) = 0;
  /// Requires: capacity >= 0, finite; 0 stops the flows on the link. O(classes on the link).
  virtual void set_capacity(SolverLink id, BytesPerSecond capacity) = 0;

  /// Native: O(sum of route lengths of live classes, times a logarithm). SimGrid: O(classes and
  /// their links) for each level at which links fill up.
  virtual void solve() = 0;
  /// Of the whole class, at the last solve().
  virtual BytesPerSecond rate(SolverClass id) const = 0;
  /// The classes whose rate the last solve() changed, in ascending order. Valid until the next.
  virtual std::span<const SolverClass> changed() const = 0;
};

/// SimGrid's solver, asked as an oracle: its clock is its own and no simulated time enters it.
/// Requires: no other SimGrid engine in this process, now or before.
std::unique_ptr<FlowSolver> make_simgrid_solver();
/// Weighted progressive filling in this library; any number of them in a process.
std::unique_ptr<FlowSolver> make_native_solver();

}  // namespace fleetcache::engine
