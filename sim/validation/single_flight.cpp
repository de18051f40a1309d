// V38: origin reads that one miss costs, with the real policy core deciding what is there.

#include <algorithm>

#include "models/cache/coalescing.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/engine/event_queue.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

/// One object after the other: asked by a Poisson stream from its first miss until it is there.
class MissingObject final : public engine::EventHandler {
 public:
  MissingObject(eviction::Cache cache, double rate, Duration fetch, bool single_flight)
      : cache_(std::move(cache)),
        rate_(rate),
        fetch_(fetch),
        single_flight_(single_flight),
        rng_(38, "validation/single-flight") {}

  /// Origin reads of the next object.
  std::uint64_t reads_of_next() {
    ++object_;
    reads_ = 0;
    queue_.push(queue_.now(), this, kRequest, object_);
    while (!queue_.empty()) {
      const engine::Event event = queue_.pop();
      on_event(event.at, event.code, event.arg);
    }
    return reads_;
  }

  void on_event(TimePoint now, std::uint32_t code, std::uint64_t object) override {
    eviction::Meta meta;
    meta.id = object;
    if (code == kFetched) {
      if (!cache_.find(object)) cache_.admit(now, meta);
      fetching_ = false;
      return;
    }
    if (const eviction::Handle hit = cache_.find(object); hit) {
      cache_.access(now, hit);
      return;  // it is there: nobody reads the origin any more
    }
    cache_.miss(now, meta);
    if (!fetching_ || !single_flight_) {
      ++reads_;
      fetching_ = true;
      queue_.push(now + fetch_, this, kFetched, object);
    }
    queue_.push(now + from_seconds(rng_.exponential() / rate_), this, kRequest, object);
  }

 private:
  enum : std::uint32_t { kFetched, kRequest };

  eviction::Cache cache_;
  engine::EventQueue queue_;
  double rate_;
  Duration fetch_;
  bool single_flight_;
  Rng rng_;
  std::uint64_t object_ = 0;
  std::uint64_t reads_ = 0;
  bool fetching_ = false;
};

Result<Estimate> origin_reads(const Parameters& p, bool single_flight, double tolerance) {
  constexpr std::uint64_t kLeast = 100, kMost = 1'000'000;
  eviction::Config config;
  config.capacity = 64;
  config.max_entries = 64;
  config.unit_charge = true;
  Result<eviction::Cache> cache = eviction::Cache::create("lru", config);
  if (!cache) return cache.error();
  MissingObject object(std::move(cache).value(), p["rate"], from_seconds(p["fetch"]),
                       single_flight);
  Estimate reads;
  while (!reads.settled(tolerance, kLeast) && reads.count() < kMost) {
    reads.add(static_cast<double>(object.reads_of_next()));
  }
  return reads;
}

Result<std::vector<Case>> run_single_flight(const Parameters& p, const Environment&) {
  std::vector<Case> cases;
  for (const bool single_flight : {false, true}) {
    const double expected = models::origin_reads_per_miss(p["rate"], p["fetch"], single_flight);
    const double tolerance = single_flight ? 0 : 0.05 * expected;
    const Result<Estimate> reads = origin_reads(p, single_flight, tolerance);
    if (!reads) return reads.error();
    cases.push_back({single_flight ? "single-flight" : "none", expected, reads->mean(),
                     reads->standard_error(), tolerance});
  }
  return cases;
}

}  // namespace

Experiment v38() {
  Experiment e;
  e.id = "V38";
  e.title = "origin reads per miss of an object asked at a rate while it is fetched";
  e.formula = "1 + rate fetch; 1 with single-flight";
  e.rung = "core";
  e.tolerance = 0.05;
  e.parameters = {{"rate", "1/s", 1000, 0.001, 1e5}, {"fetch", "s", 0.05, 1e-6, 0.5}};
  e.run = run_single_flight;
  return e;
}

}  // namespace fleetcache::validation
