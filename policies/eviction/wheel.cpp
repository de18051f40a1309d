#include "policies/eviction/wheel.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint32_t kDigitBits = 6;
constexpr std::uint64_t kDigit = kWheelBuckets - 1;
constexpr std::uint32_t kDue = kWheelLevels;  // a "level" past the last one

std::uint64_t tick_of(TimePoint t) { return static_cast<std::uint64_t>(t.ns) >> kTickShift; }

std::uint32_t highest_bit(std::uint64_t x) {
  std::uint32_t bit = 0;
  while ((x >>= 1) != 0) ++bit;
  return bit;
}
std::uint32_t lowest_bit(std::uint64_t x) {
  std::uint32_t bit = 0;
  while (((x >> bit) & 1) == 0) ++bit;
  return bit;
}

}  // namespace

WheelList& Wheel::list_of(std::uint32_t i, std::uint32_t& level, std::uint32_t& bucket) const {
  const std::uint64_t tick = tick_of(expiry(i));
  bucket = 0;
  level = kDue;
  if (tick <= w_.tick) return w_.due;
  level = highest_bit(tick ^ w_.tick) / kDigitBits;
  bucket = static_cast<std::uint32_t>((tick >> (kDigitBits * level)) & kDigit);
  return w_.bucket[level][bucket];
}

void Wheel::link(std::uint32_t i) {
  std::uint32_t level = 0;
  std::uint32_t bucket = 0;
  WheelList& list = list_of(i, level, bucket);
  links(i) = {list.tail, 0};
  (list.tail != 0 ? links(list.tail - 1).next : list.head) = i + 1;
  list.tail = i + 1;
  if (level != kDue) w_.occupied[level] |= std::uint64_t{1} << bucket;
}

void Wheel::unlink(WheelList& list, std::uint32_t i) {
  const Links& own = links(i);
  (own.prev != 0 ? links(own.prev - 1).next : list.head) = own.next;
  (own.next != 0 ? links(own.next - 1).prev : list.tail) = own.prev;
}

void Wheel::add(std::uint32_t i, TimePoint expires) {
  a_.cell<std::int64_t>(Column::kExpiry, i) = expires.ns > 0 ? expires.ns : 0;
  if (expires.ns > 0) link(i);
}

void Wheel::remove(std::uint32_t i) {
  if (expiry(i).ns == 0) return;
  std::uint32_t level = 0;
  std::uint32_t bucket = 0;
  WheelList& list = list_of(i, level, bucket);
  unlink(list, i);
  if (level != kDue && list.head == 0) w_.occupied[level] &= ~(std::uint64_t{1} << bucket);
  a_.cell<std::int64_t>(Column::kExpiry, i) = 0;
}

/// Distributes a bucket that the wheel has reached over the lower levels and `due`.
void Wheel::cascade(std::uint32_t level, std::uint32_t bucket) {
  std::uint32_t i = w_.bucket[level][bucket].head;
  w_.bucket[level][bucket] = {};
  w_.occupied[level] &= ~(std::uint64_t{1} << bucket);
  while (i != 0) {
    const std::uint32_t next = links(i - 1).next;
    link(i - 1);
    i = next;
  }
}

void Wheel::advance(TimePoint now) {
  const std::uint64_t target = now.ns > 0 ? tick_of(now) : 0;
  while (w_.tick < target) {
    // The next occupied bucket is at the lowest level that has one: levels below are nearer.
    std::uint32_t level = 0;
    while (level < kWheelLevels && w_.occupied[level] == 0) ++level;
    if (level == kWheelLevels) break;
    const std::uint32_t bucket = lowest_bit(w_.occupied[level]);
    const std::uint32_t shift = kDigitBits * level;
    const std::uint64_t above =
        shift + kDigitBits < 64 ? ~std::uint64_t{0} << (shift + kDigitBits) : 0;
    const std::uint64_t start = (w_.tick & above) | (std::uint64_t{bucket} << shift);
    if (start > target) break;
    w_.tick = start;
    cascade(level, bucket);
  }
  // Between here and `target` there is nothing, so no entry changes its bucket by the jump.
  if (w_.tick < target) w_.tick = target;
}

std::string Wheel::audit() const {
  std::uint64_t timed = 0;
  for (std::uint32_t i = 0; i < a_.s->fresh; ++i) {
    if ((a_.slot(i).hold & kFree) == 0 && expiry(i).ns != 0) ++timed;
  }
  std::uint64_t listed = 0;
  const auto walk = [&](const WheelList& list, std::uint32_t want_level,
                        std::uint32_t want_bucket) {
    std::uint32_t before = 0;
    for (std::uint32_t i = list.head; i != 0; i = links(i - 1).next) {
      std::uint32_t level = 0;
      std::uint32_t bucket = 0;
      list_of(i - 1, level, bucket);
      if (++listed > timed || links(i - 1).prev != before) return false;
      if (level != want_level || bucket != want_bucket) return false;
      before = i;
    }
    return list.tail == before;
  };
  bool sound = walk(w_.due, kDue, 0);
  for (std::uint32_t level = 0; level < kWheelLevels; ++level) {
    for (std::uint32_t bucket = 0; bucket < kWheelBuckets; ++bucket) {
      sound = sound && walk(w_.bucket[level][bucket], level, bucket);
      const bool marked = ((w_.occupied[level] >> bucket) & 1) != 0;
      sound = sound && marked == (w_.bucket[level][bucket].head != 0);
    }
  }
  return sound && listed == timed ? std::string()
                                  : "an entry with an expiry is not where its time says";
}

}  // namespace fleetcache::eviction
