// fcp_map.
#include "policies/placement/placement.hpp"

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_decide.h"
#include "policies/placement/epochs.hpp"

struct fcp_map {
  std::unique_ptr<fleetcache::placement::Map> map;
};

namespace fleetcache::abi {
namespace {

constexpr double kUnitWeight = 65536.0;
constexpr std::uint64_t kPartsPerMillion = 1000000;

fcp_status build(const fcp_map_config* in, const fcp_member* members, std::uint32_t count,
                 fcp_map** out, const Message& message) {
  fcp_map_config whole = {};
  if (!read_struct(in, sizeof whole, whole)) {
    return message.fail(FCP_E_VERSION, "config: has a size that this library does not know");
  }
  placement::Config config;
  config.seed = whole.seed;
  config.epoch = whole.epoch;
  if (whole.virtual_nodes != 0) config.virtual_nodes = whole.virtual_nodes;
  if (whole.policy == nullptr || whole.spread > FCP_SPREAD_REGION ||
      !read_params(whole.params, whole.param_count, config.params)) {
    return message.fail(FCP_E_INVALID, "config: a NULL, or a spread that there is not");
  }
  config.spread = static_cast<placement::Level>(whole.spread);
  std::vector<placement::Member> all;
  all.reserve(count);
  for (std::uint32_t k = 0; k < count; ++k) {
    const fcp_member& m = members[k];
    if (m.state > FCP_DOWN) return message.fail(FCP_E_INVALID, "members: an unknown state");
    placement::Member member;
    member.id = m.id;
    member.weight = static_cast<double>(m.weight_q16) / kUnitWeight;
    member.state = static_cast<placement::State>(m.state);
    member.region = m.region;
    member.zone = m.zone;
    member.domain = m.rack;
    member.host = m.host;
    all.push_back(member);
  }
  auto made = placement::build(whole.policy, config, all);
  if (!made) return message.fail(made.error());
  *out = new fcp_map{std::move(*made)};
  return FCP_OK;
}
static_assert(static_cast<int>(placement::State::kDown) == FCP_DOWN &&
              static_cast<int>(placement::State::kDrain) == FCP_DRAIN &&
              static_cast<int>(placement::Level::kHost) == FCP_SPREAD_HOST &&
              static_cast<int>(placement::Level::kRegion) == FCP_SPREAD_REGION);

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_map_build(const fcp_map_config* config, const fcp_member* members, uint32_t count,
                         fcp_map** out, char* message, size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (config == nullptr || out == nullptr || (members == nullptr && count != 0)) {
    return text.fail(FCP_E_INVALID, "a NULL");
  }
  return abi::guarded(text, [&] { return abi::build(config, members, count, out, text); });
}

void fcp_map_destroy(fcp_map* map) noexcept { delete map; }

uint64_t fcp_map_epoch(const fcp_map* map) noexcept {
  return map == nullptr ? 0 : map->map->epoch();
}

uint64_t fcp_map_bytes(const fcp_map* map) noexcept {
  return map == nullptr ? 0 : map->map->memory_bytes();
}

uint32_t fcp_map_lookup(const fcp_map* map, uint64_t key, uint32_t count, uint32_t* out) noexcept {
  if (map == nullptr || out == nullptr || count == 0) return 0;
  placement::Query query;
  query.count = count;
  return map->map->lookup(key, query, out);
}

uint32_t fcp_map_lookup_bounded(const fcp_map* map, uint64_t key, uint32_t count,
                                const uint64_t* loads, uint64_t total, uint32_t bound_q8,
                                uint32_t* out) noexcept {
  if (map == nullptr || out == nullptr || count == 0) return 0;
  if (bound_q8 == 0 || bound_q8 >= 1U << 16U || total >= std::uint64_t{1} << 48U) return 0;
  placement::Query query;
  query.count = count;
  query.loads = loads;
  query.total = total;
  query.bound_q8 = bound_q8;
  return map->map->lookup(key, query, out);
}

fcp_status fcp_map_lookup_n(const fcp_map* map, const uint64_t* keys, size_t count,
                            uint32_t* owners) noexcept {
  if (map == nullptr || keys == nullptr || owners == nullptr) return FCP_E_INVALID;
  for (std::size_t k = 0; k < count; ++k) owners[k] = map->map->owner(keys[k]);
  return FCP_OK;
}

fcp_status fcp_map_moved_ppm(const fcp_map* from, const fcp_map* to, uint64_t seed,
                             uint32_t samples, uint32_t* ppm) noexcept {
  if (from == nullptr || to == nullptr || ppm == nullptr || samples == 0) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    const double moved = placement::moved_fraction(*from->map, *to->map, seed, samples);
    *ppm = static_cast<std::uint32_t>(moved * static_cast<double>(abi::kPartsPerMillion) + 0.5);
    return FCP_OK;
  });
}

}  // extern "C"
