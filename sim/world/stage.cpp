#include "sim/world/stage.hpp"

#include <algorithm>

#include "policies/base/hash.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {

StageSample stage_sample(const scenario::Scenario& scenario, const scenario::FleetEvent& event,
                         const SamplePlan& plan) {
  StageSample sample;
  for (const auto& [name, job] : scenario.training) {
    if (job.region != event.region || job.pool != event.pool || job.dataset != event.dataset) {
      continue;
    }
    const JobSample& of_job = plan.jobs.at(name);
    return {of_job.key_weight, of_job.member_weight, true, of_job.members.empty() ? plan.salt : 0};
  }
  if (!plan.sampled) return sample;
  sample.salt = plan.salt;
  const scenario::Dataset& dataset = scenario.datasets.at(event.dataset);
  const std::uint64_t objects = dataset.size.count / dataset.object.count;
  sample.key_weight = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>((objects + kKeysMax - 1) / kKeysMax, 1, 0xffffff));
  return sample;
}

StageRun::StageRun(const scenario::Scenario& scenario, const scenario::FleetEvent& event,
                   const StageSample& sample, const Platform& platform, engine::EventQueue& queue,
                   DataPath& path, CacheService& cache, probes::Collector& collector)
    : event_(&event),
      sample_(sample),
      queue_(&queue),
      path_(&path),
      cache_(&cache),
      collector_(&collector) {
  const scenario::Dataset& dataset = scenario.datasets.at(event.dataset);
  home_ = platform.region_id(dataset.region.empty() ? event.region : dataset.region);
  object_bytes_ = dataset.object.count;
  objects_ =
      std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count / sample.key_weight);
  namespace_ = hash_name("dataset/" + dataset.name);
  const PoolRange* pool = platform.pool(event.region, event.pool);
  FLEETCACHE_CHECK(pool != nullptr, "a pool of the scenario");
  std::vector<DomainId> seen;
  for (NodeId node = pool->first; node < pool->first + pool->nodes; ++node) {
    const DomainId domain = cache.domain_of(node);
    if (!seen.empty() && seen.back() >= domain) continue;  // numbered in node order
    seen.push_back(domain);
    if (cache.plays(domain)) domains_.push_back(node);
  }
}

void StageRun::start(TimePoint now) {
  begun_ = may_send_ = now;
  if (!cache_->enabled()) return;
  begun_at_all_ = true;
  pump(now);
}

// One object at a time in the order of domains, so that a slow start of one owner holds up nobody
// else's: keys are hashed over the owners.
void StageRun::pump(TimePoint now) {
  const std::uint64_t all = objects_ * domains_.size();
  const std::uint64_t weight = std::uint64_t{sample_.key_weight} * sample_.read_weight;
  while (!waiting_ && in_flight_ < event_->in_flight && next_ < all) {
    const DomainId domain = cache_->domain_of(domains_[next_ / objects_]);
    const std::uint64_t object = object_id(namespace_, next_ % objects_ + (sample_.salt << 32));
    if (cache_->find(domain, object)) {
      ++next_;
      continue;
    }
    const NodeId owner = cache_->owner(domain, object);
    if (owner == kNobody) {
      collector_->count("prestage.failed", weight);
      ++next_;
      continue;
    }
    if (now < may_send_) {
      waiting_ = true;
      queue_->push(may_send_, this, 0);
      return;
    }
    ++next_;
    in_flight_ += weight;
    if (event_->rate.count > 0) {
      const double gap_s = static_cast<double>(object_bytes_ * weight) / event_->rate.count;
      may_send_ = std::max(may_send_, now) + from_seconds(gap_s);
    }
    ReadRequest request;
    request.object = object;
    request.bytes = object_bytes_;
    request.reader = owner;
    request.home = home_;
    request.traffic = probes::TrafficClass::kPrestage;
    request.weight = static_cast<std::uint32_t>(weight);
    request.keys = sample_.key_weight;
    collector_->count("prestage.objects", weight);
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
  const std::uint64_t weight = std::uint64_t{sample_.key_weight} * sample_.read_weight;
  if (!ok) collector_->count("prestage.failed", weight);
  in_flight_ -= weight;
  pump(now);
}

}  // namespace fleetcache::world
