// Snapshots that are not what was written.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

/// A host with some objects and a snapshot of them.
std::uint64_t prepare(Host& host) {
  Setup setup;
  setup.max_entries = 64;
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  for (Id id = 1; id <= 4; ++id) host.get(id);
  return host.save();
}

void cold(Host& host, const std::string& what) {
  expect(host.resident().empty(), what + ": objects are resident after a cold start");
  expect(host.used() == 0,
         what + ": used is " + std::to_string(host.used()) + " after a cold start");
  host.check();
  for (Id id = 20; id < 32; ++id) host.must_put(id, 100);
  host.check();
  host.check_bodies();
}

std::string no_snapshot(Host& host) {
  prepare(host);
  host.want(host.restart(FCP_CONFORM_REMOVE), {FCP_CONFORM_MISS}, "restart without a snapshot");
  cold(host, "without a snapshot");
  return "MISS, empty, and works";
}

std::string truncated(Host& host) {
  const std::uint64_t bytes = prepare(host);
  std::uint64_t tried = 0;
  for (std::uint64_t k = 0; k <= 24; ++k, ++tried) {
    // The first and last bytes each, and places between.
    const std::uint64_t at = k < 4 ? k : k > 20 ? bytes - (25 - k) : bytes / 25 * k;
    if (k > 0) prepare(host);
    host.want(host.restart(FCP_CONFORM_TRUNCATE, at), {FCP_CONFORM_CORRUPT},
              "restart from " + std::to_string(at) + " of " + std::to_string(bytes) + " bytes");
    cold(host, "truncated at " + std::to_string(at));
  }
  return count_of(tried, "length") + " short of " + std::to_string(bytes) + ", each CORRUPT";
}

std::string flipped(Host& host) {
  const std::uint64_t bytes = prepare(host);
  const std::uint64_t flips = bytes * 8 < 200 ? bytes * 8 : 200;
  Draw draw(67);
  for (std::uint64_t k = 0; k < flips; ++k) {
    // Each byte of a header, then anywhere.
    const std::uint64_t at = k < 64 && k < bytes ? k : draw.below(bytes);
    if (k > 0) prepare(host);
    host.want(host.restart(FCP_CONFORM_FLIP, at, static_cast<std::uint32_t>(draw.below(8))),
              {FCP_CONFORM_CORRUPT},
              "restart with a bit of byte " + std::to_string(at) + " of " + std::to_string(bytes) +
                  " turned");
    cold(host, "byte " + std::to_string(at));
  }
  return count_of(flips, "bit") + " of " + std::to_string(bytes) + " bytes, each CORRUPT";
}

std::string sound_after_corrupt(Host& host) {
  const std::uint64_t bytes = prepare(host);
  host.want(host.restart(FCP_CONFORM_FLIP, bytes / 2), {FCP_CONFORM_CORRUPT}, "restart");
  for (Id id = 1; id <= 5; ++id) host.must_put(id, 50);
  const std::map<Key, std::uint64_t> before = host.resident();
  host.save();
  host.want(host.restart(), {FCP_CONFORM_OK}, "restart from the next snapshot");
  expect(host.resident() == before, "other objects are resident");
  host.check();
  host.check_bodies();
  return "the next snapshot is good";
}

}  // namespace

Cases damage_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t restart = FCP_CONFORM_RESTART;
  return {
      {"no_snapshot", "MISS and a cold start, without the bytes of before", restart, any,
       no_snapshot},
      {"truncated", "CORRUPT and a cold start", restart, any, truncated},
      {"flipped", "CORRUPT and a cold start", restart, any, flipped},
      {"sound_after_corrupt", "a cold start can be saved and restored", restart, any,
       sound_after_corrupt},
  };
}

}  // namespace fleetcache::conformance
