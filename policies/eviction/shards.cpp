#include "policies/eviction/shards.hpp"

#include <algorithm>

#include "policies/base/hash.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint32_t kModulus = 1U << 24;
constexpr std::uint32_t kStepsBits = 5;  // 32 buckets an octave: 3 % wide
constexpr std::uint32_t kBuckets = 64 << kStepsBits;

std::uint32_t octave(std::uint64_t x) {
  std::uint32_t bit = 0;
  while ((x >>= 1) != 0) ++bit;
  return bit;
}
/// Buckets of constant relative width; the first values have one each.
std::uint32_t bucket_of_distance(std::uint64_t x) {
  const std::uint32_t bit = octave(x);
  if (bit < kStepsBits) return static_cast<std::uint32_t>(x);
  const auto steps = static_cast<std::uint32_t>(x >> (bit - kStepsBits));  // top bit included
  return ((bit - kStepsBits + 1) << kStepsBits) + steps - (1U << kStepsBits);
}

}  // namespace

Result<Shards> Shards::create(std::uint32_t samples, std::uint64_t seed) {
  if (samples < 64 || samples > (1U << 20)) return Error{"samples", "must be 64 to 1048576"};
  Shards s;
  s.samples_.resize(samples + 1);  // one over, until the threshold falls
  s.heads_.assign(samples, kNone);
  s.by_hash_.reserve(samples + 1);
  s.at_time_.assign(4 * std::size_t{samples}, kNone);
  s.tree_.assign(s.at_time_.size() + 1, 0);
  s.buckets_.resize(kBuckets);
  s.seed_ = seed;
  s.threshold_ = kModulus;
  for (std::uint32_t k = 0; k <= samples; ++k) s.samples_[k].chain = k < samples ? k + 1 : kNone;
  s.free_ = 0;
  return s;
}

double Shards::sampling_rate() const { return static_cast<double>(threshold_) / kModulus; }

double Shards::scaled(const Bucket& bucket) const {
  if (bucket.count == 0) return 0;
  return bucket.count * (static_cast<double>(threshold_) / bucket.threshold);
}

void Shards::count(std::uint32_t bucket) {
  Bucket& b = bucket == kNone ? cold_ : buckets_[bucket];
  b = {scaled(b) + 1, threshold_};
}

void Shards::add(std::uint32_t time, std::uint64_t charge, bool take) {
  for (std::size_t k = std::size_t{time} + 1; k < tree_.size(); k += k & (0 - k)) {
    tree_[k] += take ? 0 - charge : charge;
  }
}
std::uint64_t Shards::up_to(std::uint32_t time) const {
  std::uint64_t sum = 0;
  for (std::size_t k = std::size_t{time} + 1; k > 0; k -= k & (0 - k)) sum += tree_[k];
  return sum;
}

/// Gives the samples the times 0, 1, ... in their order, once all times are used up.
void Shards::compact() {
  std::fill(tree_.begin(), tree_.end(), 0);
  clock_ = 0;
  for (std::uint32_t time = 0; time < at_time_.size(); ++time) {
    const std::uint32_t s = at_time_[time];
    at_time_[time] = kNone;
    if (s == kNone) continue;
    at_time_[clock_] = s;
    samples_[s].time = clock_++;
    add(samples_[s].time, samples_[s].charge, false);
  }
}

void Shards::touch(std::uint32_t s, std::uint64_t charge) {
  if (clock_ == at_time_.size()) compact();
  Sample& sample = samples_[s];
  if (sample.time != kNone) {
    add(sample.time, sample.charge, true);
    at_time_[sample.time] = kNone;
    total_ -= sample.charge;
  }
  sample.time = clock_++;
  sample.charge = charge;
  at_time_[sample.time] = s;
  total_ += charge;
  add(sample.time, charge, false);
}

void Shards::follow(std::uint64_t id, std::uint64_t charge, std::uint32_t hash) {
  const std::uint32_t s = free_;
  free_ = samples_[s].chain;
  std::uint32_t& head = heads_[mix64(id) % heads_.size()];
  samples_[s] = {id, charge, hash, kNone, head};
  head = s;
  ++live_;
  touch(s, charge);
  by_hash_.push_back(s);
  std::push_heap(by_hash_.begin(), by_hash_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return samples_[a].hash < samples_[b].hash;
  });
  if (live_ == samples_.size()) lower_threshold();
}

void Shards::drop(std::uint32_t s) {
  Sample& sample = samples_[s];
  add(sample.time, sample.charge, true);
  at_time_[sample.time] = kNone;
  total_ -= sample.charge;
  std::uint32_t* link = &heads_[mix64(sample.id) % heads_.size()];
  while (*link != s) link = &samples_[*link].chain;
  *link = sample.chain;
  sample.time = kNone;
  sample.chain = free_;
  free_ = s;
  --live_;
}

/// Drops the samples of the largest hash; that hash is the threshold from now on.
void Shards::lower_threshold() {
  threshold_ = samples_[by_hash_.front()].hash;
  while (!by_hash_.empty() && samples_[by_hash_.front()].hash >= threshold_) {
    drop(by_hash_.front());
    std::pop_heap(by_hash_.begin(), by_hash_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return samples_[a].hash < samples_[b].hash;
    });
    by_hash_.pop_back();
  }
}

void Shards::request(std::uint64_t id, std::uint64_t charge) {
  ++requests_;
  const auto hash = static_cast<std::uint32_t>(mix64(id ^ mix64(seed_ + 1)) % kModulus);
  if (hash >= threshold_) return;
  std::uint32_t s = heads_[mix64(id) % heads_.size()];
  while (s != kNone && samples_[s].id != id) s = samples_[s].chain;
  if (s == kNone) {
    count(kNone);
    follow(id, charge, hash);
    return;
  }
  // What a cache must hold for this hit: all requested since, and the object itself.
  const std::uint64_t newer = total_ - up_to(samples_[s].time);
  const double distance = static_cast<double>(newer) / sampling_rate();
  const auto needed = static_cast<std::uint64_t>(distance) + charge;
  count(bucket_of_distance(needed));
  touch(s, charge);
}

double Shards::miss_ratio(std::uint64_t capacity) const {
  if (requests_ == 0) return 1;
  const double expected = static_cast<double>(requests_) * sampling_rate();
  double sampled = scaled(cold_);
  double hits = 0;
  const std::uint32_t last = bucket_of_distance(capacity);
  for (std::uint32_t k = 0; k < buckets_.size(); ++k) {
    const double count = scaled(buckets_[k]);
    sampled += count;
    if (k < last || (k == last && k < (2U << kStepsBits))) {
      hits += count;
    } else if (k == last) {
      hits += count / 2;  // the bucket is 3 % wide: half of it
    }
  }
  // SHARDS-adj: requests of hot objects that were, or were not, in the sample by chance hit in any
  // cache.
  hits += expected - sampled;
  const double ratio = 1 - hits / expected;
  return ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
}

}  // namespace fleetcache::eviction
