// Flash wears: store with odds p(size) x factor, and steer the factor so that the bytes written
// come to a target. p(size) = (fls(4096) / fls(size))^size_decay, fls the position of the highest
// bit: larger objects cost more writes a hit. Every 60 s the factor is multiplied by wanted /
// observed writes, by at most a quarter up or down.
//
// Deviation from CacheLib: the long-run goal is a credit (a token bucket), not a balance since the
// start, so that an idle night does not buy a flood; and it is kept, not only aimed at: what does
// not fit the credit is deferred. With the target T and the window W, half of the credit T x W is
// there at the start, and the factor aims at T where half is left, 2 T where all is, 0 where none
// is. So in any stretch of time t at most T x (t + W) bytes are admitted (but see Load: what the
// device writes beyond what was admitted can only be answered by storing less afterwards).
//
// Integers, but for the table of p at creation (policies/base/math.hpp).
#include "policies/admission/registry.hpp"
#include "policies/base/math.hpp"

namespace fleetcache::admission {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::string_view kBudgetParameters[] = {
    "target_mb_per_s: bytes to write, 10^6 a second; needed",
    "max_mb_per_s=160: never more within an update period",
    "window_s=3600: bytes in any time t stay within target x (t + window)",
    "update_s=60: period of the control",
    "change_max=0.25: largest change of the factor in a period",
    "factor_min=0.001: least factor",
    "factor_max=10: largest factor",
    "size_decay=0.3: exponent of p(size); 0: the same odds for all sizes",
    "drawn=1: 1 by a draw a decision, 0 by the hash of the key"};

constexpr std::uint64_t kOneFactor = 1 << 20;  ///< factors are in 2^-20
constexpr std::uint64_t kOneOdds = std::uint64_t{1} << 32;
constexpr std::uint32_t kBaseFls = 13;  ///< of 4096
constexpr std::uint64_t kMillion = 1000000;
constexpr std::int64_t kSecond = 1000000000;

std::uint32_t fls(std::uint64_t n) {
  std::uint32_t bits = 0;
  for (; n != 0; n >>= 1) ++bits;
  return bits;
}

std::uint64_t per_million(double x) { return static_cast<std::uint64_t>(x * 1e6 + 0.5); }

struct WriteBudget : Rule {
  static constexpr std::string_view kSource =
      "CacheLib's DynamicRandom, OSDI 2020; a hard credit instead of a balance since the start";
  static constexpr const std::string_view* kParameters = kBudgetParameters;
  static constexpr std::size_t kParameterCount = 9;
  static constexpr std::uint32_t kUses = kUsesDevice;

  struct State {
    std::uint64_t target = 0;    ///< bytes/s
    std::uint64_t max_rate = 0;  ///< bytes/s
    std::uint64_t window_s = 0;
    std::int64_t update_ns = 0;
    std::uint64_t change_ppm = 0;
    std::uint64_t factor_min = 0;
    std::uint64_t factor_max = 0;
    std::uint64_t drawn = 0;
    std::uint64_t factor = kOneFactor;
    std::int64_t credit = 0;           ///< bytes; below 0 when the device wrote more than admitted
    std::uint64_t fraction = 0;        ///< of a byte of credit, in 10^-9
    std::uint64_t started = 0;         ///< whether a call was made yet
    std::int64_t credited_ns = 0;      ///< time up to which credit was given
    std::int64_t updated_ns = 0;       ///< begin of the update period
    std::uint64_t written = 0;         ///< bytes charged within the period
    std::uint64_t offered = 0;         ///< bytes asked about within the period
    std::uint64_t pending = 0;         ///< admitted in the period, not yet in the device's count
    std::uint64_t pending_old = 0;     ///< likewise, in the period before; then it counts as lost
    std::uint64_t device_written = 0;  ///< the device's count at the latest call; 0: none yet
    std::uint32_t size_odds[66] = {};  ///< p by fls(size), in 2^-29
  };

  static Status configure(State& s, const PolicyState&, ParamReader& reader) {
    s.target = per_million(reader.number("target_mb_per_s", 0, 0, 1e5));
    s.max_rate = per_million(reader.number("max_mb_per_s", 160, 0.001, 1e5));
    s.window_s = reader.integer("window_s", 3600, 1, 1U << 24);
    s.update_ns = std::int64_t{reader.integer("update_s", 60, 1, 1U << 24)} * kSecond;
    s.change_ppm = per_million(reader.number("change_max", 0.25, 0.001, 0.999));
    const double one = static_cast<double>(kOneFactor);
    s.factor_min =
        static_cast<std::uint64_t>(reader.number("factor_min", 0.001, 0.001, 1) * one + 0.5);
    s.factor_max = static_cast<std::uint64_t>(reader.number("factor_max", 10, 1, 1000) * one + 0.5);
    const double decay = reader.number("size_decay", 0.3, 0, 1);
    s.drawn = reader.integer("drawn", 1, 0, 1);
    for (std::uint32_t bits = 1; bits <= 64; ++bits) {
      const double ratio = static_cast<double>(kBaseFls) / bits;
      const double p = portable_exp(decay * portable_log(ratio));  // at most 13
      const double capped = p < 7.9 ? p : 7.9;
      s.size_odds[bits] = static_cast<std::uint32_t>(capped * 536870912.0 + 0.5);
    }
    s.size_odds[0] = s.size_odds[1];
    if (s.target == 0) return Error{"write-budget parameter \"target_mb_per_s\"", "is needed"};
    if (s.target > s.max_rate) {
      return Error{"write-budget parameter \"target_mb_per_s\"", "is above max_mb_per_s"};
    }
    s.credit = depth(s) / 2;
    return Nothing{};
  }

  static std::int64_t depth(const State& s) {
    return static_cast<std::int64_t>(s.target * s.window_s);  // at most 10^11 x 2^24 < 2^61
  }
  static std::uint64_t odds(const State& s, std::uint64_t charge) {
    const std::uint64_t product = s.size_odds[fls(charge)] * s.factor;  // 2^-49; < 2^32 x 2^30
    const std::uint64_t p = product >> 17;
    return p < kOneOdds ? p : kOneOdds;
  }

  /// A budget of the host's replaces the target; credit beyond the new depth is lost.
  static void set_target(State& s, std::uint64_t budget) {
    if (budget == 0 || budget == s.target) return;
    s.target = budget < s.max_rate ? budget : s.max_rate;
    if (s.credit > depth(s)) s.credit = depth(s);
  }
  static void give_credit(State& s, TimePoint now) {
    const Wide earned =
        Wide{s.target} * static_cast<std::uint64_t>(now.ns - s.credited_ns) + s.fraction;
    s.credited_ns = now.ns;
    const Wide room = static_cast<Wide>(depth(s) - s.credit);
    if (earned / kSecond >= room) {
      s.credit = depth(s);
      s.fraction = 0;
      return;
    }
    s.credit += static_cast<std::int64_t>(earned / kSecond);
    s.fraction = static_cast<std::uint64_t>(earned % kSecond);
  }
  /// Charges bytes to the credit and to the period.
  static void charge(State& s, std::uint64_t bytes) {
    s.written += bytes;
    const std::int64_t floor = -depth(s);
    const auto spent = static_cast<std::int64_t>(bytes < kMostCharge ? bytes : kMostCharge);
    s.credit = s.credit - spent > floor ? s.credit - spent : floor;
  }
  static constexpr std::uint64_t kMostCharge = std::uint64_t{1} << 60;

  /// Takes as much as there is; returns what is left of the wish.
  static std::uint64_t take(std::uint64_t& from, std::uint64_t wish) {
    const std::uint64_t taken = wish < from ? wish : from;
    from -= taken;
    return wish - taken;
  }
  /// What the device wrote beyond what was admitted (its write amplification).
  static void note_device(State& s, std::uint64_t device_written) {
    if (device_written == 0) return;
    const bool first = s.device_written == 0;
    const std::uint64_t grown =
        !first && device_written > s.device_written ? device_written - s.device_written : 0;
    s.device_written = device_written;
    charge(s, take(s.pending, take(s.pending_old, grown)));
  }

  /// The factor for the next period. Nothing offered says nothing about the factor.
  static void update(State& s, TimePoint now) {
    const auto elapsed = static_cast<std::uint64_t>(now.ns - s.updated_ns);
    const std::uint64_t credit = s.credit > 0 ? static_cast<std::uint64_t>(s.credit) : 0;
    Wide goal = Wide{s.target} * 2 * credit / static_cast<std::uint64_t>(depth(s));
    if (goal > s.max_rate) goal = s.max_rate;
    const Wide wanted = goal * elapsed;               // bytes x 10^9
    const Wide observed = Wide{s.written} * kSecond;  // likewise
    const std::uint64_t step = s.factor * s.change_ppm / kMillion;
    std::uint64_t factor = s.factor;
    if (wanted * kMillion >= observed * (kMillion + s.change_ppm)) {
      factor = s.factor + step;
    } else if (wanted * kMillion <= observed * (kMillion - s.change_ppm)) {
      factor = s.factor - step;
    } else {
      factor = static_cast<std::uint64_t>(Wide{s.factor} * (wanted >> 20) / ((observed >> 20) + 1));
    }
    if (factor < s.factor_min) factor = s.factor_min;
    if (factor > s.factor_max) factor = s.factor_max;
    if (s.offered != 0) s.factor = factor;
    s.updated_ns = now.ns;
    s.written = 0;
    s.offered = 0;
    s.pending_old = s.pending;
    s.pending = 0;
  }

  static Decision decide(Block<State> b, TimePoint now, const Request& request, const Load& load) {
    State& s = b.state();
    if (s.started == 0) {
      s.started = 1;
      s.credited_ns = now.ns;
      s.updated_ns = now.ns;
    }
    set_target(s, load.write_budget);
    give_credit(s, now);
    note_device(s, load.device_written);
    if (now.ns - s.updated_ns >= s.update_ns) update(s, now);
    s.offered += request.charge;
    const std::uint64_t bits = s.drawn != 0 ? b.draw() : b.hash(request.id);
    const Wide most = Wide{s.max_rate} * static_cast<std::uint64_t>(s.update_ns) / kSecond;
    const bool never =
        request.charge > static_cast<std::uint64_t>(depth(s)) || request.charge > most;
    if (never) return Decision::kBypass;
    if ((bits >> 32) >= odds(s, request.charge)) return Decision::kReject;
    const bool fits = s.credit >= static_cast<std::int64_t>(request.charge) &&
                      Wide{s.written} + request.charge <= most;
    if (!fits) return Decision::kDefer;
    charge(s, request.charge);
    if (s.device_written != 0) s.pending += request.charge;
    return Decision::kAdmit;
  }
  static std::uint32_t odds_ppm(Block<State> b, std::uint64_t charge) {
    return static_cast<std::uint32_t>((odds(b.state(), charge) * kMillion + (1U << 31)) >> 32);
  }
};

}  // namespace

constexpr AdmissionOps write_budget_ops = make_ops<WriteBudget>();

}  // namespace fleetcache::admission
