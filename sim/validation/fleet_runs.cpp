// V20 and V28: whole scenarios in which one law sets the answer.

#include <cmath>

#include "models/cache/coalescing.hpp"
#include "models/gpu/step.hpp"
#include "policies/base/rng.hpp"
#include "sim/validation/experiment.hpp"
#include "sim/validation/small_fleet.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint32_t kNodes = 4;
constexpr std::uint64_t kObjects = 2000;
constexpr std::uint64_t kObjectsPerStep = 40;  // of all nodes; a step computes one second

scenario::Scenario cached_training(double origin, double c, double demand) {
  const auto object = static_cast<std::uint64_t>(demand / kObjectsPerStep);
  const auto held = static_cast<std::uint64_t>(std::llround(c * kObjects));
  scenario::Region region = open_region(kNodes, 0, BytesPerSecond(1000 * demand));
  region.blob.egress = BytesPerSecond(origin);
  // Nothing is evicted: what came first stays, c of the data.
  scenario::Scenario s = open_scenario(region, Bytes(held * object), "pinned");
  s.cache.enabled = held > 0;
  // An object that is read ahead at the end of one epoch and again at the start of the next would
  // be fetched once: real, but not in the law.
  s.cache.single_flight = false;
  s.datasets["d"] = {"d", Bytes(kObjects * object), Bytes(object), ""};
  scenario::TrainingJob job =
      plain_job("j", "d", kNodes, Bytes(kObjectsPerStep / kNodes * object), from_seconds(1));
  job.prefetch = 8;
  s.training["j"] = job;
  // An epoch that fills the cache and one to settle, then sixty, against which what is
  // read ahead at either end (a sixth of an epoch) does not count.
  const double bytes = static_cast<double>(kObjects * object);
  const double steady = c < 1 ? std::min(demand, origin / (1 - c)) : demand;
  s.warmup = from_seconds(bytes / std::min(origin, demand) + 1.5 * bytes / steady);
  s.horizon = s.warmup + from_seconds(60 * bytes / steady);
  return s;
}

Result<std::vector<Case>> run_job_rate(const Parameters& p, const Environment&) {
  const double b = p["b"], c = p["c"], demand = p["demand"];
  const double expected = models::steady_rate(BytesPerSecond(demand), BytesPerSecond(b), c).count;
  const auto record = world::run(cached_training(b, c, demand), {});
  if (!record) return record.error();
  const probes::Metric goodput = record->metrics.at("train.j.goodput");
  // goodput = compute / step; the error it carries is that of the stall over the step.
  const double error = demand * goodput.value * goodput.standard_error;
  return std::vector<Case>{{"", expected, demand * goodput.value, error}};
}

/// `racks` jobs of one reader each over one object, and a cache that holds one object. All read it
/// at the start; a scan of another data set pushes it out; then reader k, who computed for its own
/// part of the window, asks for it again, and all its fellows within the window.
scenario::Scenario herd(std::uint64_t racks, double window_s, double fetch_s, bool single_flight) {
  constexpr std::uint64_t kObject = 1000;
  constexpr double kPause = 0.001;
  scenario::Region region =
      open_region(static_cast<std::uint32_t>(racks) + 1, 0, BytesPerSecond(1e15));
  region.blob.first_byte = {from_seconds(fetch_s), from_seconds(fetch_s)};
  scenario::Scenario s = open_scenario(region, Bytes(kObject), "lru");
  s.cache.single_flight = single_flight;
  s.datasets["asked"] = {"asked", Bytes(kObject), Bytes(kObject), ""};
  s.datasets["scanned"] = {"scanned", Bytes(2 * kObject), Bytes(kObject), ""};
  const auto add_job = [&s](const std::string& name, const char* dataset, double compute_s) {
    scenario::TrainingJob job =
        plain_job(name, dataset, 1, Bytes(kObject), from_seconds(compute_s));
    job.prefetch = 0;
    job.steps = 2;
    s.training[name] = job;
  };
  // The scan's second object is there after two fetches and a pause: the counting begins.
  add_job("scan", "scanned", kPause);
  Rng rng(28, "validation/herd");
  for (std::uint64_t k = 0; k < racks; ++k) {
    const double slot = (static_cast<double>(k) + rng.uniform()) / static_cast<double>(racks);
    add_job("reader " + std::to_string(k), "asked", fetch_s + 3 * kPause + window_s * slot);
  }
  s.warmup = from_seconds(2 * fetch_s + 2 * kPause);
  s.horizon = s.warmup + from_seconds(window_s + 2 * fetch_s);
  return s;
}

Result<std::vector<Case>> run_herd(const Parameters& p, const Environment&) {
  const bool single_flight = p["single_flight"] != 0;
  const double expected = models::herd_reads(p["racks"], p["window"], p["fetch"], single_flight);
  const auto record =
      world::run(herd(p.count("racks"), p["window"], p["fetch"], single_flight), {});
  if (!record) return record.error();
  const double reads = record->metrics.at("origin.attempts").value;
  // One reader is drawn in each slot of the window, so the count over a stretch of slots varies by
  // less than one half (standard deviation of its two ends).
  return std::vector<Case>{
      {"", expected, reads, single_flight ? 0.0 : 0.5, single_flight ? 0.0 : 0.1 * expected}};
}

}  // namespace

Experiment v20() {
  Experiment e;
  e.id = "V20";
  e.title = "rate of a job that wants demand and whose misses come from an origin of b, cache c";
  e.formula = "min(demand, b / (1 - c))";
  e.rung = "exact";
  e.tolerance = 0.01;
  e.parameters = {
      {"b", "B/s", 1e9, 1e8, 1e11}, {"c", "1", 0.75, 0, 0.95}, {"demand", "B/s", 3e9, 1e8, 1e11}};
  e.points = {{{"demand", 5e9}}, {{"c", 0}}};
  e.run = run_job_rate;
  return e;
}

Experiment v28() {
  Experiment e;
  e.id = "V28";
  e.title = "origin reads of one object that racks ask for within a window, fetched in fetch";
  e.formula = "1 + (racks - 1) fetch/window; 1 with single-flight";
  e.rung = "exact";
  e.tolerance = 0.1;
  e.parameters = {{"racks", "1", 5556, 1000, 10'000, true},
                  {"window", "s", 10, 1, 20},
                  {"fetch", "s", 0.5, 0.2, 1},
                  {"single_flight", "1", 0, 0, 1, true}};
  e.points = {{{"single_flight", 1}}};
  e.run = run_herd;
  return e;
}

}  // namespace fleetcache::validation
