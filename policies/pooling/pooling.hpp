/// Pooling over regions: from where a region reads an object that several regions use, and where
/// copies of it are kept.
///
/// `plan` is a pure function: the host says what it knows (links, prices, a directory of copies and
/// how old it is, how often the object is read) and gets the steps of one request:
///
///     const pooling::Config config = pooling::configure("cost-aware").value();
///     pooling::Plan plan;
///     pooling::plan(config, view, request, plan);
///
/// The get steps are tried in order until one gives the bytes; then the fill, push and drop steps
/// are carried out. Integers only: microseconds, bytes per microsecond (1 = 1 MB/s), nano-dollars.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::pooling {

constexpr std::uint32_t kMaxRegions = 16;
constexpr std::uint32_t kMaxSteps = 3 * kMaxRegions + 4;
constexpr std::uint64_t kMillion = 1'000'000;

/// What bytes meet from one place to another. The price is what the *sending* side pays.
struct Link {
  std::uint32_t rtt_us = 0;        ///< of an origin: until the first byte
  std::uint32_t bytes_per_us = 0;  ///< free for one read; 0: the link is full or down, not used
  std::uint64_t nanousd_per_gib = 0;
};

/// The origin as a region sees it.
struct Origin {
  Link link;
  std::uint64_t nanousd_per_request = 0;
};

/// What a region knows when it plans.
struct View {
  std::uint32_t regions = 0;        ///< <= kMaxRegions
  std::uint32_t self = 0;           ///< the region that was asked
  std::uint32_t home = 0;           ///< of this object, by some placement that all regions agree on
  const Link* links = nullptr;      ///< regions x regions, [from * regions + to]
  const Origin* origins = nullptr;  ///< [region]
  std::uint64_t have = 0;           ///< the directory: bit r says that region r holds the object
  Duration have_age;                ///< how old that knowledge is
  std::uint64_t hold_nanousd_per_gib_month = 0;  ///< of a copy kept in `self`
};

struct Request {
  std::uint64_t bytes = 0;
  const std::uint32_t* heat = nullptr;  ///< [region] reads in the host's window, this one too
  /// Reads by `self` expected in a month from now, this one included, in millionths; 0: unknown.
  std::uint64_t reads_per_month_ppm = 0;
};

enum class Act : std::uint8_t {
  kGetLocal,    ///< read it here
  kGetRegion,   ///< read it from the cache of a region; not found costs a round trip
  kGetThrough,  ///< the same, but the region reads its origin and keeps a copy if it has none
  kGetOrigin,   ///< read the origin
  kFillLocal,   ///< keep a copy here
  kPush,        ///< send a copy to a region
  kDrop,        ///< a region's copy is no longer worth its place
};

struct Step {
  Act act = Act::kGetLocal;
  std::uint32_t region = 0;
  std::uint32_t timeout_us = 0;  ///< give this get up after so long; 0: never
  std::uint32_t hedge_us = 0;    ///< start the next get beside it after so long; 0: no
};

struct Plan {
  Step steps[kMaxSteps];
  std::uint32_t count = 0;
};

/// Parameters of all modes; each mode reads its own.
struct Config {
  std::uint32_t mode = 0;                        ///< position in policies()
  std::uint32_t timeout_percent = 400;           ///< of the expected time of a remote get; 0: none
  std::uint32_t hedge_percent = 0;               ///< of the same; 0: no hedging
  std::uint32_t peers = 2;                       ///< most peers asked for one request
  Duration stale{60'000'000'000};                ///< a directory older than this is not believed
  std::uint64_t picousd_per_us = 833;            ///< cost-aware: what waiting costs (3 USD an hour)
  std::uint64_t prior_reads_ppm = 2 * kMillion;  ///< cost-aware: reads a month where unknown
  std::uint32_t hot = 3;    ///< replicate-hot: reads in the window from which a region keeps a copy
  std::uint32_t push = 32;  ///< replicate-hot: reads of all regions from which all get one; 0 never
  std::uint32_t cool = 1;   ///< replicate-hot: copies of regions with fewer reads go; 0 never
};

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::vector<std::string_view> parameters;  ///< each "name=default: meaning"
};

/// Every mode in the order of pooling_policies.def.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

/// Fails for an unknown mode or parameter.
Result<Config> configure(std::string_view name, const Params& params = {});

/// The steps of one request. Requires: 0 < view.regions <= kMaxRegions, self and home below it,
/// links and origins given. Cost: O(regions x peers).
void plan(const Config& config, const View& view, const Request& request, Plan& out);

/// Round trip and transfer of `bytes`, saturating at 2^32 - 1.
std::uint32_t expected_us(const Link& link, std::uint64_t bytes);
/// What the sender pays, rounded down to whole nano-dollars.
std::uint64_t transfer_nanousd(const Link& link, std::uint64_t bytes);

}  // namespace fleetcache::pooling
