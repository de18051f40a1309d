// Of the core this file knows fleetcache_policy.h alone; the corpus speaks C++.
#include <fcp_plugin_loader.h>
#include <fleetcache_policy.h>

#include <cstdio>
#include <cstdlib>

#include "tests/decisions/bindings.hpp"

namespace fleetcache::golden {
namespace {

using eviction::ObjectId;

static_assert(FCP_WIDE_IDS == static_cast<int>(eviction::kWideIds) &&
              FCP_COSTS == static_cast<int>(eviction::kCosts) &&
              FCP_TTL == static_cast<int>(eviction::kTtl) &&
              FCP_LEASES == static_cast<int>(eviction::kLeases) &&
              FCP_PREFIX == static_cast<int>(eviction::kPrefix) &&
              FCP_GROUPS == static_cast<int>(eviction::kGroups) &&
              FCP_KINDS == static_cast<int>(eviction::kKinds));

void must(fcp_status status, const char* what) {
  if (status == FCP_OK) return;
  std::printf("%s: %s\n", what, fcp_status_name(status));
  std::exit(2);
}

void note_victim(void* victims, const fcp_victim* v) {
  static_cast<Ids*>(victims)->push_back(v->id);
}

fcp_verdict ask(void* seed, const fcp_victim* v) {
  return static_cast<fcp_verdict>(verdict_of(v->id, *static_cast<const std::uint64_t*>(seed)));
}

class CHost : public Host {
 public:
  CHost(const std::string& policy, const eviction::Config& config, const fcp_registry* registry)
      : has_own_state_(registry != nullptr) {
    std::vector<fcp_param> params;
    for (const auto& [key, value] : config.params) params.push_back({key.c_str(), value.c_str()});
    auto c = FCP_INIT(fcp_cache_config);
    c.policy = policy.c_str();
    c.params = params.data();
    c.param_count = static_cast<std::uint32_t>(params.size());
    c.max_entries = config.max_entries;
    c.capacity = config.capacity;
    c.seed = config.seed;
    c.features = config.features;
    c.unit_charge = config.unit_charge ? 1 : 0;
    c.registry = registry;
    char message[200] = "";
    const fcp_status status = fcp_cache_create(&c, &cache_, message, sizeof message);
    must(status, message);
  }
  ~CHost() override { fcp_cache_destroy(cache_); }
  CHost(const CHost&) = delete;
  CHost& operator=(const CHost&) = delete;

  bool access(TimePoint now, ObjectId id, std::int64_t next_access) override {
    if (fcp_access(cache_, now.ns, find(id), next_access) != FCP_OK) return false;
    fcp_victim victim;
    std::size_t found = 0;
    while (fcp_must_evict(cache_, nullptr) == 1) {
      must(fcp_reserve(cache_, now.ns, nullptr, &victim, 1, &found), "fcp_reserve");
      if (found == 0) break;
      must(fcp_commit(cache_, now.ns, &victim.handle, 1), "fcp_commit");
    }
    return true;
  }
  void miss(TimePoint now, const Item& item) override {
    const fcp_meta meta = named(item);
    must(fcp_miss(cache_, now.ns, &meta), "fcp_miss");
  }
  bool admit(TimePoint now, const Item& item, Ids& victims) override {
    const fcp_meta meta = named(item);
    fcp_handle handle = 0;
    return fcp_admit(cache_, now.ns, &meta, note_victim, &victims, &handle) == FCP_OK;
  }
  bool erase(TimePoint now, ObjectId id) override {
    return fcp_erase(cache_, now.ns, find(id)) == FCP_OK;
  }
  bool pin(ObjectId id, bool on) override {
    return (on ? fcp_pin(cache_, find(id)) : fcp_unpin(cache_, find(id))) == FCP_OK;
  }
  void reserve(TimePoint now, std::uint64_t seed, std::uint32_t max_scan, std::size_t most,
               Ids& victims) override {
    auto want = FCP_INIT(fcp_want);
    want.max_scan = max_scan;
    if (seed != 0) want.eligible = ask;
    want.context = &seed;
    std::vector<fcp_victim> found(most);
    std::size_t count = 0;
    must(fcp_reserve(cache_, now.ns, &want, found.data(), most, &count), "fcp_reserve");
    for (std::size_t k = 0; k < count; ++k) victims.push_back(found[k].id);
  }
  void settle(TimePoint now, const Ids& reserved, std::size_t commits) override {
    std::vector<fcp_handle> handles;
    for (const ObjectId id : reserved) handles.push_back(find(id));
    handles.push_back(0);
    must(fcp_commit(cache_, now.ns, handles.data(), commits), "fcp_commit");
    must(fcp_abort(cache_, now.ns, handles.data() + commits, reserved.size() - commits),
         "fcp_abort");
  }
  void expire(TimePoint now, std::size_t most, Ids& victims) override {
    std::vector<fcp_victim> found(most);
    std::size_t count = 0;
    must(fcp_expire(cache_, now.ns, found.data(), most, &count), "fcp_expire");
    for (std::size_t k = 0; k < count; ++k) victims.push_back(found[k].id);
  }
  std::uint64_t resize(std::uint64_t capacity) override {
    std::uint64_t over = 0;
    must(fcp_resize(cache_, capacity, &over), "fcp_resize");
    return over;
  }
  std::uint64_t used() const override {
    auto stats = FCP_INIT(fcp_stats);
    must(fcp_get_stats(cache_, FCP_ALL_TENANTS, &stats), "fcp_get_stats");
    return stats.used;
  }
  std::uint64_t state_hash() const override { return has_own_state_ ? 0 : fcp_state_hash(cache_); }

 private:
  fcp_handle find(ObjectId id) const { return fcp_find(cache_, 0, id, 0); }
  fcp_meta named(const Item& item) const {
    const eviction::Meta& m = item.meta;
    fcp_meta meta = FCP_META_INIT;
    meta.id = m.id;
    meta.charge = m.charge;
    meta.next_access = m.next_access;
    meta.expires_ns = m.expires.ns;
    meta.leased_until_ns = m.leased_until.ns;
    meta.soft_until_ns = m.soft_until.ns;
    meta.cost = m.cost;
    meta.klass = m.klass;
    meta.depth = m.depth;
    if (item.has_parent) meta.parent = find(item.parent);
    if (item.has_mate) meta.mate = find(item.mate);
    return meta;
  }
  fcp_cache* cache_ = nullptr;
  bool has_own_state_;
};

}  // namespace

std::unique_ptr<Host> make_c_host(const std::string& policy, const eviction::Config& config,
                                  const std::string&) {
  return std::make_unique<CHost>(policy, config, nullptr);
}

MakeHost plugin_hosts(const std::string& path, const std::string& policy) {
  fcp_registry* made = nullptr;
  must(fcp_registry_create(&made), "fcp_registry_create");
  const std::shared_ptr<fcp_registry> registry(made, fcp_registry_destroy);
  char message[200] = "";
  const fcp_status status =
      fcp_plugin_load(registry.get(), path.c_str(), nullptr, message, sizeof message);
  must(status, message);
  auto info = FCP_INIT(fcp_policy_info);
  must(fcp_registry_at(registry.get(), 0, &info), "fcp_registry_at");
  const std::string name = info.name;
  return [registry, name, policy](const std::string& asked, const eviction::Config& config,
                                  const std::string&) -> std::unique_ptr<Host> {
    if (asked != policy) return nullptr;
    return std::make_unique<CHost>(name, config, registry.get());
  };
}

}  // namespace fleetcache::golden
