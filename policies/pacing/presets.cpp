// The five kinds with plain defaults, then what real hosts do. What a host does beyond its rule for
// space and time (free space of a whole file system, shared-memory slabs) is not here.
#include "policies/pacing/presets.hpp"

namespace fleetcache::pacing {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1000 * kMillisecond;

constexpr std::uint32_t percent(std::uint32_t n) { return n * (kMillion / 100); }

Config of(Kind kind, std::uint32_t high_ppm, std::uint32_t low_ppm, Duration period) {
  Config c;
  c.kind = kind;
  c.high_ppm = high_ppm;
  c.low_ppm = low_ppm;
  c.period = period;
  return c;
}

}  // namespace

Config synchronous_pacing() {
  Config c = of(Kind::kSynchronous, percent(100), percent(100), Duration(0));
  c.on_put = true;
  return c;
}

Config watermark_pacing() {
  Config c = of(Kind::kWatermark, percent(90), percent(80), Duration(kSecond));
  c.latched = true;
  return c;
}

Config slope_pacing() { return squid_pacing(); }

Config ratio_pacing() {
  Config c = of(Kind::kRatio, percent(90), percent(90), Duration(kSecond));
  c.ratio_ppm = percent(5);
  return c;
}

Config deadline_pacing() {
  Config c;
  c.kind = Kind::kDeadline;
  c.timeout = Duration(600 * kSecond);
  c.timeout_period = Duration(60 * kSecond);
  return c;
}

// Two markers run through the LRU list: a file is idle if nobody used it between two looks. Every
// round for space is a look, so the first round spares what was used since the last timeout tick,
// and the rounds after it, at the same instant, spare nothing. A round does not stop at 60 %.
Config blobfuse2_file_cache_pacing() {
  Config c = of(Kind::kWatermark, percent(80), percent(60), Duration(60 * kSecond));
  c.end_below_low = true;
  c.fixed_phase = true;
  c.max_rounds = 3;
  c.max_entries = 5000;
  c.all_idle = true;
  c.by_marks = true;
  c.timeout = Duration(120 * kSecond);
  return c;
}

// The host truncates its use to whole percents, which changes no comparison with a whole mark from
// above. The bound on the number of blocks is the cache's capacity and not a pacer's.
Config blobfuse2_block_cache_pacing() {
  Config c = of(Kind::kWatermark, percent(80), percent(50), Duration(60 * kSecond));
  c.begin_at_high = true;
  c.end_below_low = true;
  c.latched = true;
  c.fixed_phase = true;
  c.max_entries = 1;
  c.by_marks = true;
  c.timeout = Duration(120 * kSecond);
  return c;
}

// An attempt evicts one page and stores the new one if it fits then; a put that fails has evicted
// all the same.
Config alluxio_pacing() {
  Config c = of(Kind::kSynchronous, percent(100), percent(100), Duration(0));
  c.on_put = true;
  c.max_rounds = 11;
  c.max_entries = 1;
  return c;
}

// Target max(5 %, used - 90 % + 5 %), least max(target / 2, used - 90 %), of the objects.
Config mooncake_pacing() {
  Config c = of(Kind::kRatio, percent(90), percent(90), Duration(10 * kMillisecond));
  c.on_put = true;
  c.ratio_ppm = percent(5);
  c.ratio_grows = true;
  return c;
}

// The real manager also pauses 50 ms after each 100 inactive files; here they all go at once.
Config nginx_pacing() {
  Config c = of(Kind::kWatermark, percent(100), percent(100), Duration(10 * kSecond));
  c.begin_at_high = true;
  c.end_below_low = true;
  c.busy_period = Duration(50 * kMillisecond);
  c.max_entries = 100;
  c.timeout = Duration(600 * kSecond);
  c.timeout_period = Duration(10 * kSecond);
  return c;
}

Config squid_pacing() {
  Config c = of(Kind::kSlope, percent(95), percent(90), Duration(kSecond));
  c.end_below_low = true;
  c.scan_base = 100;
  c.scan_slope = 400;
  c.entries_base = 20;
  c.entries_slope = 300;
  return c;
}

// Asked after the write: the use holds the new block already, and need is 0.
Config juicefs_pacing() {
  Config c = of(Kind::kSynchronous, percent(100), percent(95), Duration(0));
  c.on_put = true;
  c.keep_entries_ppm = percent(99);
  return c;
}

Config lmcache_pacing() {
  Config c = of(Kind::kRatio, percent(80), percent(80), Duration(kSecond));
  c.ratio_ppm = percent(20);
  return c;
}

}  // namespace fleetcache::pacing
