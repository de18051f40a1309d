/// What the modes share (private to policies/pooling).
#pragma once

#include "policies/pooling/pooling.hpp"

namespace fleetcache::pooling {

__extension__ using Wide = unsigned __int128;

/// A parameter that a mode takes: one of the keys in registry.cpp.
struct Keys {
  std::string_view names[5];
};

#define POOLING_POLICY(ident, name, summary, source)                    \
  void plan_##ident(const Config&, const View&, const Request&, Plan&); \
  extern const Keys keys_##ident;
#include "policies/pooling/pooling_policies.def"
#undef POOLING_POLICY

inline bool has(std::uint64_t bits, std::uint32_t region) { return ((bits >> region) & 1) != 0; }

inline const Link& link(const View& view, std::uint32_t from, std::uint32_t to) {
  return view.links[from * view.regions + to];
}

inline void add(Plan& plan, Act act, std::uint32_t region) {
  plan.steps[plan.count++] = {act, region, 0, 0};
}

/// A get that is expected to take `us`: it gives up, and lets the next get start, at shares of
/// that.
void add_get(const Config& config, Plan& plan, Act act, std::uint32_t region, std::uint32_t us);

/// Reading from a region's cache.
inline std::uint32_t peer_us(const View& view, std::uint32_t region, std::uint64_t bytes) {
  return expected_us(link(view, region, view.self), bytes);
}

/// Reading through a region that may have to read its origin first.
std::uint32_t through_us(const View& view, std::uint32_t region, std::uint64_t bytes);

/// Other regions that hold the object as far as the directory can be believed, over links that
/// carry something.
std::uint64_t believed_peers(const Config& config, const View& view);

/// The fastest of `peers` (ties: the cheaper, then the lower number); regions when there is none.
std::uint32_t fastest(const View& view, std::uint64_t peers, std::uint64_t bytes);

}  // namespace fleetcache::pooling
