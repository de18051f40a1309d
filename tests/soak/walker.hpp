/// Random calls of the whole interface of a cache beside a light model: who is resident, with what
/// charge, pins, lease, parent and group. A call costs O(1) of model, so that ten million are
/// cheap. Which victim is best is not asked here: any that may go is right.
#pragma once

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "tests/decisions/corpus.hpp"
#include "tests/soak/binding.hpp"

namespace fleetcache::soak {

using eviction::Verdict;

/// The core broke a promise.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, const char* promise) {
  if (!holds) throw Broken(promise);
}

class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
  std::uint64_t below(std::uint64_t n) { return (next() >> 32) * n >> 32; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

struct Counts {
  std::uint64_t hits = 0;
  std::uint64_t victims = 0;
  std::uint64_t reserved = 0;
  std::uint64_t aborted = 0;
  std::uint64_t expired = 0;
  std::uint64_t erased = 0;
  std::uint64_t restored = 0;
  std::uint64_t restarts = 0;
  std::uint64_t resizes = 0;
  std::uint64_t hot_params = 0;  ///< accepted changes
  std::uint64_t audits = 0;
};

/// One cache of one configuration and its walk.
template <class Binding>
class Walker {
 public:
  static constexpr std::uint32_t kKeys = 160;  ///< a tenant

  Walker(std::string_view policy, const eviction::Config& config, std::uint32_t tenants,
         std::uint64_t seed, std::vector<Params> params, Counts& counts)
      : binding_(policy, config, tenants),
        config_(config),
        tenants_(tenants),
        random_(seed),
        params_(std::move(params)),
        counts_(counts),
        entries_(std::size_t{kKeys} * tenants) {}

  /// A planted fault: each n-th erase is kept from the cache. 0: none.
  std::uint64_t lose_erase = 0;

  void walk(std::uint64_t operations, std::uint64_t audit_every) {
    for (std::uint64_t k = 0; k < operations; ++k) {
      now_.ns += static_cast<std::int64_t>(random_.below(20'000'000));
      one_call();
      check_totals();
      if (k % audit_every == 0) audit();
    }
    finish_reserved(reserved_.size());
    audit();
    check_all();
  }
  std::uint64_t digest() { return core().state_hash(); }

 private:
  using Key = std::uint32_t;  ///< tenant x kKeys + object
  struct Entry {
    bool resident = false;
    bool reserved = false;
    std::uint32_t pins = 0;
    std::uint32_t children = 0;
    Key parent = kNobody;
    std::uint64_t group = 0;
    std::int64_t expires = 0;
    std::int64_t leased_until = 0;
    Handle handle;
  };
  static constexpr Key kNobody = ~Key{0};

  auto& core() { return binding_.whole(); }
  bool has(std::uint32_t feature) const { return (config_.features & feature) != 0; }
  std::uint32_t tenant_of(Key key) const { return key / kKeys; }
  ObjectId id_of(Key key) const {
    const ObjectId object = key % kKeys;
    return (has(eviction::kWideIds) ? object / 2 : object) * 0x100000001ULL;
  }
  ObjectId high_of(Key key) const { return has(eviction::kWideIds) ? key % 2 * 0xabcdefULL : 0; }
  Key key_of(const Victim& v, std::uint32_t tenant) const {
    const auto object = static_cast<Key>(v.id & 0xffffffffU);
    return tenant * kKeys + (has(eviction::kWideIds) ? object * 2 + (v.id_high != 0) : object);
  }
  Key key_of(const Victim& v) {
    if constexpr (Binding::kPlain) {
      return key_of(v, 0);
    } else {
      return key_of(v, core().tenant_of(v.handle));
    }
  }
  std::uint64_t charge_of(Key key) const {
    return config_.unit_charge ? 1 : 1 + mix64(key % kKeys) % 9;
  }
  Key draw() {
    const auto object = static_cast<Key>(std::min(random_.below(kKeys), random_.below(kKeys)));
    return static_cast<Key>(random_.below(tenants_)) * kKeys + object;
  }
  /// A resident key near a random one, or nobody.
  Key some_resident() {
    const Key start = draw();
    for (Key k = 0; k < 24; ++k) {
      const Key key = (start + k) % static_cast<Key>(entries_.size());
      if (entries_[key].resident) return key;
    }
    return kNobody;
  }
  Handle live_handle(Key key) const {
    return entries_[key].resident && !entries_[key].reserved ? entries_[key].handle : Handle{};
  }

  Meta meta_of(Key key) {
    Meta m;
    m.id = id_of(key);
    m.id_high = high_of(key);
    m.charge = charge_of(key);
    m.tenant = tenant_of(key);
    m.next_access = random_.one_in(4) ? -1 : static_cast<std::int64_t>(random_.below(1 << 20));
    m.cost = static_cast<std::uint32_t>(random_.below(40));
    m.klass = static_cast<std::uint16_t>(key % 3);
    m.depth = static_cast<std::uint16_t>(key % 7);
    if (random_.one_in(3)) m.expires = later(600);
    if (random_.one_in(8)) m.leased_until = later(100);
    if (random_.one_in(8)) m.soft_until = later(200);
    const Key object = key % kKeys;
    if (has(eviction::kPrefix) && object % 5 != 0)
      m.parent = live_handle(key - object + object / 2);
    if (has(eviction::kGroups)) m.mate = live_handle(key - object % 4);
    return m;
  }
  TimePoint later(std::uint64_t steps) {
    return TimePoint{now_.ns + 1 + static_cast<std::int64_t>(random_.below(steps * 10'000'000))};
  }

  // ---- the model ------------------------------------------------------------------------------

  void came(Key key, const Meta& meta, Handle handle) {
    Entry& e = entries_[key];
    e = {};
    e.resident = true;
    e.handle = handle;
    if (has(eviction::kTtl)) e.expires = meta.expires.ns;
    if (has(eviction::kLeases)) e.leased_until = meta.leased_until.ns;
    const Key object = key % kKeys;
    if (has(eviction::kPrefix) && meta.parent) {
      e.parent = key - object + object / 2;
      ++entries_[e.parent].children;
    }
    if (has(eviction::kGroups)) {
      const Key mate = key - object % 4;
      const bool joins =
          mate != key && meta.mate && entries_[mate].resident && entries_[mate].handle == meta.mate;
      e.group = joins ? entries_[mate].group : ++groups_;
    }
    used_ += charge_of(key);
    ++resident_;
  }
  void gone(Key key) {
    Entry& e = entries_[key];
    if (e.parent != kNobody) --entries_[e.parent].children;
    used_ -= charge_of(key);
    --resident_;
    if (stale_.size() < 8) stale_.push_back(e.handle);
    stale_[random_.below(stale_.size())] = e.handle;
    e.resident = e.reserved = false;
  }
  bool expired(const Entry& e) const { return e.expires != 0 && e.expires <= now_.ns; }

  Key check_victim(const Victim& v) {
    const Key key = key_of(v);
    require(key < entries_.size() && entries_[key].resident, "a victim is resident");
    const Entry& e = entries_[key];
    require(e.handle == v.handle, "a victim comes with its handle");
    require(v.charge == charge_of(key), "a victim comes with its charge");
    require(e.pins == 0, "a pinned entry is no victim");
    require(!e.reserved, "a reserved entry is no victim again");
    require(e.leased_until <= now_.ns, "a leased entry is no victim");
    return key;
  }
  /// Members of a group in a batch: all or none. Members have ids that differ in the last two bits.
  void check_groups(const std::vector<Victim>& batch, bool at_once) {
    if (!has(eviction::kGroups)) return;
    for (const Victim& v : batch) {
      const Key key = key_of(v);
      const Key first = key - key % kKeys % 4;
      for (Key mate = first; mate < first + 4; ++mate) {
        const Entry& e = entries_[mate];
        if (!e.resident || e.group != entries_[key].group) continue;
        require(at_once ? mate == key : e.reserved, "a group goes together");
      }
    }
  }
  void check_totals() {
    require(core().used() == used_, "used is the sum of charges");
    require(core().entries() == resident_, "entries counts the resident");
    const std::uint64_t capacity = core().capacity();
    require(used_ <= std::max(capacity, used_before_), "used stays within the capacity");
    used_before_ = used_;
    for (std::uint32_t t = 0; t < tenants_; ++t) {
      const std::uint64_t used = binding_.used(t);
      require(used <= std::max(binding_.most(t), tenant_before_[t]), "a maximum is honoured");
      tenant_before_[t] = used;
    }
  }
  void check_all() {
    for (Key key = 0; key < entries_.size(); ++key) {
      const Entry& e = entries_[key];
      const Handle h = binding_.find(tenant_of(key), id_of(key), high_of(key));
      require(static_cast<bool>(h) == e.resident, "find tells who is resident");
      if (!h) continue;
      require(h == e.handle, "find gives the handle");
      require(core().live(h) == !e.reserved, "live tells who is reserved");
      require(core().describe(h).charge == charge_of(key), "describe gives the charge");
      require(e.parent == kNobody || entries_[e.parent].resident, "no child without its parent");
    }
  }
  void audit() {
    ++counts_.audits;
    const std::string fault = core().audit();
    if (!fault.empty()) throw Broken("audit: " + fault);
  }

  // ---- calls ----------------------------------------------------------------------------------

  void one_call() {
    const std::uint64_t kind = random_.below(1024);
    if (kind < 640) return request();
    if (kind < 700) return reserve();
    if (kind < 760) return finish_reserved(random_.below(reserved_.size() + 1));
    if (kind < 810) return erase();
    if (kind < 860) return pin();
    if (kind < 910) return unpin();
    if (kind < 940) return expire();
    if (kind < 960) return change_times();
    if (kind < 980) return use_stale();
    if (kind < 990) return unseen_request();
    if (kind < 1000) return reserve_and_abort();
    if (kind < 1008) return resize();
    if (kind < 1014) return set_params();
    if (kind < 1018) return set_quotas();
    if (kind < 1020) return save_and_restore();
    if (kind < 1021) return restart();
    if constexpr (Binding::kPlain) plain_call();
  }

  void request() {
    const Key key = draw();
    const Meta meta = meta_of(key);
    const Handle h = binding_.find(meta.tenant, meta.id, meta.id_high);
    Entry& e = entries_[key];
    require(static_cast<bool>(h) == e.resident, "find tells who is resident");
    if (h) require(h == e.handle, "find gives the handle");
    if (h && !expired(e)) {
      require(core().access(now_, h, meta.next_access) == !e.reserved, "a live entry is a hit");
      ++counts_.hits;
      Victim victim;
      while (over_limit(meta.tenant) && drop_one(meta.tenant, victim)) {
      }
      return;
    }
    if (h) require(!core().access(now_, h, meta.next_access), "an expired entry is no hit");
    core().miss(now_, meta);
    if (random_.one_in(10)) return;  // the fetch failed
    admit(key, meta);
  }
  bool over_limit(std::uint32_t tenant) {
    if constexpr (Binding::kPlain) {
      return core().must_evict(nullptr);
    } else {
      return core().must_evict(nullptr, tenant);
    }
  }
  bool drop_one(std::uint32_t tenant, Victim& victim) {
    if (has(eviction::kGroups)) return false;  // one place does not hold a group
    const eviction::Want want;
    if (reserve_of(tenant, want, &victim, 1) == 0) return false;
    const Key key = check_victim(victim);
    core().commit(now_, &victim.handle, 1);
    if (entries_[key].children == 0) {
      gone(key);
    } else {
      require(core().live(victim.handle), "a parent is put back");
      return false;
    }
    return true;
  }
  std::size_t reserve_of(std::uint32_t tenant, const eviction::Want& want, Victim* out,
                         std::size_t most) {
    if constexpr (Binding::kPlain) {
      return core().reserve(now_, want, out, most);
    } else {
      return core().reserve_of(tenant, now_, want, out, most);
    }
  }
  void admit(Key key, const Meta& meta) {
    std::vector<Victim> dropped;
    const Handle h = core().admit(now_, meta, [&](const Victim& v) {
      const Key victim = check_victim(v);
      require(entries_[victim].children == 0, "a parent goes after its children");
      gone(victim);
      ++counts_.victims;
      dropped.push_back(v);
    });
    check_groups(dropped, true);
    Entry& e = entries_[key];
    if (h && e.resident) {
      require(h == e.handle && !expired(e), "an entry that is there already is given");
    } else if (h) {
      came(key, meta, h);
      require(core().live(h), "what was admitted is live");
    }
  }

  /// Requests whose victims nobody is told of: whoever went is found afterwards.
  void unseen_request() {
    const Key key = draw();
    const Meta meta = meta_of(key);
    (void)core().request(now_, meta);
    look_again(key, meta);
  }
  void look_again(Key requested, const Meta& meta) {
    for (Key key = 0; key < entries_.size(); ++key) {
      const Entry& e = entries_[key];
      if (!e.resident) continue;
      if (binding_.find(tenant_of(key), id_of(key), high_of(key)) == e.handle) continue;
      require(e.pins == 0 && !e.reserved && e.leased_until <= now_.ns, "what is held stays");
      gone(key);
    }
    Meta blank;
    for (Key key = 0; key < entries_.size(); ++key) {
      if (entries_[key].resident) continue;
      const Handle h = binding_.find(tenant_of(key), id_of(key), high_of(key));
      if (h) came(key, key == requested ? meta : blank, h);
    }
    check_all();
  }

  void reserve() {
    if (reserved_.size() > 40) return;
    const std::uint64_t seed = random_.below(3) == 0 ? 0 : random_.next() | 1;
    const eviction::Eligible picky = [&](const Victim& v) {
      check_victim(v);
      return golden::verdict_of(v.id, seed);
    };
    const Meta meta = meta_of(draw());
    eviction::Want want;
    if (random_.one_in(2)) want.incoming = &meta;
    if (seed != 0) want.eligible = &picky;
    if (random_.one_in(3)) want.max_scan = static_cast<std::uint32_t>(random_.below(12));
    std::vector<Victim> victims(1 + random_.below(6));
    victims.resize(core().reserve(now_, want, victims.data(), victims.size()));
    took(victims);
    if (seed == 0) return;
    for (const Victim& v : victims) {
      // Expired entries, and the mates of a victim, may have been asked of before.
      require(golden::verdict_of(v.id, seed) == Verdict::kTake, "what was refused is no victim");
    }
  }
  void took(const std::vector<Victim>& victims) {
    for (const Victim& v : victims) {
      const Key key = check_victim(v);
      entries_[key].reserved = true;
      require(!core().live(v.handle), "a reserved entry is not live");
      reserved_.push_back(key);
    }
    check_groups(victims, false);
    counts_.reserved += victims.size();
  }
  void expire() {
    if (reserved_.size() > 40) return;
    std::vector<Victim> victims(1 + random_.below(8));
    victims.resize(core().expire(now_, victims.data(), victims.size()));
    if (!has(eviction::kGroups)) {
      for (const Victim& v : victims) {
        require(expired(entries_[check_victim(v)]), "expire gives what has expired");
      }
    }
    took(victims);
    counts_.expired += victims.size();
  }
  /// Commits the first of what is reserved, and puts the others back, last first, or keeps some.
  void finish_reserved(std::size_t commits) {
    const bool whole = random_.one_in(2);
    const std::size_t end = whole ? reserved_.size() : commits;
    std::vector<Handle> handles;
    for (std::size_t k = 0; k < end; ++k) handles.push_back(entries_[reserved_[k]].handle);
    core().commit(now_, handles.data(), commits);
    for (std::size_t k = 0; k < commits; ++k) {
      Entry& e = entries_[reserved_[k]];
      e.reserved = false;
      if (e.children == 0) {
        gone(reserved_[k]);
        ++counts_.victims;
      } else {
        require(core().live(e.handle), "a parent of what stays is put back");
      }
    }
    core().abort(now_, handles.data() + commits, end - commits);
    for (std::size_t k = commits; k < end; ++k) {
      entries_[reserved_[k]].reserved = false;
      require(core().live(handles[k]), "what is put back is live");
      ++counts_.aborted;
    }
    reserved_.erase(reserved_.begin(), reserved_.begin() + static_cast<std::ptrdiff_t>(end));
  }
  void reserve_and_abort() {
    std::vector<Victim> first(8);
    first.resize(core().reserve(now_, {}, first.data(), first.size()));
    std::vector<Handle> handles;
    for (const Victim& v : first) handles.push_back(v.handle);
    core().abort(now_, handles.data(), handles.size());
    std::vector<Victim> second(8);
    second.resize(core().reserve(now_, {}, second.data(), second.size()));
    // Searches clear the marks of whom they pass, so that only the next one must be the same.
    require(first.empty() == second.empty(), "abort restores victims");
    require(first.empty() || first[0].handle == second[0].handle, "abort restores the next victim");
    handles.clear();
    for (const Victim& v : second) handles.push_back(v.handle);
    core().abort(now_, handles.data(), handles.size());
  }

  void erase() {
    const Key key = some_resident();
    if (key == kNobody) return;
    const Entry& e = entries_[key];
    const bool may_go = !e.reserved && e.children == 0;
    const bool lost = lose_erase != 0 && may_go && ++erases_ % lose_erase == 0;
    if (!lost) require(core().erase(now_, e.handle) == may_go, "a live entry can be erased");
    if (!may_go) return;
    gone(key);
    ++counts_.erased;
  }
  void pin() {
    const Key key = some_resident();
    if (key == kNobody || pinned_.size() > 6) return;
    const bool done = core().pin(entries_[key].handle);
    require(done == !entries_[key].reserved, "a live entry can be pinned");
    if (!done) return;
    ++entries_[key].pins;
    pinned_.push_back(entries_[key].handle);
  }
  void unpin() {
    if (pinned_.empty()) return;
    std::swap(pinned_[random_.below(pinned_.size())], pinned_.back());
    const Handle h = pinned_.back();
    pinned_.pop_back();
    const Victim v = core().describe(h);  // erased ones take their pins along
    Entry* e = v.charge != 0 ? &entries_[key_of(v)] : nullptr;
    require(core().unpin(h) == (e != nullptr), "a pinned entry can be unpinned");
    if (e != nullptr) --e->pins;
  }
  void change_times() {
    const Key key = some_resident();
    if (key == kNobody) return;
    Entry& e = entries_[key];
    const TimePoint expires = random_.one_in(3) ? TimePoint{} : later(400);
    const TimePoint leased = random_.one_in(2) ? TimePoint{} : later(60);
    const bool timed = core().set_expiry(e.handle, expires);
    require(timed == (has(eviction::kTtl) && !e.reserved), "expiry of a live entry changes");
    if (timed) e.expires = expires.ns;
    const bool held = core().set_lease(e.handle, leased, later(100));
    require(held == (has(eviction::kLeases) && !e.reserved), "the lease of a live entry changes");
    if (held) e.leased_until = leased.ns;
    require(core().set_cost(e.handle, 7) == (has(eviction::kCosts) && !e.reserved),
            "the cost of a live entry changes");
  }
  void use_stale() {
    if (stale_.empty()) return;
    const Handle h = stale_[random_.below(stale_.size())];
    require(!core().live(h) && !core().access(now_, h) && !core().erase(now_, h),
            "a stale handle names nothing");
    require(!core().pin(h) && !core().unpin(h) && !core().set_expiry(h, now_),
            "a stale handle changes nothing");
    core().commit(now_, &h, 1);
    core().abort(now_, &h, 1);
  }

  void resize() {
    const std::uint64_t most = config_.max_capacity != 0 ? config_.max_capacity : config_.capacity;
    const std::uint64_t wanted = 1 + random_.below(most + 2);
    const auto excess = core().resize(wanted);
    if (!excess) return;  // too much, or less than the guaranteed minima
    require(core().capacity() == wanted, "the capacity changes");
    require(*excess == (used_ > wanted ? used_ - wanted : 0), "resize says what is too much");
    ++counts_.resizes;
    if (random_.one_in(2)) return;
    for (std::uint32_t t = 0; t < tenants_; ++t) {
      Victim victim;
      while (over_limit(t) && drop_one(t, victim)) {
      }
    }
  }
  void set_params() {
    const std::uint64_t before = core().state_hash();
    if (core().set_params(params_[random_.below(params_.size())])) {
      ++counts_.hot_params;
    } else {
      require(core().state_hash() == before, "refused parameters change nothing");
    }
    const Params unknown = {{"no-such-parameter", "1"}};
    require(!core().set_params(unknown), "an unknown parameter is refused");
    audit();
  }
  void set_quotas() {
    if (tenants_ < 2) return;
    std::vector<eviction::Quota> quotas(tenants_);
    for (eviction::Quota& q : quotas) {
      q.weight = static_cast<std::uint32_t>(1 + random_.below(4));
      q.min = random_.below(core().capacity() / tenants_ + 1);
      if (random_.one_in(2)) q.max = q.min + random_.below(core().capacity());
    }
    require(binding_.set_quotas(quotas).ok(), "quotas that fit are taken");
    audit();
  }
  void save_and_restore() {
    std::vector<unsigned char> bytes;
    const bool saved = core().save([&bytes](const void* data, std::size_t count) {
      const auto* from = static_cast<const unsigned char*>(data);
      bytes.insert(bytes.end(), from, from + count);
      return true;
    });
    require(saved, "a state is saved");
    const bool flips = random_.one_in(2);
    const std::size_t flipped = random_.below(bytes.size());
    if (flips) bytes[flipped] ^= static_cast<unsigned char>(1 + random_.below(255));
    std::size_t at = 0;
    auto back = binding_.restore([&](void* out, std::size_t count) {
      if (count > bytes.size() - at) return false;
      std::memcpy(out, bytes.data() + at, count);
      at += count;
      return true;
    });
    if (flips) return require(!back, "a damaged state is refused");
    require(back.ok() && at == bytes.size(), "a state is restored");
    require(back->state_hash() == core().state_hash(), "a restored state is the same");
    binding_.replace(std::move(*back));
    ++counts_.restored;
    audit();
    check_all();
  }
  void restart() {
    const std::uint64_t dead = random_.below(12);
    const auto is_dead = [&](Key key) { return key % 12 == dead; };
    core().restart([&](const Victim& v) { return !is_dead(key_of(v)); });
    for (Entry& e : entries_) {
      e.pins = 0;
      e.reserved = false;
      e.leased_until = 0;
    }
    reserved_.clear();
    pinned_.clear();
    for (Key key = 0; key < entries_.size(); ++key) {
      if (!entries_[key].resident) continue;
      Key root = key;
      while (root != kNobody && !is_dead(root)) root = entries_[root].parent;
      if (root != kNobody) dropped_.push_back(key);
    }
    for (const Key key : dropped_) gone(key);
    dropped_.clear();
    ++counts_.restarts;
    audit();
    check_all();
  }

  /// What a TenantCache does not offer.
  void plain_call() {
    if (random_.one_in(3)) {
      std::array<eviction::Lookup, 8> lookups;
      std::array<bool, 8> hits;
      for (eviction::Lookup& l : lookups) {
        Key key = draw();
        if (has(eviction::kWideIds)) key -= key % 2;  // a lookup has no upper half
        l = {now_, id_of(key), charge_of(key), static_cast<std::int64_t>(random_.below(1 << 20))};
      }
      const std::uint64_t found = core().request_batch(lookups.data(), lookups.size(), hits.data());
      require(found == static_cast<std::uint64_t>(std::count(hits.begin(), hits.end(), true)),
              "a batch counts its hits");
      look_again(kNobody, {});
    } else if (random_.one_in(2)) {
      std::vector<Victim> dropped;
      const eviction::OnVictim tell = [&](const Victim& v) {
        gone(check_victim(v));
        dropped.push_back(v);
      };
      require(core().evict(now_, nullptr, &tell) == !dropped.empty(), "evict says what it did");
      check_groups(dropped, true);
    } else {
      core().set_limit(1 + random_.below(core().capacity() * 2));
    }
  }

  Binding binding_;
  eviction::Config config_;
  std::uint32_t tenants_;
  Draws random_;
  std::vector<Params> params_;
  Counts& counts_;
  std::vector<Entry> entries_;
  std::vector<Key> reserved_;  ///< in the order in which they were taken
  std::vector<Key> dropped_;
  std::vector<Handle> pinned_;
  std::vector<Handle> stale_;
  TimePoint now_{1};
  std::uint64_t used_ = 0;
  std::uint32_t resident_ = 0;
  std::uint64_t used_before_ = 0;
  std::array<std::uint64_t, 4> tenant_before_{};
  std::uint64_t groups_ = 0;
  std::uint64_t erases_ = 0;
};

}  // namespace fleetcache::soak
