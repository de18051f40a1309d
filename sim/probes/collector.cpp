#include "sim/probes/collector.hpp"

#include <cmath>

namespace fleetcache::probes {
namespace {

constexpr std::size_t kBatchesMax = 32;

}  // namespace

void Series::add(double value, std::uint64_t times) {
  sketch_.add(value, times);
  if (batches_.empty() || batches_.back().count == batch_size_) {
    if (batches_.size() == kBatchesMax) {
      // Full: neighbours merge and batches become twice as long, so memory stays bounded.
      for (std::size_t i = 0; i < kBatchesMax / 2; ++i) {
        batches_[i] = {batches_[2 * i].sum + batches_[2 * i + 1].sum,
                       batches_[2 * i].times + batches_[2 * i + 1].times,
                       batches_[2 * i].count + batches_[2 * i + 1].count};
      }
      batches_.resize(kBatchesMax / 2);
      batch_size_ *= 2;
    }
    batches_.emplace_back();
  }
  batches_.back().sum += value * static_cast<double>(times);
  batches_.back().times += times;
  ++batches_.back().count;
}

double Series::mean() const { return sketch_.count() == 0 ? 0.0 : sketch_.mean(); }

std::vector<double> Series::batch_means() const {
  std::vector<double> means;
  for (const Batch& batch : batches_) {
    if (batch.count < batch_size_) break;  // the last one is still filling
    means.push_back(batch.sum / static_cast<double>(batch.times));
  }
  return means;
}

double Series::standard_error() const {
  const std::vector<double> means = batch_means();
  if (means.size() < 4) return 0;
  double mean_of_batches = 0;
  for (const double m : means) mean_of_batches += m;
  mean_of_batches /= static_cast<double>(means.size());
  double squares = 0;
  for (const double m : means) squares += (m - mean_of_batches) * (m - mean_of_batches);
  const auto n = static_cast<double>(means.size());
  return std::sqrt(squares / (n - 1) / n);
}

void Collector::asked(TrafficClass c, std::uint64_t bytes) { asked_[index(c)] += bytes; }

void Collector::served(TrafficClass c, Tier t, std::uint64_t bytes) {
  served_[index(c)][index(t)] += bytes;
}

void Collector::failed(TrafficClass c, std::uint64_t bytes) { failed_[index(c)] += bytes; }

void Collector::end_warmup(TimePoint now) {
  for (auto& [name, population] : populations_) population.end_warmup(now);
  served_at_warmup_ = served_;
  repeated_at_warmup_ = repeated_;
  for (auto& [name, count] : counters_) count = 0;
  for (auto& [name, series] : series_) series.clear();
  writes_ = {};
}

std::uint64_t Collector::counter(const std::string& name) const {
  const auto found = counters_.find(name);
  return found == counters_.end() ? 0 : found->second;
}

std::uint64_t Collector::served_since_warmup(TrafficClass c, Tier t) const {
  return served_[index(c)][index(t)] - served_at_warmup_[index(c)][index(t)] +
         repeated_[index(c)][index(t)] - repeated_at_warmup_[index(c)][index(t)];
}

Collector::Snapshot Collector::snapshot() const {
  Snapshot now{served_, requests_, counters_, writes_, {}};
  for (const auto& [name, series] : series_) now.series[name] = series.sketch();
  return now;
}

namespace {

std::uint64_t part(std::uint64_t now, std::uint64_t before, double factor) {
  return static_cast<std::uint64_t>(std::llround(static_cast<double>(now - before) * factor));
}

}  // namespace

void Collector::set_back(const Snapshot& then) {
  for (auto& [name, count] : counters_) {
    const auto before = then.counters.find(name);
    count = before == then.counters.end() ? 0 : before->second;
  }
  writes_ = then.writes;
}

void Collector::repeat(const Snapshot& since, double factor) {
  for (std::size_t c = 0; c < kClasses; ++c) {
    for (std::size_t t = 0; t < kTiers; ++t) {
      repeated_[c][t] += part(served_[c][t], since.served[c][t], factor);
    }
  }
  const std::uint64_t done = part(requests_.done, since.requests.done, factor);
  const std::uint64_t failed = part(requests_.failed, since.requests.failed, factor);
  repeated_requests_.in += done + failed;
  repeated_requests_.done += done;
  repeated_requests_.failed += failed;
  for (auto& [name, count] : counters_) {
    const auto before = since.counters.find(name);
    count += part(count, before == since.counters.end() ? 0 : before->second, factor);
  }
  for (std::size_t c = 0; c < kClasses; ++c) {
    for (std::size_t m = 0; m < kMedia; ++m) {
      writes_[c][m] += part(writes_[c][m], since.writes[c][m], factor);
    }
  }
  for (auto& [name, series] : series_) {
    const auto before = since.series.find(name);
    series.repeat(
        before == since.series.end() ? series.sketch() : series.sketch().since(before->second),
        factor);
  }
}

Requests Collector::requests() const {
  Requests sum = requests_;
  sum.in += repeated_requests_.in;
  sum.done += repeated_requests_.done;
  sum.failed += repeated_requests_.failed;
  return sum;
}

std::uint64_t Collector::served_played(TrafficClass c) const {
  std::uint64_t sum = 0;
  for (const std::uint64_t bytes : served_[index(c)]) sum += bytes;
  return sum;
}

}  // namespace fleetcache::probes
