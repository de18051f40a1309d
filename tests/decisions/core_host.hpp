/// The C++ bindings as hosts of the corpus: Cache, TenantCache and LoggedCache, call by call.
#pragma once

#include <type_traits>
#include <utility>

#include "policies/log/decision_log.hpp"
#include "tests/decisions/corpus.hpp"

namespace fleetcache::golden {

using eviction::Handle;
using eviction::Meta;
using eviction::ObjectId;
using eviction::Victim;

/// `C` is Cache, or has tenants, of which the corpus uses one.
template <class C>
class CoreHost : public Host {
 public:
  explicit CoreHost(C cache) : cache_(std::move(cache)) {}

  bool access(TimePoint now, ObjectId id, std::int64_t next_access) override {
    if (!cache_.access(now, find(id), next_access)) return false;
    Victim victim;
    while (cache_.must_evict(nullptr) && cache_.reserve(now, eviction::Want{}, &victim, 1) == 1) {
      cache_.commit(now, &victim.handle, 1);
    }
    return true;
  }
  void miss(TimePoint now, const Item& item) override { cache_.miss(now, named(item)); }
  bool admit(TimePoint now, const Item& item, Ids& victims) override {
    return static_cast<bool>(
        cache_.admit(now, named(item), [&](const Victim& v) { victims.push_back(v.id); }));
  }
  bool erase(TimePoint now, ObjectId id) override { return cache_.erase(now, find(id)); }
  bool pin(ObjectId id, bool on) override {
    return on ? cache_.pin(find(id)) : cache_.unpin(find(id));
  }
  void reserve(TimePoint now, std::uint64_t seed, std::uint32_t max_scan, std::size_t most,
               Ids& victims) override {
    const eviction::Eligible picky = [seed](const Victim& v) { return verdict_of(v.id, seed); };
    eviction::Want want;
    want.max_scan = max_scan;
    if (seed != 0) want.eligible = &picky;
    std::vector<Victim> found(most);
    found.resize(cache_.reserve(now, want, found.data(), most));
    for (const Victim& v : found) victims.push_back(v.id);
  }
  void settle(TimePoint now, const Ids& reserved, std::size_t commits) override {
    std::vector<Handle> handles;
    for (const ObjectId id : reserved) handles.push_back(find(id));
    cache_.commit(now, handles.data(), commits);
    cache_.abort(now, handles.data() + commits, handles.size() - commits);
  }
  void expire(TimePoint now, std::size_t most, Ids& victims) override {
    std::vector<Victim> found(most);
    found.resize(cache_.expire(now, found.data(), most));
    for (const Victim& v : found) victims.push_back(v.id);
  }
  std::uint64_t resize(std::uint64_t capacity) override { return cache_.resize(capacity).value(); }
  std::uint64_t used() const override { return core().used(); }
  std::uint64_t state_hash() const override { return core().state_hash(); }

 private:
  static constexpr bool kPlain = std::is_same_v<C, eviction::Cache>;
  Handle find(ObjectId id) const {
    if constexpr (kPlain) {
      return cache_.find(id);
    } else {
      return cache_.find(0, id);
    }
  }
  /// What holds the state.
  const auto& core() const {
    if constexpr (std::is_same_v<C, log::LoggedCache>) {
      return cache_.cache();
    } else {
      return cache_;
    }
  }
  Meta named(const Item& item) const {
    Meta meta = item.meta;
    if (item.has_parent) meta.parent = find(item.parent);
    if (item.has_mate) meta.mate = find(item.mate);
    return meta;
  }
  C cache_;
};

}  // namespace fleetcache::golden
