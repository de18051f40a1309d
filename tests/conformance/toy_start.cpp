// The toy node's configuration, snapshots and restarts, membership and plugins.
#include <algorithm>
#include <cstdio>

#include "tests/conformance/toy_node.hpp"

namespace toy {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

File open(const std::string& name, const char* mode) {
  return File(std::fopen(name.c_str(), mode));
}

int write_bytes(void* context, const void* bytes, std::size_t count) {
  return std::fwrite(bytes, 1, count, static_cast<std::FILE*>(context)) == count ? 0 : 1;
}
int read_bytes(void* context, void* bytes, std::size_t count) {
  return std::fread(bytes, 1, count, static_cast<std::FILE*>(context)) == count ? 0 : 1;
}

std::string read_all(std::FILE* file) {
  std::string out;
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file)) > 0;) {
    out.append(piece, got);
  }
  return out;
}

}  // namespace

fcp_cache_config Node::core_config() const {
  fcp_cache_config config = FCP_INIT(fcp_cache_config);
  config.features = config_.features;
  config.policy = config_.policy.c_str();
  config.max_entries = config_.max_entries;
  config.capacity = config_.capacity;
  config.max_capacity = config_.max_capacity;
  config.seed = config_.seed;
  config.tenants = config_.tenants;
  config.registry = registry_.get();
  return config;
}

bool Node::create() {
  const fcp_cache_config config = core_config();
  fcp_cache* made = nullptr;
  if (fcp_cache_create(&config, &made, nullptr, 0) != FCP_OK) return false;
  live_.cache.reset(made);
  if (!config_.quotas.empty() && !has(Fault::kNoQuotas)) {
    const auto count = static_cast<std::uint32_t>(config_.quotas.size());
    if (fcp_set_quotas(made, config_.quotas.data(), count, nullptr, 0) != FCP_OK) return false;
  }
  for (const auto& [key, value] : config_.params) {
    const fcp_param param = {key.c_str(), value.c_str()};
    if (fcp_set_params(made, &param, 1, nullptr, 0) != FCP_OK) return false;
  }
  return true;
}

std::int32_t Node::reset(const fcp_conform_config& config) {
  disk_.clear();
  std::remove(snapshot_file_.c_str());
  std::vector<fcp_handle> touches;
  std::map<std::uint64_t, Fill> fills;
  if (has(Fault::kKeepTouches)) {
    touches = std::move(live_.touches);
    fills = std::move(live_.fills);
  }
  live_ = Live();
  live_.touches = std::move(touches);
  live_.fills = std::move(fills);
  config_ = Configuration();
  config_.policy = config.policy;
  if ((config.features & FCP_CONFORM_TTL) != 0) config_.features |= FCP_TTL;
  if ((config.features & FCP_CONFORM_PREFIX) != 0) config_.features |= FCP_PREFIX;
  if ((config.features & FCP_CONFORM_GROUPS) != 0) config_.features |= FCP_GROUPS;
  config_.max_entries = config.max_entries;
  config_.tenants = config.tenants;
  config_.capacity = config.capacity - (has(Fault::kWasteByte) ? 1 : 0);
  config_.max_capacity = config.max_capacity;
  config_.seed = config.seed + (has(Fault::kOtherSeed) ? ++resets_ : 0);
  for (std::uint32_t t = 0; config.quotas != nullptr && t < config.tenants; ++t) {
    config_.quotas.push_back(
        {config.quotas[t].min, config.quotas[t].max, config.quotas[t].weight, 0});
  }
  memberships_.clear();
  return create() ? FCP_CONFORM_OK : FCP_CONFORM_INVALID;
}

std::int32_t Node::set_capacity(std::uint64_t capacity) {
  if (has(Fault::kNoResize)) return config_.capacity = capacity, FCP_CONFORM_OK;
  if (fcp_resize(cache(), capacity, nullptr) != FCP_OK) return FCP_CONFORM_INVALID;
  config_.capacity = capacity;
  if (!has(Fault::kLazyResize)) settle();
  return FCP_CONFORM_OK;
}

std::int32_t Node::set_param(const char* key, const char* value) {
  if (has(Fault::kIgnoreParams)) return FCP_CONFORM_OK;
  const fcp_param param = {key, value};
  const fcp_status status = fcp_set_params(cache(), &param, 1, nullptr, 0);
  if (status == FCP_OK) config_.params[key] = value;
  return status == FCP_OK || has(Fault::kAcceptParams) ? FCP_CONFORM_OK : FCP_CONFORM_INVALID;
}

/// Beside the old snapshot first: a kill while it is written leaves the old one.
std::int32_t Node::save(std::uint64_t& bytes) const {
  const std::string fresh = snapshot_file_ + ".new";
  File file = open(fresh, "wb");
  if (!file) return FCP_E_IO;
  if (fcp_save(cache(), write_bytes, file.get()) != FCP_OK) return FCP_E_IO;
  const long end = std::ftell(file.get());
  if (end < 0 || std::fclose(file.release()) != 0) return FCP_E_IO;
  bytes = static_cast<std::uint64_t>(end);
  if (std::rename(fresh.c_str(), snapshot_file_.c_str()) != 0) return FCP_E_IO;
  return FCP_CONFORM_OK;
}

bool Node::damage_snapshot(const fcp_conform_damage& damage) const {
  if (damage.kind == FCP_CONFORM_NO_DAMAGE) return true;
  if (damage.kind == FCP_CONFORM_REMOVE) return std::remove(snapshot_file_.c_str()) == 0;
  File file = open(snapshot_file_, "rb");
  if (!file) return false;
  std::string bytes = read_all(file.get());
  if (damage.at >= bytes.size()) return false;
  if (damage.kind == FCP_CONFORM_TRUNCATE) {
    bytes.resize(damage.at);
  } else {
    bytes[damage.at] = static_cast<char>(bytes[damage.at] ^ (1 << damage.bit));
  }
  file = open(snapshot_file_, "wb");
  return file && std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size();
}

std::int32_t Node::restart(const fcp_conform_damage& damage) {
  std::deque<fcp_conform_event> events = std::move(live_.events);
  std::map<Key, int> pins = std::move(live_.pins);
  live_ = Live();  // kill -9: nothing of it is saved
  if (!damage_snapshot(damage)) return FCP_E_IO;
  for (std::uint32_t k = 0; k < damage.lost_count; ++k) {
    disk_.erase({damage.lost[k].tenant, damage.lost[k].id});
  }
  if (has(Fault::kLoseId) && !disk_.empty()) disk_.erase(std::prev(disk_.end()));
  live_.events = std::move(events);
  const std::int32_t status = start();
  for (const auto& pin : pins) {
    if (has(Fault::kKeepPins) && cache() != nullptr) fcp_pin(cache(), find(pin.first));
  }
  return status;
}

std::int32_t Node::start_cold(std::int32_t reason) {
  if (!has(Fault::kKeepAfterCorrupt)) disk_.clear();
  if (!create()) return FCP_E_INTERNAL;
  for (const auto& entry : disk_) live_.used += static_cast<std::int64_t>(entry.second.charge);
  return reason;
}

std::int32_t Node::start() {
  File file = open(snapshot_file_, "rb");
  if (!file) return start_cold(FCP_CONFORM_MISS);
  const fcp_cache_config config = core_config();
  fcp_cache* made = nullptr;
  if (fcp_restore(&config, read_bytes, file.get(), &made, nullptr, 0) != FCP_OK) {
    return start_cold(has(Fault::kHideCorrupt) ? FCP_CONFORM_OK : FCP_CONFORM_CORRUPT);
  }
  live_.cache.reset(made);
  const auto alive = [](void* context, const fcp_victim* entry) -> int {
    const auto& disk = *static_cast<const std::map<Key, Stored>*>(context);
    const auto found = disk.find({entry->tenant, entry->id});
    return found != disk.end() && found->second.charge == entry->charge ? 1 : 0;
  };
  const bool trust = has(Fault::kTrustSnapshot);
  if (fcp_restart(made, trust ? nullptr : static_cast<fcp_alive>(alive), &disk_) != FCP_OK) {
    return start_cold(FCP_CONFORM_CORRUPT);
  }
  match_bodies();
  // The snapshot remembers a capacity and parameters that may be older than today's.
  if (!has(Fault::kOldCapacity) && fcp_resize(made, config_.capacity, nullptr) != FCP_OK) {
    return FCP_E_INTERNAL;
  }
  for (const auto& [key, value] : config_.params) {
    const fcp_param param = {key.c_str(), value.c_str()};
    fcp_set_params(made, &param, 1, nullptr, 0);
  }
  if (has(Fault::kReinsert)) reinsert_all();
  if (!has(Fault::kOldCapacity)) settle();
  return FCP_CONFORM_OK;
}

/// Bodies that came after the snapshot belong to nobody.
void Node::match_bodies() {
  live_.used = 0;
  for (auto at = disk_.begin(); at != disk_.end();) {
    const bool known = find(at->first) != 0 || has(Fault::kKeepOrphans);
    if (known) live_.used += static_cast<std::int64_t>(at->second.charge);
    at = known ? std::next(at) : disk_.erase(at);
  }
}

/// Fault: what a node does that keeps a list of names instead of the policy's state.
void Node::reinsert_all() {
  const std::map<Key, Stored> held = std::exchange(disk_, {});
  live_.used = 0;
  const std::deque<fcp_conform_event> events = live_.events;
  if (!create()) return;
  for (const auto& [key, stored] : held) {
    Object object;
    object.key = key;
    object.charge = stored.charge;
    object.body = stored.body;
    store(object);
  }
  live_.events = events;
}

std::int32_t Node::set_members(std::uint64_t epoch, const fcp_conform_member* members,
                               std::uint32_t count) {
  std::vector<fcp_member> list;
  Membership fresh;
  fresh.epoch = epoch;
  for (std::uint32_t k = 0; k < count; ++k) {
    fcp_member member = {};
    member.id = has(Fault::kListOrder) ? k : members[k].id;
    member.weight_q16 = members[k].weight << 16U;
    member.state = members[k].up != 0 || has(Fault::kDownOwner) ? FCP_UP : FCP_DOWN;
    member.host = k;
    list.push_back(member);
    fresh.ids.push_back(members[k].id);
  }
  fcp_map_config config = FCP_INIT(fcp_map_config);
  config.policy = "ring";
  config.epoch = epoch;
  fcp_map* map = nullptr;
  if (fcp_map_build(&config, list.data(), count, &map, nullptr, 0) != FCP_OK) {
    return FCP_CONFORM_INVALID;
  }
  fresh.map.reset(map);
  memberships_.push_back(std::move(fresh));
  // Requests under way may still ask by the epoch before.
  if (memberships_.size() > 2) memberships_.erase(memberships_.begin());
  return FCP_CONFORM_OK;
}

std::int64_t Node::lookup(std::uint64_t epoch, std::uint64_t key, std::uint64_t* owners,
                          std::uint32_t count) const {
  for (const Membership& members : memberships_) {
    const bool latest = &members == &memberships_.back();
    if (has(Fault::kForgetEpoch) ? !latest : fcp_map_epoch(members.map.get()) != epoch) continue;
    if (has(Fault::kOneOwner) && key % 4 != 0) key = 0;
    std::vector<std::uint32_t> places(count);
    const std::uint32_t found = fcp_map_lookup(members.map.get(), key, count, places.data());
    for (std::uint32_t k = 0; k < found; ++k) owners[k] = members.ids[places[k]];
    for (std::uint32_t k = 1; k < found && has(Fault::kSameReplica); ++k) owners[k] = owners[0];
    return found;
  }
  return -1;
}

std::int32_t Node::plugin(const fcp_plugin* plugin, std::uint64_t* golden) {
  if (golden != nullptr) return fcp_plugin_self_test(plugin, golden, nullptr, 0);
  const fcp_status status = fcp_registry_add(registry_.get(), plugin, nullptr, 0);
  const bool accepted = status == FCP_OK || status == FCP_E_EXISTS || has(Fault::kAnyPlugin);
  return accepted ? FCP_CONFORM_OK : FCP_CONFORM_REFUSED;
}

}  // namespace toy
