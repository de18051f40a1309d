/// Regions with their links and prices, for `trace regions`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/regions.hpp"

namespace fleetcache::cli {

/// What the command line says over the defaults; empty: the default.
struct WorldWish {
  std::vector<std::string> regions = {"3"};  ///< names, or how many of the known ones
  std::string origin = "eastus";             ///< a region of these, or "everywhere"
  std::optional<double> wan_usd_per_gb;      ///< of every pair
  std::optional<double> hold_usd_per_gb_month;
  std::optional<double> usd_per_10k_reads;
  std::optional<std::int64_t> wan_rtt_ns;  ///< of every pair
  std::optional<double> wan_bytes_per_s;   ///< of one read
  std::optional<std::int64_t> origin_wait_ns;
  std::optional<double> origin_bytes_per_s;
};

/// Round trips are published medians, egress the list price by the sender's continent, one read
/// gets a 16 MiB window per round trip; docs/policies/pooling.md has the numbers and sources.
/// Fails for unknown or repeated regions, at the flag.
Result<traces::RegionWorld> make_world(const WorldWish& wish);

}  // namespace fleetcache::cli
