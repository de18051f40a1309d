/// A cache beside an O(n) model of what hosts tell it: times, leases, parents, groups, wide ids.
/// Random calls of the whole interface go to both; whatever the policy, each victim must be one
/// that may go, and none may be found only when there is none.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/traces.hpp"

namespace fleetcache::testing {

using eviction::Cache;
using eviction::Config;
using eviction::Handle;
using eviction::Meta;
using eviction::Verdict;
using eviction::Victim;

class FeatureModel {
 public:
  FeatureModel(std::string_view policy, const Config& config, std::uint64_t most_charge,
               std::uint64_t seed)
      : cache(make_cache(policy, config)),
        config_(config),
        most_charge_(most_charge),
        random_(seed) {}

  Cache cache;

  /// One random call, then everything that can be checked.
  void step() {
    pass_time();
    switch (random_.below(16)) {
      case 0:
        erase();
        break;
      case 1:
        pin();
        break;
      case 2:
        change_times();
        break;
      case 3:
      case 4:
        reserve();
        break;
      case 5:
        finish_reserved();
        break;
      case 6:
        expire();
        break;
      case 7:
        unpin();
        break;
      case 8:
        if (config_.max_capacity > config_.capacity) resize();
        break;
      default:
        request();
    }
    check();
  }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;  // id_high, id
  struct Entry {
    Meta meta;
    Handle handle;
    int pins = 0;
    bool reserved = false;
    bool has_parent = false;
    Key parent;
    std::uint64_t group = 0;
  };
  using Entries = std::map<Key, Entry>;

  static Key key(const Victim& v) { return {v.id_high, v.id}; }
  bool has(eviction::Feature f) const { return (config_.features & f) != 0; }
  bool evicts() const { return cache.policy().evicts; }

  // --- the model's rules

  bool expired(const Entry& e) const {
    return has(eviction::kTtl) && e.meta.expires.ns > 0 && e.meta.expires <= now_;
  }
  bool soft(const Entry& e) const { return has(eviction::kLeases) && e.meta.soft_until > now_; }
  bool leased(const Entry& e) const { return has(eviction::kLeases) && e.meta.leased_until > now_; }
  std::vector<Key> members(const Entry& of) const {
    std::vector<Key> keys;
    for (const auto& [k, e] : model_) {
      if (e.group == of.group) keys.push_back(k);
    }
    return keys;
  }
  bool has_child(const Key& k, bool live_only) const {
    return std::any_of(model_.begin(), model_.end(), [&](const auto& each) {
      return each.second.has_parent && each.second.parent == k &&
             !(live_only && each.second.reserved);
    });
  }
  bool held_alone(const Key& k, const Entry& e) const {
    if (e.reserved || e.pins > 0 || leased(e)) return true;
    if (incoming_ != nullptr && incoming_->parent == e.handle && has(eviction::kPrefix))
      return true;
    return has_child(k, !at_once_);
  }
  bool refused(const Entry& e) const { return skip_odd_ && e.meta.id % 2 == 1; }
  /// Whether an entry, with its group, may go; soft pins count unless they yield.
  bool may_go(const Key& k, bool soft_yields) const {
    for (const Key& each : members(model_.at(k))) {
      const Entry& e = model_.at(each);
      if (held_alone(each, e) || refused(e) || (soft(e) && !soft_yields)) return false;
    }
    return true;
  }
  bool any_may_go(bool soft_yields, bool only_expired) const {
    return std::any_of(model_.begin(), model_.end(), [&](const auto& each) {
      return (!only_expired || expired(each.second)) && may_go(each.first, soft_yields);
    });
  }
  bool any_soft(const Key& k) const {
    const std::vector<Key> group = members(model_.at(k));
    return std::any_of(group.begin(), group.end(),
                       [&](const Key& each) { return soft(model_.at(each)); });
  }

  /// No room for it in the cache as a whole. Objects of charge 1 alone: W-TinyLFU may refuse one
  /// that is larger than its window.
  bool full(const Meta& incoming) const {
    if (incoming.charge > 1) return false;
    return cache.used() + incoming.charge > cache.capacity() ||
           cache.entries() == config_.max_entries;
  }

  // --- calls

  void pass_time() {
    const std::uint64_t step = random_.below(12);
    if (step < 4) now_.ns += static_cast<std::int64_t>(random_.below(3));
    if (step == 4) now_.ns += static_cast<std::int64_t>(random_.below(5'000'000));
    if (step == 5) now_.ns += static_cast<std::int64_t>(random_.below(5'000'000'000));
    if (step == 6 && random_.below(20) == 0) now_.ns += 40'000'000'000'000'000;  // a year and more
  }
  TimePoint soon() {
    const std::int64_t scale[] = {3, 3'000'000, 5'000'000'000, 80'000'000'000'000'000};
    return {now_.ns + static_cast<std::int64_t>(
                          random_.below(static_cast<std::uint64_t>(scale[random_.below(4)])))};
  }
  Meta draw() {
    Meta meta = one(std::min(random_.below(90), random_.below(90)));
    if (has(eviction::kWideIds)) meta.id_high = meta.id % 3, meta.id /= 3;
    meta.charge = 1 + mix64(meta.id * 4 + meta.id_high) % most_charge_;
    meta.next_access = random_.below(4) == 0 ? -1 : static_cast<std::int64_t>(random_.next() >> 40);
    meta.cost = static_cast<std::uint32_t>(random_.below(50));
    meta.klass = static_cast<std::uint16_t>(random_.below(3));
    meta.depth = static_cast<std::uint16_t>(random_.below(40));
    if (random_.below(2) == 0) meta.expires = soon();
    if (random_.below(5) == 0) meta.leased_until = soon();
    if (random_.below(3) == 0) meta.soft_until = soon();
    if (random_.below(6) == 0 && !stale_.empty())
      meta.parent = stale_[random_.below(stale_.size())];
    if (random_.below(2) == 0 && any() != model_.end()) meta.parent = any()->second.handle;
    if (random_.below(2) == 0 && any() != model_.end()) meta.mate = any()->second.handle;
    return meta;
  }
  Entries::iterator any() {
    auto it = model_.begin();
    if (!model_.empty()) std::advance(it, static_cast<long>(random_.below(model_.size())));
    return it;
  }

  void gone(const Key& k) {
    stale_.push_back(model_.at(k).handle);
    model_.erase(k);
  }
  void added(const Meta& meta, Handle handle) {
    Entry e;
    e.meta = meta;
    e.handle = handle;
    e.group = ++groups_;
    for (const auto& [k, each] : model_) {
      if (meta.parent && each.handle == meta.parent)
        e.has_parent = has(eviction::kPrefix), e.parent = k;
      const bool joins = has(eviction::kGroups) && meta.mate && each.handle == meta.mate;
      if (joins && !each.reserved) e.group = each.group;
    }
    model_[{meta.id_high, meta.id}] = e;
  }
  bool live_handle(Handle h) const {
    return std::any_of(model_.begin(), model_.end(), [&](const auto& each) {
      return each.second.handle == h && !each.second.reserved;
    });
  }

  void request() {
    const Meta meta = draw();
    const Handle h = cache.find(meta.id, meta.id_high);
    const auto known = model_.find({meta.id_high, meta.id});
    REQUIRE(static_cast<bool>(h) == (known != model_.end()));
    if (h) {
      const bool hit = !known->second.reserved && !expired(known->second);
      CHECK(cache.access(now_, h, meta.next_access) == hit);
      while (cache.must_evict(nullptr) && take_one()) {
      }
      if (hit) return;
    }
    cache.miss(now_, meta);
    if (random_.below(10) == 0) return;  // the fetch failed
    admit(meta);
  }
  /// Reserves and commits one victim with its group; false when there is none.
  bool take_one() {
    Victim out[64];
    const std::size_t found = cache.reserve(now_, nullptr, out, 1 + 63 * has(eviction::kGroups));
    bool any_gone = false;
    for (std::size_t k = 0; k < found; ++k) {
      cache.commit(now_, &out[k].handle, 1);
      const bool put_back = has_child(key(out[k]), false);  // one that is still reserved
      CHECK(cache.live(out[k].handle) == put_back);
      if (put_back) continue;
      gone(key(out[k]));
      any_gone = true;
    }
    return any_gone;
  }
  void admit(const Meta& meta) {
    const Key own{meta.id_high, meta.id};
    const bool wants_parent = has(eviction::kPrefix) && meta.parent;
    const bool orphan = wants_parent && !live_handle(meta.parent);
    if (orphan) CHECK_FALSE(cache.admissible(meta));
    incoming_ = &meta;
    at_once_ = true;  // the parent of what is still reserved stays
    std::set<std::uint64_t> groups_hit;
    const bool was_known = model_.count(own) != 0;
    const Handle admitted = cache.admit(now_, meta, [&](const Victim& v) {
      const auto it = model_.find(key(v));
      REQUIRE(it != model_.end());
      const bool replaced = it->first == own;
      CHECK_FALSE(it->second.reserved);
      CHECK(it->second.pins == 0);
      CHECK_FALSE(leased(it->second));
      CHECK_FALSE(has_child(it->first, false));
      if (wants_parent && !replaced) CHECK_FALSE(it->second.handle == meta.parent);
      if (soft(it->second) && groups_hit.count(it->second.group) == 0 && !was_known &&
          meta.charge == 1 && evicts()) {
        CHECK_FALSE(any_may_go(false, false));
      }
      groups_hit.insert(it->second.group);
      gone(it->first);
    });
    for (const auto& [k, e] : model_) CHECK(groups_hit.count(e.group) == 0);
    const auto known = model_.find(own);
    if (admitted && known == model_.end()) {
      added(meta, admitted);
    } else if (!admitted && known == model_.end() && cache.admissible(meta) && evicts() &&
               full(meta)) {
      CHECK_FALSE(any_may_go(true, false));
    }
    at_once_ = false;
    incoming_ = nullptr;
  }
  void erase() {
    const auto it = any();
    if (it == model_.end()) return;
    const bool may = !it->second.reserved && !has_child(it->first, false);
    CHECK(cache.erase(now_, it->second.handle) == may);
    if (may) gone(it->first);
  }
  void pin() {
    const auto it = any();
    if (it == model_.end() || pinned_ > 8) return;
    CHECK(cache.pin(it->second.handle) == !it->second.reserved);
    if (it->second.reserved) return;
    ++it->second.pins;
    pinned_ = 1;
    for (const auto& each : model_) pinned_ += each.second.pins;
  }
  void unpin() {
    for (auto& [k, e] : model_) {
      if (e.pins == 0 || random_.below(2) == 0) continue;
      CHECK(cache.unpin(e.handle));
      --e.pins;
      --pinned_;
    }
  }
  void change_times() {
    const auto it = any();
    if (it == model_.end()) return;
    Entry& e = it->second;
    const TimePoint a = random_.below(3) == 0 ? TimePoint{} : soon();
    const TimePoint b = random_.below(2) == 0 ? TimePoint{} : soon();
    const bool ttl = has(eviction::kTtl) && !e.reserved;
    const bool lease = has(eviction::kLeases) && !e.reserved;
    CHECK(cache.set_expiry(e.handle, a) == ttl);
    if (ttl) e.meta.expires = a;
    const TimePoint hard = random_.below(3) == 0 ? soon() : TimePoint{};
    CHECK(cache.set_lease(e.handle, hard, b) == lease);
    if (lease) e.meta.leased_until = hard, e.meta.soft_until = b;
    CHECK(cache.set_cost(e.handle, 7) == (has(eviction::kCosts) && !e.reserved));
  }

  /// Checks a batch against the rules, in its order, and marks it reserved.
  void check_batch(const std::vector<Victim>& batch, bool yielding) {
    for (std::size_t k = 0; k < batch.size();) {
      REQUIRE(model_.count(key(batch[k])) == 1);
      const Key first = key(batch[k]);
      CHECK(may_go(first, yielding));
      if (!expired(model_.at(first))) CHECK_FALSE(any_may_go(yielding, true));
      const std::vector<Key> group = members(model_.at(first));
      REQUIRE(k + group.size() <= batch.size());
      std::set<Key> got;
      for (std::size_t m = 0; m < group.size(); ++m) got.insert(key(batch[k + m]));
      CHECK(got == std::set<Key>(group.begin(), group.end()));
      for (std::size_t m = 0; m < group.size(); ++m, ++k) {
        Entry& e = model_.at(key(batch[k]));
        CHECK(e.handle == batch[k].handle);
        CHECK(e.meta.charge == batch[k].charge);
        e.reserved = true;
        CHECK_FALSE(cache.live(e.handle));
        reserved_.push_back(batch[k]);
      }
    }
  }
  void reserve() {
    const Meta meta = draw();
    if (random_.below(2) == 0) incoming_ = &meta;
    skip_odd_ = random_.below(3) == 0;
    const bool bounded = random_.below(3) == 0;
    std::uint64_t asked = 0;
    const eviction::Eligible eligible = [&](const Victim& v) {
      ++asked;
      const Verdict refusals[] = {Verdict::kSkip, Verdict::kSkipRotate, Verdict::kSkipTouch};
      if (v.id % 2 == 1) return refusals[v.id / 2 % 3];
      return Verdict::kTake;
    };
    eviction::Want want;
    want.incoming = incoming_;
    if (skip_odd_) want.eligible = &eligible;
    if (bounded) want.max_scan = static_cast<std::uint32_t>(random_.below(12));
    // With room in the cache as a whole a policy may search one of its queues only (2Q).
    const bool whole = evicts() && (incoming_ == nullptr || full(meta));
    const std::uint64_t scanned = cache.stats().scanned;
    std::vector<Victim> batch(random_.below(8) + (has(eviction::kGroups) ? 64 : 0));
    const std::size_t room = batch.size();
    batch.resize(cache.reserve(now_, want, batch.data(), room));
    const std::uint64_t looked = cache.stats().scanned - scanned;
    if (bounded) CHECK(looked <= want.max_scan);
    if (bounded && !has(eviction::kGroups)) CHECK(asked <= want.max_scan);
    const bool yielding = !batch.empty() && any_soft(key(batch[0]));
    if (yielding && whole) CHECK_FALSE(any_may_go(false, false));
    const std::size_t found = batch.size();
    check_batch(batch, yielding);
    if (found == 0 && room > 0 && !bounded && whole) CHECK_FALSE(any_may_go(true, false));
    incoming_ = nullptr;
    skip_odd_ = false;
  }
  void expire() {
    std::vector<Victim> batch(random_.below(8) + (has(eviction::kGroups) ? 64 : 0));
    const std::size_t room = batch.size();
    batch.resize(cache.expire(now_, batch.data(), room));
    for (const Victim& v : batch) {
      const std::vector<Key> group = members(model_.at(key(v)));
      CHECK(std::any_of(group.begin(), group.end(),
                        [&](const Key& k) { return expired(model_.at(k)); }));
    }
    const std::size_t found = batch.size();
    check_batch(batch, false);
    if (found < room && !has(eviction::kGroups)) CHECK_FALSE(any_may_go(false, true));
  }
  /// Commits some of what is reserved, aborts some, in any order, and leaves the rest.
  void finish_reserved() {
    for (std::size_t k = reserved_.size(); k > 1; --k) {
      if (shuffles_) std::swap(reserved_[k - 1], reserved_[random_.below(k)]);
    }
    shuffles_ = !shuffles_;
    std::vector<Victim> left;
    for (const Victim& v : reserved_) {
      const Key k = key(v);
      const std::uint64_t what = random_.below(5);
      if (what == 0) {
        left.push_back(v);
      } else if (what == 1) {
        cache.abort(now_, &v.handle, 1);
        model_.at(k).reserved = false;
        CHECK(cache.live(v.handle));
      } else {
        cache.commit(now_, &v.handle, 1);
        const bool put_back = has_child(k, false);
        CHECK(cache.live(v.handle) == put_back);
        model_.at(k).reserved = false;
        if (!put_back) gone(k);
      }
      REQUIRE(cache.audit() == "");
    }
    reserved_ = left;
  }
  void resize() {
    const std::uint64_t to = random_.below(4) == 0 ? 1 : 1 + random_.below(config_.max_capacity);
    const fleetcache::Result<std::uint64_t> excess = cache.resize(to);
    REQUIRE(static_cast<bool>(excess));
    CHECK(*excess == (cache.used() > to ? cache.used() - to : 0));
    CHECK(cache.capacity() == to);
    if (random_.below(2) == 0) return;  // the next admissions do it
    while (cache.used() > to && take_one()) {
    }
    if (cache.used() > to && evicts() && reserved_.empty()) CHECK_FALSE(any_may_go(true, false));
  }

  void check() {
    REQUIRE(cache.audit() == "");
    std::uint64_t used = 0;
    for (const auto& [k, e] : model_) {
      used += e.meta.charge;
      REQUIRE(cache.find(k.second, k.first) == e.handle);
      REQUIRE(cache.live(e.handle) == !e.reserved);
    }
    CHECK(cache.used() == used);
    CHECK(cache.entries() == model_.size());
  }

  Config config_;
  std::uint64_t most_charge_;
  SplitMix random_;
  TimePoint now_{};
  Entries model_;
  std::vector<Victim> reserved_;
  std::vector<Handle> stale_;
  const Meta* incoming_ = nullptr;
  std::uint64_t groups_ = 0;
  int pinned_ = 0;
  bool skip_odd_ = false;
  bool at_once_ = false;
  bool shuffles_ = false;
};

/// Random calls on every policy of the registry with these features.
inline void random_calls(std::uint32_t features, int steps, int seeds, bool resizes = false) {
  for (const eviction::PolicyInfo& policy : eviction::policies()) {
    CAPTURE(policy.name);
    for (int seed = 1; seed <= seeds; ++seed) {
      CAPTURE(seed);
      const bool units = seed % 2 == 1;
      Config config = units ? unit_config(31) : byte_config(140, 40);
      config.features = features;
      if (resizes) config.max_capacity = config.capacity * 2;
      if (resizes) config.max_entries *= 2;
      FeatureModel model(policy.name, config, units ? 1 : 9, static_cast<std::uint64_t>(seed));
      for (int k = 0; k < steps; ++k) model.step();
    }
  }
}

}  // namespace fleetcache::testing
