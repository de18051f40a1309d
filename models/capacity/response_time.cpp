#include "models/capacity/response_time.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "models/numeric.hpp"
#include "models/queueing/erlang.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

namespace {

// Gaps more regular than Poisson leave idle servers ready in time; burstier ones do the reverse.
double kraemer_langenbach_belz(double rho, double ca2, double cs2) {
  if (ca2 + cs2 <= 0) return 1;
  if (ca2 < 1)
    return portable_exp(-2 * (1 - rho) / (3 * rho) * (1 - ca2) * (1 - ca2) / (ca2 + cs2));
  return portable_exp(-(1 - rho) * (ca2 - 1) / (ca2 + 4 * cs2));
}

}  // namespace

QueueAnswer allen_cunneen(const QueueSpec& spec, double horizon_s) {
  FLEETCACHE_CHECK(spec.servers >= 1, "a station without servers");
  QueueAnswer out;
  const double offered = spec.arrival_rate * spec.service_s;
  out.utilization = offered / spec.servers;
  if (offered <= 0) return out;
  if (out.utilization >= 1) {
    out.wait_probability = 1;
    out.wait_mean_s = (out.utilization - 1) / 2 * horizon_s;
    return out;
  }
  out.wait_probability = erlang_c(spec.servers, offered);
  out.wait_mean_s = out.wait_probability * spec.service_s / (spec.servers - offered) *
                    (spec.arrival_cv2 + spec.service_cv2) / 2 *
                    kraemer_langenbach_belz(out.utilization, spec.arrival_cv2, spec.service_cv2);
  return out;
}

namespace {

// Points a decade: of a law to go on with, and for a quantile, where each costs an exponential a
// step of the bisection.
constexpr int kFine = 30, kCoarse = 12;

// Mid-points of equal shares of a law, ten times finer in each decade of the tail: in seconds where
// `quantile(p)` is.
template <int kPerDecade, class Quantile>
std::vector<TimeShare> points_of(Quantile quantile) {
  // Of the square of a log-normal with sigma 1, 0.3 % lie beyond six decades, 3 % beyond four.
  constexpr int kDecades = 6;
  std::vector<TimeShare> points;
  double from = 0, left = 1;
  for (int decade = 0; decade < kDecades; ++decade) {
    const double width = decade == kDecades - 1 ? left : 0.9 * left;
    for (int i = 0; i < kPerDecade; ++i)
      points.push_back({quantile(from + width * (i + 0.5) / kPerDecade), width / kPerDecade});
    from += width;
    left -= width;
  }
  return points;
}

// The points of the tail cut off are put back: a queue lives on its means.
void keep_mean(std::vector<TimeShare>& points, double mean_s) {
  double sum = 0;
  for (const TimeShare& point : points) sum += point.share * point.seconds;
  if (sum <= 0) return;
  for (TimeShare& point : points) point.seconds *= mean_s / sum;
}

template <int kPerDecade>
std::vector<TimeShare> log_normal_points(double mean_s, double cv2) {
  static const std::vector<TimeShare> normal =
      points_of<kPerDecade>([](double p) { return normal_quantile(p); });
  const double sigma2 = log_one_plus(cv2);
  const double sigma = std::sqrt(sigma2);
  const double median = mean_s * portable_exp(-sigma2 / 2);
  std::vector<TimeShare> points = normal;
  for (TimeShare& point : points) point.seconds = median * portable_exp(sigma * point.seconds);
  return points;
}

template <int kPerDecade>
std::vector<TimeShare> service_points(const QueueSpec& spec) {
  return spec.service_law.empty() ? log_normal_points<kPerDecade>(spec.service_s, spec.service_cv2)
                                  : spec.service_law;
}

std::vector<TimeShare> gap_points(double mean_s, double cv2) {
  if (cv2 <= 0.01) return {{mean_s, 1}};  // a clock: the wait moves by less than 1 %
  if (cv2 > 1) return log_normal_points<kFine>(mean_s, cv2);
  const double random = mean_s * std::sqrt(cv2);
  return points_of<kFine>([&](double p) { return mean_s - random - random * portable_log(1 - p); });
}

// Lindley's recursion on a grid.
class WaitGrid {
 public:
  WaitGrid(const QueueSpec& spec, double utilization)
      : step_s_(spec.service_s / kCells),
        wait_(static_cast<std::size_t>(std::min(4096.0, 1024 / (1 - utilization))), 0.0),
        next_(wait_.size()) {
    std::vector<TimeShare> service = service_points<kFine>(spec);
    std::vector<TimeShare> gaps = gap_points(1 / spec.arrival_rate, spec.arrival_cv2);
    keep_mean(service, spec.service_s);
    keep_mean(gaps, 1 / spec.arrival_rate);
    double longest = 0;
    for (const TimeShare& gap : gaps) longest = std::max(longest, gap.seconds);
    below_ = static_cast<std::ptrdiff_t>(longest / step_s_) + 2;
    change_.assign(static_cast<std::size_t>(below_) + wait_.size(), 0.0);
    for (const TimeShare& s : service)
      for (const TimeShare& t : gaps) add((s.seconds - t.seconds) / step_s_, s.share * t.share);
    for (std::size_t i = 0; i < change_.size(); ++i)
      if (change_[i] > 0) kernel_.push_back({static_cast<std::ptrdiff_t>(i) - below_, change_[i]});
    wait_[0] = 1;
  }

  QueueAnswer solve(double utilization) {
    double mean = 0;
    for (int i = 0; i < 4000; ++i) {
      const double before = mean;
      advance();
      mean = 0;
      for (std::size_t k = 0; k < wait_.size(); ++k) mean += wait_[k] * static_cast<double>(k);
      // What is still to come shrinks by the load squared or less in each round.
      if (mean - before <= 1e-5 * mean * (1 - utilization)) break;
    }
    QueueAnswer out;
    out.utilization = utilization;
    out.wait_mean_s = mean * step_s_;
    out.wait_step_s = step_s_;
    double tail = 1;
    for (const double p : wait_) out.wait_tail.push_back(tail = std::max(0.0, tail - p));
    out.wait_probability = out.wait_tail.front();
    return out;
  }

 private:
  static constexpr double kCells = 16;  // of a mean service

  void add(double cells, double weight) {
    const double low = std::floor(cells), part = cells - low;
    const auto last = static_cast<std::ptrdiff_t>(change_.size()) - 1;
    const auto at = std::min(static_cast<std::ptrdiff_t>(low) + below_, last);
    change_[static_cast<std::size_t>(at)] += weight * (1 - part);
    change_[static_cast<std::size_t>(std::min(at + 1, last))] += weight * part;
  }

  void advance() {
    std::fill(next_.begin(), next_.end(), 0.0);
    const auto size = static_cast<std::ptrdiff_t>(wait_.size());
    below_cell_.resize(wait_.size() + 1);  // mass in the cells before
    for (std::size_t k = 0; k < wait_.size(); ++k) below_cell_[k + 1] = below_cell_[k] + wait_[k];
    for (const auto& [cells, weight] : kernel_) {
      const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(-cells, 0, size);
      const std::ptrdiff_t past = std::clamp<std::ptrdiff_t>(size - cells, first, size);
      for (std::ptrdiff_t k = first; k < past; ++k)
        next_[static_cast<std::size_t>(k + cells)] += weight * wait_[static_cast<std::size_t>(k)];
      // What leaves the grid on either side.
      next_.front() += weight * below_cell_[static_cast<std::size_t>(first)];
      next_.back() += weight * (below_cell_.back() - below_cell_[static_cast<std::size_t>(past)]);
    }
    wait_.swap(next_);
  }

  double step_s_;
  std::vector<double> wait_, next_;  // probability by cell
  std::vector<double> below_cell_;
  std::ptrdiff_t below_ = 0;
  std::vector<double> change_;  // of a wait, by cells + below_
  std::vector<std::pair<std::ptrdiff_t, double>> kernel_;
};

// P(wait > x).
double wait_beyond(const QueueAnswer& q, double x) {
  if (x < 0) return 1;
  if (q.wait_tail.empty()) {
    const double if_any = q.wait_probability > 0 ? q.wait_mean_s / q.wait_probability : 0;
    return if_any > 0 ? q.wait_probability * portable_exp(-x / if_any) : 0;
  }
  const double cells = x / q.wait_step_s;
  const auto k = static_cast<std::size_t>(std::min(cells, 1e9));
  if (k + 1 >= q.wait_tail.size()) return 0;
  const double part = cells - static_cast<double>(k);
  return q.wait_tail[k] * (1 - part) + q.wait_tail[k + 1] * part;
}

}  // namespace

QueueAnswer lindley_wait(const QueueSpec& spec) {
  const double utilization = spec.arrival_rate * spec.service_s;
  FLEETCACHE_CHECK(spec.servers == 1 && utilization <= kLindleyLoadMost, "one server, not full");
  if (utilization <= 0) return {};
  return WaitGrid(spec, utilization).solve(utilization);
}

std::vector<TimeShare> log_normal_law(double mean_s, double cv2) {
  std::vector<TimeShare> points = log_normal_points<kFine>(mean_s, cv2);
  keep_mean(points, mean_s);
  return points;
}

double wait_quantile(const QueueAnswer& queue, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "a quantile outside (0, 1)");
  if (1 - p >= queue.wait_probability) return 0;
  if (!queue.wait_tail.empty()) {
    const double longest = static_cast<double>(queue.wait_tail.size()) * queue.wait_step_s;
    return bisect_increasing([&](double x) { return -wait_beyond(queue, x); }, p - 1, 0, longest);
  }
  return queue.wait_mean_s / queue.wait_probability *
         portable_log(queue.wait_probability / (1 - p));
}

double response_quantile(const QueueSpec& spec, const QueueAnswer& queue, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "a quantile outside (0, 1)");
  const std::vector<TimeShare> service = service_points<kCoarse>(spec);
  const auto at_most = [&](double x) {
    double sum = 0;
    for (const TimeShare& point : service) {
      if (point.seconds > x) break;
      sum += point.share * (1 - wait_beyond(queue, x - point.seconds));
    }
    return sum;
  };
  const double wait_if_any =
      queue.wait_probability > 0 ? queue.wait_mean_s / queue.wait_probability : 0;
  double low = 0, high = service.back().seconds + 1e-9;
  high +=
      std::max(40 * wait_if_any, static_cast<double>(queue.wait_tail.size()) * queue.wait_step_s);
  while (high - low > 1e-5 * high) {
    const double middle = low + (high - low) / 2;
    (at_most(middle) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace fleetcache::models
