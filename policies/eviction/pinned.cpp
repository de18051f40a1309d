#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Pinned : OneListPolicy {
  static constexpr std::string_view kSource = "MinIO of CoorDL: Mohan et al., VLDB 2021";
  static constexpr bool kEvicts = false;

  static std::uint32_t pick(Arena, const Meta*, Search&, Cursor&) { return kNil; }
};

}  // namespace

constexpr EvictionOps pinned_ops = make_ops<Pinned>();

}  // namespace fleetcache::eviction
