// Who stands for whom at the fleet rung.
#include "sim/world/sample.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// A job of so many nodes in pods of 128 that share copies.
JobSample sample_of(std::uint32_t nodes) {
  auto s = tiny_training(nodes, 50, 100);
  scenario::Region& region = s.regions.begin()->second;
  region.fabric.nodes_per_rack = 16;
  region.fabric.racks_per_pod = 8;
  s.cache.enabled = true;
  s.cache.scope = scenario::Scope::kPod;
  s.cache.tiers = {tiny_tier(scenario::Medium::kNvme, 100 * kGB, "lru")};
  RunOptions fleet;
  fleet.rung = Rung::kFleet;
  return plan_sample(s, fleet).jobs.begin()->second;
}

}  // namespace

TEST_CASE("a pod and a part of one are played in full: one pod would stand for too few nodes") {
  const JobSample few = sample_of(165);
  CHECK(few.members.size() == 165);
  CHECK(few.member_weight == 1);
}

TEST_CASE("members of larger jobs stand for all of their nodes, within a tenth") {
  for (const std::uint32_t nodes : {128U, 256U, 500U, 1'100U, 3'000U, 10'000U}) {
    const JobSample sample = sample_of(nodes);
    CAPTURE(nodes);
    const auto stands_for = static_cast<std::int64_t>(sample.members.size()) * sample.member_weight;
    CHECK(std::abs(stands_for - std::int64_t{nodes}) * 10 <= nodes);
    CHECK(sample.members.size() <= 1024);
  }
}
