// Requests and evictions of the toy node.
#include "tests/conformance/toy_node.hpp"

#include <algorithm>

namespace toy {

const std::vector<FaultInfo>& faults() {
  static const std::vector<FaultInfo> list = {
#define FAULT(ident, name, what) {Fault::ident, name, what},
#include "tests/conformance/faults.def"
#undef FAULT
  };
  return list;
}

namespace {

constexpr std::int64_t kNoNextAccess = -1;

}  // namespace

Node::Node(Fault fault, std::string snapshot_file)
    : fault_(fault), snapshot_file_(std::move(snapshot_file)) {
  fcp_registry* registry = nullptr;
  if (fcp_registry_create(&registry) == FCP_OK) registry_.reset(registry);
}

Key Node::named(Key key) const {
  if (has(Fault::kShortIds)) key.second &= 0xffffffffU;
  if (has(Fault::kMixTenants)) key.first = 0;
  return key;
}

fcp_handle Node::find_entry(Key key) const { return fcp_find(cache(), key.first, key.second, 0); }

void Node::log(std::int32_t kind, Key key, std::uint64_t charge) {
  live_.events.push_back({key.second, charge, key.first, kind});
}

std::int32_t Node::get(Key key, std::string& body) {
  key = named(key);
  fcp_meta meta = FCP_META_INIT;
  meta.id = key.second;
  meta.tenant = key.first;
  const bool forget = has(Fault::kDropTouch) && ++live_.reads % 50 == 0;
  const fcp_handle handle = find(key);
  bool hit =
      handle != 0 && (forget || fcp_access(cache(), now_ns_, handle, kNoNextAccess) == FCP_OK);
  if (has(Fault::kServeExpired) && handle != 0 && fcp_live(cache(), handle) != 0) hit = true;
  if (has(Fault::kZeroIsNone) && key.second == 0) hit = false;
  if (!hit) {
    if (has(Fault::kEarlyFill)) {
      for (const auto& fill : live_.fills) {
        if (fill.second.object.key == key) return body = fill.second.object.body, FCP_CONFORM_OK;
      }
    }
    if (has(Fault::kHitAnything)) return body.clear(), FCP_CONFORM_OK;
    if (!has(Fault::kNoMiss)) fcp_miss(cache(), now_ns_, &meta);
    return FCP_CONFORM_MISS;
  }
  // Held while its bytes are read: a node with threads would let others in here.
  const bool held = fcp_pin(cache(), handle) == FCP_OK;
  body = disk_[key].body;
  if (has(Fault::kCutBody) && !body.empty()) body.pop_back();
  const bool leak = has(Fault::kLeakPin) && ++live_.reads % 20 == 0;
  if (held && !leak) fcp_unpin(cache(), handle);
  // Some policies owe an eviction after a hit.
  while (fcp_must_evict(cache(), nullptr) != 0 && make_room(nullptr)) {
  }
  return FCP_CONFORM_OK;
}

std::int32_t Node::put(const Object& asked) {
  Object object = asked;
  object.key = named(asked.key);
  cancel_fill(object.key);
  if (const fcp_handle old = find(object.key); old != 0) {
    // Replaced, unless somebody reads it, it is on its way out, or others depend on it.
    if (live_.pins.count(object.key) != 0 || fcp_erase(cache(), now_ns_, old) != FCP_OK) {
      return FCP_CONFORM_AGAIN;
    }
    log(FCP_CONFORM_ERASED, object.key, disk_[object.key].charge);
    if (has(Fault::kOldBody)) object.body = disk_[object.key].body;
    if (has(Fault::kDoubleCount)) {
      disk_.erase(object.key);
    } else {
      drop_body(object.key);
    }
  }
  return store(object);
}

fcp_meta Node::meta_of(const Object& object) const {
  fcp_meta meta = FCP_META_INIT;
  meta.tenant = object.key.first;
  meta.id = object.key.second;
  meta.charge = object.charge;
  meta.expires_ns = object.expires_ns;
  if (has(Fault::kLateExpiry) && meta.expires_ns != 0) ++meta.expires_ns;
  if (object.parent && !has(Fault::kNoParents)) {
    meta.parent = find({object.key.first, *object.parent});
  }
  if (object.mate && !has(Fault::kNoMates)) meta.mate = find({object.key.first, *object.mate});
  return meta;
}

std::int32_t Node::store(const Object& object) {
  fcp_meta meta = meta_of(object);
  if (object.parent && meta.parent == 0 && !has(Fault::kNoParents)) return FCP_CONFORM_REFUSED;
  if (has(Fault::kEvictFirst)) {
    while (live_.used + static_cast<std::int64_t>(object.charge) >
               static_cast<std::int64_t>(config_.capacity) &&
           make_room(nullptr)) {
    }
  }
  // The parent waits for its child.
  const bool held = meta.parent != 0 && fcp_pin(cache(), meta.parent) == FCP_OK;
  fcp_handle handle = 0;
  fcp_status status = fcp_insert(cache(), now_ns_, &meta, &handle);
  while (status == FCP_E_FULL && make_room(&meta)) {
    if (object.mate) meta.mate = meta_of(object).mate;  // its group may have gone
    status = fcp_insert(cache(), now_ns_, &meta, &handle);
  }
  if (held) fcp_unpin(cache(), meta.parent);
  if (status == FCP_E_FULL) return FCP_CONFORM_AGAIN;
  if (status == FCP_E_REFUSED || status == FCP_E_INVALID) return FCP_CONFORM_REFUSED;
  if (status != FCP_OK) return status;
  disk_[object.key] = {object.body, object.charge};
  live_.used += static_cast<std::int64_t>(object.charge);
  log(FCP_CONFORM_INSERTED, object.key, object.charge);
  return FCP_CONFORM_OK;
}

/// One victim, or one group.
std::vector<fcp_victim> Node::choose(const fcp_meta* incoming) const {
  fcp_want want = FCP_INIT(fcp_want);
  want.incoming = incoming;
  // A group that does not fit into the array stays, so the array grows until one does.
  const std::size_t most = (config_.features & FCP_GROUPS) != 0 ? config_.max_entries : 1;
  for (std::size_t room = 1; room <= most; ++room) {
    std::vector<fcp_victim> victims(room);
    std::size_t count = 0;
    const fcp_status status =
        fcp_reserve(cache(), now_ns_, &want, victims.data(), victims.size(), &count);
    if (status == FCP_OK && count > 0) {
      victims.resize(count);
      return victims;
    }
  }
  return {};
}

bool Node::make_room(const fcp_meta* incoming) {
  std::vector<fcp_victim> victims = choose(incoming);
  const bool spins = has(Fault::kSpin) && incoming != nullptr && config_.features == 0;
  for (int k = 0; spins && victims.empty() && k < 50; ++k) victims = choose(incoming);
  if (victims.empty()) return false;
  remove(victims, FCP_CONFORM_EVICTED);
  return true;
}

/// The bodies first, then the entries: what the policy no longer knows is not on the disk.
void Node::remove(const std::vector<fcp_victim>& victims, std::int32_t kind) {
  std::vector<fcp_handle> handles;
  for (const fcp_victim& victim : victims) {
    const Key key{victim.tenant, victim.id};
    if (!has(Fault::kKeepBytes)) drop_body(key);
    live_.pins.erase(key);
    log(kind, key, victim.charge);
    handles.push_back(victim.handle);
  }
  fcp_commit(cache(), now_ns_, handles.data(), handles.size());
}

void Node::drop_body(Key key) {
  const auto found = disk_.find(key);
  if (found == disk_.end()) return;
  live_.used -= static_cast<std::int64_t>(found->second.charge);
  disk_.erase(found);
}

std::int32_t Node::erase(Key key) {
  key = named(key);
  cancel_fill(key);
  const fcp_handle handle = find(key);
  if (handle == 0) return has(Fault::kEraseAnything) ? FCP_CONFORM_OK : FCP_CONFORM_MISS;
  // Readers of this node hold copies of the bytes, so a held object may go by name.
  if (fcp_erase(cache(), now_ns_, handle) != FCP_OK) return FCP_CONFORM_AGAIN;
  log(FCP_CONFORM_ERASED, key, disk_[key].charge);
  const std::int64_t before = live_.used;
  drop_body(key);
  if (has(Fault::kForgetBytes)) live_.used = before;
  live_.pins.erase(key);
  return FCP_CONFORM_OK;
}

std::int32_t Node::pin(Key key) {
  key = named(key);
  const fcp_handle handle = find(key);
  if (handle == 0) return FCP_CONFORM_MISS;
  const bool again = has(Fault::kOnePin) && live_.pins.count(key) != 0;
  if (!has(Fault::kDropPin) && !again && fcp_pin(cache(), handle) != FCP_OK) {
    return FCP_CONFORM_AGAIN;
  }
  if (!again) ++live_.pins[key];
  return FCP_CONFORM_OK;
}

std::int32_t Node::unpin(Key key) {
  key = named(key);
  const auto pins = live_.pins.find(key);
  if (pins == live_.pins.end()) return has(Fault::kOnePin) ? FCP_CONFORM_OK : FCP_CONFORM_INVALID;
  if (!has(Fault::kDropPin)) fcp_unpin(cache(), find(key));
  if (--pins->second == 0) live_.pins.erase(pins);
  return FCP_CONFORM_OK;
}

std::int32_t Node::advance(std::int64_t delta_ns) {
  if (delta_ns < 0) {
    if (!has(Fault::kClockBack)) return FCP_CONFORM_INVALID;
  }
  now_ns_ += delta_ns;
  fcp_victim over[16];
  std::size_t count = 0;
  while (!has(Fault::kSkipExpire) && fcp_expire(cache(), now_ns_, over, 16, &count) == FCP_OK &&
         count > 0) {
    remove({over, over + count}, FCP_CONFORM_EXPIRED);
  }
  settle();
  return FCP_CONFORM_OK;
}

/// After a smaller capacity: what no longer fits goes, but for what is held or going already.
void Node::settle() {
  std::uint64_t leaving = 0;
  for (const fcp_victim& victim : live_.leaving) leaving += victim.charge;
  while (live_.used - static_cast<std::int64_t>(leaving) >
             static_cast<std::int64_t>(config_.capacity) &&
         make_room(nullptr)) {
  }
}

std::vector<fcp_conform_entry> Node::resident() const {
  std::vector<fcp_conform_entry> out;
  for (const auto& [key, stored] : disk_) out.push_back({key.second, stored.charge, key.first, 0});
  return out;
}

std::size_t Node::drain(fcp_conform_event* out, std::size_t capacity) {
  std::size_t count = 0;
  while (count < capacity && !live_.events.empty()) {
    out[count++] = live_.events.front();
    live_.events.pop_front();
  }
  return count;
}

std::int32_t Node::stats(fcp_conform_stats& out) const {
  fcp_stats seen = FCP_INIT(fcp_stats);
  const fcp_status status = fcp_get_stats(cache(), FCP_ALL_TENANTS, &seen);
  if (status != FCP_OK) return status;
  out.hits = seen.hits;
  out.misses = seen.misses;
  out.inserts = seen.inserts;
  out.evictions = seen.evictions;
  out.expired = seen.expired;
  out.entries = seen.entries;
  out.used = seen.used;
  out.scanned = seen.scanned;
  return FCP_CONFORM_OK;
}

std::size_t Node::evict_begin(fcp_conform_entry* out, std::size_t count) {
  std::vector<fcp_victim> victims(count);
  std::size_t found = 0;
  if (fcp_reserve(cache(), now_ns_, nullptr, victims.data(), count, &found) != FCP_OK) return 0;
  for (std::size_t k = 0; k < found; ++k) {
    live_.leaving.push_back(victims[k]);
    out[k] = {victims[k].id, victims[k].charge, victims[k].tenant, 0};
  }
  return found;
}

std::int32_t Node::evict_end(bool succeeded) {
  if (live_.leaving.empty()) return FCP_CONFORM_INVALID;
  const std::vector<fcp_victim> victims = std::exchange(live_.leaving, {});
  std::vector<fcp_handle> handles;
  for (const fcp_victim& victim : victims) handles.push_back(victim.handle);
  if (succeeded) {
    remove(victims, FCP_CONFORM_EVICTED);
  } else if (has(Fault::kCommitOnFailure)) {
    fcp_commit(cache(), now_ns_, handles.data(), handles.size());
  } else if (!has(Fault::kIgnoreAbort)) {
    fcp_abort(cache(), now_ns_, handles.data(), handles.size());
  }
  settle();
  return FCP_CONFORM_OK;
}

std::int32_t Node::fill_begin(const Object& asked, std::uint64_t& ticket) {
  Object object = asked;
  object.key = named(asked.key);
  if (find(object.key) != 0) return FCP_CONFORM_EXISTS;
  for (const auto& fill : live_.fills) {
    if (!fill.second.cancelled && fill.second.object.key == object.key) return FCP_CONFORM_AGAIN;
  }
  ticket = next_ticket_++;
  live_.fills[ticket] = {object, false};
  return FCP_CONFORM_OK;
}

void Node::cancel_fill(Key key) {
  for (auto& fill : live_.fills) {
    if (fill.second.object.key == key && !has(Fault::kFillWins)) fill.second.cancelled = true;
  }
}

std::int32_t Node::fill_end(std::uint64_t ticket, bool succeeded) {
  const auto found = live_.fills.find(ticket);
  if (found == live_.fills.end()) return FCP_CONFORM_INVALID;
  const Fill fill = std::move(found->second);
  live_.fills.erase(found);
  if (!succeeded && !has(Fault::kStoreFailed)) return FCP_CONFORM_OK;
  if (has(Fault::kLateFill) && find(fill.object.key) != 0) {
    disk_[fill.object.key].body = fill.object.body;
    return FCP_CONFORM_OK;
  }
  if (fill.cancelled) return FCP_CONFORM_MISS;
  if (find(fill.object.key) != 0) return FCP_CONFORM_EXISTS;
  if (has(Fault::kFillUnasked)) {
    disk_[fill.object.key] = {fill.object.body, fill.object.charge};
    live_.used += static_cast<std::int64_t>(fill.object.charge);
    return FCP_CONFORM_OK;
  }
  return store(fill.object);
}

std::int32_t Node::touch_later(Key key) {
  const fcp_handle handle = find(named(key));
  if (handle == 0) return FCP_CONFORM_MISS;
  live_.touches.push_back(handle);
  return FCP_CONFORM_OK;
}

std::int32_t Node::touch_flush() {
  for (fcp_handle& handle : live_.touches) {
    if (!has(Fault::kStaleHandle)) continue;
    for (const auto& entry : disk_) {
      const fcp_handle other = find(entry.first);
      if ((other & 0xffffffffU) == (handle & 0xffffffffU)) handle = other;
    }
  }
  fcp_access_n(cache(), now_ns_, live_.touches.data(), live_.touches.size());
  live_.touches.clear();
  return FCP_CONFORM_OK;
}

}  // namespace toy
