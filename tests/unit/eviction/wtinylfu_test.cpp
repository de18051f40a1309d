// W-TinyLFU against an O(n) model with plain lists and plain counters, and against what it is for.
// Faults these catch (each was planted once): a tie won by the window's entry, a hit in probation
// that only moves to its front, a protected list that is never over its size, a halving that
// forgets to halve the sample, an oversize object that is let in on a tie, a window one too large.
#include <doctest/doctest.h>

#include <algorithm>
#include <list>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};

/// The count-min sketch with a whole number per counter: 4 rows of 32 a block, 8 ids a block.
class PlainSketch {
 public:
  explicit PlainSketch(std::uint64_t entries)
      : blocks_(entries < 8 ? 1 : entries / 8), rows_(4, std::vector<int>(blocks_ * 32, 0)) {}

  int estimate(ObjectId id) const {
    int least = 15;
    for (std::size_t r = 0; r < 4; ++r) least = std::min(least, rows_[r][column(id, r)]);
    return least;
  }
  void count(ObjectId id, std::uint64_t sample) {
    bool added = false;
    for (std::size_t r = 0; r < 4; ++r) {
      int& counter = rows_[r][column(id, r)];
      if (counter == 15) continue;
      ++counter;
      added = true;
    }
    if (!added || ++counted_ < sample || sample == 0) return;
    std::uint64_t odd = 0;
    for (std::vector<int>& row : rows_) {
      for (int& counter : row) {
        odd += static_cast<std::uint64_t>(counter % 2);
        counter /= 2;
      }
    }
    counted_ = (counted_ - odd / 4) / 2;
    ++halvings_;
  }
  int halvings() const { return halvings_; }

 private:
  std::size_t column(ObjectId id, std::size_t row) const {
    const std::uint64_t hash = mix64(id);
    const std::uint64_t byte = (hash >> (8 * row)) % 256;
    return ((hash >> 32) * blocks_ >> 32) * 32 + byte % 2 * 16 + byte / 2 % 16;
  }

  std::uint64_t blocks_;
  std::vector<std::vector<int>> rows_;
  std::uint64_t counted_ = 0;
  int halvings_ = 0;
};

class WtinylfuModel {
 public:
  WtinylfuModel(const Config& config, double window, double protect)
      : capacity_(config.capacity),
        unit_(config.unit_charge),
        window_size_(capacity_ - part(1 - window, capacity_)),
        protected_size_(part(protect, capacity_ - window_size_)),
        sketch_(std::min<std::uint64_t>(config.max_entries, capacity_)) {}

  bool request(const Meta& meta, std::vector<ObjectId>& victims) {
    sketch_.count(meta.id, 10 * (unit_ ? capacity_ : most_));
    if (hit(meta.id)) return true;
    if (meta.charge > capacity_) return false;
    while (used() + meta.charge > capacity_) {
      Items* from = loser(meta);
      if (from == nullptr) return false;
      victims.push_back(from->back().id);
      from->pop_back();
    }
    (meta.charge > window_size_ ? probation_ : window_).push_front({meta.id, meta.charge});
    most_ = std::max<std::uint64_t>(most_, window_.size() + probation_.size() + protected_.size());
    pass_down(window_, window_size_);
    return false;
  }
  int halvings() const { return sketch_.halvings(); }
  int refusals() const { return refusals_; }

 private:
  struct Item {
    ObjectId id;
    std::uint64_t charge;
  };
  using Items = std::list<Item>;  // newest first

  static std::uint64_t part(double ratio, std::uint64_t of) {
    return static_cast<std::uint64_t>(ratio * static_cast<double>(of));
  }
  static std::uint64_t sum(const Items& items) {
    std::uint64_t total = 0;
    for (const Item& x : items) total += x.charge;
    return total;
  }
  std::uint64_t used() const { return sum(window_) + sum(probation_) + sum(protected_); }

  bool hit(ObjectId id) {
    for (Items* items : {&window_, &probation_, &protected_}) {
      const auto it =
          std::find_if(items->begin(), items->end(), [id](const Item& x) { return x.id == id; });
      if (it == items->end()) continue;
      Items& to = items == &probation_ && it->charge <= protected_size_ ? protected_ : *items;
      to.splice(to.begin(), *items, it);
      pass_down(protected_, protected_size_);
      return true;
    }
    return false;
  }
  void pass_down(Items& from, std::uint64_t size) {
    while (sum(from) > size) probation_.splice(probation_.begin(), from, std::prev(from.end()));
  }
  /// The list whose oldest entry goes; null: the newcomer is refused.
  Items* loser(const Meta& incoming) {
    if (incoming.charge > window_size_) {
      for (Items* items : {&probation_, &protected_, &window_}) {
        if (items->empty()) continue;
        if (sketch_.estimate(incoming.id) > sketch_.estimate(items->back().id)) return items;
        break;
      }
      ++refusals_;
      return nullptr;
    }
    if (window_.empty() && probation_.empty()) return &protected_;
    if (window_.empty()) return &probation_;
    if (probation_.empty()) return &window_;
    const bool wins = sketch_.estimate(window_.back().id) > sketch_.estimate(probation_.back().id);
    return wins ? &probation_ : &window_;
  }

  std::uint64_t capacity_;
  bool unit_;
  std::uint64_t window_size_;
  std::uint64_t protected_size_;
  PlainSketch sketch_;
  std::uint64_t most_ = 0;
  int refusals_ = 0;
  Items window_;
  Items probation_;
  Items protected_;
};

/// Replays on both; returns how often the model halved its counts.
int compare(Config config, double window, double protect, const Trace& trace) {
  config.params = {{"window_ratio", std::to_string(window)},
                   {"protected_ratio", std::to_string(protect)}};
  WtinylfuModel model(config, window, protect);
  Cache cache = make_cache("wtinylfu", config);
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
  if (!config.unit_charge) CHECK(model.refusals() > 0);
  return model.halvings();
}

std::uint64_t ask(Cache& cache, ObjectId first, ObjectId last) {
  std::uint64_t hits = 0;
  for (ObjectId id = first; id <= last; ++id) hits += cache.request(kNow, one(id)) ? 1 : 0;
  return hits;
}

}  // namespace

TEST_CASE("W-TinyLFU chooses the model's victims, one by one") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    CHECK(compare(unit_config(40), 0.01, 0.8, mixed_trace(120, 6000, 1, seed)) > 5);
    CHECK(compare(unit_config(100), 0.2, 0.5, mixed_trace(300, 6000, 1, seed)) > 2);
    CHECK(compare(byte_config(203, 200), 0.01, 0.8, mixed_trace(120, 6000, 9, seed)) > 2);
    CHECK(compare(byte_config(400, 400), 0.05, 0.8, mixed_trace(120, 6000, 40, seed)) > 2);
    CHECK(compare(byte_config(30, 30), 0.3, 0.1, mixed_trace(60, 6000, 12, seed)) > 2);
  }
}

TEST_CASE("the entry asked for less often loses the duel, on a tie the one from the window") {
  Cache cache = make_cache("wtinylfu", unit_config(10));  // window 1, probation from there
  std::vector<ObjectId> dropped;
  const auto request = [&](ObjectId id) {
    if (const Handle h = cache.find(id)) return void(cache.access(kNow, h));
    cache.miss(kNow, one(id));
    cache.admit(kNow, one(id), [&](const Victim& v) { dropped.push_back(v.id); });
  };
  for (ObjectId id = 1; id <= 10; ++id) request(id);  // window {10}, probation {9 .. 1}
  request(11);                                        // 10 against 1, once each: 10 goes
  request(11);
  request(12);  // 11, asked for twice, against 1: 1 goes
  request(13);  // 12 against 2, once each: 12 goes
  CHECK(dropped == std::vector<ObjectId>{10, 1, 12});
}

TEST_CASE("a scan of a hundred times the cache leaves what is asked for again") {
  for (const char* policy : {"wtinylfu", "lru"}) {
    CAPTURE(policy);
    Cache cache = make_cache(policy, unit_config(100));
    for (int round = 0; round < 5; ++round) ask(cache, 1, 50);
    ask(cache, 1000, 11000);
    // 50 was in the window all the time, so it had to stand a duel with what came after.
    CHECK(ask(cache, 1, 49) == (std::string_view(policy) == "lru" ? 0 : 49));
  }
}

TEST_CASE("the counts age: a new set of favourites takes over") {
  Cache cache = make_cache("wtinylfu", unit_config(100));
  Cache lfu = make_cache("lfu", unit_config(100));
  for (Cache* each : {&cache, &lfu}) {
    for (int round = 0; round < 20; ++round) ask(*each, 1, 100);
    for (int round = 0; round < 60; ++round) ask(*each, 1001, 1080);
  }
  CHECK(ask(cache, 1001, 1080) >= 78);
  CHECK(ask(lfu, 1001, 1080) <= 1);
}

TEST_CASE("an object larger than the window is stored once it beats what it would replace") {
  Cache cache = make_cache("wtinylfu", byte_config(1000, 200));  // window 10
  for (int round = 0; round < 2; ++round) {
    for (ObjectId id = 1; id <= 100; ++id) cache.request(kNow, one(id, 10));
  }
  const Meta large = one(1000, 200);
  REQUIRE(cache.used() == 1000);
  CHECK(cache.admissible(large));
  for (int asked = 1; asked <= 2; ++asked) {  // not more often than any that is there
    CHECK_FALSE(cache.request(kNow, large));
    CHECK_FALSE(cache.find(1000));
    CHECK(cache.used() == 1000);
    Victim victim;
    CHECK(cache.reserve(kNow, &large, &victim, 1) == 0);
  }
  for (int asked = 3; asked <= 8 && !cache.find(1000); ++asked) cache.request(kNow, large);
  CHECK(cache.find(1000));
  CHECK(cache.stats().evictions == 20);
}

TEST_CASE("window and protected sizes follow parameters and capacity of a running cache") {
  Config config = unit_config(100);
  Cache cache = make_cache("wtinylfu", config);
  for (const Meta& meta : mixed_trace(300, 5000, 1, 4)) cache.request(kNow, meta);
  for (const char* window : {"0.5", "0.02", "0.9", "0.001"}) {
    REQUIRE(cache.set_params({{"window_ratio", window}, {"protected_ratio", "0.3"}}));
    for (const Meta& meta : mixed_trace(300, 500, 1, 5)) {
      cache.request(kNow, meta);
      REQUIRE(cache.audit() == "");
    }
  }
  CHECK_FALSE(cache.set_params({{"window_ratio", "1"}}));
  REQUIRE(cache.resize(40));
  for (const Meta& meta : mixed_trace(300, 500, 1, 6)) {
    cache.request(kNow, meta);
    REQUIRE(cache.audit() == "");
  }
  CHECK(cache.used() <= 40);
}

TEST_CASE("W-TinyLFU takes 40 bytes an entry, its sketch included") {
  CHECK(Cache::memory_bytes("wtinylfu", unit_config(100000)).value() <= 40 * 100000 + 2048);
}
