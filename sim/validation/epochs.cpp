// V17 to V19: training reads of shuffled epochs through the real policy core.

#include <cmath>

#include "models/cache/epoch.hpp"
#include "models/workload/permutation.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint64_t kObjects = 20'000;
constexpr std::uint64_t kWarmUp = 40;  // epochs; FIFO at c = 0.9 keeps an entry for five
constexpr std::uint64_t kEpochs = 60;
constexpr std::uint64_t kSeed = 17;

std::uint64_t capacity_of(double c) {
  const auto capacity = static_cast<std::uint64_t>(c * static_cast<double>(kObjects) + 0.5);
  return capacity > 0 ? capacity : 1;
}

/// `request(object)` is true on a hit; returns the hit ratio of an epoch.
template <class Request>
Estimate hit_ratio(bool shuffle, Request request) {
  Estimate epochs;
  for (std::uint64_t epoch = 0; epoch < kWarmUp + kEpochs; ++epoch) {
    const models::EpochOrder order(kSeed, kObjects, shuffle ? epoch : 0);
    std::uint64_t hits = 0;
    for (std::uint64_t i = 0; i < kObjects; ++i) hits += request(order[i]) ? 1 : 0;
    if (epoch >= kWarmUp) epochs.add(static_cast<double>(hits) / kObjects);
  }
  return epochs;
}

Result<Estimate> policy_hit_ratio(const std::string& policy, double c, bool shuffle) {
  eviction::Config config;
  config.capacity = capacity_of(c);
  config.max_entries = static_cast<std::uint32_t>(config.capacity);
  config.unit_charge = true;
  Result<eviction::Cache> cache = eviction::Cache::create(policy, config);
  if (!cache) return cache.error();
  std::int64_t now = 0;
  return hit_ratio(shuffle, [&](std::uint64_t object) {
    eviction::Meta meta;
    meta.id = object;
    return cache->request({now++}, meta);
  });
}

/// RANDOM replacement, which the policy core does not have: a table of slots.
class RandomCache {
 public:
  explicit RandomCache(std::uint64_t capacity)
      : capacity_(capacity), present_(kObjects, false), rng_(18, "validation/random") {}

  bool request(std::uint64_t object) {
    if (present_[object]) return true;
    present_[object] = true;
    if (slots_.size() < capacity_) {
      slots_.push_back(object);
      return false;
    }
    std::uint64_t& slot = slots_[rng_.below(capacity_)];
    present_[slot] = false;
    slot = object;
    return false;
  }

 private:
  std::uint64_t capacity_;
  std::vector<bool> present_;
  std::vector<std::uint64_t> slots_;
  Rng rng_;
};

Result<std::vector<Case>> run_lru(const Parameters& p, const Environment&) {
  const Result<Estimate> measured = policy_hit_ratio("lru", p["c"], true);
  if (!measured) return measured.error();
  return std::vector<Case>{
      {"", models::epoch_lru(p["c"]), measured->mean(), measured->standard_error()}};
}

Result<std::vector<Case>> run_random(const Parameters& p, const Environment&) {
  RandomCache cache(capacity_of(p["c"]));
  const Estimate measured =
      hit_ratio(true, [&](std::uint64_t object) { return cache.request(object); });
  return std::vector<Case>{
      {"", models::epoch_random(p["c"]), measured.mean(), measured.standard_error()}};
}

Result<std::vector<Case>> run_others(const Parameters& p, const Environment&) {
  const double c = p["c"];
  struct Row {
    const char* name;
    const char* policy;
    bool shuffle;
    double expected;
  };
  const Row rows[] = {{"pinned", "pinned", true, models::epoch_pinned(c)},
                      {"fifo", "fifo", true, models::epoch_fifo(c)},
                      {"cyclic lru", "lru", false, models::epoch_cyclic(c)}};
  std::vector<Case> cases;
  for (const Row& row : rows) {
    const Result<Estimate> measured = policy_hit_ratio(row.policy, c, row.shuffle);
    if (!measured) return measured.error();
    cases.push_back({row.name, row.expected, measured->mean(), measured->standard_error()});
  }
  return cases;
}

Experiment epoch_experiment(std::string id, std::string title, std::string formula,
                            double tolerance) {
  Experiment e;
  e.id = std::move(id);
  e.title = std::move(title);
  e.formula = std::move(formula);
  e.rung = "core";
  e.tolerance = tolerance;
  e.kind = Tolerance::kAbsolute;
  e.parameters = {{"c", "1", 0.5, 0.001, 1}};
  for (const double c : {0.1, 0.25, 0.75, 0.9}) e.points.push_back({{"c", c}});
  return e;
}

}  // namespace

Experiment v17() {
  Experiment e =
      epoch_experiment("V17", "hit ratio of LRU under shuffled epochs, cache/data set = c",
                       "c + (1 - c) ln(1 - c)", 0.003);
  e.run = run_lru;
  return e;
}

Experiment v18() {
  Experiment e = epoch_experiment("V18", "the same with RANDOM replacement",
                                  "((1 - e^-s)/s)^2 with 1 - h = s c", 0.004);
  e.run = run_random;
  return e;
}

Experiment v19() {
  Experiment e = epoch_experiment("V19", "the same with pinned content, FIFO, and LRU in one order",
                                  "c; renewal equation of FIFO; 0 until all fits", 0.005);
  e.run = run_others;
  return e;
}

}  // namespace fleetcache::validation
