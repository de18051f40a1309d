/// What the fleet rung leaves out: which keys, readers and servers stand for how many others. At
/// the other rungs everything stands for itself.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::world {

/// `count` representatives of a population, each of which stands for `weight` of it.
struct Sample {
  std::uint32_t count = 0;
  std::uint32_t weight = 1;
};

/// Between `target` and twice as many representatives of `n`, whichever number leaves the fewest
/// unrepresented; everybody when there are no more than `target`. Requires: n, target > 0.
Sample representatives(std::uint32_t n, std::uint32_t target);

/// How one training job is sampled.
struct JobSample {
  /// Objects of the data set that one sampled object stands for; its read stands for as many
  /// reads. 1: every read of `members`.
  std::uint32_t key_weight = 1;
  /// Nodes whose reads are played when keys are not sampled (scope node, rack or pod: caches that
  /// are alike and small); positions within the job, ascending.
  std::vector<std::uint32_t> members;
  std::uint32_t member_weight = 1;
  Sample parts;  ///< of checkpoints and their restores
};

struct SamplePlan {
  bool sampled = false;  ///< false: the exact and bundled rungs
  std::uint32_t owner_strata = 0;
  std::uint64_t salt = 0;
  /// Caches are those of nodes, racks or pods, and the ones that are played are played in full:
  /// what they hold is not scaled.
  bool whole_domains = false;
  std::map<std::string, JobSample> jobs;
  std::map<std::string, Sample> servers;  ///< of services
};

/// At the fleet rung, keys are sampled so that a step reads about `fleet.samples_per_step` of them
/// and a data set keeps at most kKeysMax; jobs that share copies share the sample.
SamplePlan plan_sample(const scenario::Scenario& scenario, const RunOptions& options);

/// Sampled keys of one data set at most: 44 bytes each in every tier.
constexpr std::uint64_t kKeysMax = 4'000'000;
/// And at least: below, the cache is no longer many objects.
constexpr std::uint64_t kKeysMin = 2048;

}  // namespace fleetcache::world
