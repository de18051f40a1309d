#include <cstdlib>
#include <limits>
#include <new>

#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

/// The header of an arena for a configuration: everything but the memory itself.
Result<CacheState> plan(std::string_view policy, const Config& config) {
  const PolicyInfo* info = find_policy(policy);
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
  if (config.max_entries == 0) return Error{"max_entries", "must be positive"};
  CacheState s;
  s.policy = static_cast<std::uint32_t>(info - policies().data());
  s.unit_charge = config.unit_charge ? 1 : 0;
  s.capacity = config.capacity;
  s.seed = config.seed;
  // Charges are at least 1, so more slots than capacity could never be used.
  s.slots = config.capacity < config.max_entries ? static_cast<std::uint32_t>(config.capacity)
                                                 : config.max_entries;
  if (s.slots == kNil) --s.slots;
  ParamReader reader(info->name, config.params);
  const Shape shape = ops_at(s.policy).configure(s, reader);
  const Status status = reader.finish();
  if (!status) return status.error();
  lay_out(s, shape);
  return s;
}

}  // namespace

Result<std::size_t> Cache::memory_bytes(std::string_view policy, const Config& config) {
  const Result<CacheState> planned = plan(policy, config);
  if (!planned) return planned.error();
  return static_cast<std::size_t>(planned->bytes);
}

Result<Cache> Cache::create(std::string_view policy, const Config& config) {
  const Result<CacheState> planned = plan(policy, config);
  if (!planned) return planned.error();
  // Zero pages are a valid empty arena, so an idle cache takes memory in name only.
  void* memory = std::calloc(1, static_cast<std::size_t>(planned->bytes));
  if (memory == nullptr) {
    return Error{"cache", "no memory for " + std::to_string(planned->bytes) + " bytes of metadata"};
  }
  return Cache(new (memory) CacheState(*planned), &ops_at(planned->policy));
}

Cache::Cache(Cache&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)), ops_(other.ops_) {}

Cache& Cache::operator=(Cache&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(ops_, other.ops_);
  return *this;
}

Cache::~Cache() { std::free(state_); }

Handle Cache::find(ObjectId id) const {
  const Arena a(state_);
  const std::uint32_t i = a.find(id);
  return i == kNil ? Handle{} : a.handle(i);
}

namespace {

/// Whether the handle names an entry that is live or reserved.
bool resident(const CacheState* s, Arena a, Handle h) {
  return h.index < s->fresh && a.slot(h.index).generation == h.generation &&
         (a.slot(h.index).hold & kFree) == 0;
}
bool is_live(const CacheState* s, Arena a, Handle h) {
  return resident(s, a, h) && (a.slot(h.index).hold & kReserved) == 0;
}

}  // namespace

bool Cache::live(Handle h) const { return is_live(state_, Arena(state_), h); }

Victim Cache::describe(Handle h) const {
  const Arena a(state_);
  return resident(state_, a, h) ? a.victim(h.index) : Victim{};
}

bool Cache::access(TimePoint, Handle h, std::int64_t next_access) {
  if (!live(h)) return false;
  ++state_->stats.hits;
  ops_->access(Arena(state_), h.index, next_access);
  return true;
}

void Cache::miss(TimePoint, const Meta& meta) {
  ++state_->stats.misses;
  ops_->miss(Arena(state_), meta);
}

bool Cache::admissible(const Meta& meta) const {
  const Arena a(state_);
  const std::uint64_t charge = a.charge(meta);
  return charge != 0 && charge <= state_->capacity && ops_->admissible(a, charge);
}

bool Cache::must_evict(const Meta* incoming) const {
  return ops_->must_evict(Arena(state_), incoming);
}

std::size_t Cache::reserve(TimePoint, const Meta* incoming, Victim* out, std::size_t capacity,
                           const Eligible& eligible) {
  return ops_->reserve(Arena(state_), incoming, out, capacity, eligible ? &eligible : nullptr);
}

void Cache::commit(TimePoint, const Handle* handles, std::size_t count) {
  const Arena a(state_);
  for (std::size_t k = 0; k < count; ++k) {
    const Handle h = handles[k];
    if (resident(state_, a, h) && !live(h)) ops_->commit(a, h.index);
  }
}

void Cache::abort(TimePoint, const Handle* handles, std::size_t count) {
  const Arena a(state_);
  for (std::size_t k = count; k-- > 0;) {
    const Handle h = handles[k];
    if (resident(state_, a, h) && !live(h)) ops_->abort(a, h.index);
  }
}

Handle Cache::insert(TimePoint, const Meta& meta) {
  const Arena a(state_);
  FLEETCACHE_CHECK(admissible(meta), "an object that the policy would never store");
  FLEETCACHE_CHECK(!must_evict(&meta), "an object is inserted before there is room for it");
  FLEETCACHE_CHECK(a.find(meta.id) == kNil, "an object is inserted twice");
  return a.handle(ops_->insert(a, meta));
}

bool Cache::erase(TimePoint, Handle h) {
  if (!live(h)) return false;
  ops_->erase(Arena(state_), h.index);
  return true;
}

bool Cache::pin(Handle h) {
  if (!live(h)) return false;
  Slot& slot = Arena(state_).slot(h.index);
  if (slot.hold == kMaxPins) return false;
  ++slot.hold;
  return true;
}

bool Cache::unpin(Handle h) {
  if (!live(h)) return false;
  Slot& slot = Arena(state_).slot(h.index);
  if (slot.hold == 0) return false;
  --slot.hold;
  return true;
}

Handle Cache::admit(TimePoint now, const Meta& meta, const OnVictim& on_victim) {
  const Arena a(state_);
  const std::uint32_t known = a.find(meta.id);
  if (known != kNil) return live(a.handle(known)) ? a.handle(known) : Handle{};
  if (!admissible(meta)) return {};
  while (must_evict(&meta)) {
    Victim victim;
    if (ops_->reserve(a, &meta, &victim, 1, nullptr) == 0) return {};
    commit(now, &victim.handle, 1);
    if (on_victim) on_victim(victim);
  }
  return a.handle(ops_->insert(a, meta));
}

bool Cache::request(TimePoint, const Meta& meta) { return ops_->request(Arena(state_), meta); }

std::uint64_t Cache::capacity() const { return state_->capacity; }
std::uint64_t Cache::used() const { return state_->used; }
std::uint32_t Cache::entries() const { return state_->entries; }
const Stats& Cache::stats() const { return state_->stats; }
const PolicyInfo& Cache::policy() const { return policies()[state_->policy]; }

}  // namespace fleetcache::eviction
