#include <algorithm>

#include "policies/base/check.hpp"
#include "policies/pacing/pacing.hpp"

namespace fleetcache::pacing {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kBillion = 1'000'000'000;

/// The use against a mark: -1 below, 0 at it, 1 above.
int compare(const Load& load, std::uint32_t mark_ppm) {
  const Wide have = (Wide{load.used} + load.need) * kMillion;
  const Wide mark = Wide{load.capacity} * mark_ppm;
  return have < mark ? -1 : have == mark ? 0 : 1;
}

bool over_high(const Config& c, const Load& load) {
  const int side = compare(load, c.high_ppm);
  return c.begin_at_high ? side >= 0 : side > 0;
}

bool over_low(const Config& c, const Load& load) {
  const int side = compare(load, c.low_ppm);
  return c.end_below_low ? side >= 0 : side > 0;
}

std::uint64_t mark_bytes(const Load& load, std::uint32_t ppm) {
  return static_cast<std::uint64_t>(Wide{load.capacity} * ppm / kMillion);
}

/// Bytes to free until the use is at (or below, as configured) the low mark.
std::uint64_t to_low(const Config& c, const Load& load) {
  const std::uint64_t low = mark_bytes(load, c.low_ppm);
  const Wide used = Wide{load.used} + load.need;
  if (used < low) return 0;
  return static_cast<std::uint64_t>(
      std::min<Wide>(load.used, used - low + (c.end_below_low ? 1 : 0)));
}

/// ceil(whole * share / 10^9).
std::uint64_t share_of(std::uint64_t whole, std::uint64_t share_ppb) {
  return static_cast<std::uint64_t>((Wide{whole} * share_ppb + kBillion - 1) / kBillion);
}

/// Whether a poll or a put begins to evict.
bool begins(const Config& c, const State& s, const Load& load) {
  switch (c.kind) {
    case Kind::kSynchronous:
      return over_high(c, load);
    case Kind::kWatermark:
      return c.latched && s.latched ? over_low(c, load) : over_high(c, load);
    case Kind::kSlope:
      return over_low(c, load);
    case Kind::kRatio:
      return over_high(c, load) || load.need > 0;
    case Kind::kDeadline:
      return false;
  }
  return false;
}

/// Whether another round of the same poll or put evicts.
bool goes_on(const Config& c, const Load& load) {
  switch (c.kind) {
    case Kind::kSynchronous:
      return over_high(c, load);
    case Kind::kWatermark:
      return over_low(c, load);
    default:
      return false;
  }
}

void order_slope(const Config& c, const Load& load, Step& out) {
  const std::uint64_t low = mark_bytes(load, c.low_ppm);
  const std::uint64_t high = mark_bytes(load, c.high_ppm);
  const std::uint64_t above = load.used - std::min(load.used, low);
  const auto along = [&](std::uint32_t base, std::uint32_t slope) {
    // Equal marks leave no gap to be a share of: the full slope.
    const Wide part = high > low ? Wide{slope} * above / (high - low) : Wide{slope};
    return static_cast<std::uint64_t>(std::min<Wide>(part + base, kUnbounded));
  };
  out.bytes = to_low(c, load);
  out.max_scan = along(c.scan_base, c.scan_slope);
  out.max_entries = along(c.entries_base, c.entries_slope);
}

void order_ratio(const Config& c, const Load& load, Step& out) {
  const auto used_ppb = static_cast<std::uint64_t>(Wide{load.used} * kBillion / load.capacity);
  const std::uint64_t high_ppb = std::uint64_t{c.high_ppm} * 1000;
  const std::uint64_t excess = used_ppb > high_ppb && c.ratio_grows ? used_ppb - high_ppb : 0;
  const std::uint64_t target =
      std::min<std::uint64_t>(std::uint64_t{c.ratio_ppm} * 1000 + excess, kBillion);
  const std::uint64_t least = c.ratio_grows ? std::max((target + 1) / 2, excess) : target;
  // A share of the entries where they are counted, else of the bytes.
  if (load.entries > 0) {
    out.entries = share_of(load.entries, target);
    out.least_entries = share_of(load.entries, least);
  } else {
    out.bytes = share_of(load.used, target);
    out.least_bytes = share_of(load.used, least);
  }
}

void order_space(const Config& c, const Load& load, Step& out) {
  out.reason = Reason::kSpace;
  if (c.max_entries > 0) out.max_entries = c.max_entries;
  if (c.kind == Kind::kSlope) return order_slope(c, load, out);
  if (c.kind == Kind::kRatio) return order_ratio(c, load, out);
  out.bytes = c.all_idle ? kUnbounded : to_low(c, load);
  if (c.keep_entries_ppm < kMillion) {
    out.entries = load.entries -
                  static_cast<std::uint64_t>(Wide{load.entries} * c.keep_entries_ppm / kMillion);
  }
  out.least_bytes = c.all_idle ? 0 : out.bytes;
}

/// Which entries are idle at this look, and from where the next look counts.
void look(const Config& c, State& s, TimePoint now, Step& out) {
  out.idle_before = c.by_marks ? s.mark : TimePoint{now.ns - c.timeout.count + 1};
  if (c.by_marks) s.mark = now;
}

TimePoint after(const Config& c, TimePoint due, TimePoint now, Duration period) {
  if (!c.fixed_phase || period.count == 0) return now + period;
  const std::int64_t late = now.ns - due.ns;  // ticks that nobody took are lost
  return due + Duration((late / period.count + 1) * period.count);
}

Duration look_period(const Config& c) {
  return c.timeout_period.count > 0 ? c.timeout_period : c.timeout;
}

bool polls(const Config& c) { return c.kind != Kind::kSynchronous && c.kind != Kind::kDeadline; }

TimePoint next_due(const Config& c, const State& s) {
  TimePoint due{std::numeric_limits<std::int64_t>::max()};
  if (polls(c) && c.period.count > 0) due = std::min(due, s.space_due);
  if (c.timeout.count > 0) due = std::min(due, s.time_due);
  return due;
}

/// The end of a poll or put: `over` if it ended above where it should.
void finish(const Config& c, State& s, TimePoint now, bool over) {
  s.rounds = 0;
  if (!polls(c)) return;
  const bool busy = over && c.busy_period.count > 0;
  if (now >= s.space_due) s.space_due = after(c, s.space_due, now, busy ? c.busy_period : c.period);
}

/// An order for space, or the end of this poll or put.
void space(const Config& c, State& s, TimePoint now, const Load& load, Step& out) {
  const bool asked =
      s.rounds > 0 || (polls(c) && now >= s.space_due) || (c.on_put && load.need > 0);
  if (c.kind == Kind::kDeadline || (polls(c) && !asked)) return;
  const bool first = s.rounds == 0;
  const bool wants = first ? begins(c, s, load) : goes_on(c, load);
  if (first) s.latched = c.latched && wants;
  if (wants && (c.max_rounds == 0 || s.rounds < c.max_rounds)) {
    order_space(c, load, out);
    if (c.all_idle) look(c, s, now, out);
    out.verdict = Verdict::kEvict;
    out.round = ++s.rounds;
    return;
  }
  if (wants && c.kind == Kind::kSynchronous) out.verdict = Verdict::kGaveUp;
  finish(c, s, now, wants);
}

}  // namespace

State start(const Config& config, TimePoint now) {
  State state;
  state.now = now;
  state.mark = now;
  state.space_due = config.fixed_phase ? now + config.period : now;
  state.time_due = now + look_period(config);
  return state;
}

Step step(const Config& config, State& state, TimePoint now, const Load& load) {
  FLEETCACHE_CHECK(load.capacity > 0, "a cache without capacity");
  Step out;
  if (now < state.now) {
    out.verdict = Verdict::kTimeWentBack;
    out.next_due = next_due(config, state);
    return out;
  }
  state.now = now;
  if (config.timeout.count > 0 && state.rounds == 0 && now >= state.time_due) {
    state.time_due = after(config, state.time_due, now, look_period(config));
    out.verdict = Verdict::kEvict;
    out.reason = Reason::kIdleTooLong;
    out.bytes = out.entries = kUnbounded;
    if (config.all_idle && config.max_entries > 0) {
      out.max_entries = config.max_entries;
    }
    look(config, state, now, out);
    out.round = 1;
  } else {
    space(config, state, now, load, out);
  }
  out.next_due = next_due(config, state);
  if (out.verdict == Verdict::kEvict) out.next_due = now;
  return out;
}

}  // namespace fleetcache::pacing
