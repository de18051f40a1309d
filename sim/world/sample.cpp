#include "sim/world/sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "policies/base/check.hpp"

namespace fleetcache::world {
namespace {

/// Copies that are read over several regions must be sampled alike in all of them.
std::string sharing(const scenario::Scenario& s, const scenario::TrainingJob& job) {
  const scenario::Dataset& dataset = s.datasets.at(job.dataset);
  return dataset.name + "@" + (dataset.region.empty() ? job.region : std::string("all"));
}

std::uint64_t objects_of(const scenario::Dataset& dataset) {
  return std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count);
}

// Sampled reads at least that a full bucket of request tokens admits.
constexpr double kBucketParts = 16;
// Times the nodes that would be played: a job of no more is played in full where that says more.
constexpr std::uint32_t kFewDomains = 8;

std::uint32_t scaled(std::uint32_t count, double factor) {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(count * factor)));
}

/// Reads of all nodes in one step that reads at all.
double burst(const scenario::Scenario& s, const scenario::TrainingJob& job) {
  const auto object = static_cast<double>(s.datasets.at(job.dataset).object.count);
  return job.nodes * std::max(1.0, static_cast<double>(job.bytes_per_step.count) / object);
}

std::uint32_t key_weight(const scenario::Scenario& s, const scenario::TrainingJob& job,
                         std::uint32_t samples, std::uint64_t keys_max) {
  const std::uint64_t objects = objects_of(s.datasets.at(job.dataset));
  const auto wanted = static_cast<std::uint64_t>(burst(s, job) / samples);
  // A read takes as many tokens as it stands for, so a bucket has to hold many times that.
  const scenario::BlobFrontEnd& blob = s.regions.at(job.region).blob;
  const double bucket = blob.requests.count * blob.burst_s * blob.accounts;
  const std::uint64_t most = std::max<std::uint64_t>(
      1, std::min(objects / kKeysMin, static_cast<std::uint64_t>(bucket / kBucketParts)));
  const std::uint64_t least = (objects + keys_max - 1) / keys_max;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::clamp(wanted, std::min(least, most), most), 0xffffff));
}

/// Nodes, racks or pods that share no copies with others: some of them are played in full.
bool small_domains(const scenario::Scenario& s) {
  using scenario::Scope;
  const Scope scope = s.cache.scope;
  return s.cache.enabled && !s.cache.tiers.empty() &&
         (scope == Scope::kNode || scope == Scope::kRack || scope == Scope::kPod);
}

std::uint32_t domain_nodes(const scenario::Scenario& s, const scenario::TrainingJob& job) {
  const scenario::Fabric& fabric = s.regions.at(job.region).fabric;
  if (s.cache.scope == scenario::Scope::kRack) return fabric.nodes_per_rack;
  if (s.cache.scope == scenario::Scope::kPod) return fabric.nodes_per_rack * fabric.racks_per_pod;
  return 1;
}

/// Whole domains, evenly over the job, whose first node is the `offset`th of its pool. A domain at
/// its ends that is only partly the job's stands for nothing. A job within one or two is played in
/// full, and so is one of a few when whole domains would stand for 2 % too many or too few nodes.
void choose_members(const scenario::Scenario& s, const scenario::TrainingJob& job,
                    std::uint32_t offset, std::uint32_t target, JobSample& sample) {
  const std::uint32_t size = domain_nodes(s, job);
  const std::uint32_t begin = (size - offset % size) % size;
  const std::uint32_t domains = job.nodes > begin ? (job.nodes - begin) / size : 0;
  const auto play_all = [&] {
    sample.members.resize(job.nodes);
    std::iota(sample.members.begin(), sample.members.end(), 0U);
    sample.member_weight = 1;
  };
  if (domains == 0) return play_all();
  const Sample chosen = representatives(domains, std::max(1U, target / size));
  for (std::uint32_t d = 0; d < chosen.count; ++d) {
    const std::uint32_t first = begin + d * chosen.weight * size;
    for (std::uint32_t i = 0; i < size; ++i) sample.members.push_back(first + i);
  }
  const auto members = static_cast<std::uint32_t>(sample.members.size());
  sample.member_weight = (job.nodes + members / 2) / members;
  const std::int64_t off = std::int64_t{job.nodes} - std::int64_t{sample.member_weight} * members;
  if (std::abs(off) * 50 > job.nodes && job.nodes <= kFewDomains * std::max(size, target))
    play_all();
}

}  // namespace

Sample representatives(std::uint32_t n, std::uint32_t target) {
  FLEETCACHE_CHECK(n > 0 && target > 0, "somebody to represent");
  if (n <= target) return {n, 1};
  Sample best{0, 1};
  for (std::uint32_t count = target; count <= std::min(n, 2 * target); ++count) {
    const std::uint32_t weight = n / count;
    if (best.count == 0 || n - weight * count < n - best.weight * best.count) {
      best = {count, weight};
    }
  }
  return best;
}

SamplePlan plan_sample(const scenario::Scenario& s, const RunOptions& options) {
  SamplePlan plan;
  plan.sampled = options.rung == Rung::kFleet;
  plan.salt = options.salt != 0 ? options.salt : s.fleet.salt;
  const std::uint32_t samples = scaled(s.fleet.samples_per_step, options.sample_factor);
  const std::uint32_t nodes = scaled(s.fleet.representatives, options.representative_factor);
  // The limit moves with the factor: a companion with half the sample must differ where it binds.
  const std::uint64_t keys_max = std::max<std::uint64_t>(
      kKeysMin, static_cast<std::uint64_t>(static_cast<double>(kKeysMax) * options.sample_factor));
  if (plan.sampled) plan.owner_strata = s.fleet.owner_strata;
  std::map<std::string, std::uint32_t> weight;  // by what shares copies
  for (const auto& [name, job] : s.training) {
    const std::uint32_t own = key_weight(s, job, samples, keys_max);
    const auto [entry, fresh] = weight.try_emplace(sharing(s, job), own);
    if (!fresh) entry->second = std::min(entry->second, own);
  }
  std::map<std::pair<std::string, std::string>, std::uint32_t> claimed;  // of a region's pool
  for (const auto& [name, job] : s.training) {
    JobSample& sample = plan.jobs[name];
    std::uint32_t& taken = claimed[{job.region, job.pool}];  // in the order of World::claim_all
    const std::uint32_t offset = std::exchange(taken, taken + job.nodes);
    sample.parts = plan.sampled ? representatives(job.nodes, nodes) : Sample{job.nodes, 1};
    if (plan.sampled && !small_domains(s)) {
      sample.key_weight = weight.at(sharing(s, job));
    } else if (plan.sampled) {
      choose_members(s, job, offset, nodes, sample);
    } else {
      for (std::uint32_t m = 0; m < job.nodes; ++m) sample.members.push_back(m);
    }
  }
  plan.whole_domains = plan.sampled && small_domains(s);
  if (plan.whole_domains) plan.owner_strata = 0;
  for (const auto& [name, service] : s.inference) {
    const bool traced = !service.arrivals.trace.empty();
    plan.servers[name] =
        plan.sampled && !traced ? representatives(service.nodes, nodes) : Sample{service.nodes, 1};
  }
  return plan;
}

}  // namespace fleetcache::world
