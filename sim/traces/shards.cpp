#include "sim/traces/shards.hpp"

#include <algorithm>
#include <numeric>

#include "policies/base/check.hpp"

namespace fleetcache::traces {

LruCurve::LruCurve(const SampleRange& range, std::vector<std::uint64_t> capacities, bool unit)
    : range_(range), capacities_(std::move(capacities)), unit_(unit) {
  FLEETCACHE_CHECK(std::is_sorted(capacities_.begin(), capacities_.end()), "capacities ascend");
  requests_.resize(capacities_.size() + 1);
  bytes_.resize(capacities_.size() + 1);
}

void LruCurve::forget(std::uint64_t id) {
  std::uint32_t& object = objects_.find_or_add(id).first;
  if (object == kGone) return;
  stack_.remove(object - 1);
  spare_.push_back(object - 1);
  object = kGone;
}

/// Sinks the threshold to the largest hash that is kept and drops the objects above it.
void LruCurve::shrink() {
  range_.threshold = by_hash_.front().first;
  while (!by_hash_.empty() && by_hash_.front().first >= range_.threshold) {
    forget(by_hash_.front().second);
    std::pop_heap(by_hash_.begin(), by_hash_.end());
    by_hash_.pop_back();
  }
}

void LruCurve::admit(std::uint64_t id, std::uint32_t hash, std::uint32_t& object,
                     std::uint64_t size) {
  std::uint32_t number = numbers_;
  if (spare_.empty()) {
    ++numbers_;
  } else {
    number = spare_.back();
    spare_.pop_back();
  }
  object = number + 1;
  stack_.push(number, size);
  if (range_.max_objects == 0) return;
  by_hash_.emplace_back(hash, id);
  std::push_heap(by_hash_.begin(), by_hash_.end());
  // A threshold of 1 cannot sink; 2^24 hashes leave that to absurd traces.
  if (by_hash_.size() > range_.max_objects && by_hash_.front().first > 0) shrink();
}

void LruCurve::add(const Request& r, std::uint32_t hash) {
  hash -= range_.first;  // wraps around below `first`
  if (hash >= range_.threshold) return;
  if (r.op == Op::kDelete) return forget(r.id);
  const std::uint64_t size = unit_ ? 1 : r.size;
  ++sampled_;
  const double weight = 1 / rate();
  std::size_t bucket = capacities_.size();
  std::uint32_t& object = objects_.find_or_add(r.id).first;
  if (object == kGone) {
    admit(r.id, hash, object, size);
  } else {
    // A cache keeps the size that an object came in with.
    const LruStack::Depth depth = stack_.touch(object - 1, stack_.size_of(object - 1));
    const double distance = static_cast<double>(unit_ ? depth.objects : depth.bytes) * weight;
    const auto hits = std::find_if(capacities_.begin(), capacities_.end(), [&](std::uint64_t c) {
      return static_cast<double>(c) >= distance;
    });
    bucket = static_cast<std::size_t>(hits - capacities_.begin());
  }
  requests_[bucket] += weight;
  bytes_[bucket] += weight * static_cast<double>(size);
}

double LruCurve::misses(std::size_t k) const {
  return std::accumulate(requests_.begin() + static_cast<std::ptrdiff_t>(k) + 1, requests_.end(),
                         0.0);
}

double LruCurve::miss_bytes(std::size_t k) const {
  return std::accumulate(bytes_.begin() + static_cast<std::ptrdiff_t>(k) + 1, bytes_.end(), 0.0);
}

}  // namespace fleetcache::traces
