#include "sim/world/stage.hpp"

#include <algorithm>

#include "policies/base/hash.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {

StageRun::StageRun(const scenario::Scenario& scenario, const scenario::FleetEvent& event,
                   const Platform& platform, engine::EventQueue& queue, DataPath& path,
                   CacheService& cache, probes::Collector& collector)
    : event_(&event),
      platform_(&platform),
      queue_(&queue),
      path_(&path),
      cache_(&cache),
      collector_(&collector) {
  const scenario::Dataset& dataset = scenario.datasets.at(event.dataset);
  home_ = platform.region_id(dataset.region.empty() ? event.region : dataset.region);
  object_bytes_ = dataset.object.count;
  objects_ = std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count);
  namespace_ = hash_name("dataset/" + dataset.name);
  const PoolRange* pool = platform.pool(event.region, event.pool);
  FLEETCACHE_CHECK(pool != nullptr, "a pool of the scenario");
  std::vector<DomainId> seen;
  for (NodeId node = pool->first; node < pool->first + pool->nodes; ++node) {
    const DomainId domain = cache.domain_of(node);
    if (!seen.empty() && seen.back() >= domain) continue;  // numbered in node order
    seen.push_back(domain);
    domains_.push_back(node);
  }
}

void StageRun::start(TimePoint now) {
  begun_ = may_send_ = now;
  if (!cache_->enabled()) return;
  pump(now);
}

// One object at a time in the order of domains, so that a slow start of one owner holds up nobody
// else's: keys are hashed over the owners.
void StageRun::pump(TimePoint now) {
  const std::uint64_t all = objects_ * domains_.size();
  while (!waiting_ && in_flight_ < event_->in_flight && next_ < all) {
    const DomainId domain = cache_->domain_of(domains_[next_ / objects_]);
    const std::uint64_t object = object_id(namespace_, next_ % objects_);
    if (cache_->find(domain, object)) {
      ++next_;
      continue;
    }
    if (now < may_send_) {
      waiting_ = true;
      queue_->push(may_send_, this, 0);
      return;
    }
    ++next_;
    ++in_flight_;
    if (event_->rate.count > 0) {
      const double gap_s = static_cast<double>(object_bytes_) / event_->rate.count;
      may_send_ = std::max(may_send_, now) + from_seconds(gap_s);
    }
    ReadRequest request;
    request.object = object;
    request.bytes = object_bytes_;
    request.reader = cache_->owner(domain, object);
    request.home = home_;
    request.traffic = probes::TrafficClass::kPrestage;
    collector_->count("prestage.objects");
    path_->read(now, request, this, 0);
  }
  if (next_ == all && in_flight_ == 0 && !ended_) finish(now);
}

void StageRun::finish(TimePoint now) {
  ended_ = true;
  collector_->series("prestage." + event_->dataset + ".s").add(to_seconds(now - begun_));
}

void StageRun::on_event(TimePoint now, std::uint32_t, std::uint64_t) {
  waiting_ = false;
  pump(now);
}

void StageRun::on_read_done(TimePoint now, std::uint64_t, bool ok, probes::Tier) {
  if (!ok) collector_->count("prestage.failed");
  --in_flight_;
  pump(now);
}

}  // namespace fleetcache::world
