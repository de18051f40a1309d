#include "policies/eviction/shadow.hpp"

namespace fleetcache::eviction {

Result<Shadow> Shadow::create(std::string_view policy, const Config& config) {
  Config own = config;
  own.features &= ~static_cast<std::uint32_t>(kPrefix | kGroups);  // their handles are the host's
  Result<Cache> cache = Cache::create(policy, own);
  if (!cache) return cache.error();
  return Shadow(std::move(*cache));
}

bool Shadow::lookup(TimePoint now, const Meta& meta) {
  ++report_.requests;
  report_.request_charge += meta.charge;
  const Handle h = cache_.find(meta.id, meta.id_high);
  if (h && cache_.access(now, h, meta.next_access)) {
    while (cache_.must_evict(nullptr) && cache_.evict(now, nullptr)) {
    }
    ++report_.would_hits;
    report_.would_hit_charge += meta.charge;
    return true;
  }
  if (h) cache_.erase(now, h);  // its time was over
  cache_.miss(now, meta);
  return false;
}

void Shadow::store(TimePoint now, Meta meta) {
  meta.parent = meta.mate = {};
  (void)cache_.admit(now, meta);
}

void Shadow::hit(TimePoint now, const Meta& meta) {
  ++report_.hits;
  report_.hit_charge += meta.charge;
  if (!lookup(now, meta)) store(now, meta);
}

void Shadow::miss(TimePoint now, const Meta& meta) { (void)lookup(now, meta); }

void Shadow::insert(TimePoint now, const Meta& meta) { store(now, meta); }

void Shadow::erase(TimePoint now, ObjectId id, ObjectId id_high) {
  const Handle h = cache_.find(id, id_high);
  if (h) cache_.erase(now, h);
}

}  // namespace fleetcache::eviction
