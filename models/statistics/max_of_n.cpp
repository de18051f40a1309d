#include "models/statistics/max_of_n.hpp"

#include <algorithm>
#include <cmath>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::models {
namespace {

constexpr std::uint32_t kBlocks = 20;
constexpr std::uint32_t kNoBlock = kBlocks;
constexpr double kShapeMin = -0.5, kShapeMax = 0.9;

struct Entry {
  double value = 0;
  double weight = 0;
  std::uint32_t block = 0;
};

struct Cdf {
  std::vector<double> values;  // ascending
  std::vector<double> below;   // share of the weight up to and with each value
  double observations = 0;     // effective
};

Cdf cdf_without(const std::vector<Entry>& sorted, std::uint32_t block) {
  Cdf out;
  double sum = 0, squares = 0;
  for (const Entry& e : sorted) {
    if (e.block == block) continue;
    sum += e.weight;
    squares += e.weight * e.weight;
    out.values.push_back(e.value);
    out.below.push_back(sum);
  }
  for (double& share : out.below) share /= sum;
  if (!out.below.empty()) out.below.back() = 1;
  out.observations = squares > 0 ? sum * sum / squares : 0;
  return out;
}

/// Share of the pool above the threshold: a tenth, at most about 1,000 observations, at least 20.
double tail_share(double observations) {
  return std::min(0.5, std::max(std::min(0.1, 1000 / observations), 20 / observations));
}

/// First value of the tail that holds at most `share`; never the whole pool, never nothing.
std::size_t tail_begin(const Cdf& cdf, double share) {
  const auto at = std::lower_bound(cdf.below.begin(), cdf.below.end(), 1 - share);
  const auto first = static_cast<std::size_t>(at - cdf.below.begin()) + 1;
  return std::min(first, cdf.values.size() - 1);
}

/// Probability-weighted moments a0 = E[Y], a1 = E[Y (1 - F(Y))] of the exceedances.
ParetoTail fit_pareto(const Cdf& cdf, double share) {
  ParetoTail tail;
  if (cdf.values.size() < 2) {
    tail.threshold = cdf.values.front();
    return tail;
  }
  const std::size_t first = tail_begin(cdf, share);
  tail.threshold = cdf.values[first - 1];
  tail.share = 1 - cdf.below[first - 1];
  double a0 = 0, a1 = 0;
  for (std::size_t i = first; i < cdf.values.size(); ++i) {
    const double weight = (cdf.below[i] - cdf.below[i - 1]) / tail.share;
    const double above = (1 - (cdf.below[i] + cdf.below[i - 1]) / 2) / tail.share;
    const double y = cdf.values[i] - tail.threshold;
    a0 += weight * y;
    a1 += weight * above * y;
  }
  if (a0 <= 0) return tail;  // all tied: nothing above the threshold
  const double spread = a0 - 2 * a1;
  tail.shape = spread > 0 ? std::clamp(2 - a0 / spread, kShapeMin, kShapeMax) : kShapeMin;
  tail.scale = a0 * (1 - tail.shape);
  return tail;
}

/// ln x = level + slope z over the exceedances, z the normal quantile of their place.
struct LogNormalTail {
  double level = 0, slope = 0;
  double share = 0;
  bool usable = false;
  double exceeded_with(double p) const { return portable_exp(level - slope * normal_quantile(p)); }
};

LogNormalTail fit_lognormal(const Cdf& cdf, double share) {
  LogNormalTail tail;
  if (cdf.values.size() < 2) return tail;
  const std::size_t first = tail_begin(cdf, share);
  tail.share = 1 - cdf.below[first - 1];
  if (cdf.values[first] <= 0) return tail;
  double w = 0, z1 = 0, y1 = 0, zz = 0, zy = 0;
  for (std::size_t i = first; i < cdf.values.size(); ++i) {
    const double weight = cdf.below[i] - cdf.below[i - 1];
    const double z = normal_quantile((cdf.below[i] + cdf.below[i - 1]) / 2);
    const double y = portable_log(cdf.values[i]);
    w += weight;
    z1 += weight * z;
    y1 += weight * y;
    zz += weight * z * z;
    zy += weight * z * y;
  }
  const double spread = w * zz - z1 * z1;
  if (w <= 0 || spread <= 0) return tail;
  tail.slope = std::max(0.0, (w * zy - z1 * y1) / spread);
  tail.level = (y1 - tail.slope * z1) / w;
  tail.usable = true;
  return tail;
}

double quantile(const std::vector<double>& values, const std::vector<double>& below, double q) {
  const auto at = std::lower_bound(below.begin(), below.end(), q);
  return values[std::min(static_cast<std::size_t>(at - below.begin()), values.size() - 1)];
}

/// E[max of n] of the pool itself: each value times the chance that it is the largest of n.
double empirical_mean(const Cdf& cdf, double n) {
  double sum = 0, before = 0;
  for (std::size_t i = 0; i < cdf.values.size(); ++i) {
    const double now = power(cdf.below[i], n);
    sum += cdf.values[i] * (now - before);
    before = now;
  }
  return sum;
}

/// E[max of n] where the tail answers above its threshold. With u = exp(-e^-w) the level w of the
/// maximum is Gumbel, and p = 1 - u^(1/n) = 1 - exp(-e^-w / n) is what exceeds it; the trapezoid
/// rule is exact to far more digits than the fit.
template <class Tail>
double fitted_mean(const Cdf& cdf, const Tail& tail, double n, double shape) {
  constexpr double kStep = 1.0 / 16, kLow = -5;
  const double high = 45 / (1 - std::max(0.0, shape));
  double sum = 0, mass = 0;
  for (int i = 0; kLow + i * kStep <= high; ++i) {
    const double w = kLow + i * kStep;
    const double e = portable_exp(-w);
    const double density = portable_exp(-w - e);
    const double p = one_minus_exp(e / n);
    const double x =
        p < tail.share ? tail.exceeded_with(p) : quantile(cdf.values, cdf.below, 1 - p);
    sum += density * x;
    mass += density;
  }
  return sum / mass;
}

double pareto_mean(const Cdf& cdf, double n, double share) {
  const ParetoTail tail = fit_pareto(cdf, share);
  return fitted_mean(cdf, tail, n, tail.shape);
}

/// Kolmogorov's distance of the exceedances from a tail, in standard deviations of a sample of
/// their size: above about 1.3 a tail with two fitted parameters does not describe them.
template <class Tail>
double misfit(const Cdf& cdf, const Tail& tail, double share) {
  const std::size_t first = tail_begin(cdf, share);
  const double above = 1 - cdf.below[first - 1];
  double worst = 0;
  const std::size_t stride = std::max<std::size_t>(1, (cdf.values.size() - first) / 200);
  for (std::size_t i = first; i < cdf.values.size(); i += stride) {
    // The tail's own chance of exceeding the value, by bisection on what it exceeds with p.
    const double p =
        above - bisect_increasing([&](double q) { return tail.exceeded_with(above - q); },
                                  cdf.values[i], 0, above * (1 - 1e-12));
    worst = std::max(worst, std::abs(p - (1 - cdf.below[i])) / above);
  }
  return worst * std::sqrt(above * cdf.observations);
}

/// What other tails that describe the exceedances would say: how far the answer hangs on a choice.
double model_spread(const Cdf& cdf, double n, double share, double mean) {
  constexpr double kMisfitMax = 1.3;
  double spread = 0;
  const LogNormalTail log_normal = fit_lognormal(cdf, share);
  if (log_normal.usable && misfit(cdf, log_normal, share) < kMisfitMax) {
    spread = std::abs(fitted_mean(cdf, log_normal, n, 0) - mean);
  }
  const double wider = std::min(0.5, 3 * share);
  if (misfit(cdf, fit_pareto(cdf, wider), wider) < kMisfitMax) {
    spread = std::max(spread, std::abs(pareto_mean(cdf, n, wider) - mean));
  }
  return spread;
}

std::vector<Entry> sorted_entries(const std::vector<Weighted>& pool) {
  std::vector<Entry> entries;
  entries.reserve(pool.size());
  for (std::size_t i = 0; i < pool.size(); ++i) {
    const Weighted& o = pool[i];
    FLEETCACHE_CHECK(std::isfinite(o.value) && o.value >= 0 && o.weight > 0, "a pool's values");
    const auto block = static_cast<std::uint32_t>(i * kBlocks / pool.size());
    entries.push_back({o.value, o.weight, block});
  }
  // Ties in the order of the pool, so that sums have one order.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.value < b.value; });
  return entries;
}

}  // namespace

double ParetoTail::exceeded_with(double p) const {
  const double steps = portable_log(share / p);  // >= 0
  if (scale <= 0) return threshold;
  if (std::abs(shape) < 1e-9) return threshold + scale * steps;
  return threshold + scale * (portable_exp(shape * steps) - 1) / shape;
}

MaxOfN::MaxOfN(std::vector<Weighted> pool, double n) : n_(n) {
  FLEETCACHE_CHECK(!pool.empty() && n >= 1, "the maximum of a pool that is not empty");
  const std::vector<Entry> entries = sorted_entries(pool);
  Cdf cdf = cdf_without(entries, kNoBlock);
  observations_ = cdf.observations;
  extrapolated_ = observations_ < kPerNode * n;
  const double share = tail_share(observations_);
  const auto answer = [&](const Cdf& of) {
    return extrapolated_ ? pareto_mean(of, n, share) : empirical_mean(of, n);
  };
  mean_ = answer(cdf);
  if (extrapolated_) {
    tail_ = fit_pareto(cdf, share);
    model_error_ = model_spread(cdf, n, share, mean_);
  }
  double sum = 0, squares = 0;
  std::uint32_t blocks = 0;
  for (std::uint32_t b = 0; b < kBlocks; ++b) {
    const Cdf rest = cdf_without(entries, b);
    if (rest.values.empty() || rest.values.size() == entries.size()) continue;
    const double difference = answer(rest) - mean_;
    sum += difference;
    squares += difference * difference;
    ++blocks;
  }
  if (blocks > 1) {
    const double spread = std::max(0.0, squares - sum * sum / blocks);
    standard_error_ = std::sqrt(spread * (blocks - 1) / blocks);
  }
  values_ = std::move(cdf.values);
  below_ = std::move(cdf.below);
}

double MaxOfN::draw(double u) const {
  FLEETCACHE_CHECK(u > 0 && u < 1, "a uniform number inside (0, 1)");
  const double p = one_minus_exp(-portable_log(u) / n_);
  if (extrapolated_ && p < tail_.share) return tail_.exceeded_with(p);
  return quantile(values_, below_, 1 - p);
}

ObservationPool::ObservationPool(std::size_t most, std::uint64_t seed) : most_(most), seed_(seed) {
  FLEETCACHE_CHECK(most >= 2, "a pool holds at least two observations");
}

void ObservationPool::add(double value, double weight) {
  const std::uint64_t hash = mix64(seed_ ^ mix64(added_++ + 1));
  if (!keeps(hash)) return;
  kept_.push_back({{value, weight}, hash});
  while (kept_.size() > most_ && halvings_ < 63) {
    ++halvings_;
    std::erase_if(kept_, [this](const Kept& k) { return !keeps(k.hash); });
  }
}

void ObservationPool::clear() {
  kept_.clear();
  added_ = 0;
  halvings_ = 0;
}

std::vector<Weighted> ObservationPool::observations() const {
  std::vector<Weighted> out;
  out.reserve(kept_.size());
  double scale = 1;
  for (std::uint32_t i = 0; i < halvings_; ++i) scale *= 2;
  for (const Kept& k : kept_) out.push_back({k.observation.value, k.observation.weight * scale});
  return out;
}

}  // namespace fleetcache::models
