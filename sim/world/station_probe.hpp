/// How busy links are, by class: sampled at fixed times, every link of the class in one
/// distribution.
#pragma once

#include <map>
#include <string>

#include "models/statistics/quantile_sketch.hpp"
#include "sim/probes/record.hpp"
#include "sim/world/link_groups.hpp"

namespace fleetcache::world {

class StationProbe {
 public:
  StationProbe(const Platform& platform, const engine::FlowEngine& flows);

  /// Reads the usage of every link once. O(links + live flows).
  void sample();
  void clear();
  /// One station a (link class, region): "blob_egress.eastus2". Utilisation: mean and 99th
  /// percentile over links and samples; the sampling error of a share u is sqrt(u (1-u) / samples).
  void report(std::map<std::string, probes::Station>& stations) const;

 private:
  const engine::FlowEngine* flows_;
  std::map<std::string, LinkGroup> groups_;
  std::map<std::string, models::QuantileSketch> utilization_;  // by group
};

}  // namespace fleetcache::world
