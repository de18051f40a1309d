#include "sim/world/data_path.hpp"

#include <string>

#include "policies/base/check.hpp"

namespace fleetcache::world {
namespace {

probes::Tier tier_of(scenario::Medium medium, bool local) {
  if (medium == scenario::Medium::kDram) {
    return local ? probes::Tier::kLocalDram : probes::Tier::kPeerDram;
  }
  return local ? probes::Tier::kLocalNvme : probes::Tier::kPeerNvme;
}

}  // namespace

DataPath::DataPath(const Platform& platform, engine::EventQueue& queue, engine::FlowEngine& flows,
                   CacheService& cache, OriginService& origin, probes::Collector& collector)
    : platform_(&platform),
      queue_(&queue),
      flows_(&flows),
      cache_(&cache),
      origin_(&origin),
      collector_(&collector),
      reads_(&collector.population("reads")),
      devices_(platform.nodes()) {
  for (const std::string_view tier : probes::kTierNames) {
    latency_.push_back(&collector.series("read_s." + std::string(tier)));
  }
}

std::uint32_t DataPath::begin(TimePoint now, Kind kind, const ReadRequest& request,
                              ReadClient* client, std::uint64_t tag) {
  const std::uint32_t id = operations_.take();
  Operation& op = operations_[id];
  op.kind = kind;
  op.request = request;
  op.client = client;
  op.tag = tag;
  op.started = now;
  op.owner = request.reader;
  op.domain = cache_->domain_of(request.reader);
  return id;
}

void DataPath::read(TimePoint now, const ReadRequest& request, ReadClient* client,
                    std::uint64_t tag) {
  collector_->request_in(request.weight);
  collector_->asked(request.traffic, request.bytes * request.weight);
  read_from(now, request, cache_->domain_of(request.reader), false, client, tag);
}

// With nobody there to hold it, the reader asks the origin itself.
void DataPath::find_owner(Operation& op) const {
  op.owner = cache_->owner(op.domain, op.request.object);
  if (op.owner != kNobody) return;
  op.owner = op.request.reader;
  op.bypass = op.kind == Kind::kRead;
}

void DataPath::read_from(TimePoint now, const ReadRequest& request, DomainId domain, bool nested,
                         ReadClient* client, std::uint64_t tag) {
  const std::uint32_t id = begin(now, Kind::kRead, request, client, tag);
  Operation& op = operations_[id];
  op.domain = domain;
  op.nested = nested;
  if (cache_->enabled()) find_owner(op);
  reads_->enter(now);
  if (op.owner != request.reader && cache_->muted(op.owner)) return ask_in_vain(now, id);
  const Duration travel = op.owner == request.reader ? Duration(0)
                                                     : platform_->rtt(request.reader, op.owner) +
                                                           platform_->lookup_time(request.reader);
  queue_->push(now + travel, this, kAtOwner, id);
}

void DataPath::slow_read(TimePoint now, const ReadRequest& request, Duration first_byte,
                         ReadClient* client, std::uint64_t tag) {
  const std::uint32_t id = begin(now, Kind::kSlowRead, request, client, tag);
  Operation& op = operations_[id];
  op.first_byte = first_byte;
  if (cache_->enabled()) find_owner(op);
  const Duration travel = op.owner == request.reader ? Duration(0)
                                                     : platform_->rtt(request.reader, op.owner) +
                                                           platform_->lookup_time(request.reader);
  queue_->push(now + travel, this, kAtOwner, id);
}

void DataPath::on_event(TimePoint now, std::uint32_t code, std::uint64_t arg) {
  const auto id = static_cast<std::uint32_t>(arg);
  if (code == kAtOwner) return at_owner(now, id);
  const Operation& op = operations_[id];
  transfer(
      now, id,
      platform_->copy_route(op.where.node, op.where.medium, op.request.reader, op.request.burst));
}

// The owner is lost and nobody knows yet. What the reader then gets from the origin is stored
// nowhere: its owner is not there.
void DataPath::ask_in_vain(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  op.owner = op.request.reader;
  op.bypass = true;
  collector_->count("cache.timeouts", op.request.weight);
  queue_->push(now + cache_->settings().membership.timeout, this, kAtOwner, id);
}

void DataPath::at_owner(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  if (op.located) return serve_copy(now, id);  // a fetch: the lookup was done before
  if (!cache_->enabled() || op.bypass || op.kind == Kind::kSlowRead) {
    return fetch_from_beyond(now, id);
  }
  if (const auto found = cache_->find(op.domain, op.request.object)) {
    op.where = *found;
    op.located = true;
    op.pinned = true;
    cache_->pin(op.where);
    if (cache_->settings().touch == scenario::Touch::kArrival) cache_->touch(now, op.where);
    return serve_copy(now, id);
  }
  if (cache_->settings().single_flight) {
    const auto [flight, first] = in_flight_.try_emplace({op.owner, op.request.object}, id);
    if (!first) {
      op.phase = Phase::kWaiting;
      op.next = operations_[flight->second].next;
      operations_[flight->second].next = id;
      return;
    }
  }
  const std::uint64_t charge = op.request.bytes * op.request.keys;
  cache_->miss(now, op.domain, op.request.object, charge);
  if (cache_->settings().fill == scenario::Fill::kInstant) {
    cache_->fill(now, op.domain, op.request.object, charge, op.request.traffic);
  }
  fetch_from_beyond(now, id);
}

void DataPath::fetch(TimePoint now, const ReadRequest& request, const Location& where, bool pinned,
                     ReadClient* client, std::uint64_t tag) {
  const std::uint32_t id = begin(now, Kind::kFetch, request, client, tag);
  Operation& op = operations_[id];
  op.where = where;
  op.owner = where.node;
  op.located = true;
  op.pinned = pinned;
  if (pinned) cache_->pin(where);
  reads_->enter(now);
  const bool local = where.node == request.reader;
  const Duration travel =
      local ? Duration(0)
            : platform_->rtt(request.reader, where.node) + platform_->lookup_time(request.reader);
  queue_->push(now + travel, this, kAtOwner, id);
}

bool DataPath::show_caches(TimePoint now, const ReadRequest& request) {
  if (!cache_->enabled()) return false;
  const DomainId domain = cache_->domain_of(request.reader);
  const std::uint64_t charge = request.bytes * request.keys;
  if (const auto found = cache_->find(domain, request.object)) {
    cache_->touch(now, *found);
    if (found->tier > 0) cache_->promote(now, *found, request.object, charge);
    return true;
  }
  cache_->miss(now, domain, request.object, charge);
  cache_->fill(now, domain, request.object, charge, request.traffic);
  return false;
}

void DataPath::serve_copy(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  op.tier = tier_of(op.where.medium, op.where.node == op.request.reader);
  if (op.where.medium == scenario::Medium::kDram) {
    return transfer(
        now, id,
        platform_->copy_route(op.where.node, op.where.medium, op.request.reader, op.request.burst));
  }
  Device& device = devices_[op.where.node];
  if (device.busy < platform_->pool_of(op.where.node).spec->sku.nvme_queue_depth) {
    return start_media(now, id);
  }
  op.phase = Phase::kQueued;
  device.waiting.push_back(id);
}

void DataPath::start_media(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  op.phase = Phase::kMedia;
  ++devices_[op.where.node].busy;
  queue_->push(now + platform_->pool_of(op.where.node).spec->sku.nvme_latency, this, kMediaDone,
               id);
}

void DataPath::release_device(TimePoint now, NodeId node) {
  Device& device = devices_[node];
  --device.busy;
  if (device.waiting.empty()) return;
  const std::uint32_t next = device.waiting.front();
  device.waiting.pop_front();
  start_media(now, next);
}

void DataPath::transfer(TimePoint now, std::uint32_t id, const Route& route) {
  if (route.empty()) return finish(now, id, true);  // DRAM of the reader itself
  Operation& op = operations_[id];
  op.phase = Phase::kTransfer;
  // A store writes what is stored, however many asked for it.
  const bool stores = op.kind == Kind::kStore || op.kind == Kind::kNvmeWrite;
  flows_->start(Bytes(op.request.bytes), route, this, id,
                stores ? op.request.keys : op.request.weight);
}

void DataPath::on_flow_done(TimePoint now, std::uint64_t tag) {
  const auto id = static_cast<std::uint32_t>(tag);
  Operation& op = operations_[id];
  if (op.kind == Kind::kNvmeWrite) return operations_.give_back(id);
  if (op.kind == Kind::kStore) {
    const Operation stored = op;
    operations_.give_back(id);
    return fill(now, stored.request, stored.domain, stored.owner);
  }
  if (op.located && op.where.medium == scenario::Medium::kNvme) release_device(now, op.where.node);
  finish(now, id, true);
}

// The owner does not have it: the home region's cache, or the origin.
void DataPath::fetch_from_beyond(TimePoint now, std::uint32_t id) {
  Operation& op = operations_[id];
  op.phase = Phase::kOrigin;
  const PoolRange& here = platform_->pool_of(op.owner);
  if (cache_->enabled() && !op.bypass && op.kind != Kind::kSlowRead &&
      cache_->settings().scope == scenario::Scope::kGlobal && op.request.home != here.region_id) {
    const PoolRange* there = platform_->pool(platform_->region(op.request.home).name, here.pool);
    const DomainId home = there == nullptr ? op.domain : cache_->domain_of(there->first);
    if (home != op.domain && cache_->owner(home, op.request.object) != kNobody) {
      ReadRequest request = op.request;
      request.reader = op.owner;
      return read_from(now, request, home, true, this, id);
    }
  }
  origin_->start(now,
                 {op.request.object, op.request.bytes, op.owner, op.request.home, false,
                  op.request.weight, op.first_byte},
                 this, id);
}

void DataPath::on_origin_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) {
  const auto id = static_cast<std::uint32_t>(tag);
  if (operations_[id].kind == Kind::kOriginWrite) return finish(now, id, ok);
  arrived_at_owner(now, id, ok, tier);
}

// The home region's cache: what it did not hold either counts as its origin's.
void DataPath::on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) {
  const bool beyond = probes::is_origin(tier);
  arrived_at_owner(now, static_cast<std::uint32_t>(tag), ok,
                   beyond ? tier : probes::Tier::kRemoteRegion);
}

// The bytes (or the refusal) reached the owner: it stores them and serves everybody who waited.
void DataPath::arrived_at_owner(TimePoint now, std::uint32_t first, bool ok, probes::Tier tier) {
  if (operations_[first].bypass) {
    operations_[first].tier = tier;
    return finish(now, first, ok);
  }
  const Operation fetched = operations_[first];
  if (fetched.kind == Kind::kSlowRead) {
    if (!ok || fetched.owner == fetched.request.reader) return finish(now, first, ok);
    return transfer(now, first,
                    platform_->copy_route(fetched.owner, scenario::Medium::kDram,
                                          fetched.request.reader, fetched.request.burst));
  }
  if (cache_->enabled() && cache_->settings().single_flight) {
    in_flight_.erase({fetched.owner, fetched.request.object});
  }
  if (ok && cache_->enabled() && cache_->settings().fill == scenario::Fill::kTimed) {
    fill(now, fetched.request, fetched.domain, fetched.owner);
  }
  std::vector<std::uint32_t> chain = {first};
  for (std::uint32_t id = fetched.next; id != kNone; id = operations_[id].next) chain.push_back(id);
  for (const std::uint32_t id : chain) {
    Operation& op = operations_[id];
    op.tier = id == first ? tier : probes::Tier::kCoalesced;
    if (!ok || op.request.reader == op.owner) {
      finish(now, id, ok);
    } else {
      transfer(now, id,
               platform_->copy_route(op.owner, scenario::Medium::kDram, op.request.reader,
                                     op.request.burst));
    }
  }
}

void DataPath::fill(TimePoint now, const ReadRequest& request, DomainId domain, NodeId owner) {
  const std::uint64_t charge = request.bytes * request.keys;
  if (!cache_->fill(now, domain, request.object, charge, request.traffic)) return;
  const std::uint32_t id = begin(now, Kind::kNvmeWrite, request, nullptr, 0);
  operations_[id].owner = owner;
  transfer(now, id, platform_->nvme_write_route(owner));
}

void DataPath::store(TimePoint now, const ReadRequest& object) {
  const DomainId domain = cache_->domain_of(object.reader);
  const NodeId owner = cache_->owner(domain, object.object);
  if (owner == kNobody) return;
  if (owner == object.reader) return fill(now, object, domain, owner);
  const std::uint32_t id = begin(now, Kind::kStore, object, nullptr, 0);
  operations_[id].owner = owner;
  transfer(now, id, platform_->copy_route(object.reader, scenario::Medium::kDram, owner));
}

void DataPath::write_origin(TimePoint now, const ReadRequest& object, ReadClient* client,
                            std::uint64_t tag) {
  collector_->request_in(object.weight);
  const std::uint32_t id = begin(now, Kind::kOriginWrite, object, client, tag);
  operations_[id].phase = Phase::kOrigin;
  origin_->start(now,
                 {object.object, object.bytes, object.reader, object.home, true, object.weight},
                 this, id);
}

void DataPath::finish(TimePoint now, std::uint32_t id, bool ok) {
  const Operation op = operations_[id];
  operations_.give_back(id);
  const std::uint32_t weight = op.request.weight;
  if (op.kind == Kind::kSlowRead) return op.client->on_read_done(now, op.tag, ok, op.tier);
  if (op.pinned) {
    cache_->unpin(op.where);
    if (ok && cache_->settings().touch == scenario::Touch::kDelivery) cache_->touch(now, op.where);
    if (ok && op.where.tier > 0) {
      cache_->promote(now, op.where, op.request.object, op.request.bytes * op.request.keys);
    }
  }
  if (op.kind == Kind::kOriginWrite) {
    if (ok) collector_->written(probes::Medium::kOrigin, op.request.traffic, bytes_of(op));
    ok ? collector_->request_done(weight) : collector_->request_failed(weight);
  } else {
    reads_->leave(now, op.started);
    const bool whole = counted(op) || op.kind == Kind::kFetch;  // not the inner half of another
    if (ok && whole) {
      latency_[static_cast<std::size_t>(op.tier)]->add(to_seconds(now - op.started), weight);
    }
  }
  if (counted(op)) ok ? collector_->request_done(weight) : collector_->request_failed(weight);
  if (counted(op) || op.kind == Kind::kFetch) {
    if (ok) {
      collector_->served(op.request.traffic, op.tier, bytes_of(op));
    } else {
      collector_->failed(op.request.traffic, bytes_of(op));
    }
  }
  if (op.client != nullptr) op.client->on_read_done(now, op.tag, ok, op.tier);
}

std::uint64_t DataPath::in_transfer() const {
  std::uint64_t n = 0;
  operations_.each([&n](const Operation& op) { n += op.phase == Phase::kTransfer ? 1 : 0; });
  return n;
}

std::uint64_t DataPath::unfinished_bytes(probes::TrafficClass traffic) const {
  std::uint64_t sum = 0;
  operations_.each([&](const Operation& op) {
    if ((counted(op) || op.kind == Kind::kFetch) && op.request.traffic == traffic) {
      sum += bytes_of(op);
    }
  });
  return sum;
}

std::uint64_t DataPath::unfinished_requests() const {
  std::uint64_t n = 0;
  operations_.each([&](const Operation& op) {
    n += counted(op) || op.kind == Kind::kOriginWrite ? op.request.weight : 0;
  });
  return n;
}

probes::VisitorNs DataPath::present_ns(TimePoint now) const {
  probes::VisitorNs sum = 0;
  operations_.each([&](const Operation& op) {
    if (op.kind == Kind::kRead || op.kind == Kind::kFetch) sum += (now - op.started).count;
  });
  return sum;
}

}  // namespace fleetcache::world
