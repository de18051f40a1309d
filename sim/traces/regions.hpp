/// Replays one trace split over several regions, each with a cache of its own, through modes of
/// pooling: where reads are served, what crosses the WAN and what it costs.
///
/// Rules: transfers are instantaneous for the caches and take time only for the one who waits; a
/// hit is a touch of the cache that serves it; bytes are charged at the price of their sender, also
/// those of a get that lost against its hedge or its timeout; a copy costs its price for as long as
/// it is held.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "policies/base/result.hpp"
#include "policies/pooling/pooling.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/replay.hpp"

namespace fleetcache::traces {

/// Which region asks.
enum class RegionRule : std::uint8_t {
  kSession,  ///< drawn for each chain of requests that follow one another (a KV prefix)
  kTenant,   ///< drawn for each tenant
  kRequest,  ///< drawn for each request
  kObject,   ///< drawn for each object: the regions share nothing
  kTime,     ///< drawn for each slice of time
  kGiven,    ///< the tenant's number is the region, modulo the regions
};
/// The rule of that name ("session", ...); errors stand at "--by".
Result<RegionRule> parse_region_rule(std::string_view name);

/// Links and prices.
struct RegionWorld {
  std::vector<std::string> names;
  std::vector<pooling::Link> links;  ///< names x names, [from * names + to]
  std::vector<pooling::Origin> origins;
  int origin_region = 0;  ///< where the origin is; -1: in each region
  pooling::Link local;    ///< reading the own region's cache
  std::uint64_t hold_nanousd_per_gib_month = 0;
};

struct RegionsSpec {
  std::vector<std::string>
      modes;                   ///< of pooling_policies.def, with parameters: "cost-aware:peers=1"
  std::string policy = "lru";  ///< of every cache
  Capacity capacity;           ///< of each region's cache
  RegionWorld world;
  RegionRule rule = RegionRule::kSession;
  std::vector<std::uint32_t> shares;   ///< of the draws, one a region; empty: equal
  Duration slice{3'600'000'000'000};   ///< of kTime
  Duration window{3'600'000'000'000};  ///< heat: reads of this and the window before
  Duration directory_every;  ///< the directory shows where copies were at the last multiple; 0: are
  std::uint64_t object_bytes =
      0;                       ///< of every object; 0: the trace's sizes, 1 MiB where it has none
  Duration horizon;            ///< copies are held on until here; 0: the last request
  std::uint32_t slow_ppm = 0;  ///< remote cache reads that take `slow_factor` times as long
  std::uint32_t slow_factor = 10;
  std::uint64_t seed = 0;
  const std::atomic<bool>* stop = nullptr;    ///< turns true: rows end early, marked partial
  std::function<void(double done)> progress;  ///< share done, 0..1
};

/// What one mode did. Requests and bytes are counted where they were served from; the sums are the
/// row's totals, always.
struct RegionsRow {
  std::string mode;  ///< as asked for
  std::uint64_t requests = 0, local = 0, peer = 0, origin = 0;
  std::uint64_t bytes = 0, local_bytes = 0, peer_bytes = 0, origin_bytes = 0;
  std::uint64_t wan_bytes = 0;  ///< between regions: peers, pushes, origin reads from afar, losers
  std::uint64_t origin_reads = 0;  ///< of the origin, losers included
  std::uint64_t origin_read_bytes = 0;
  std::uint64_t misdirected = 0;  ///< asked a region that had it no more
  std::uint64_t timeouts = 0, hedges = 0;
  std::uint64_t fills = 0, pushes = 0, drops = 0;
  std::uint64_t held_byte_s = 0;  ///< sum over copies of bytes x seconds, rounded down at the end
  std::uint64_t egress_nanousd = 0, request_nanousd = 0, hold_nanousd = 0;
  std::uint64_t wait_us = 0;  ///< summed over requests
  bool partial = false;

  std::uint64_t nanousd() const { return egress_nanousd + request_nanousd + hold_nanousd; }
};

struct RegionsReport {
  TraceInfo info;
  std::uint64_t capacity = 0;        ///< bytes, of each region
  std::vector<std::uint64_t> asked;  ///< requests by region
  std::vector<RegionsRow> rows;      ///< modes in the order asked for
  std::uint64_t object_bytes = 0;    ///< of every object; 0: the trace's sizes
  bool partial = false;
};

/// The home of an object: equal shares, by hash.
std::uint32_t home_region(std::uint64_t id, std::uint64_t seed, std::uint32_t regions);

/// Holds the trace in memory (40 bytes a request) and, for each mode in turn, about 24 bytes an
/// object and region. Fails for what open_trace refuses, unknown names, no or too many regions, and
/// policies that know the future.
Result<RegionsReport> replay_regions(const std::string& path, const ReadOptions& options,
                                     const RegionsSpec& spec);
/// The same over requests in memory.
Result<RegionsReport> replay_regions(const std::vector<std::vector<Request>>& blocks,
                                     const TraceInfo& info, const RegionsSpec& spec);

}  // namespace fleetcache::traces
