// Source: folklore. Hits change nothing.
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

struct Fifo : OneListPolicy {
  static constexpr std::string_view kSource = "folklore; the order is that of insertion";
};

}  // namespace

constexpr EvictionOps fifo_ops = make_ops<Fifo>();

}  // namespace fleetcache::eviction
