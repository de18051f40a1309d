// Every policy of eviction_policies.def, unedited, against an O(n) model of what is resident: any
// order of calls, an audit after each.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

constexpr TimePoint kNow{};

/// What must be true of any policy: who is resident, how much they take, who may not go.
class Harness {
 public:
  Harness(std::string_view policy, const Config& config, std::uint64_t most_charge,
          std::uint64_t seed)
      : cache_(make_cache(policy, config)), most_charge_(most_charge), random_(seed) {}

  void step() {
    switch (random_.below(12)) {
      case 0:
        erase();
        break;
      case 1:
        pin();
        break;
      case 2:
        unpin();
        break;
      case 3:
        reserve();
        break;
      case 4:
        finish_reserved();
        break;
      case 5:
        abort_restores();
        break;
      case 6:
        use_stale();
        break;
      default:
        request();
    }
    check();
  }

 private:
  struct Entry {
    std::uint64_t charge = 0;
    int pins = 0;
    bool reserved = false;
    Handle handle;
  };

  Meta draw() {
    const std::uint64_t id = std::min(random_.below(90), random_.below(90)) << 33;  // above 32 bits
    Meta meta = one(id, 1 + mix64(id) % most_charge_);
    meta.next_access = random_.below(4) == 0 ? -1 : static_cast<std::int64_t>(random_.next() >> 40);
    return meta;
  }
  std::map<ObjectId, Entry>::iterator any() {
    auto it = model_.begin();
    if (!model_.empty()) std::advance(it, static_cast<long>(random_.below(model_.size())));
    return it;
  }
  void check_victim(const Victim& victim) {
    const auto it = model_.find(victim.id);
    REQUIRE(it != model_.end());
    CHECK(it->second.pins == 0);
    CHECK_FALSE(it->second.reserved);
    CHECK(it->second.charge == victim.charge);
    CHECK(it->second.handle == victim.handle);
  }
  void gone(const Victim& victim) {
    check_victim(victim);
    stale_.push_back(victim.handle);
    model_.erase(victim.id);
  }

  void request() {
    const Meta meta = draw();
    const Handle h = cache_.find(meta.id);
    const auto known = model_.find(meta.id);
    REQUIRE(static_cast<bool>(h) == (known != model_.end()));
    if (h) {
      CHECK(cache_.access(kNow, h, meta.next_access) == !known->second.reserved);
      Victim victim;
      while (cache_.must_evict(nullptr) && cache_.reserve(kNow, nullptr, &victim, 1) == 1) {
        gone(victim);
        cache_.commit(kNow, &victim.handle, 1);
      }
      return;
    }
    cache_.miss(kNow, meta);
    if (random_.below(10) == 0) return;  // the fetch failed
    const Handle admitted = cache_.admit(kNow, meta, [&](const Victim& v) { gone(v); });
    if (admitted) {
      model_[meta.id] = {meta.charge, 0, false, admitted};
      CHECK(cache_.describe(admitted).id == meta.id);
    } else if (cache_.admissible(meta)) {
      Victim victim;
      CHECK(cache_.reserve(kNow, &meta, &victim, 1) == 0);
    }
  }
  void erase() {
    const auto it = any();
    if (it == model_.end()) return;
    CHECK(cache_.erase(kNow, it->second.handle) == !it->second.reserved);
    if (it->second.reserved) return;
    stale_.push_back(it->second.handle);
    model_.erase(it);
  }
  void pin() {
    const auto it = any();
    if (it == model_.end() || pinned_ > 12) return;
    CHECK(cache_.pin(it->second.handle) == !it->second.reserved);
    if (it->second.reserved) return;
    ++it->second.pins;
    ++pinned_;
  }
  void unpin() {
    for (auto& [id, entry] : model_) {
      if (entry.pins == 0 || random_.below(2) == 0) continue;
      CHECK(cache_.unpin(entry.handle));
      --entry.pins;
      --pinned_;
      return;
    }
  }
  void reserve() {
    const std::uint64_t odd = random_.below(3);
    const bool stops = random_.below(4) == 0;
    std::size_t asked = 0;
    const Eligible eligible = [&](const Victim& v) {
      check_victim(v);
      if (stops && ++asked > 3) return Verdict::kStop;
      return odd == 0 && (v.id >> 33) % 3 == 0 ? Verdict::kSkip : Verdict::kTake;
    };
    const Meta meta = draw();
    std::vector<Victim> victims(1 + random_.below(6));
    const std::size_t found = cache_.reserve(kNow, random_.below(2) == 0 ? nullptr : &meta,
                                             victims.data(), victims.size(), eligible);
    for (std::size_t k = 0; k < found; ++k) {
      check_victim(victims[k]);
      if (odd == 0) CHECK((victims[k].id >> 33) % 3 != 0);
      model_.at(victims[k].id).reserved = true;
      CHECK_FALSE(cache_.live(victims[k].handle));
      CHECK_FALSE(cache_.pin(victims[k].handle));
      CHECK(cache_.find(victims[k].id) == victims[k].handle);
      reserved_.push_back(victims[k]);
    }
  }
  /// Commits some of what is reserved and aborts the rest.
  void finish_reserved() {
    const std::size_t commits = random_.below(reserved_.size() + 1);
    std::vector<Handle> handles;
    for (const Victim& v : reserved_) handles.push_back(v.handle);
    cache_.commit(kNow, handles.data(), commits);
    cache_.abort(kNow, handles.data() + commits, handles.size() - commits);
    for (std::size_t k = 0; k < handles.size(); ++k) {
      model_.at(reserved_[k].id).reserved = false;
      if (k < commits) {
        gone(reserved_[k]);
      } else {
        CHECK(cache_.live(handles[k]));
      }
    }
    reserved_.clear();
  }
  void abort_restores() {
    const Meta meta = draw();
    const Meta* incoming = random_.below(2) == 0 ? nullptr : &meta;
    std::vector<Victim> victims(1 + random_.below(5));
    const std::size_t found = cache_.reserve(kNow, incoming, victims.data(), victims.size());
    if (found == 0) return;
    std::vector<Handle> handles;
    for (std::size_t k = 0; k < found; ++k) handles.push_back(victims[k].handle);
    cache_.abort(kNow, handles.data(), found);
    CHECK(cache_.audit() == "");
    Victim again;
    REQUIRE(cache_.reserve(kNow, incoming, &again, 1) == 1);
    CHECK(again.id == victims[0].id);
    cache_.abort(kNow, &again.handle, 1);
  }
  void use_stale() {
    if (stale_.empty()) return;
    const Handle h = stale_[random_.below(stale_.size())];
    const std::uint64_t before = cache_.state_hash();
    CHECK_FALSE(cache_.live(h));
    CHECK_FALSE(cache_.access(kNow, h));
    CHECK_FALSE(cache_.erase(kNow, h));
    CHECK_FALSE(cache_.pin(h));
    CHECK_FALSE(cache_.unpin(h));
    cache_.commit(kNow, &h, 1);
    cache_.abort(kNow, &h, 1);
    CHECK(cache_.state_hash() == before);
  }

  void check() {
    REQUIRE(cache_.audit() == "");
    std::uint64_t used = 0;
    for (const auto& [id, entry] : model_) {
      used += entry.charge;
      CHECK(cache_.find(id) == entry.handle);
      CHECK(cache_.live(entry.handle) == !entry.reserved);
    }
    CHECK(cache_.used() == used);
    CHECK(cache_.used() <= cache_.capacity());
    CHECK(cache_.entries() == model_.size());
  }

  Cache cache_;
  std::uint64_t most_charge_;
  SplitMix random_;
  std::map<ObjectId, Entry> model_;
  std::vector<Victim> reserved_;
  std::vector<Handle> stale_;
  int pinned_ = 0;
};

/// Charges that sum up to `total` evictions' worth of different histories.
void random_history(Cache& cache, std::uint64_t seed, std::uint64_t most_charge) {
  for (const Meta& meta : mixed_trace(120, 3000, most_charge, seed)) cache.request(kNow, meta);
}

}  // namespace

TEST_CASE("any order of calls keeps every policy sound: unit charges") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(seed);
      Harness harness(policy.name, unit_config(37), 1, seed);
      for (int k = 0; k < 3000; ++k) harness.step();
    }
  }
}

TEST_CASE("any order of calls keeps every policy sound: charges of 1 to 9") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(seed);
      Harness harness(policy.name, byte_config(203, 60), 9, seed);
      for (int k = 0; k < 3000; ++k) harness.step();
    }
  }
}

TEST_CASE("any order of calls keeps every policy sound: fewer slots than the charges would fit") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Harness harness(policy.name, byte_config(203, 17), 9, 4);
    for (int k = 0; k < 3000; ++k) harness.step();
  }
}

TEST_CASE("caches of one to twelve objects work under every policy") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    for (std::uint64_t capacity = 1; capacity <= 12; ++capacity) {
      CAPTURE(capacity);
      Harness harness(policy.name, unit_config(capacity), 1, capacity);
      for (int k = 0; k < 600; ++k) harness.step();
    }
  }
}

TEST_CASE("a cache as large as its objects misses each of them once, in a loop as well") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache loop = make_cache(policy.name, unit_config(64));
    CHECK(count_misses(loop, loop_trace(64, 64 * 10)) == 64);
    Cache random = make_cache(policy.name, unit_config(64));
    CHECK(count_misses(random, epoch_trace(64, 10, 7)) == 64);
    CHECK(random.stats().evictions == 0);
  }
}

TEST_CASE("a loop of one object more than fits never hits under recency, insertion or count") {
  for (const char* policy : {"lru", "fifo", "clock", "sieve", "arc", "lfu", "gdsf"}) {
    CAPTURE(policy);
    Cache cache = make_cache(policy, unit_config(100));
    CHECK(count_misses(cache, loop_trace(101, 101 * 20)) == 101 * 20);
  }
}

TEST_CASE("no policy beats Belady with equal charges") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const Trace trace = mixed_trace(150, 4000, 1, seed);
    Cache best = make_cache("belady", unit_config(40));
    const std::uint64_t bound = count_misses(best, trace);
    for (const PolicyInfo& policy : policies()) {
      CAPTURE(policy.name);
      Cache cache = make_cache(policy.name, unit_config(40));
      CHECK(count_misses(cache, trace) >= bound);
    }
  }
}

TEST_CASE("request is find, access, must_evict, or miss, reserve, commit, insert") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache whole = make_cache(policy.name, byte_config(203, 60));
    Cache parts = make_cache(policy.name, byte_config(203, 60));
    for (const Meta& meta : mixed_trace(120, 5000, 9, 11)) {
      const bool hit = whole.request(kNow, meta);
      const Handle h = parts.find(meta.id);
      REQUIRE(hit == static_cast<bool>(h));
      Victim victim;
      const auto evict = [&](const Meta* incoming) {
        if (parts.reserve(kNow, incoming, &victim, 1) == 0) return false;
        parts.commit(kNow, &victim.handle, 1);
        return true;
      };
      bool room = true;
      if (h) {
        parts.access(kNow, h, meta.next_access);
        while (room && parts.must_evict(nullptr)) room = evict(nullptr);
      } else {
        parts.miss(kNow, meta);
        if (parts.admissible(meta)) {
          while (room && parts.must_evict(&meta)) room = evict(&meta);
          if (room) parts.insert(kNow, meta);
        }
      }
      REQUIRE(whole.state_hash() == parts.state_hash());
    }
    CHECK(whole.stats().evictions == parts.stats().evictions);
    CHECK(whole.stats().ghost_hits == parts.stats().ghost_hits);
  }
}

TEST_CASE("the state hash is a function of the history") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Cache a = make_cache(policy.name, byte_config(203, 60));
    Cache b = make_cache(policy.name, byte_config(203, 60));
    Cache c = make_cache(policy.name, byte_config(203, 60));
    random_history(a, 1, 9);
    random_history(b, 1, 9);
    random_history(c, 2, 9);
    CHECK(a.state_hash() == b.state_hash());
    CHECK(a.state_hash() != c.state_hash());
    // Any entry less is another state.
    const Meta extra = one(1000000, 1);
    const Handle h = b.admit(kNow, extra);
    if (policy.evicts) CHECK(a.state_hash() != b.state_hash());
    if (h) CHECK(b.live(h));
  }
}

TEST_CASE("a batch of n victims is n single ones for policies whose choice needs no commit") {
  for (const char* policy : {"fifo", "lru", "clock", "sieve", "s3fifo-2024-10", "s3fifo-2024-12",
                             "lfu", "gdsf", "belady", "slru", "twoq"}) {
    CAPTURE(policy);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      CAPTURE(seed);
      Cache batch = make_cache(policy, byte_config(203, 60));
      Cache single = make_cache(policy, byte_config(203, 60));
      random_history(batch, seed, 9);
      random_history(single, seed, 9);
      std::vector<Victim> victims(1 + seed);
      std::vector<Handle> handles;
      victims.resize(batch.reserve(kNow, nullptr, victims.data(), victims.size()));
      for (const Victim& v : victims) handles.push_back(v.handle);
      batch.commit(kNow, handles.data(), handles.size());
      for (const Victim& v : victims) {
        Victim one_victim;
        REQUIRE(single.reserve(kNow, nullptr, &one_victim, 1) == 1);
        CHECK(one_victim.id == v.id);
        single.commit(kNow, &one_victim.handle, 1);
      }
      CHECK(batch.state_hash() == single.state_hash());
    }
  }
}
