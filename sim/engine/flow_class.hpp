/// One class of equal flows: a processor-sharing server with a virtual clock. Private to this
/// folder.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "policies/base/units.hpp"
#include "sim/engine/flow_solver.hpp"

namespace fleetcache::engine {

/// The virtual clock v counts the bytes that a flow present since the start would have got. A flow
/// of s bytes that joins at v ends when the clock shows v + s, whatever happens to the rate
/// meanwhile: joining and leaving cost O(log flows), and a change of rate nothing.
class FlowClass {
 public:
  struct Member {
    double finish;        ///< where the clock stands at its end
    std::uint64_t order;  ///< of its start; breaks ties
    std::uint32_t slot;
  };

  /// The per-flow cap in bytes/s, or infinity.
  explicit FlowClass(double cap) : cap_(cap) {}

  bool empty() const { return members_.empty(); }
  double population() const { return population_; }
  double solved_population() const { return solved_population_; }
  /// Bytes/s of each flow now.
  double flow_rate() const { return flow_rate_; }

  /// Moves the clock to `now`. Returns how much older the rate was than the population, as a share.
  double advance(TimePoint now) {
    if (now == as_of_) return 0;
    clock_ += flow_rate_ * to_seconds(now - as_of_);
    as_of_ = now;
    if (clock_ > kClockMax) rebase();
    if (solved_population_ == 0) return population_ == 0 ? 0 : 1;
    return std::fabs(population_ - solved_population_) / solved_population_;
  }

  /// Requires: advanced to now.
  void join(double bytes, double weight, std::uint64_t order, std::uint32_t slot) {
    members_.push_back({clock_ + bytes, order, slot});
    std::push_heap(members_.begin(), members_.end(), later);
    population_ += weight;
    share_out();
  }

  /// The first to end. Requires: not empty.
  const Member& first() const { return members_.front(); }
  void leave_first(double weight) {
    std::pop_heap(members_.begin(), members_.end(), later);
    members_.pop_back();
    population_ = members_.empty() ? 0 : population_ - weight;
    if (members_.empty()) clock_ = 0;
    share_out();
  }

  /// When the first ends, to the nanosecond; the end of time if the class does not move.
  TimePoint first_end() const {
    if (empty() || flow_rate_ <= 0) return {kNever};
    const double left = std::max(members_.front().finish - clock_, 0.0);
    const Duration wait = from_seconds(left / flow_rate_);
    return wait.count > kNever - as_of_.ns ? TimePoint{kNever} : as_of_ + wait;
  }

  /// True when the rate was computed for another population: the class came to life or died out, or
  /// differs by more than `epsilon` of it.
  bool stale(double epsilon) const {
    if ((population_ == 0) != (solved_population_ == 0)) return true;
    return std::fabs(population_ - solved_population_) > epsilon * solved_population_;
  }
  /// True when every flow has its cap, for the population that the rate was computed for.
  bool capped() const { return capped_; }
  double cap() const { return cap_; }
  /// Every flow gets its cap, whatever the population: the rate is right without a solve. Requires:
  /// a finite cap.
  void settle_at_cap() {
    solved_population_ = population_;
    rate_ = population_ * cap_;
    capped_ = true;
    share_out();
  }
  /// The next rate is computed for the population of now.
  void mark_solved() { solved_population_ = population_; }
  /// Of the whole class, from the solver. Requires: advanced to now.
  void set_rate(double rate) {
    rate_ = rate;
    // Flows at their cap stay there while the class grows a little: the solver kept no room for it.
    capped_ = solved_population_ > 0 && rate_ >= solved_population_ * cap_ * (1 - 1e-9);
    share_out();
  }

  static constexpr std::int64_t kNever = std::int64_t{1} << 62;

 private:
  static constexpr double kClockMax = 0x1p44;  // bytes; a double still tells 1/256 byte apart

  static bool later(const Member& a, const Member& b) {
    return a.finish != b.finish ? a.finish > b.finish : a.order > b.order;
  }

  void share_out() {
    if (population_ <= 0) {
      flow_rate_ = 0;
    } else {
      flow_rate_ = capped_ ? cap_ : std::min(cap_, rate_ / population_);
    }
  }

  void rebase() {
    for (Member& m : members_) m.finish -= clock_;
    clock_ = 0;
    std::make_heap(members_.begin(), members_.end(), later);  // rounding may have made ties
  }

  double cap_;
  double clock_ = 0;
  TimePoint as_of_;
  double flow_rate_ = 0;
  double rate_ = 0;
  double population_ = 0;
  double solved_population_ = 0;
  bool capped_ = false;
  std::vector<Member> members_;
};

}  // namespace fleetcache::engine
