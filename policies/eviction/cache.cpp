#include <cstdlib>
#include <limits>
#include <new>

#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

/// The header of an arena for a configuration, and the policy's functions: everything but the
/// memory itself.
struct Plan {
  CacheState state;
  const EvictionOps* ops = nullptr;
  const ExternalPolicy* external = nullptr;
};

Result<Plan> plan(std::string_view policy, const Config& config) {
  Plan planned;
  const bool foreign = config.external != nullptr && config.external->info.name == policy;
  if (foreign) planned.external = config.external;
  const PolicyInfo* info = foreign ? &config.external->info : find_policy(policy);
  if (info == nullptr) {
    std::string known;
    for (const PolicyInfo& each : policies()) {
      known += known.empty() ? "" : ", ";
      known += each.name;
    }
    return Error{"eviction policy",
                 "\"" + std::string(policy) + "\" is unknown; there are " + known};
  }
  if (config.capacity == 0) return Error{"capacity", "must be positive"};
  // Ten times it, a ghost list, still fits 64 bits.
  if (std::max(config.capacity, config.max_capacity) > std::uint64_t{1} << 60) {
    return Error{"capacity", "must be at most 2^60"};
  }
  if (config.max_entries == 0) return Error{"max_entries", "must be positive"};
  if (config.max_capacity != 0 && config.max_capacity < config.capacity) {
    return Error{"max_capacity", "is below the capacity"};
  }
  if ((config.features & ~kAllFeatures) != 0) return Error{"features", "has unknown bits"};
  if ((config.features & kPrefix) != 0 && (config.features & kGroups) != 0) {
    return Error{"features", "a cache has parents or groups, not both"};
  }
  CacheState& s = planned.state;
  s.policy = foreign ? kExternalPolicy : static_cast<std::uint32_t>(info - policies().data());
  s.external = planned.external;
  planned.ops = foreign ? config.external->ops : &ops_at(s.policy);
  s.unit_charge = config.unit_charge ? 1 : 0;
  s.version = info->version;
  s.features = config.features;
  s.capacity = config.capacity;
  s.max_capacity = config.max_capacity != 0 ? config.max_capacity : config.capacity;
  s.limit = config.capacity;
  s.allowance = config.capacity;
  s.seed = config.seed;
  // Charges are at least 1, so more slots than capacity could never be used.
  s.slots = s.max_capacity < config.max_entries ? static_cast<std::uint32_t>(s.max_capacity)
                                                : config.max_entries;
  if (s.slots == kNil) --s.slots;
  ParamReader reader(info->name, config.params);
  const Shape shape = planned.ops->configure(Arena(&s), reader);
  const Status status = reader.finish();
  if (!status) return status.error();
  lay_out(s, shape);
  return planned;
}

}  // namespace

Result<std::size_t> Cache::memory_bytes(std::string_view policy, const Config& config) {
  const Result<Plan> planned = plan(policy, config);
  if (!planned) return planned.error();
  return static_cast<std::size_t>(planned->state.bytes);
}

Result<Cache> Cache::create(std::string_view policy, const Config& config) {
  const Result<Plan> planned = plan(policy, config);
  if (!planned) return planned.error();
  // Zero pages are a valid empty arena, so an idle cache takes memory in name only.
  void* memory = std::calloc(1, static_cast<std::size_t>(planned->state.bytes));
  if (memory == nullptr) {
    return Error{"cache",
                 "no memory for " + std::to_string(planned->state.bytes) + " bytes of metadata"};
  }
  return Cache(new (memory) CacheState(planned->state), planned->ops, planned->external, true);
}

Result<Cache> Cache::create_in(void* memory, std::size_t bytes, std::string_view policy,
                               const Config& config) {
  const Result<Plan> planned = plan(policy, config);
  if (!planned) return planned.error();
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % alignof(CacheState) != 0) {
    return Error{"memory", "must be aligned to 8 bytes"};
  }
  if (bytes < planned->state.bytes) {
    return Error{"memory", "has " + std::to_string(bytes) + " bytes where " +
                               std::to_string(planned->state.bytes) + " are needed"};
  }
  return Cache(new (memory) CacheState(planned->state), planned->ops, planned->external, false);
}

Result<Cache> Cache::attach(void* memory, std::size_t bytes, const ExternalPolicy* external) {
  const Error none{"memory", "holds no state of this policy and build of the core"};
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % alignof(CacheState) != 0 ||
      bytes < sizeof(CacheState)) {
    return none;
  }
  auto* state = static_cast<CacheState*>(memory);
  const bool foreign = state->policy == kExternalPolicy;
  if (foreign ? external == nullptr : state->policy >= policies().size()) return none;
  const PolicyInfo& info = foreign ? external->info : policies()[state->policy];
  if (state->version != info.version || state->bytes > bytes || state->bytes < sizeof(CacheState)) {
    return none;
  }
  return Cache(state, foreign ? external->ops : &ops_at(state->policy),
               foreign ? external : nullptr, false);
}

Cache::Cache(Cache&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)),
      ops_(other.ops_),
      external_(other.external_),
      owned_(other.owned_) {}

Cache& Cache::operator=(Cache&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(ops_, other.ops_);
  std::swap(external_, other.external_);
  std::swap(owned_, other.owned_);
  return *this;
}

Cache::~Cache() {
  if (owned_) std::free(state_);
}

Handle Cache::find(ObjectId id, ObjectId id_high) const {
  const Arena a(state_);
  const std::uint32_t i = a.find(id, id_high);
  return i == kNil ? Handle{} : a.handle(i);
}

bool Cache::live(Handle h) const { return is_live(arena(), h); }

Victim Cache::describe(Handle h) const {
  const Arena a = arena();
  return is_resident(a, h) ? a.victim(h.index) : Victim{};
}

bool Cache::access(TimePoint now, Handle h, std::int64_t next_access) {
  const Arena a = arena();
  if (!is_live(a, h)) return false;
  if (a.has(kTtl) && Wheel(a).expired(h.index, now)) return false;
  ++state_->stats.hits;
  ops_->access(a, h.index, next_access);
  return true;
}

void Cache::miss(TimePoint, const Meta& meta) {
  ++state_->stats.misses;
  ops_->miss(arena(), meta);
}

bool Cache::admissible(const Meta& meta) const {
  const Arena a = arena();
  const std::uint64_t charge = a.charge(meta);
  if (a.has(kPrefix) && meta.parent && !is_live(a, meta.parent)) return false;
  return charge != 0 && charge <= state_->capacity && charge <= kMostCharge &&
         ops_->admissible(a, charge);
}

bool Cache::must_evict(const Meta* incoming) const { return ops_->must_evict(arena(), incoming); }

std::size_t Cache::reserve(TimePoint now, const Want& want, Victim* out, std::size_t capacity) {
  return ops_->reserve(arena(), now, want, out, capacity);
}

std::size_t Cache::expire(TimePoint now, Victim* out, std::size_t capacity) {
  return ops_->expire(arena(), now, out, capacity);
}

void Cache::commit(TimePoint now, const Handle* handles, std::size_t count) {
  const Arena a = arena();
  for (std::size_t k = 0; k < count; ++k) {
    const Handle h = handles[k];
    if (is_resident(a, h) && !is_live(a, h)) ops_->commit(a, now, h.index);
  }
}

void Cache::abort(TimePoint, const Handle* handles, std::size_t count) {
  const Arena a = arena();
  for (std::size_t k = count; k-- > 0;) {
    const Handle h = handles[k];
    if (is_resident(a, h) && !is_live(a, h)) ops_->abort(a, h.index);
  }
}

Handle Cache::insert(TimePoint, const Meta& meta) {
  const Arena a = arena();
  FLEETCACHE_CHECK(admissible(meta), "an object that the policy would never store");
  FLEETCACHE_CHECK(!must_evict(&meta), "an object is inserted before there is room for it");
  FLEETCACHE_CHECK(a.find(meta.id, meta.id_high) == kNil, "an object is inserted twice");
  return a.handle(ops_->insert(a, meta));
}

bool Cache::evict(TimePoint now, const Meta* incoming, const OnVictim* on_victim) {
  return ops_->evict_one(arena(), now, incoming, on_victim);
}

bool Cache::erase(TimePoint, Handle h) {
  const Arena a = arena();
  if (!is_live(a, h) || children_of(a, h.index).resident != 0) return false;
  ops_->erase(a, h.index);
  return true;
}

bool Cache::pin(Handle h) {
  if (!live(h)) return false;
  Slot& slot = arena().slot(h.index);
  if (slot.hold == kMaxPins) return false;
  ++slot.hold;
  return true;
}

bool Cache::unpin(Handle h) {
  if (!live(h)) return false;
  Slot& slot = arena().slot(h.index);
  if (slot.hold == 0) return false;
  --slot.hold;
  return true;
}

bool Cache::set_expiry(Handle h, TimePoint expires) {
  const Arena a = arena();
  if (!a.has(kTtl) || !is_live(a, h)) return false;
  Wheel(a).remove(h.index);
  Wheel(a).add(h.index, expires);
  return true;
}

bool Cache::set_lease(Handle h, TimePoint leased_until, TimePoint soft_until) {
  const Arena a = arena();
  if (!a.has(kLeases) || !is_live(a, h)) return false;
  a.cell<std::int64_t>(Column::kLease, h.index) = leased_until.ns;
  a.cell<std::int64_t>(Column::kSoft, h.index) = soft_until.ns;
  return true;
}

bool Cache::set_cost(Handle h, std::uint32_t cost) {
  const Arena a = arena();
  if (!a.has(kCosts) || !is_live(a, h)) return false;
  a.cell<std::uint32_t>(Column::kCost, h.index) = cost;
  return true;
}

Result<std::uint64_t> Cache::resize(std::uint64_t capacity) {
  if (capacity == 0) return Error{"capacity", "must be positive"};
  if (capacity > state_->max_capacity) {
    return Error{"capacity", std::to_string(capacity) + " is above the " +
                                 std::to_string(state_->max_capacity) + " this cache was made for"};
  }
  CacheState& s = *state_;
  s.capacity = s.limit = capacity;
  s.allowance = s.used > capacity ? s.used : capacity;
  ops_->resize(arena());
  return s.used > capacity ? s.used - capacity : 0;
}

void Cache::set_limit(std::uint64_t limit) {
  CacheState& s = *state_;
  s.limit = limit < s.capacity ? limit : s.capacity;
  s.allowance = s.used > s.limit ? s.used : s.limit;
}

Status Cache::set_params(const Params& params) {
  ParamReader reader(policy().name, params);
  return ops_->set_params(arena(), reader);
}

void Cache::restart(const Alive& alive) {
  const Arena a = arena();
  // Reservations end in the reverse order of the slots: any order restores every entry.
  for (std::uint32_t i = state_->fresh; i-- > 0;) {
    if ((a.slot(i).hold & kFree) != 0) continue;
    if ((a.slot(i).hold & kReserved) != 0) ops_->abort(a, i);
    a.slot(i).hold = 0;
    if (a.has(kLeases)) set_lease(a.handle(i), {}, {});
  }
  if (!alive) return;
  const auto rooted = [&](std::uint32_t i) {
    while (i != kNil && alive(a.victim(i))) i = parent_of(a, i);
    return i == kNil;
  };
  // Children of what is gone are gone too; a parent is reached from the last of its children.
  for (std::uint32_t slot = 0; slot < state_->fresh; ++slot) {
    std::uint32_t i = (a.slot(slot).hold & kFree) != 0 ? kNil : slot;
    while (i != kNil && children_of(a, i).resident == 0 && !rooted(i)) {
      const std::uint32_t parent = parent_of(a, i);
      ops_->erase(a, i);
      i = parent;
    }
  }
}

Handle Cache::admit(TimePoint now, const Meta& meta, const OnVictim& on_victim) {
  const Arena a = arena();
  std::uint32_t known = a.find(meta.id, meta.id_high);
  if (known != kNil && is_live(a, a.handle(known))) {
    if (!a.has(kTtl) || !Wheel(a).expired(known, now)) return a.handle(known);
    if (!may_be_replaced(a, known, now)) return {};
    ops_->drop_expired(a, known, on_victim ? &on_victim : nullptr);
    known = kNil;
  }
  if (known != kNil || !admissible(meta)) return {};
  if (!ops_->make_room(a, now, &meta, on_victim ? &on_victim : nullptr)) return {};
  return a.handle(ops_->insert(a, meta));
}

bool Cache::request(TimePoint now, const Meta& meta) { return ops_->request(arena(), now, meta); }

std::uint64_t Cache::request_batch(const Lookup* lookups, std::size_t count, bool* hits) {
  return ops_->request_batch(arena(), lookups, count, hits);
}

std::uint64_t Cache::capacity() const { return state_->capacity; }
std::uint64_t Cache::used() const { return state_->used; }
std::uint32_t Cache::entries() const { return state_->entries; }
const Stats& Cache::stats() const { return state_->stats; }
std::uint32_t Cache::features() const { return state_->features; }
const PolicyInfo& Cache::policy() const {
  return external_ != nullptr ? external_->info : policies()[state_->policy];
}

}  // namespace fleetcache::eviction
