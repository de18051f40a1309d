#include "sim/cli/region_world.hpp"

#include <algorithm>
#include <iterator>

#include "models/wan/wan.hpp"
#include "sim/cli/nearest.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::cli {
namespace {

/// Egress to other continents; list prices, unverified: Azure bandwidth page.
constexpr double kUsdPerGbWest = 0.05, kUsdPerGbAsia = 0.08;
/// Within North America or within Europe.
constexpr double kUsdPerGbNear = 0.02;
constexpr double kHoldUsdPerGbMonth = 0.018;  ///< Hot LRS, first 50 TB; list price, unverified
constexpr double kUsdPer10kReads = 0.005;     ///< hot reads, the upper list price
constexpr std::uint32_t kOriginWaitUs =
    20'000;  ///< configs/presets/blob/standard-large-region: p50
constexpr std::uint32_t kOriginBytesPerUs = 97;  ///< the same: stream
constexpr Bytes kWindow{std::uint64_t{16} << 20};
/// Reading the region's own cache over its network; assumed.
constexpr pooling::Link kLocal{200, 2000, 0};

constexpr double kGibPerGb = 1.073741824;

struct Place {
  std::string_view name;
  char continent;
};

constexpr Place kPlaces[] = {{"eastus", 'n'},    {"westeurope", 'e'},    {"southeastasia", 'a'},
                             {"centralus", 'n'}, {"swedencentral", 'e'}, {"japaneast", 'a'}};
constexpr std::size_t kCount = std::size(kPlaces);

/// Published median round trips, ms (Azure network latency, 30 days to 2024-04-09).
constexpr std::uint32_t kRttMs[kCount][kCount] = {
    {0, 83, 227, 30, 103, 157},  {83, 0, 159, 109, 28, 226},  {227, 159, 0, 199, 180, 72},
    {30, 109, 199, 0, 124, 137}, {103, 28, 180, 124, 0, 248}, {157, 226, 72, 137, 248, 0}};

double usd_per_gb(std::size_t from, std::size_t to) {
  const char continent = kPlaces[from].continent;
  if (continent == 'a') return kUsdPerGbAsia;
  return continent == kPlaces[to].continent ? kUsdPerGbNear : kUsdPerGbWest;
}

std::uint64_t nano_per_gib(double usd_per_gb_price) {
  return static_cast<std::uint64_t>(usd_per_gb_price * kGibPerGb * 1e9 + 0.5);
}

std::uint32_t whole(double value) {
  return static_cast<std::uint32_t>(std::clamp(value + 0.5, 1.0, 4e9));
}

Result<std::vector<std::size_t>> places(const std::vector<std::string>& wish) {
  std::vector<std::size_t> out;
  std::uint64_t count = 0;
  if (wish.size() == 1 && traces::parse_unsigned(wish[0], count) == traces::NumberFault::kOk) {
    if (count == 0 || count > kCount) {
      return Error{"--regions", wish[0] + " is not from 1 to " + std::to_string(kCount)};
    }
    for (std::size_t i = 0; i < count; ++i) out.push_back(i);
    return out;
  }
  std::vector<std::string> known;
  std::string list;
  for (const Place& place : kPlaces) {
    known.emplace_back(place.name);
    list += (list.empty() ? "" : ", ") + std::string(place.name);
  }
  for (const std::string& name : wish) {
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      const std::string near = nearest(name, known);
      return Error{"--regions", "there is no region " + traces::quoted(name) +
                                    (near.empty() ? "" : "; did you mean \"" + near + "\"?") +
                                    " (known: " + list + ")"};
    }
    const auto index = static_cast<std::size_t>(at - known.begin());
    if (std::find(out.begin(), out.end(), index) != out.end()) {
      return Error{"--regions", traces::quoted(name) + " is given twice"};
    }
    out.push_back(index);
  }
  return out;
}

pooling::Link wan_link(const WorldWish& wish, std::size_t from, std::size_t to) {
  pooling::Link link;
  const std::int64_t rtt_ns = wish.wan_rtt_ns.value_or(std::int64_t{kRttMs[from][to]} * 1'000'000);
  link.rtt_us = whole(static_cast<double>(rtt_ns) / 1000);
  const double rate =
      wish.wan_bytes_per_s.value_or(models::wan_stream_rate(kWindow, Duration(rtt_ns)).count);
  link.bytes_per_us = whole(rate / 1e6);
  link.nanousd_per_gib = nano_per_gib(wish.wan_usd_per_gb.value_or(usd_per_gb(from, to)));
  return link;
}

}  // namespace

Result<traces::RegionWorld> make_world(const WorldWish& wish) {
  const auto chosen = places(wish.regions);
  if (!chosen) return chosen.error();
  if (wish.wan_rtt_ns.value_or(1) <= 0) return Error{"--wan-rtt", "must be above 0"};
  traces::RegionWorld world;
  world.origin_region = -1;
  for (std::size_t i = 0; i < chosen->size(); ++i) {
    world.names.emplace_back(kPlaces[(*chosen)[i]].name);
    if (world.names.back() == wish.origin) world.origin_region = static_cast<int>(i);
  }
  if (world.origin_region < 0 && wish.origin != "everywhere") {
    return Error{"--origin", traces::quoted(wish.origin) +
                                 " is none of the regions of this replay, nor \"everywhere\""};
  }
  const double wait_us = wish.origin_wait_ns ? static_cast<double>(*wish.origin_wait_ns) / 1000
                                             : static_cast<double>(kOriginWaitUs);
  const double rate = wish.origin_bytes_per_s.value_or(kOriginBytesPerUs * 1e6) / 1e6;
  for (std::size_t from = 0; from < chosen->size(); ++from) {
    for (std::size_t to = 0; to < chosen->size(); ++to) {
      world.links.push_back(from == to ? kLocal : wan_link(wish, (*chosen)[from], (*chosen)[to]));
    }
  }
  for (std::size_t r = 0; r < chosen->size(); ++r) {
    pooling::Origin origin;
    const auto home = static_cast<std::size_t>(std::max(world.origin_region, 0));
    const bool afar = world.origin_region >= 0 && r != home;
    if (afar) origin.link = world.links[home * chosen->size() + r];
    origin.link.rtt_us += whole(wait_us);
    const std::uint32_t own = whole(rate);
    origin.link.bytes_per_us = afar ? std::min(own, origin.link.bytes_per_us) : own;
    // Dollars for 10,000 reads are 1e5 nano-dollars each.
    origin.nanousd_per_request =
        static_cast<std::uint64_t>(wish.usd_per_10k_reads.value_or(kUsdPer10kReads) * 1e5 + 0.5);
    world.origins.push_back(origin);
  }
  world.local = kLocal;
  world.hold_nanousd_per_gib_month =
      nano_per_gib(wish.hold_usd_per_gb_month.value_or(kHoldUsdPerGbMonth));
  return world;
}

}  // namespace fleetcache::cli
