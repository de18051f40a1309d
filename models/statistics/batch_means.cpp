#include "models/statistics/batch_means.hpp"

#include <cmath>

#include "policies/base/check.hpp"

namespace fleetcache::models {

double standard_error(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (values.size() < 2) return 0;
  double sum = 0;
  for (const double v : values) sum += v;
  double squares = 0;
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  return std::sqrt(squares / (n - 1) / n);
}

BatchMeans::BatchMeans(double start_s, double end_s, std::size_t batches)
    : start_s_(start_s),
      width_s_((end_s - start_s) / static_cast<double>(batches)),
      sums_(batches, 0.0),
      weights_(batches, 0.0) {
  FLEETCACHE_CHECK(end_s > start_s && batches > 0, "batches need a window of time");
}

void BatchMeans::add(double time_s, double value, double weight) {
  const double position = (time_s - start_s_) / width_s_;
  const auto batches = static_cast<double>(sums_.size());
  if (!(position >= 0) || position > batches) return;
  const auto last = sums_.size() - 1;
  const std::size_t i = position == batches ? last : static_cast<std::size_t>(position);
  sums_[i] += value * weight;
  weights_[i] += weight;
}

double BatchMeans::mean() const {
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    sum += sums_[i];
    weight += weights_[i];
  }
  return weight > 0 ? sum / weight : 0;
}

std::vector<double> BatchMeans::means() const {
  std::vector<double> out;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    if (weights_[i] > 0) out.push_back(sums_[i] / weights_[i]);
  }
  return out;
}

double BatchMeans::standard_error() const { return models::standard_error(means()); }

}  // namespace fleetcache::models
