#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Lru : OneListPolicy {
  static constexpr std::string_view kSource =
      "Mattson, Gecsei, Slutz, Traiger, IBM Systems Journal 1970";

  static void access(Arena a, std::uint32_t i, std::int64_t) {
    a.to_front(a.state<State>().queue, i);
  }
};

}  // namespace

constexpr EvictionOps lru_ops = make_ops<Lru>();

}  // namespace fleetcache::eviction
