// V31: sampled caches beside the whole one, through the same policy.

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "models/cache/che.hpp"
#include "models/sampling/strata.hpp"
#include "models/workload/zipf.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

using models::Strata;
using models::StratifiedHits;
using models::Stratum;

/// One LRU cache of the real capacity that sees the requests of its strata.
class SampledCache {
 public:
  SampledCache(Strata strata, std::uint64_t capacity)
      : strata_(std::move(strata)), hits_(strata_.cold_rate()) {
    eviction::Config config;
    config.capacity = capacity;
    config.max_entries = static_cast<std::uint32_t>(capacity);
    cache_ = std::make_unique<eviction::Cache>(eviction::Cache::create("lru", config).value());
  }

  void request(TimePoint now, std::uint64_t id, bool counted) {
    const Stratum stratum = strata_.of(id);
    const bool hit = stratum != Stratum::kLeftOut && play(now, id, stratum);
    if (counted) hits_.add(stratum, hit, 1);
  }
  const StratifiedHits& hits() const { return hits_; }

 private:
  bool play(TimePoint now, std::uint64_t id, Stratum stratum) {
    if (const eviction::Handle found = cache_->find(id)) {
      cache_->access(now, found);
      return true;
    }
    eviction::Meta meta;
    meta.id = id;
    meta.charge = strata_.charge(stratum, 1);
    cache_->miss(now, meta);
    cache_->admit(now, meta, [](const eviction::Victim&) {});
    return false;
  }

  Strata strata_;
  std::unique_ptr<eviction::Cache> cache_;
  StratifiedHits hits_;
};

/// A way to sample, over several salts.
struct Way {
  std::string name;
  double tolerance = 0;
  std::vector<SampledCache> caches;

  /// Mean over the salts, and the standard error of that mean.
  Case against(double full, bool adjusted) const {
    Estimate estimate;
    for (const SampledCache& cache : caches) {
      estimate.add(adjusted ? cache.hits().hit_ratio() : cache.hits().unadjusted_hit_ratio());
    }
    return {name, full, estimate.mean(), estimate.standard_error(), tolerance};
  }
};

Way make_way(const std::string& name, double tolerance, std::uint64_t hot, double rate,
             std::uint64_t capacity, std::uint64_t salts) {
  Way way{name, tolerance, {}};
  std::vector<std::uint64_t> hottest(hot);
  for (std::uint64_t id = 0; id < hot; ++id) hottest[id] = id;  // ids are popularity ranks
  for (std::uint64_t salt = 1; salt <= salts; ++salt) {
    way.caches.emplace_back(Strata(hottest, rate, salt), capacity);
  }
  return way;
}

Result<std::vector<Case>> run_sampled(const Parameters& p, const Environment&) {
  const std::uint64_t objects = p.count("M"), capacity = p.count("C");
  const std::uint64_t requests = p.count("requests"), salts = p.count("salts");
  SampledCache whole(Strata({}, 1, 0), capacity);
  std::array<Way, 3> ways = {
      make_way("R = 0.1", 0.005, 0, 0.1, capacity, salts),
      make_way("R = 0.01", 0.02, 0, 0.01, capacity, salts),
      make_way("hot and R = 0.01", 0.01, p.count("H"), 0.01, capacity, salts)};
  const models::ZipfSampler zipf(objects, 0.9);
  Rng rng(31, "validation/sampling");
  for (std::uint64_t i = 0; i < 2 * requests; ++i) {
    const TimePoint now{static_cast<std::int64_t>(i)};
    const std::uint64_t id = zipf.sample(rng);
    const bool counted = i >= requests;  // the first half fills the caches
    whole.request(now, id, counted);
    for (Way& way : ways) {
      for (SampledCache& cache : way.caches) cache.request(now, id, counted);
    }
  }
  const double full = whole.hits().hit_ratio();
  const double share = full * (1 - full) / static_cast<double>(requests);
  const double che = models::che_lru(models::zipf_catalogue(static_cast<double>(objects), 0.9),
                                     static_cast<double>(capacity))
                         .hit_ratio;
  std::vector<Case> cases = {{"whole", che, full, std::sqrt(share), 0.003}};
  for (const Way& way : ways) cases.push_back(way.against(full, p.count("adjusted") == 1));
  return cases;
}

}  // namespace

Experiment v31() {
  Experiment e;
  e.id = "V31";
  e.title = "hit ratio of LRU from sampled objects, mean over salts, beside the whole cache's";
  e.formula = "the whole cache under the same requests; itself by its characteristic time";
  e.rung = "core";
  e.tolerance = 0.02;
  e.kind = Tolerance::kAbsolute;
  e.parameters = {{"M", "1", 1e6, 1e5, 1e7, true}, {"C", "1", 5e4, 5e3, 1e6, true},
                  {"H", "1", 1e4, 0, 1e5, true},   {"requests", "1", 1e6, 1e5, 1e8, true},
                  {"salts", "1", 8, 4, 64, true},  {"adjusted", "1", 1, 0, 1, true}};
  e.run = run_sampled;
  return e;
}

}  // namespace fleetcache::validation
