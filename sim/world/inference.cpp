#include "sim/world/inference.hpp"

#include <algorithm>

#include "models/gpu/prefill.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {

InferenceRun::InferenceRun(const scenario::InferenceService& service, NodeId first,
                           std::vector<traces::KvRequest> requests, const Platform& platform,
                           engine::EventQueue& queue, DataPath& path, CacheService& cache,
                           probes::Collector& collector)
    : service_(&service),
      platform_(&platform),
      queue_(&queue),
      path_(&path),
      cache_(&cache),
      collector_(&collector),
      first_(first),
      block_bytes_(service.kv_bytes_per_token.count * service.block_tokens),
      namespace_(hash_name("kv/" + service.name)),
      requests_(std::move(requests)),
      servers_(service.nodes) {
  const std::string name = "infer." + service.name + ".";
  in_system_ = &collector.population(name + "requests");
  in_service_ = &collector.population(name + "slots");
  ttft_ = &collector.series(name + "ttft");
  queue_s_ = &collector.series(name + "ttft_queue");
  fetch_s_ = &collector.series(name + "ttft_fetch");
  prefill_s_ = &collector.series(name + "ttft_prefill");
}

// Only the next arrival is in the event queue: a trace of a million requests costs one event.
void InferenceRun::start() {
  if (!requests_.empty()) queue_->push(TimePoint{requests_[0].at_ns}, this, kArrive, 0);
}

void InferenceRun::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  const auto n = static_cast<std::uint32_t>(arg);
  if (code == kPrefillDone) return first_token(now, n);
  if (n + 1 < requests_.size()) {
    queue_->push(TimePoint{requests_[n + 1].at_ns}, this, kArrive, n + 1);
  }
  arrive(now, n);
}

ReadRequest InferenceRun::block(const Active& active, std::uint32_t position) const {
  ReadRequest request;
  request.object = object_id(namespace_, requests_[active.request].blocks[position]);
  request.bytes = block_bytes_;
  request.reader = active.node;
  request.home = platform_->pool_of(active.node).region_id;
  request.traffic = probes::TrafficClass::kKv;
  return request;
}

// Round robin over the nodes that are up, as the load balancer in front of a service; when none is,
// over all of them.
NodeId InferenceRun::next_node(std::uint32_t request) const {
  for (std::uint32_t i = 0; i < service_->nodes; ++i) {
    const std::uint32_t n = (request + i) % service_->nodes;
    if (servers_[n].up) return first_ + n;
  }
  return first_ + request % service_->nodes;
}

void InferenceRun::node_down(NodeId node) {
  if (node >= first_ && node < first_ + service_->nodes) servers_[node - first_].up = false;
}

void InferenceRun::node_up(NodeId node) {
  if (node >= first_ && node < first_ + service_->nodes) servers_[node - first_].up = true;
}

void InferenceRun::arrive(TimePoint now, std::uint32_t request) {
  collector_->request_in();
  in_system_->enter(now);
  const std::uint32_t id = active_.take();
  Active& active = active_[id];
  active.request = request;
  active.node = next_node(request);
  active.arrived = now;
  if (shadow_ != nullptr) look_up_shadow(now, active);
  if (cache_->settings().touch == scenario::Touch::kArrival) look_up(now, active);
  Server& server = servers_[active.node - first_];
  if (server.busy < service_->prefill_slots) return schedule(now, id);
  server.waiting.push_back(id);
}

// Walks the prompt's blocks. Every resident block counts as a hit; only those before the first gap
// can be used, since a block's keys and values depend on everything before it.
void InferenceRun::look_up(TimePoint now, Active& active) {
  active.looked_up = true;
  const auto& blocks = requests_[active.request].blocks;
  const DomainId domain = cache_->domain_of(active.node);
  const bool instant = cache_->settings().fill == scenario::Fill::kInstant;
  const bool touch_now = cache_->settings().touch == scenario::Touch::kArrival;
  bool prefix = true;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const ReadRequest request = block(active, i);
    const auto where = cache_->find(domain, request.object);
    collector_->count("kv.block_lookups");
    if (where) {
      collector_->count("kv.block_hits");
      if (touch_now) cache_->touch(now, *where);
      if (prefix) active.hits.push_back(*where);
      continue;
    }
    prefix = false;
    active.missing.push_back(i);
    cache_->miss(now, domain, request.object, block_bytes_);
    if (instant) cache_->fill(now, domain, request.object, block_bytes_, request.traffic);
  }
  collector_->count("kv.usable_blocks", active.hits.size());
  collector_->asked(probes::TrafficClass::kKv, blocks.size() * block_bytes_);
}

void InferenceRun::look_up_shadow(TimePoint now, const Active& active) {
  const DomainId domain = shadow_->domain_of(active.node);
  const auto count = static_cast<std::uint32_t>(requests_[active.request].blocks.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    const ReadRequest request = block(active, i);
    collector_->count("kv.shadow_lookups");
    if (const auto where = shadow_->find(domain, request.object)) {
      collector_->count("kv.shadow_hits");
      shadow_->touch(now, *where);
    } else {
      shadow_->miss(now, domain, request.object, block_bytes_);
      shadow_->fill(now, domain, request.object, block_bytes_, request.traffic);
    }
  }
}

void InferenceRun::schedule(TimePoint now, std::uint32_t id) {
  Active& active = active_[id];
  ++servers_[active.node - first_].busy;
  in_service_->enter(now);
  active.scheduled = now;
  active.in_slot = true;
  if (!active.looked_up) look_up(now, active);
  fetch(now, id);
}

void InferenceRun::fetch(TimePoint now, std::uint32_t id) {
  // A lookup at arrival may be old by now: its copies are read as they were found, unpinned.
  const bool pinned = cache_->settings().touch == scenario::Touch::kDelivery;
  const auto hits = static_cast<std::uint32_t>(active_[id].hits.size());
  active_[id].fetches = hits;
  if (hits == 0) return prefill(now, id);
  for (std::uint32_t i = 0; i < hits; ++i) {
    path_->fetch(now, block(active_[id], i), active_[id].hits[i], pinned, this, id);
  }
}

void InferenceRun::on_read_done(TimePoint now, std::uint64_t tag, bool) {
  const auto id = static_cast<std::uint32_t>(tag);
  if (--active_[id].fetches == 0) prefill(now, id);
}

void InferenceRun::prefill(TimePoint now, std::uint32_t id) {
  Active& active = active_[id];
  active.fetched = now;
  const traces::KvRequest& request = requests_[active.request];
  // The last token of the prompt is always computed: its logits start the answer.
  const std::uint64_t cached = std::min<std::uint64_t>(active.hits.size() * service_->block_tokens,
                                                       request.input_tokens - 1);
  const Duration work = models::prefill_time(request.input_tokens - cached, cached,
                                             service_->prefill_tokens, service_->prefill_quadratic);
  queue_->push(now + work, this, kPrefillDone, id);
}

void InferenceRun::first_token(TimePoint now, std::uint32_t id) {
  const Active active = active_[id];
  active_.give_back(id);
  in_system_->leave(now, active.arrived);
  in_service_->leave(now, active.scheduled);
  collector_->request_done();
  ttft_->add(to_seconds(now - active.arrived));
  queue_s_->add(to_seconds(active.scheduled - active.arrived));
  fetch_s_->add(to_seconds(active.fetched - active.scheduled));
  prefill_s_->add(to_seconds(now - active.fetched));

  const auto& blocks = requests_[active.request].blocks;
  const std::uint64_t computed = blocks.size() - active.hits.size();
  collector_->served(probes::TrafficClass::kKv, probes::Tier::kRecompute, computed * block_bytes_);
  if (cache_->enabled() && cache_->settings().fill == scenario::Fill::kTimed) {
    for (const std::uint32_t position : active.missing) path_->store(now, block(active, position));
  }
  Server& server = servers_[active.node - first_];
  --server.busy;
  if (server.waiting.empty()) return;
  const std::uint32_t next = server.waiting.front();
  server.waiting.pop_front();
  schedule(now, next);
}

probes::VisitorNs InferenceRun::present_ns(TimePoint now) const {
  probes::VisitorNs sum = 0;
  active_.each([&](const Active& active) { sum += (now - active.arrived).count; });
  return sum;
}

probes::VisitorNs InferenceRun::present_in_slots_ns(TimePoint now) const {
  probes::VisitorNs sum = 0;
  active_.each([&](const Active& active) {
    if (active.in_slot) sum += (now - active.scheduled).count;
  });
  return sum;
}

std::uint64_t InferenceRun::unfinished_bytes() const {
  std::uint64_t blocks = 0;
  active_.each([&](const Active& active) {
    if (!active.looked_up) return;
    const std::uint64_t all = requests_[active.request].blocks.size();
    // Blocks to compute are open until the first token, cached ones until their fetch starts: from
    // then on the data path answers for them.
    blocks += active.in_slot ? all - active.hits.size() : all;
  });
  return blocks * block_bytes_;
}

std::uint64_t InferenceRun::requests_digest() const {
  Digest digest;
  for (const traces::KvRequest& r : requests_) {
    digest.add(static_cast<std::uint64_t>(r.at_ns));
    digest.add((std::uint64_t{r.input_tokens} << 32) | r.output_tokens);
    for (const std::uint64_t id : r.blocks) digest.add(id);
  }
  return digest.value();
}

double InferenceRun::slot_utilization(TimePoint now, Duration measured) const {
  const double slots = static_cast<double>(service_->nodes) * service_->prefill_slots;
  if (measured.count == 0) return 0;
  return static_cast<double>(in_service_->measured_integral_ns(now)) /
         (static_cast<double>(measured.count) * slots);
}

}  // namespace fleetcache::world
