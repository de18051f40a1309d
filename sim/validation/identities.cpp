// V32 and V34: what every run must keep, on one scenario in which everything happens at once.

#include <cstdio>
#include <cstdlib>

#include "policies/base/hash.hpp"
#include "sim/validation/experiment.hpp"
#include "sim/validation/small_fleet.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint64_t kMB = 1'000'000;

scenario::Region busy_region(const std::string& name) {
  scenario::Region region = open_region(12, 6, BytesPerSecond(10e9));
  region.name = name;
  region.fabric.nodes_per_rack = 4;
  region.fabric.rack_oversubscription = 2;
  region.fabric.rtt_rack = Duration(20'000);
  region.fabric.rtt_pod = Duration(60'000);
  region.fabric.rtt_region = Duration(200'000);
  region.fabric.lookup = Duration(50'000);
  for (auto& [pool, spec] : region.pools) {
    spec.sku.nvme_latency = Duration(80'000);
    spec.sku.nvme_queue_depth = 32;
  }
  region.blob.accounts = 3;
  region.blob.requests = PerSecond(15);  // few enough to refuse some
  region.blob.egress = BytesPerSecond(2e9);
  region.blob.stream = BytesPerSecond(300e6);
  region.blob.first_byte = {from_seconds(0.02), from_seconds(0.08)};
  return region;
}

scenario::InferenceService busy_service(const std::string& region) {
  scenario::InferenceService service;
  service.name = "chat-" + region;
  service.region = region;
  service.pool = "infer";
  service.nodes = 6;
  service.arrivals.rate = PerSecond(40);
  service.arrivals.cv = 2;
  service.arrivals.prompt_tokens = 4000;
  service.arrivals.output_tokens = 300;
  service.arrivals.prefixes = 60;
  service.arrivals.shared_fraction = 0.6;
  service.arrivals.turns = 3;
  service.arrivals.think = from_seconds(5);
  service.kv_bytes_per_token = Bytes(100'000);
  service.prefill_tokens = PerSecond(40'000);
  return service;
}

/// Two regions, jobs that share a data set, checkpoints, chat, a failing node and a throttled
/// origin. Entities are made in the order of `reversed`, and in no order may that matter.
scenario::Scenario busy_scenario(std::uint64_t seed, bool reversed) {
  std::vector<std::string> names{"east", "west"};
  if (reversed) std::swap(names[0], names[1]);
  scenario::Scenario s = open_scenario(busy_region(names[0]), Bytes(400 * kMB), "s3fifo");
  s.seed = seed;
  s.regions[names[1]] = busy_region(names[1]);
  s.cache.index = scenario::Index::kPerNode;
  s.cache.scope = scenario::Scope::kGlobal;
  scenario::CacheTier nvme = s.cache.tiers.front();
  nvme.medium = scenario::Medium::kNvme;
  nvme.capacity = Bytes(2'000 * kMB);
  nvme.eviction = "lru";
  s.cache.tiers.push_back(nvme);
  s.links.push_back({"east", "west", BytesPerSecond(5e9), from_seconds(0.03), BytesPerSecond(500e6),
                     Money(0.02)});
  s.datasets["images"] = {"images", Bytes(30'000 * kMB), Bytes(20 * kMB), "east"};
  for (const std::string& region : names) {
    for (const char* kind : {"large", "small"}) {
      const bool large = kind[0] == 'l';
      scenario::TrainingJob job = plain_job(std::string(kind) + "-" + region, "images",
                                            large ? 8 : 4, Bytes(40 * kMB), from_seconds(0.5));
      job.region = region;
      job.compute_cv = 0.1;
      job.steps = 40;
      job.checkpoint.size = Bytes(800 * kMB);
      job.checkpoint.every = from_seconds(8);
      job.checkpoint.stall = from_seconds(0.2);
      job.checkpoint.restore_at_start = true;
      s.training[job.name] = job;
    }
    s.inference["chat-" + region] = busy_service(region);
  }
  s.events.push_back(
      {from_seconds(6), scenario::EventKind::kThrottleOrigin, "west", 0, from_seconds(4), 0.3});
  s.events.push_back(
      {from_seconds(10), scenario::EventKind::kFailNode, "east", 13, from_seconds(5)});
  s.horizon = from_seconds(120);
  return s;
}

double sum_of(const std::map<std::string, std::uint64_t>& tiers) {
  double sum = 0;
  for (const auto& [tier, bytes] : tiers) sum += static_cast<double>(bytes);
  return sum;
}

world::RunOptions at_rung(const Parameters& p) {
  world::RunOptions options;
  options.rung = static_cast<world::Rung>(p.count("rung"));
  return options;
}

Parameter rung_parameter() { return {"rung", "1", 0, 0, world::kRungNames.size() - 1, true}; }

Result<std::vector<Case>> run_conservation(const Parameters& p, const Environment&) {
  const scenario::Scenario s = busy_scenario(p.count("seed"), false);
  const auto record = world::run(s, at_rung(p));
  if (!record) return record.error();
  std::vector<Case> cases;
  double wrong = 0;
  for (const probes::Check& check : record->conservation) wrong += check.ok ? 0 : 1;
  cases.push_back({"identities broken", 0, wrong, 0, 0});
  const probes::Requests& r = record->requests;
  cases.push_back({"requests", static_cast<double>(r.in),
                   static_cast<double>(r.done + r.failed + r.unfinished), 0, 0});

  // What the jobs got, by their own count (a job that fails reads again); what the tiers served, by
  // the byte table. Every job got at least what its steps consume.
  double consumed = 0, least = 0;
  for (const auto& [name, job] : s.training) {
    const double steps = record->metrics.at("train." + name + ".steps").value;
    least += steps * job.nodes * static_cast<double>(job.bytes_per_step.count);
    consumed += record->metrics.at("train." + name + ".bytes_read").value;
  }
  cases.push_back({"steps without their bytes", 0, consumed < least ? 1.0 : 0.0, 0, 0});
  cases.push_back({"data set bytes", consumed, sum_of(record->bytes.at("dataset")), 0, 0});

  for (const auto& [name, service] : s.inference) {
    const probes::Station& station = record->stations.at("prefill." + name);
    const double population = station.arrival_rate * station.mean_sojourn_s;
    cases.push_back(
        {"N = X R, " + name, population, station.mean_population, 0, 0.02 * population});
    const double busy_s = record->metrics.at("infer." + name + ".ttft_fetch_mean").value +
                          record->metrics.at("infer." + name + ".ttft_prefill_mean").value;
    const double slots = static_cast<double>(service.nodes) * service.prefill_slots;
    const double utilization = station.arrival_rate * busy_s / slots;
    cases.push_back(
        {"U = X S, " + name, utilization, station.utilization_mean, 0, 0.01 * utilization});
  }
  return cases;
}

void add_line(std::string& out, const std::string& name, double value) {
  char text[64];
  std::snprintf(text, sizeof text, " %.17g\n", value);
  out += name + text;
}

/// Every figure of a record, to the last bit.
std::string transcript(const probes::Record& record) {
  std::string out;
  for (const auto& [name, metric] : record.metrics) {
    add_line(out, name, metric.value);
    add_line(out, name + " se", metric.standard_error);
  }
  for (const auto& [traffic, tiers] : record.bytes) {
    for (const auto& [tier, bytes] : tiers) {
      out += traffic + "/" + tier + " " + std::to_string(bytes) + "\n";
    }
  }
  for (const auto& [name, station] : record.stations) {
    add_line(out, name, station.utilization_mean);
    add_line(out, name + " p99", station.utilization_p99);
  }
  for (const auto& [name, value] : record.fingerprint) out += name + " " + value + "\n";
  return out;
}

enum Part : int { kPlain, kAgain, kReversed, kOtherSeed };

Result<std::string> determinism_part(int part, const Parameters& p) {
  if (part == kAgain) {
    // Another layout of the heap: an order by address would show.
    static std::vector<std::vector<char>> ballast;
    for (std::size_t i = 1; i < 2000; ++i) ballast.emplace_back(i * 37 % 4096);
    for (std::size_t i = 0; i < ballast.size(); i += 2) std::vector<char>().swap(ballast[i]);
  }
  const auto record =
      world::run(busy_scenario(part == kOtherSeed ? 2 : 1, part == kReversed), at_rung(p));
  if (!record) return record.error();
  return transcript(*record);
}

double lines_that_differ(const std::string& a, const std::string& b) {
  double differing = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const std::size_t end_a = std::min(a.find('\n', i), a.size());
    const std::size_t end_b = std::min(b.find('\n', j), b.size());
    differing += a.compare(std::min(i, a.size()), end_a - std::min(i, a.size()), b,
                           std::min(j, b.size()), end_b - std::min(j, b.size())) != 0;
    i = end_a + 1;
    j = end_b + 1;
  }
  return differing;
}

Result<std::vector<Case>> run_determinism(const Parameters&, const Environment& environment) {
  std::vector<std::string> texts;
  for (const int part : {kPlain, kAgain, kReversed, kOtherSeed}) {
    Result<std::string> text = environment.other_process(part);
    if (!text) return text.error();
    texts.push_back(std::move(text).value());
  }
  const auto differ = [&](Part part) { return lines_that_differ(texts[kPlain], texts[part]); };
  return std::vector<Case>{{"figures that differ, same seed", 0, differ(kAgain), 0, 0},
                           {"figures that differ, entities reversed", 0, differ(kReversed), 0, 0},
                           {"another seed differs", 1, differ(kOtherSeed) > 0 ? 1.0 : 0.0, 0, 0}};
}

}  // namespace

Experiment v32() {
  Experiment e;
  e.id = "V32";
  e.title =
      "bytes, requests, Little's law and the utilisation law over a fleet that fails and throttles";
  e.formula =
      "bytes by tier = bytes consumed; in = done + failed + unfinished; N = X R; U = X S / m";
  e.rung = "exact";
  e.kind = Tolerance::kExact;
  e.parameters = {{"seed", "1", 1, 1, 1e6, true}, rung_parameter()};
  e.points = {{{"seed", 2}}, {{"rung", 1}}, {{"rung", 2}}};
  e.run = run_conservation;
  return e;
}

Experiment v34() {
  Experiment e;
  e.id = "V34";
  e.title = "one seed gives one result: in another process, with entities made in another order";
  e.formula = "identical to the last bit";
  e.rung = "exact";
  e.kind = Tolerance::kExact;
  e.parameters = {rung_parameter()};
  e.points = {{{"rung", 1}}, {{"rung", 2}}};
  e.run = run_determinism;
  e.part = determinism_part;
  return e;
}

}  // namespace fleetcache::validation
