// LFU with dynamic aging against an O(n) model written from the rule, and against what it is for.
// Faults these catch (each was planted once): L left where it was, L added once instead of at each
// hit, the count kept at its old value on a hit, ties by the newer access.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};

class LfudaModel {
 public:
  explicit LfudaModel(std::uint64_t capacity) : capacity_(capacity) {}

  bool request(const Meta& meta, std::vector<ObjectId>& victims) {
    ++now_;
    for (Item& x : items_) {
      if (x.id != meta.id) continue;
      x = {x.id, x.charge, x.count + 1, x.count + 1 + level_, now_};
      return true;
    }
    if (meta.charge > capacity_) return false;
    while (used() + meta.charge > capacity_) {
      const auto least = std::min_element(items_.begin(), items_.end(), [](auto& a, auto& b) {
        return a.key != b.key ? a.key < b.key : a.touched < b.touched;
      });
      level_ = least->key;
      victims.push_back(least->id);
      items_.erase(least);
    }
    items_.push_back({meta.id, meta.charge, 1, 1 + level_, now_});
    return false;
  }

 private:
  struct Item {
    ObjectId id;
    std::uint64_t charge;
    std::uint64_t count;
    std::uint64_t key;
    std::uint64_t touched;
  };
  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const Item& x : items_) sum += x.charge;
    return sum;
  }

  std::uint64_t capacity_;
  std::uint64_t level_ = 0;
  std::uint64_t now_ = 0;
  std::vector<Item> items_;
};

void compare(std::uint64_t capacity, const Trace& trace) {
  LfudaModel model(capacity);
  Cache cache = make_cache("lfuda", byte_config(capacity, 400));
  std::size_t evictions = 0;
  for (std::size_t k = 0; k < trace.size(); ++k) {
    CAPTURE(k);
    std::vector<ObjectId> wanted;
    std::vector<ObjectId> got;
    const bool hit = model.request(trace[k], wanted);
    const Handle h = cache.find(trace[k].id);
    REQUIRE(hit == static_cast<bool>(h));
    if (h) {
      cache.access(kNow, h);
      continue;
    }
    cache.miss(kNow, trace[k]);
    cache.admit(kNow, trace[k], [&](const Victim& v) { got.push_back(v.id); });
    REQUIRE(got == wanted);
    evictions += got.size();
  }
  CHECK(evictions > trace.size() / 20);
}

/// A hundred ids, each asked for twenty times; then another hundred, over and over.
Trace shift_of_interest() {
  Trace trace;
  for (std::size_t k = 0; k < 2000; ++k) trace.push_back(one(1 + k % 100));
  for (std::size_t k = 0; k < 20000; ++k) trace.push_back(one(1001 + k % 100));
  return trace;
}

}  // namespace

TEST_CASE("LFUDA chooses the rule's victims, one by one") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    compare(40, mixed_trace(120, 4000, 1, seed));
    compare(100, mixed_trace(120, 4000, 1, seed));
    compare(203, mixed_trace(120, 4000, 9, seed));
    compare(30, mixed_trace(60, 4000, 12, seed));
  }
}

TEST_CASE("a count outweighs age until L has grown past it") {
  Cache cache = make_cache("lfuda", unit_config(2));
  std::vector<ObjectId> dropped;
  const auto ask = [&](ObjectId id) {
    if (const Handle h = cache.find(id)) return void(cache.access(kNow, h));
    cache.admit(kNow, one(id), [&](const Victim& v) { dropped.push_back(v.id); });
  };
  for (int k = 0; k < 3; ++k) ask(1);            // key 3
  for (ObjectId id = 2; id <= 6; ++id) ask(id);  // 2: key 1; 3: L 1, key 2; 4: L 2, key 3 ties with
  // 1, which is older and goes: L 3, 5: key 4; then 4 goes with key 3 for 6: L stays 3.
  CHECK(dropped == std::vector<ObjectId>{2, 3, 1, 4});
}

TEST_CASE("LFUDA lets go of what was popular once, LFU never does") {
  const Trace trace = shift_of_interest();
  Cache lfu = make_cache("lfu", unit_config(100));
  Cache lfuda = make_cache("lfuda", unit_config(100));
  // LFU keeps 99 of the old hundred for ever, and the loop of the new ones never hits.
  CHECK(count_misses(lfu, trace) == 100 + 20000);
  CHECK(count_misses(lfuda, trace) < 100 + 2500);
}

TEST_CASE("with equal charges LFUDA is GDSF: the same order, scaled") {
  const Trace trace = zipf_trace(5000, 100000, 3);
  Cache lfuda = make_cache("lfuda", unit_config(300));
  Cache gdsf = make_cache("gdsf", unit_config(300));
  for (const Meta& meta : trace) REQUIRE(lfuda.request(kNow, meta) == gdsf.request(kNow, meta));
  CHECK(lfuda.stats().evictions > 10000);
}

TEST_CASE("charges do not move LFUDA's order") {
  // The same ids with charges, in a cache that only its slots limit.
  const Trace charged = mixed_trace(120, 4000, 9, 2);
  Trace unit = charged;
  for (Meta& meta : unit) meta.charge = 1;
  Cache by_slots = make_cache("lfuda", byte_config(1000000, 40));
  Cache by_count = make_cache("lfuda", unit_config(40));
  CHECK(count_misses(by_slots, charged) == count_misses(by_count, unit));
}
