#include "models/statistics/quantile_sketch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

// A double is sign, 11 bits of exponent, 52 of mantissa: what is left after this shift is the
// octave and its 128th.
constexpr int kShift = 52 - 7;

std::uint64_t index_of(double value) {
  // -0.0 would carry the sign bit into the index.
  return value == 0 ? 0 : std::bit_cast<std::uint64_t>(value) >> kShift;
}

double middle_of(std::uint64_t index) {
  const double low = std::bit_cast<double>(index << kShift);
  const double high = std::bit_cast<double>((index + 1) << kShift);
  return index == 0 ? 0 : low + (high - low) / 2;
}

}  // namespace

double& QuantileSketch::bucket(std::uint64_t index) {
  if (counts_.empty()) first_ = index;
  if (index < first_) {
    // Room below grows with what is there, so that falling values cost O(1) each as well.
    const std::uint64_t spare = std::min<std::uint64_t>(index, counts_.size());
    counts_.insert(counts_.begin(), first_ - index + spare, 0);
    first_ = index - spare;
  }
  if (index - first_ >= counts_.size()) counts_.resize(index - first_ + 1, 0);
  return counts_[index - first_];
}

void QuantileSketch::add(double value, double weight) {
  FLEETCACHE_CHECK(std::isfinite(value) && value >= 0, "a sketch takes finite numbers from 0 up");
  FLEETCACHE_CHECK(std::isfinite(weight) && weight >= 0, "a weight is finite and not negative");
  if (weight == 0) return;
  bucket(index_of(value)) += weight;
  min_ = weight_ == 0 ? value : std::min(min_, value);
  max_ = weight_ == 0 ? value : std::max(max_, value);
  weight_ += weight;
  squares_ += weight * weight;
  sum_ += value * weight;
}

void QuantileSketch::merge(const QuantileSketch& other, double factor) {
  FLEETCACHE_CHECK(std::isfinite(factor) && factor >= 0, "a factor is finite and not negative");
  if (other.weight_ == 0 || factor == 0) return;
  for (std::size_t i = 0; i < other.counts_.size(); ++i) {
    if (other.counts_[i] != 0) bucket(other.first_ + i) += other.counts_[i] * factor;
  }
  min_ = weight_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = weight_ == 0 ? other.max_ : std::max(max_, other.max_);
  weight_ += other.weight_ * factor;
  squares_ += other.squares_ * factor * factor;
  sum_ += other.sum_ * factor;
}

QuantileSketch QuantileSketch::since(const QuantileSketch& earlier) const {
  QuantileSketch out;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const std::uint64_t index = first_ + i;
    const bool before = index >= earlier.first_ && index - earlier.first_ < earlier.counts_.size();
    const double more = counts_[i] - (before ? earlier.counts_[index - earlier.first_] : 0);
    if (more <= 0) continue;
    out.bucket(index) += more;
    // Neither end was kept by bucket: the middle, but never outside what was seen at all.
    const double middle = std::clamp(middle_of(index), min_, max_);
    if (out.weight_ == 0) out.min_ = middle;
    out.max_ = middle;
    out.weight_ += more;
  }
  out.squares_ = std::max(0.0, squares_ - earlier.squares_);
  out.sum_ = std::max(0.0, sum_ - earlier.sum_);
  return out;
}

double QuantileSketch::quantile(double q) const {
  FLEETCACHE_CHECK(q >= 0 && q <= 1, "a quantile lies in [0, 1]");
  if (weight_ == 0) return 0;
  if (q == 0) return min_;
  if (q == 1) return max_;
  const double wanted = q * weight_;
  double seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::clamp(middle_of(first_ + i), min_, max_);
  }
  return max_;
}

}  // namespace fleetcache::models
