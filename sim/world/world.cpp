#include "sim/world/world.hpp"

#include <algorithm>

#include "sim/engine/bundle_engine.hpp"
#include "sim/world/grouping.hpp"

namespace fleetcache::world {
namespace {

constexpr std::int64_t kSamples = 256;           // of link usage over the horizon
constexpr std::uint64_t kSamplesPerStretch = 8;  // of the fleet's time shares: 32 stretches

}  // namespace

Result<std::unique_ptr<World>> World::build(const scenario::Scenario& scenario,
                                            const RunOptions& options) {
  std::unique_ptr<World> world(new World(scenario, options));
  const Status services = world->build_services();
  if (!services) return services.error();
  const Status jobs = world->build_jobs();
  if (!jobs) return jobs.error();
  return world;
}

std::unique_ptr<engine::FlowEngine> World::make_engine() const {
  if (options_.make_engine) return options_.make_engine();
  if (options_.rung == Rung::kExact) return engine::make_simgrid_engine();
  engine::BundleOptions bundle;
  bundle.epsilon = options_.epsilon;
  auto solver =
      options_.native_solver ? engine::make_native_solver() : engine::make_simgrid_solver();
  return engine::make_bundle_engine(std::move(solver), bundle);
}

Status World::build_services() {
  flows_ = make_engine();
  sample_ = plan_sample(scenario_, options_);
  auto platform = Platform::build(scenario_);
  if (!platform) return platform.error();
  platform_ = std::make_unique<Platform>(std::move(platform).value());
  const Status claimed = claim_all();
  if (!claimed) return claimed;
  plan_ = events::plan_events(scenario_, platform_->fleet());
  platform_->add_links(*flows_, group_nodes(*platform_, claim_of_node_, plan_, options_.rung),
                       events::changing_links(plan_));
  const Status prompts = plan_prompts();
  if (!prompts) return prompts;
  auto cache = CacheService::build(scenario_, *platform_, cache_plan(), collector_);
  if (!cache) return cache.error();
  cache_ = std::move(cache).value();
  origin_ = std::make_unique<OriginService>(scenario_, *platform_, queue_, *flows_, collector_);
  path_ = std::make_unique<DataPath>(*platform_, queue_, *flows_, *cache_, *origin_, collector_);
  stations_ = std::make_unique<StationProbe>(*platform_, *flows_);
  return Nothing{};
}

Status World::claim_all() {
  claimed_.assign(platform_->pools().size(), 0);
  claim_of_node_.assign(platform_->nodes(), 0);
  // Nodes that nobody claims are alike within their pool.
  const std::size_t claims = scenario_.training.size() + scenario_.inference.size();
  for (NodeId node = 0; node < platform_->nodes(); ++node) {
    const auto pool = &platform_->pool_of(node) - platform_->pools().data();
    claim_of_node_[node] = static_cast<std::uint32_t>(claims + static_cast<std::size_t>(pool));
  }
  std::uint32_t claim = 0;
  for (const auto& [name, job] : scenario_.training) {
    auto first = claim_nodes(name, job.region, job.pool, job.nodes);
    if (!first) return first.error();
    job_nodes_.emplace_back(&job, *first);
    std::fill_n(claim_of_node_.begin() + *first, job.nodes, claim++);
  }
  for (const auto& [name, service] : scenario_.inference) {
    auto first = claim_nodes(name, service.region, service.pool, service.nodes);
    if (!first) return first.error();
    service_plans_.push_back({&service, *first, nullptr, 0, 0});
    std::fill_n(claim_of_node_.begin() + *first, service.nodes, claim++);
  }
  return Nothing{};
}

Status World::plan_prompts() {
  for (ServicePlan& plan : service_plans_) {
    auto prompts = make_prompts(*plan.service, sample_.servers.at(plan.service->name),
                                scenario_.seed, scenario_.horizon);
    if (!prompts) return prompts.error();
    plan.prompts = std::move(prompts).value();
    plan.blocks = plan.prompts->blocks_most();
    plan.shared = plan.prompts->shared_most();
  }
  return Nothing{};
}

Status World::build_jobs() {
  for (const auto& [job, first] : job_nodes_) {
    training_.push_back(std::make_unique<TrainingRun>(scenario_, *job, first, sample_, *platform_,
                                                      queue_, *path_, collector_));
  }
  for (ServicePlan& plan : service_plans_) {
    inference_.push_back(std::make_unique<InferenceRun>(
        scenario_, *plan.service, plan.first, sample_, std::move(plan.prompts), *platform_, queue_,
        *path_, *cache_, collector_));
  }
  const Status shadow = build_shadow();
  if (!shadow) return shadow.error();
  EventTargets targets;
  targets.scenario = &scenario_;
  targets.sample = &sample_;
  targets.platform = platform_.get();
  targets.queue = &queue_;
  targets.calendar = &calendar_;
  targets.flows = flows_.get();
  targets.cache = cache_.get();
  targets.path = path_.get();
  targets.collector = &collector_;
  targets.jobs = &training_;
  targets.services = &inference_;
  auto events = FleetEvents::build(targets, plan_);
  if (!events) return events.error();
  events_ = std::move(events).value();
  return Nothing{};
}

// Where time passes between a miss and its fill, a second cache shows what that costs. It sees KV
// blocks only, so it is left out where training shares the nodes or nodes fail.
Status World::build_shadow() {
  const bool timed = scenario_.cache.fill == scenario::Fill::kTimed;
  if (sample_.sampled || inference_.empty() || !cache_->enabled() || !timed || !plan_.empty()) {
    return Nothing{};
  }
  for (const auto& service : inference_) {
    for (const auto& job : training_) {
      const bool shared = job->job().region == service->service().region &&
                          job->job().pool == service->service().pool;
      if (shared) return Nothing{};
    }
  }
  auto shadow = CacheService::build(scenario_, *platform_, cache_plan(), shadow_collector_);
  if (!shadow) return shadow.error();
  shadow_ = std::move(shadow).value();
  for (const auto& service : inference_) service->watch(*shadow_);
  return Nothing{};
}

// Jobs take the nodes of a pool in the order of their names.
Result<NodeId> World::claim_nodes(const std::string& who, const std::string& region,
                                  const std::string& pool, std::uint32_t nodes) {
  const PoolRange* range = platform_->pool(region, pool);
  if (range == nullptr) {
    return Error{"workloads." + who,
                 "there is no pool \"" + pool + "\" in region \"" + region + "\""};
  }
  std::uint32_t& taken = claimed_[static_cast<std::size_t>(range - platform_->pools().data())];
  if (taken + nodes > range->nodes) {
    return Error{"workloads." + who, "wants " + std::to_string(nodes) + " nodes, but pool \"" +
                                         pool + "\" has " + std::to_string(range->nodes) + " and " +
                                         std::to_string(taken) +
                                         " are taken by workloads before it"};
  }
  const NodeId first = range->first + taken;
  taken += nodes;
  return first;
}

CachePlan World::cache_plan() const {
  CachePlan plan;
  plan.catalogues = catalogues();
  plan.owner_strata = sample_.owner_strata;
  if (!sample_.sampled || plan.owner_strata > 0) return plan;
  // Domains are played in full, but only those whose members are.
  plan.readers.assign(platform_->nodes(), 0);
  for (const auto& [job, first] : job_nodes_) {
    for (const std::uint32_t member : sample_.jobs.at(job->name).members) {
      plan.readers[first + member] = 1;
    }
  }
  for (const ServicePlan& service : service_plans_) {
    const Sample servers = sample_.servers.at(service.service->name);
    for (std::uint32_t i = 0; i < servers.count; ++i) {
      plan.readers[service.first + i * servers.weight] = 1;
    }
  }
  return plan;
}

std::vector<Catalogue> World::catalogues() const {
  std::vector<Catalogue> result(platform_->pools().size());
  const auto add = [&](const PoolRange* pool, std::uint64_t objects, std::uint64_t bytes,
                       std::uint32_t weight, std::uint64_t small = 0) {
    if (pool == nullptr || objects == 0) return;
    Catalogue& c = result[static_cast<std::size_t>(pool - platform_->pools().data())];
    c.objects += objects;
    c.population += objects * weight;
    c.small += small;
    c.bytes_min = c.bytes_min == 0 ? bytes * weight : std::min(c.bytes_min, bytes * weight);
  };
  for (const auto& [job, first] : job_nodes_) {
    const JobSample& sample = sample_.jobs.at(job->name);
    const scenario::Dataset& dataset = scenario_.datasets.at(job->dataset);
    const std::uint64_t objects =
        std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count / sample.key_weight);
    add(platform_->pool(job->region, job->pool), objects, dataset.object.count, sample.key_weight);
    if (!dataset.region.empty() && dataset.region != job->region) {
      add(platform_->pool(dataset.region, job->pool), objects, dataset.object.count,
          sample.key_weight);
    }
    if (job->checkpoint.size.count > 0) {
      add(platform_->pool(job->region, job->pool), sample.parts.count,
          std::max<std::uint64_t>(1, job->checkpoint.size.count / job->nodes),
          sample_.whole_domains ? 1 : sample.parts.weight);
    }
  }
  // What is staged may have no reader in the pool.
  for (const scenario::FleetEvent& event : scenario_.events) {
    if (event.kind != scenario::EventKind::kPrestage) continue;
    const StageSample sample = stage_sample(scenario_, event, sample_);
    if (sample.has_reader) continue;
    const scenario::Dataset& dataset = scenario_.datasets.at(event.dataset);
    add(platform_->pool(event.region, event.pool),
        std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count / sample.key_weight),
        dataset.object.count, sample.key_weight);
  }
  for (const ServicePlan& plan : service_plans_) {
    add(platform_->pool(plan.service->region, plan.service->pool), plan.blocks,
        plan.service->kv_bytes_per_token.count * plan.service->block_tokens,
        sample_.whole_domains ? 1 : sample_.servers.at(plan.service->name).weight, plan.shared);
  }
  return result;
}

void World::run() {
  timeline_ = std::make_unique<TimelineProbe>(scenario_, *platform_, *flows_, *events_, collector_,
                                              training_, inference_);
  for (const auto& job : training_) job->start();
  for (const auto& service : inference_) service->start();
  events_->start();
  const TimePoint end{scenario_.horizon.count};
  if (scenario_.warmup.count > 0) {
    calendar_.push(TimePoint{scenario_.warmup.count}, this, kEndWarmup);
  }
  calendar_.push(end, this, kEnd);
  queue_.push(TimePoint{scenario_.horizon.count / kSamples}, this, kSample);
  start_watching();
  flows_->run(queue_, end, [this] { return ended_ || interrupted(); });
  stopped_early_ = interrupted();
  if (!stopped_early_) {
    const TimePoint last{end.ns - calendar_.stepped().count};
    if (queue_.now() < last) queue_.advance(last);
  }
  timeline_->sample(queue_.now(), date());
}

void World::on_event(TimePoint now, std::uint32_t code, std::uint64_t) {
  switch (code) {
    case kEnd:
      ended_ = true;
      return;
    case kWindow:
      return end_window(now);
    case kEndWarmup:
      timeline_->end_warmup(now, date());
      collector_.end_warmup(now);
      origin_->end_warmup();
      stations_->clear();
      for (const auto& job : training_) job->end_warmup(now);
      fleet_times_.clear();
      warmup_end_ = now;
      stepped_at_warmup_ = calendar_.stepped();
      ++disturbances_;
      return;
    default:
      sample(now);
  }
}

void World::sample(TimePoint now) {
  stations_->sample();
  timeline_->sample(now, date());
  const double done = static_cast<double>(date().ns) / static_cast<double>(scenario_.horizon.count);
  if (options_.progress) options_.progress(done);
  if (++samples_done_ % kSamplesPerStretch == 0) fleet_times_.push_back(fleet_time());
  // The next date of the grid; what was stepped over is one long stretch of the time line.
  const std::int64_t period = scenario_.horizon.count / kSamples;
  const TimePoint next{(date().ns / period + 1) * period - calendar_.stepped().count};
  if (next.ns + calendar_.stepped().count < scenario_.horizon.count) {
    queue_.push(next, this, kSample);
  }
}

Result<probes::Record> run(const scenario::Scenario& scenario, const RunOptions& options) {
  auto world = World::build(scenario, options);
  if (!world) return world.error();
  (*world)->run();
  return (*world)->record();
}

}  // namespace fleetcache::world
