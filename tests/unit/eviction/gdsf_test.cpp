// GDSF with costs against an O(n) model written from the rule, victim by victim. Faults these catch
// (each was planted once): the cost left out, a cost that fell and did not reach the heap, charge
// for count.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};

class GdsfModel {
 public:
  explicit GdsfModel(std::uint64_t capacity) : capacity_(capacity) {}

  bool request(const Meta& meta, std::vector<ObjectId>& victims) {
    ++now_;
    for (Item& x : items_) {
      if (x.id != meta.id) continue;
      ++x.count;
      touch(x);
      return true;
    }
    if (meta.charge > capacity_) return false;
    while (used() + meta.charge > capacity_) {
      const auto least = std::min_element(items_.begin(), items_.end(), [](auto& a, auto& b) {
        return a.priority != b.priority ? a.priority < b.priority : a.touched < b.touched;
      });
      level_ = std::max(level_, least->priority);
      victims.push_back(least->id);
      items_.erase(least);
    }
    items_.push_back({meta.id, meta.charge, meta.cost, 1, 0, 0});
    touch(items_.back());
    return false;
  }
  void set_cost(ObjectId id, std::uint32_t cost) {
    for (Item& x : items_) {
      if (x.id == id) x.cost = cost;
    }
  }

 private:
  struct Item {
    ObjectId id;
    std::uint64_t charge;
    std::uint32_t cost;
    std::uint64_t count;
    double priority;
    std::uint64_t touched;
  };
  void touch(Item& x) const {
    const double worth = static_cast<double>(x.count) * 1e6 * std::max(x.cost, 1U);
    x.priority = level_ + worth / static_cast<double>(x.charge);
    x.touched = now_;
  }
  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const Item& x : items_) sum += x.charge;
    return sum;
  }

  std::uint64_t capacity_;
  double level_ = 0;
  std::uint64_t now_ = 0;
  std::vector<Item> items_;
};

/// One request on both, costs of 0 (unknown) to 9 by id; every tenth hit changes the cost.
void step(Cache& cache, GdsfModel& model, Meta meta, std::uint64_t draw, std::size_t& evictions) {
  meta.cost = static_cast<std::uint32_t>(mix64(meta.id) % 10);
  std::vector<ObjectId> wanted;
  std::vector<ObjectId> got;
  const Handle h = cache.find(meta.id);
  if (h && draw % 10 == 0) {
    const auto cost = static_cast<std::uint32_t>(draw / 10 % 10);
    REQUIRE(cache.set_cost(h, cost));
    model.set_cost(meta.id, cost);
  }
  REQUIRE(model.request(meta, wanted) == static_cast<bool>(h));
  if (h) {
    cache.access(kNow, h);
    return;
  }
  cache.miss(kNow, meta);
  cache.admit(kNow, meta, [&](const Victim& v) { got.push_back(v.id); });
  REQUIRE(got == wanted);
  evictions += got.size();
}

}  // namespace

TEST_CASE("GDSF chooses the rule's victims by count, cost and charge, one by one") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    for (const std::uint64_t most_charge : {1, 9, 40}) {
      CAPTURE(seed);
      CAPTURE(most_charge);
      Config config = byte_config(50 * most_charge, 400);
      config.features = kCosts;
      Cache cache = make_cache("gdsf", config);
      GdsfModel model(config.capacity);
      SplitMix random(seed);
      std::size_t evictions = 0;
      for (const Meta& meta : mixed_trace(200, 5000, most_charge, seed)) {
        step(cache, model, meta, random.next() >> 8, evictions);
      }
      CHECK(evictions > 1000);
      CHECK(cache.audit() == "");
    }
  }
}

TEST_CASE("a dear object outlives cheap ones of its size; undeclared costs change nothing") {
  for (const bool declared : {true, false}) {
    CAPTURE(declared);
    Config config = unit_config(10);
    if (declared) config.features = kCosts;
    Cache cache = make_cache("gdsf", config);
    Meta dear = one(1);
    dear.cost = 50;
    cache.request(kNow, dear);
    for (ObjectId id = 2; id <= 200; ++id) cache.request(kNow, one(id));
    // L rises by one cost each 9 or 10 misses, to about 20 here: below 50.
    CHECK(static_cast<bool>(cache.find(1)) == declared);
  }
}
