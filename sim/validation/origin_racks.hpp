/// A fleet that reads from one origin: racks of nodes behind a switch each, every node reading one
/// object at a time over its own NIC. The system on which bundles are held against one flow a
/// transfer, by V30 and by tests/bench/bundle_bench.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/engine/flow_engine.hpp"

namespace fleetcache::validation {

struct OriginRacks {
  std::uint32_t racks = 20;
  std::uint32_t nodes_per_rack = 400;
  BytesPerSecond origin{200e9};
  BytesPerSecond tor{15e9};
  BytesPerSecond nic{1e9};
  double mean_bytes = 4e9;  ///< log-normal
  double sigma = 0.5;       ///< of the logarithm of the size
  double rho = 0.9;         ///< offered load as a share of the origin
  std::uint64_t transfers = 20'000;
  std::uint64_t seed = 1;
};

/// How a node's NIC is told to the engine.
enum class Nics : std::uint8_t {
  kLinks,  ///< a link of its own for every node: the system as it is
  kCap,    ///< a cap on every flow: nodes of a rack are one class
};

struct OriginRacksResult {
  std::vector<double> sojourn_s;  ///< of every transfer, in the order of arrivals
  std::uint64_t live_max = 0;
  std::uint64_t digest = 0;  ///< of all ends

  double mean_s() const;
  /// The q-quantile of what was measured: the smallest value that q of all do not exceed.
  double quantile_s(double q) const;
};

/// Poisson arrivals until `transfers` have come, then until all have ended. Arrival dates, racks
/// and sizes depend on the options alone, so two engines are given the same transfers. Requires:
/// never more transfers live in a rack than it has nodes.
OriginRacksResult run_origin_racks(engine::FlowEngine& engine, const OriginRacks& options,
                                   Nics nics, const std::function<void()>& when_built = {});

}  // namespace fleetcache::validation
