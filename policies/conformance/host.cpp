#include "policies/conformance/host.hpp"

#include <algorithm>

namespace fleetcache::conformance {
namespace {

/// Above this length a body says only its name and version (charges that differ from lengths).
constexpr std::uint64_t kLongestBody = 1 << 16;

}  // namespace

std::uint64_t Draw::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::string status_text(std::int32_t status) {
  static const char* const kNames[] = {"OK",    "MISS",    "EXISTS",  "REFUSED",
                                       "AGAIN", "INVALID", "CORRUPT", "UNSUPPORTED"};
  if (status >= 0 && status < 8) return kNames[status];
  return "breakdown " + std::to_string(status);
}

std::string key_text(Key key) {
  const std::string id = std::to_string(key.second);
  return key.first == 0 ? id : std::to_string(key.first) + "/" + id;
}

std::vector<std::string> Host::policies() const {
  return {calls_.policies, calls_.policies + calls_.policy_count};
}

bool Host::has_policy(const std::string& name) const {
  const std::vector<std::string> all = policies();
  return std::find(all.begin(), all.end(), name) != all.end();
}

std::string Host::usual_policy() const { return has_policy("lru") ? "lru" : calls_.policies[0]; }

std::int32_t Host::answered(std::int32_t status, const char* call) {
  if (status < 0 || status >= FCP_CONFORM_UNSUPPORTED) {
    fail(std::string(call) + " answered " + status_text(status));
  }
  return status;
}

void Host::reset(const Setup& setup) {
  fcp_conform_config config = {};
  config.struct_size = sizeof config;
  config.features = setup.features;
  const std::string policy = setup.policy.empty() ? usual_policy() : setup.policy;
  config.policy = policy.c_str();
  config.capacity = setup.capacity;
  config.max_capacity = setup.max_capacity == 0 ? setup.capacity : setup.max_capacity;
  config.max_entries = setup.max_entries;
  config.tenants = setup.quotas.empty() ? 1 : static_cast<std::uint32_t>(setup.quotas.size());
  config.quotas = setup.quotas.empty() ? nullptr : setup.quotas.data();
  config.seed = setup.seed;
  const std::int32_t status = calls_.reset(calls_.context, &config);
  if (status != FCP_CONFORM_OK) fail("reset of " + policy + " answered " + status_text(status));
  stored_.clear();
  fills_.clear();
  capacity_ = setup.capacity;
  ++resets_;
  if (can(FCP_CONFORM_LOG)) drain();
  expect(resident().empty(), "objects are resident after a reset");
}

std::string Host::body(Key key, std::uint64_t version, std::uint64_t bytes) const {
  Draw draw(key.second * 31 + key.first * 7919 + version * 1000003);
  std::string out;
  out.reserve(bytes);
  for (std::uint64_t k = 0; k < bytes; ++k) out += static_cast<char>(draw.next() & 0xffU);
  return out;
}

std::uint64_t Host::body_bytes(std::uint64_t charge) const {
  return charge > kLongestBody ? 64 : charge;
}

fcp_conform_object Host::describe(const Object& object, const std::string& bytes) const {
  fcp_conform_object out = {};
  out.struct_size = sizeof out;
  out.tenant = object.tenant;
  out.id = object.id;
  out.charge = object.charge;
  out.expires_ns = object.expires_ns;
  out.has_parent = object.has_parent ? 1 : 0;
  out.parent = object.parent;
  out.has_mate = object.has_mate ? 1 : 0;
  out.mate = object.mate;
  out.body = bytes.data();
  out.body_bytes = bytes.size();
  return out;
}

std::int32_t Host::get(Id id, std::uint32_t tenant) {
  std::string room(kLongestBody, '\0');
  std::uint64_t bytes = 0;
  const std::int32_t status =
      answered(calls_.get(calls_.context, tenant, id, room.data(), room.size(), &bytes), "get");
  if (status == FCP_CONFORM_MISS) return status;
  const Key key{tenant, id};
  want(status, {FCP_CONFORM_OK}, "get " + key_text(key));
  const auto found = stored_.find(key);
  if (found == stored_.end()) fail("get " + key_text(key) + " hit, and nothing was stored there");
  room.resize(std::min<std::uint64_t>(bytes, room.size()));
  const Stored& stored = found->second;
  if (room != body(key, stored.version, body_bytes(stored.charge))) {
    fail("get " + key_text(key) + " gave " + std::to_string(bytes) +
         " bytes that are not the body last stored, of " +
         std::to_string(body_bytes(stored.charge)));
  }
  return status;
}

std::int32_t Host::put(const Object& object) {
  const Key key{object.tenant, object.id};
  const Stored stored{object.charge, ++version_};
  const std::string bytes = body(key, stored.version, body_bytes(object.charge));
  const fcp_conform_object described = describe(object, bytes);
  const std::int32_t status = answered(calls_.put(calls_.context, &described), "put");
  want(status, {FCP_CONFORM_OK, FCP_CONFORM_EXISTS, FCP_CONFORM_REFUSED, FCP_CONFORM_AGAIN},
       "put " + key_text(key));
  if (status == FCP_CONFORM_OK) stored_[key] = stored;
  return status;
}

bool Host::request(const Object& object) {
  if (get(object.id, object.tenant) == FCP_CONFORM_OK) return true;
  put(object);
  return false;
}

std::int32_t Host::erase(Id id, std::uint32_t tenant) {
  const std::int32_t status = answered(calls_.erase(calls_.context, tenant, id), "erase");
  want(status, {FCP_CONFORM_OK, FCP_CONFORM_MISS, FCP_CONFORM_AGAIN},
       "erase " + key_text({tenant, id}));
  return status;
}

std::int32_t Host::pin(Id id, std::uint32_t tenant) {
  return answered(calls_.pin(calls_.context, tenant, id), "pin");
}

std::int32_t Host::unpin(Id id, std::uint32_t tenant) {
  return answered(calls_.unpin(calls_.context, tenant, id), "unpin");
}

std::int32_t Host::advance(std::int64_t delta_ns) {
  return answered(calls_.advance(calls_.context, delta_ns), "advance");
}

std::map<Key, std::uint64_t> Host::resident() {
  std::vector<fcp_conform_entry> entries(256);
  while (true) {
    const std::int64_t count = calls_.resident(calls_.context, entries.data(), entries.size());
    expect(count >= 0, "resident answered " + std::to_string(count));
    const bool all = static_cast<std::uint64_t>(count) <= entries.size();
    entries.resize(static_cast<std::size_t>(count));
    if (all) break;
  }
  std::map<Key, std::uint64_t> out;
  for (const fcp_conform_entry& entry : entries) {
    const Key key{entry.tenant, entry.id};
    expect(out.emplace(key, entry.charge).second, key_text(key) + " is resident twice");
  }
  return out;
}

std::vector<fcp_conform_event> Host::drain() {
  std::vector<fcp_conform_event> out;
  fcp_conform_event piece[64];
  while (true) {
    const std::int64_t count = calls_.drain(calls_.context, piece, 64);
    expect(count >= 0 && count <= 64, "drain answered " + std::to_string(count));
    if (count == 0) return out;
    out.insert(out.end(), piece, piece + count);
  }
}

fcp_conform_stats Host::stats() {
  fcp_conform_stats out = {};
  out.struct_size = sizeof out;
  want(answered(calls_.stats(calls_.context, &out), "stats"), {FCP_CONFORM_OK}, "stats");
  return out;
}

std::vector<Key> Host::evict_begin(std::uint64_t count) {
  std::vector<fcp_conform_entry> entries(count);
  const std::int64_t found = calls_.evict_begin(calls_.context, entries.data(), count);
  expect(found >= 0 && static_cast<std::uint64_t>(found) <= count,
         "evict_begin answered " + std::to_string(found));
  std::vector<Key> out;
  for (std::int64_t k = 0; k < found; ++k) {
    out.emplace_back(entries[static_cast<std::size_t>(k)].tenant,
                     entries[static_cast<std::size_t>(k)].id);
  }
  return out;
}

std::int32_t Host::evict_end(bool succeeded) {
  return answered(calls_.evict_end(calls_.context, succeeded ? 1 : 0), "evict_end");
}

std::int32_t Host::fill_begin(const Object& object, std::uint64_t& ticket) {
  const Key key{object.tenant, object.id};
  const Stored stored{object.charge, ++version_};
  const std::string bytes = body(key, stored.version, body_bytes(object.charge));
  const fcp_conform_object described = describe(object, bytes);
  const std::int32_t status =
      answered(calls_.fill_begin(calls_.context, &described, &ticket), "fill_begin");
  if (status == FCP_CONFORM_OK) fills_[ticket] = {key, stored};
  return status;
}

std::int32_t Host::fill_end(std::uint64_t ticket, bool succeeded) {
  const std::int32_t status =
      answered(calls_.fill_end(calls_.context, ticket, succeeded ? 1 : 0), "fill_end");
  const auto fill = fills_.find(ticket);
  if (fill == fills_.end()) return status;
  if (status == FCP_CONFORM_OK && succeeded) stored_[fill->second.first] = fill->second.second;
  fills_.erase(fill);
  return status;
}

std::int32_t Host::set_capacity(std::uint64_t capacity) {
  const std::int32_t status =
      answered(calls_.set_capacity(calls_.context, capacity), "set_capacity");
  if (status == FCP_CONFORM_OK) capacity_ = capacity;
  return status;
}

std::int32_t Host::set_param(const char* key, const char* value) {
  return answered(calls_.set_param(calls_.context, key, value), "set_param");
}

std::uint64_t Host::save() {
  std::uint64_t bytes = 0;
  want(answered(calls_.save(calls_.context, &bytes), "save"), {FCP_CONFORM_OK}, "save");
  expect(bytes > 0, "save wrote 0 bytes");
  return bytes;
}

std::int32_t Host::restart(std::int32_t kind, std::uint64_t at, std::uint32_t bit,
                           const std::vector<Key>& lost) {
  std::vector<fcp_conform_entry> entries;
  for (const Key& key : lost) entries.push_back({key.second, 0, key.first, 0});
  fcp_conform_damage damage = {};
  damage.struct_size = sizeof damage;
  damage.kind = kind;
  damage.at = at;
  damage.bit = bit;
  damage.lost_count = static_cast<std::uint32_t>(entries.size());
  damage.lost = entries.data();
  fills_.clear();
  const std::int32_t status = answered(calls_.restart(calls_.context, &damage), "restart");
  want(status, {FCP_CONFORM_OK, FCP_CONFORM_MISS, FCP_CONFORM_CORRUPT}, "restart");
  return status;
}

void Host::want(std::int32_t got, std::initializer_list<std::int32_t> allowed,
                const std::string& call) {
  if (std::find(allowed.begin(), allowed.end(), got) == allowed.end()) {
    fail(call + " answered " + status_text(got));
  }
}

void Host::must_put(const Object& object) {
  want(put(object), {FCP_CONFORM_OK}, "put " + key_text({object.tenant, object.id}));
}

void Host::check(bool over) {
  std::uint64_t sum = 0;
  const std::map<Key, std::uint64_t> held = resident();
  for (const auto& [key, charge] : held) {
    const auto found = stored_.find(key);
    expect(found != stored_.end(), key_text(key) + " is resident and was never stored");
    // What is stored with charge 0 takes what the host says.
    expect(charge == found->second.charge || found->second.charge == 0,
           key_text(key) + " is resident with charge " + std::to_string(charge) + ", stored with " +
               std::to_string(found->second.charge));
    sum += charge;
  }
  const std::int64_t count = used();
  expect(count >= 0, "used is " + std::to_string(count));
  expect(static_cast<std::uint64_t>(count) == sum, "used is " + std::to_string(count) +
                                                       ", and the resident objects take " +
                                                       std::to_string(sum));
  expect(over || sum <= capacity_,
         std::to_string(sum) + " are used of a capacity of " + std::to_string(capacity_));
  if (!can(FCP_CONFORM_STATS)) return;
  const fcp_conform_stats counted = stats();
  expect(counted.entries == held.size(), "stats count " + std::to_string(counted.entries) +
                                             " entries of " + std::to_string(held.size()));
  expect(counted.used == sum,
         "stats count " + std::to_string(counted.used) + " bytes of " + std::to_string(sum));
}

void Host::check_bodies() {
  const std::map<Key, Stored> known = stored_;
  for (const auto& entry : known) {
    const Key key = entry.first;
    // Asked anew each time: some policies evict after a hit.
    const bool there = is_resident(key.second, key.first);
    const bool hit = get(key.second, key.first) == FCP_CONFORM_OK;
    expect(hit == there, key_text(key) + (there ? " is resident and was a miss"
                                                : " is not resident and was a hit"));
  }
}

void Host::want_resident(const std::set<Id>& ids, const std::string& when) {
  std::set<Id> held;
  for (const auto& entry : resident()) held.insert(entry.first.second);
  if (held == ids) return;
  for (Id id : ids) {
    expect(held.count(id) != 0, when + ": " + std::to_string(id) + " is not resident");
  }
  for (Id id : held) {
    expect(ids.count(id) != 0, when + ": " + std::to_string(id) + " is still resident");
  }
}

}  // namespace fleetcache::conformance
