#include "sim/world/inference.hpp"

#include <algorithm>
#include <utility>

#include "models/gpu/prefill.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {

namespace {

// Prefixes hear of the prompts that are not played this often at most: far below the time that
// anything stays in a cache, so that recency is the same to a policy.
constexpr Duration kRefresh{20'000'000'000};

}  // namespace

InferenceRun::InferenceRun(const scenario::Scenario& scenario,
                           const scenario::InferenceService& service, NodeId first,
                           const SamplePlan& sample, std::unique_ptr<Prompts> prompts,
                           const Platform& platform, engine::EventQueue& queue, DataPath& path,
                           CacheService& cache, probes::Collector& collector)
    : service_(&service),
      platform_(&platform),
      queue_(&queue),
      path_(&path),
      cache_(&cache),
      collector_(&collector),
      first_(first),
      sample_(sample.servers.at(service.name)),
      whole_domains_(sample.whole_domains),
      block_bytes_(service.kv_bytes_per_token.count * service.block_tokens),
      namespace_(hash_name("kv/" + service.name)),
      prompts_(std::move(prompts)),
      popularity_(std::max(1U, service.arrivals.prefixes), service.arrivals.prefix_zipf),
      refreshed_(popularity_.size()),
      prefix_blocks_(static_cast<std::uint32_t>(service.arrivals.shared_fraction *
                                                service.arrivals.prompt_tokens) /
                     service.block_tokens),
      others_(scenario.seed, "infer/others/" + service.name),
      servers_(sample_.count) {
  const std::string name = "infer." + service.name + ".";
  in_system_ = &collector.population(name + "requests");
  in_service_ = &collector.population(name + "slots");
  ttft_ = &collector.series(name + "ttft");
  queue_s_ = &collector.series(name + "ttft_queue");
  fetch_s_ = &collector.series(name + "ttft_fetch");
  prefill_s_ = &collector.series(name + "ttft_prefill");
  asked_ = &collector.slot(name + "asked");
  failed_ = &collector.slot(name + "failed");
}

// Only the next arrival is in the event queue: a trace of a million requests costs one event.
void InferenceRun::start() {
  if (take_prompt()) schedule_arrival();
}

bool InferenceRun::take_prompt() {
  has_next_ = prompts_->next(next_);
  if (!has_next_) return false;
  digest_.add(static_cast<std::uint64_t>(next_.at.ns));
  digest_.add((std::uint64_t{next_.input_tokens} << 32) | next_.output_tokens);
  for (const std::uint64_t id : next_.blocks) digest_.add(id);
  return true;
}

void InferenceRun::schedule_arrival() {
  queue_->push(TimePoint{next_.at.ns - stepped_.count}, this, kArrive, resets_);
}

void InferenceRun::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  if (code == kPrefillDone) return first_token(now, static_cast<std::uint32_t>(arg));
  if (arg != resets_) return;  // of before a stretch that was stepped over
  Prompt prompt = std::move(next_);
  next_ = {};
  if (take_prompt()) schedule_arrival();
  arrive(now, std::move(prompt));
}

ReadRequest InferenceRun::block(const Prompt& prompt, NodeId node, std::uint32_t position) const {
  ReadRequest request;
  request.object = object_id(namespace_, prompt.blocks[position]);
  request.bytes = block_bytes_;
  request.reader = node;
  request.home = platform_->pool_of(node).region_id;
  request.traffic = probes::TrafficClass::kKv;
  request.weight = sample_.weight;
  request.keys = whole_domains_ || position < prompt.shared_blocks ? 1 : sample_.weight;
  return request;
}

// Round robin over the nodes that are up, as the load balancer in front of a service.
std::optional<NodeId> InferenceRun::next_node() const {
  const auto count = static_cast<std::uint32_t>(servers_.size());
  const auto turn = static_cast<std::uint32_t>((arrivals_ + moved_) % count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t n = (turn + i) % count;
    if (servers_[n].up) return node_of(n);
  }
  return std::nullopt;
}

bool InferenceRun::mine(NodeId node) const {
  return node >= first_ && node < first_ + service_->nodes;
}

// A server that stands for many goes when most of them have: the loss of one, whichever it is,
// means as little as it does among many.
void InferenceRun::count_down(NodeId node, bool down) {
  const std::uint32_t n = server_of(node);
  if (!mine(node) || n >= servers_.size()) return;
  Server& server = servers_[n];
  server.down += down ? 1U : ~0U;
  server.up = 2 * server.down < sample_.weight;
  if (sample_.weight == 1) server.up = server.down == 0;
}

void InferenceRun::node_down(TimePoint now, NodeId node) {
  count_down(node, true);
  const std::uint32_t n = server_of(node);
  if (!mine(node) || n >= servers_.size() || servers_[n].up) return;
  const std::deque<std::uint32_t> waiting = std::exchange(servers_[n].waiting, {});
  for (const std::uint32_t id : waiting) send_elsewhere(now, id);
}

void InferenceRun::send_elsewhere(TimePoint now, std::uint32_t id) {
  Active& active = active_[id];
  if (const auto node = next_node()) {
    ++moved_;
    active.node = *node;
    return queue_up(now, id);
  }
  in_system_->leave(now, active.arrived);
  collector_->request_failed(sample_.weight);
  *failed_ += sample_.weight;
  if (active.looked_up) {
    collector_->failed(probes::TrafficClass::kKv,
                       active.prompt.blocks.size() * block_bytes_ * sample_.weight);
  }
  active_.give_back(id);
}

void InferenceRun::node_up(NodeId node) { count_down(node, false); }

void InferenceRun::arrive(TimePoint now, Prompt prompt) {
  const auto node = next_node();
  ++arrivals_;
  collector_->request_in(sample_.weight);
  *asked_ += sample_.weight;
  if (!node) {
    *failed_ += sample_.weight;
    return collector_->request_failed(sample_.weight);
  }
  in_system_->enter(now);
  hear_of_others(now);
  const std::uint32_t id = active_.take();
  Active& active = active_[id];
  active.prompt = std::move(prompt);
  active.node = *node;
  active.arrived = now;
  if (shadow_ != nullptr) look_up_shadow(now, active);
  if (cache_->settings().touch == scenario::Touch::kArrival) look_up(now, active);
  queue_up(now, id);
}

void InferenceRun::queue_up(TimePoint now, std::uint32_t id) {
  Server& server = servers_[server_of(active_[id].node)];
  if (server.busy < service_->prefill_slots) return schedule(now, id);
  server.waiting.push_back(id);
}

void InferenceRun::hear_of_others(TimePoint now) {
  // A domain that is played in full hears of its own prompts only, and of all of them.
  if (sample_.weight == 1 || prefix_blocks_ == 0 || whole_domains_) return;
  Prompt prompt;
  prompt.shared_blocks = prefix_blocks_;
  for (std::uint32_t i = 1; i < sample_.weight; ++i) {
    const std::uint64_t prefix = popularity_.sample(others_);
    const TimePoint time = now + stepped_;
    if (refreshed_[prefix].ns > 0 && time - refreshed_[prefix] < kRefresh) continue;
    refreshed_[prefix] = time;
    prompt.blocks.clear();
    for (std::uint32_t b = 0; b < prefix_blocks_; ++b) {
      prompt.blocks.push_back(models::kv_prefix_block(prefix, b));
    }
    for (std::uint32_t b = 0; b < prefix_blocks_; ++b) {
      path_->show_caches(now, block(prompt, first_, b));
    }
  }
}

void InferenceRun::step_over(TimePoint now, Duration step) {
  stepped_ = stepped_ + step;
  ++resets_;
  const std::int64_t until = now.ns + stepped_.count;
  while (has_next_ && next_.at.ns < until) {
    hear_of_others(now);
    const auto node = next_node();
    for (std::uint32_t i = 0; node && i < next_.blocks.size(); ++i) {
      ++shown_;
      shown_hits_ += path_->show_caches(now, block(next_, *node, i)) ? 1 : 0;
    }
    ++arrivals_;
    take_prompt();
  }
  if (has_next_) schedule_arrival();
}

// Walks the prompt's blocks. Every resident block counts as a hit; only those before the first gap
// can be used, since a block's keys and values depend on everything before it.
void InferenceRun::look_up(TimePoint now, Active& active) {
  active.looked_up = true;
  const auto& blocks = active.prompt.blocks;
  const DomainId domain = cache_->domain_of(active.node);
  const bool instant = cache_->settings().fill == scenario::Fill::kInstant;
  const bool touch_now = cache_->settings().touch == scenario::Touch::kArrival;
  bool prefix = true;
  std::uint64_t found = 0;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    const ReadRequest request = block(active, i);
    const auto where = cache_->find(domain, request.object);
    if (where) {
      ++found;
      if (touch_now) cache_->touch(now, *where);
      if (prefix) active.hits.push_back(*where);
      continue;
    }
    prefix = false;
    active.missing.push_back(i);
    const std::uint64_t charge = block_bytes_ * request.keys;
    cache_->miss(now, domain, request.object, charge);
    if (instant) cache_->fill(now, domain, request.object, charge, request.traffic);
  }
  collector_->count("kv.block_lookups", blocks.size() * sample_.weight);
  collector_->count("kv.block_hits", found * sample_.weight);
  collector_->count("kv.usable_blocks", active.hits.size() * sample_.weight);
  collector_->asked(probes::TrafficClass::kKv, blocks.size() * block_bytes_ * sample_.weight);
}

void InferenceRun::look_up_shadow(TimePoint now, const Active& active) {
  const DomainId domain = shadow_->domain_of(active.node);
  const auto count = static_cast<std::uint32_t>(active.prompt.blocks.size());
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
  ++servers_[server_of(active.node)].busy;
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
  const auto at_home = static_cast<std::uint32_t>(
      std::count_if(active_[id].hits.begin(), active_[id].hits.end(),
                    [&](const Location& hit) { return hit.node == active_[id].node; }));
  for (std::uint32_t i = 0; i < hits; ++i) {
    ReadRequest request = block(active_[id], i);
    const bool local = active_[id].hits[i].node == active_[id].node;
    request.burst = local ? at_home : hits - at_home;
    path_->fetch(now, request, active_[id].hits[i], pinned, this, id);
  }
}

void InferenceRun::on_read_done(TimePoint now, std::uint64_t tag, bool, probes::Tier) {
  const auto id = static_cast<std::uint32_t>(tag);
  if (--active_[id].fetches == 0) prefill(now, id);
}

void InferenceRun::prefill(TimePoint now, std::uint32_t id) {
  Active& active = active_[id];
  active.fetched = now;
  const Prompt& request = active.prompt;
  // The last token of the prompt is always computed: its logits start the answer.
  const std::uint64_t cached = std::min<std::uint64_t>(active.hits.size() * service_->block_tokens,
                                                       request.input_tokens - 1);
  const Duration work = models::prefill_time(request.input_tokens - cached, cached,
                                             service_->prefill_tokens, service_->prefill_quadratic);
  queue_->push(now + work, this, kPrefillDone, id);
}

void InferenceRun::first_token(TimePoint now, std::uint32_t id) {
  const Active active = std::move(active_[id]);
  active_.give_back(id);
  in_system_->leave(now, active.arrived);
  in_service_->leave(now, active.scheduled);
  collector_->request_done(sample_.weight);
  ttft_->add(to_seconds(now - active.arrived), sample_.weight);
  queue_s_->add(to_seconds(active.scheduled - active.arrived), sample_.weight);
  fetch_s_->add(to_seconds(active.fetched - active.scheduled), sample_.weight);
  prefill_s_->add(to_seconds(now - active.fetched), sample_.weight);

  const std::uint64_t computed = active.prompt.blocks.size() - active.hits.size();
  collector_->served(probes::TrafficClass::kKv, probes::Tier::kRecompute,
                     computed * block_bytes_ * sample_.weight);
  if (cache_->enabled() && cache_->settings().fill == scenario::Fill::kTimed) {
    for (const std::uint32_t position : active.missing) path_->store(now, block(active, position));
  }
  Server& server = servers_[server_of(active.node)];
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
    const std::uint64_t all = active.prompt.blocks.size();
    // Blocks to compute are open until the first token, cached ones until their fetch starts: from
    // then on the data path answers for them.
    blocks += active.in_slot ? all - active.hits.size() : all;
  });
  return blocks * block_bytes_ * sample_.weight;
}

double InferenceRun::availability() const {
  // Of those that failed some may have come before the end of the warm-up.
  const auto asked = static_cast<double>(*asked_), failed = static_cast<double>(*failed_);
  return asked > 0 ? std::max(0.0, 1 - failed / asked) : 1;
}

double InferenceRun::slot_utilization(TimePoint now, Duration measured) const {
  const double slots = static_cast<double>(servers_.size()) * service_->prefill_slots;
  if (measured.count == 0) return 0;
  return static_cast<double>(in_service_->measured_integral_ns(now)) /
         (static_cast<double>(measured.count) * slots);
}

}  // namespace fleetcache::world
