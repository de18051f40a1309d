/// Pacing: when a cache evicts, and how much. Whom it evicts is another family's question; two
/// hosts with one eviction policy and different pacing hit differently.
///
/// `step` is a pure function of (config, state, time, load). The host keeps the state, which is
/// plain data, and does what it is told:
///
///     pacing::State state = pacing::start(config, now);
///     // when step().next_due comes, and, where config.on_put, also for each put:
///     for (;;) {
///       const pacing::Step step = pacing::step(config, state, now, {used, capacity, entries,
///       need}); if (step.verdict != pacing::Verdict::kEvict) break;
///       ... drop victims until step says enough (see Step), then ask again at the same time ...
///     }
///
/// All decisions are in integers; no clock, no allocation, O(1).
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "policies/base/units.hpp"

namespace fleetcache::pacing {

constexpr std::uint32_t kMillion = 1'000'000;
/// No bound, where a bound of 0 would mean "nothing".
constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();

enum class Kind : std::uint8_t {
  kSynchronous,  ///< at a put that does not fit
  kWatermark,    ///< polled: from above the high mark to the low mark
  kSlope,        ///< polled: the fuller between the marks, the more a poll may drop
  kRatio,        ///< polled: above the high mark a share of the cache
  kDeadline,     ///< polled: only what was not used for a while
};

/// "synchronous", "watermark", ...
std::string_view kind_name(Kind kind);

/// A rule. Marks are millionths of the capacity.
struct Config {
  Kind kind = Kind::kSynchronous;
  std::uint32_t high_ppm = kMillion;  ///< eviction begins above it
  std::uint32_t low_ppm = kMillion;   ///< and ends at it; <= high_ppm
  bool begin_at_high = false;         ///< begins at the high mark itself, not only above it
  bool end_below_low = false;         ///< ends only below the low mark, not at it
  bool latched = false;  ///< a poll between the marks goes on if the poll before it evicted

  Duration period;           ///< between polls; 0: at every call
  Duration busy_period;      ///< after a poll that ended above the mark; 0: as `period`
  bool fixed_phase = false;  ///< polls stay on multiples of the period from the start (a ticker)
  bool on_put = false;       ///< asked at puts too (synchronous; ratio: after a failed put)
  std::uint32_t max_rounds = 1;   ///< orders a poll or a put; 0: no bound
  std::uint32_t max_entries = 0;  ///< victims an order; 0: no bound
  /// An order for space asks for all idle entries (see `by_marks`, `timeout`), not for an amount;
  /// then `max_entries` bounds an order for idle entries too.
  bool all_idle = false;

  std::uint32_t scan_base = 0, scan_slope = 0;  ///< slope: entries looked at, low to high mark
  std::uint32_t entries_base = 0, entries_slope = 0;  ///< slope: victims, low to high mark
  std::uint32_t ratio_ppm = 0;                        ///< ratio: share to drop
  bool ratio_grows = false;  ///< ratio: plus what is above the high mark; half is the least
  std::uint32_t keep_entries_ppm = kMillion;  ///< synchronous: also down to this share of entries

  Duration timeout;         ///< entries not used for so long go, whatever the use; 0: never
  Duration timeout_period;  ///< between looks for them; 0: as `timeout`
  /// Idle means "not used since the look before this one" (markers in an LRU list), which is one to
  /// two timeouts. With `all_idle` a round for space is such a look too.
  bool by_marks = false;
};

/// What the host keeps between calls: plain data, to be saved and restored byte by byte.
struct State {
  TimePoint now;             ///< of the latest call
  TimePoint space_due;       ///< next poll of the use
  TimePoint time_due;        ///< next look for idle entries
  TimePoint mark;            ///< by_marks: the look before the latest
  std::uint32_t rounds = 0;  ///< orders given in this poll or put
  bool latched = false;
};

/// What the host measured just before the call.
struct Load {
  std::uint64_t used = 0;      ///< bytes
  std::uint64_t capacity = 0;  ///< bytes; > 0
  std::uint64_t entries = 0;   ///< 0: the host does not know
  std::uint64_t need = 0;      ///< bytes that want in (on_put), 0 for a timer's call
};

enum class Verdict : std::uint8_t {
  kIdle,          ///< nothing to do until next_due; at a put: it fits
  kEvict,         ///< evict as told, then call again
  kGaveUp,        ///< rounds are used up and the put still does not fit
  kTimeWentBack,  ///< now < state.now: a fault of the caller, nothing changed
};

enum class Reason : std::uint8_t { kNone, kSpace, kIdleTooLong };

/// An order: drop entries until `bytes` bytes and `entries` entries are gone (both; kUnbounded: all
/// that may go), but no more than `max_entries`, looking at no more than `max_scan`, and only
/// entries whose last use is before `idle_before`. `least_*` is what a host with soft pins must
/// reach even if it breaks them.
struct Step {
  Verdict verdict = Verdict::kIdle;
  Reason reason = Reason::kNone;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t least_bytes = 0;
  std::uint64_t least_entries = 0;
  std::uint64_t max_entries = kUnbounded;
  std::uint64_t max_scan = kUnbounded;
  TimePoint idle_before{std::numeric_limits<std::int64_t>::max()};
  std::uint32_t round = 0;                                       ///< from 1
  TimePoint next_due{std::numeric_limits<std::int64_t>::max()};  ///< when to call without a put
};

/// The state of a cache that begins at `now`. A ticker's first poll is one period later, a sleeping
/// loop's is at once.
State start(const Config& config, TimePoint now);

/// The next order. Requires: load.capacity > 0.
Step step(const Config& config, State& state, TimePoint now, const Load& load);

struct PolicyInfo {
  std::string_view name;
  std::string_view summary;
  std::string_view source;
  std::vector<std::string_view> parameters;  ///< "name: meaning"; defaults are the preset's own
};

/// Every line of pacing_presets.def: the five kinds, then presets of hosts.
const std::vector<PolicyInfo>& policies();
const PolicyInfo* find_policy(std::string_view name);

/// A preset with parameters over it. Fails for an unknown name or parameter, and for marks or
/// periods that make no sense together.
Result<Config> configure(std::string_view name, const Params& params = {});

}  // namespace fleetcache::pacing
