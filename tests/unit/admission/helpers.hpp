/// What the tests of admission share.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "policies/admission/admission.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::admission::testing {

inline Policy make(std::string_view name, Params params = {}, std::uint32_t entries = 1000,
                   std::uint64_t seed = 1) {
  Config config;
  config.seed = seed;
  config.entries = entries;
  config.params = std::move(params);
  auto made = Policy::create(name, config);
  if (!made) FAIL(made.error().text());
  return std::move(made).value();
}

inline Request object(std::uint64_t id, std::uint64_t charge = 1) {
  Request request;
  request.id = id;
  request.charge = charge;
  return request;
}

inline TimePoint at(double seconds) { return TimePoint{} + from_seconds(seconds); }

/// Parameters that every rule accepts, so that all can be made by name.
inline Params needed(std::string_view name) {
  return name == "write-budget" ? Params{{"target_mb_per_s", "1"}} : Params{};
}

/// Uniform draws, k-th of a stream.
inline std::uint64_t draw(std::uint64_t stream, std::uint64_t k) {
  return mix64(mix64(stream + 1) + k * 0x9e3779b97f4a7c15ULL);
}

}  // namespace fleetcache::admission::testing
