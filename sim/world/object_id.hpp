/// One number for every object of the fleet.
#pragma once

#include <cstdint>

#include "policies/base/hash.hpp"

namespace fleetcache::world {

/// The id of object `n` of a name space (a data set, a service, a checkpoint): mixed, so that
/// different name spaces meet only by the accident of a 64-bit collision.
constexpr std::uint64_t object_id(std::uint64_t name_space, std::uint64_t n) {
  return mix64(name_space + n * 0x9e3779b97f4a7c15ULL);
}

}  // namespace fleetcache::world
