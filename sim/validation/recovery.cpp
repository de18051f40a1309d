// V26, V27, cold-start, restart-storm: what a fleet asks of its origin after it lost copies, and
// how long it takes when one thing binds. Everything measured is played by the world, events
// included.

#include <cmath>
#include <cstdio>

#include "models/capacity/refill.hpp"
#include "models/numeric.hpp"
#include "sim/validation/experiment.hpp"
#include "sim/validation/small_fleet.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::validation {
namespace {

scenario::FleetEvent event_at(double at_s, scenario::EventKind kind, const char* pool) {
  scenario::FleetEvent event;
  event.at = from_seconds(at_s);
  event.kind = kind;
  event.region = "r";
  event.pool = pool;
  return event;
}

scenario::FleetEvent stage_at(double at_s, std::uint32_t in_flight) {
  scenario::FleetEvent event = event_at(at_s, scenario::EventKind::kPrestage, "train");
  event.dataset = "d";
  event.in_flight = in_flight;
  return event;
}

Result<probes::Record> play(const scenario::Scenario& s, const world::RunOptions& options = {}) {
  auto record = world::run(s, options);
  if (!record) return record;
  for (const probes::Check& check : record->conservation) {
    if (!check.ok) return Error{"conservation", check.name};
  }
  return record;
}

double sum_of(const std::map<std::string, std::uint64_t>& tiers) {
  double sum = 0;
  for (const auto& [tier, n] : tiers) sum += static_cast<double>(n);
  return sum;
}

// -------------------------------------------------------------------------------- V26, an upgrade

constexpr double kStart_s = 100;

/// Every node holds what is asked again of its copies; after the upgrade the lost part is staged.
scenario::Scenario upgraded(const Parameters& p, bool keeps) {
  const auto nodes = static_cast<std::uint32_t>(p.count("nodes"));
  const Bytes share(static_cast<std::uint64_t>(p["reuse"] * p["cached"]));
  scenario::Scenario s =
      open_scenario(open_region(nodes, 0, BytesPerSecond(1e15)), share * 2, "lru");
  s.cache.index = scenario::Index::kPerNode;
  s.cache.scope = scenario::Scope::kNode;  // every node its own keys: nobody else can refill it
  s.cache.tiers[0].medium = scenario::Medium::kNvme;
  s.datasets["d"] = {"d", share, share, ""};
  scenario::FleetEvent upgrade = event_at(kStart_s, scenario::EventKind::kUpgrade, "train");
  upgrade.fraction = p["fraction"];
  upgrade.each = from_seconds(p["each"]);
  upgrade.keeps_nvme = keeps;
  const double after_s = kStart_s + (1 / p["fraction"] + 2) * p["each"];
  s.events = {stage_at(0, 1U << 20), upgrade, stage_at(after_s, 1U << 20)};
  s.warmup = from_seconds(kStart_s);
  s.horizon = from_seconds(after_s + 100);
  return s;
}

Result<std::vector<Case>> run_upgrade(const Parameters& p, const Environment&) {
  models::UpgradeSpec spec;
  spec.nodes = p["nodes"];
  spec.fraction = p["fraction"];
  spec.each = from_seconds(p["each"]);
  spec.cached_bytes = p["cached"];
  spec.reuse = p["reuse"];
  const models::UpgradeAnswer expected = models::rolling_upgrade(spec);
  std::vector<Case> cases;
  for (const bool keeps : {false, true}) {
    // Bytes and times of the upgrade itself: how long a transfer takes does not matter.
    world::RunOptions options;
    options.make_engine = [] { return engine::make_fixed_delay_engine(Duration(1000)); };
    const auto record = play(upgraded(p, keeps), options);
    if (!record) return record.error();
    const double duration_s = record->metrics.at("events.last_return").value - kStart_s;
    const auto staged = record->bytes.find("prestage");
    const double lost = staged == record->bytes.end() ? 0 : sum_of(staged->second);
    if (!keeps) {
      cases.push_back({"duration, s", expected.duration_s, duration_s});
      cases.push_back(
          {"nodes away", expected.away, record->metrics.at("events.nodes_away_max").value});
      cases.push_back(
          {"refill demand, cold, B/s", expected.refill_demand.count, lost / duration_s});
    } else {
      cases.push_back({"refill demand, warm, B/s", 0, lost / duration_s, 0, 0});
    }
  }
  return cases;
}

// ------------------------------------------------------------------------------- V27, a lost rack

constexpr std::uint32_t kRackNodes = 18;
// Wide, so that the disk or the switch binds and not the node that happens to own most chunks.
constexpr double kNic_Bps = 1e11;

enum RackCase : int { kTorBinds, kAccountBinds, kManyAccounts, kRackCases };
constexpr const char* kRackCaseNames[] = {"ToR binds", "one account", "64 accounts"};

/// Limits of a refill: the rack's uplink, the accounts, the disks of the rack.
std::vector<models::RateLimit> limits(int which, const Parameters& p) {
  const double accounts = which == kAccountBinds ? 1 : 64;
  const double egress = which == kTorBinds ? 1e15 : p["account"];
  return {{"tor", BytesPerSecond(p["tor"])},
          {"accounts", BytesPerSecond(accounts * egress)},
          {"disks", BytesPerSecond(kRackNodes * p["disks"])}};
}

/// Two racks hold the same data, each for itself; the second loses its copies and is staged again.
Result<std::string> lose_rack(int which, const Parameters& p) {
  const auto caps = limits(which, p);
  scenario::Region region = open_region(2 * kRackNodes, 0, BytesPerSecond(kNic_Bps));
  region.fabric.nodes_per_rack = kRackNodes;
  region.fabric.racks_per_pod = 2;
  region.fabric.rack_oversubscription = kRackNodes * kNic_Bps / p["tor"];
  region.pools["train"].sku.nvme_write = BytesPerSecond(p["disks"]);
  region.blob.accounts = which == kAccountBinds ? 1 : 64;
  region.blob.egress = BytesPerSecond(caps[1].rate.count / region.blob.accounts);
  region.blob.stream = BytesPerSecond(1e15);
  const Bytes lost(static_cast<std::uint64_t>(p["lost"]));
  const Bytes chunk(static_cast<std::uint64_t>(p["chunk"]));
  scenario::Scenario s = open_scenario(region, lost, "lru");
  s.cache.index = scenario::Index::kPerNode;
  s.cache.scope = scenario::Scope::kRack;
  s.cache.tiers[0].medium = scenario::Medium::kNvme;
  s.datasets["d"] = {"d", lost, chunk, ""};
  double slowest = caps[0].rate.count;
  for (const auto& cap : caps) slowest = std::min(slowest, cap.rate.count);
  const double fill_s = 3 * p["lost"] / slowest;  // more than enough for both racks
  scenario::FleetEvent loss = event_at(fill_s + 10, scenario::EventKind::kFailRack, "train");
  loss.index = 1;
  loss.lasts = from_seconds(60);
  const std::uint32_t in_flight = 8 * kRackNodes;
  s.events = {stage_at(0, in_flight), loss, stage_at(fill_s + 100, in_flight)};
  s.warmup = from_seconds(fill_s);
  s.horizon = from_seconds(2 * fill_s + 200);
  const auto record = play(s);
  if (!record) return record.error();
  char text[96];
  std::snprintf(text, sizeof text, "%.17g %.17g", record->metrics.at("prestage.d_time").value,
                sum_of(record->bytes.at("prestage")));
  return std::string(text);
}

Result<std::vector<Case>> run_rack(const Parameters& p, const Environment& environment) {
  std::vector<Case> cases;
  for (int which = 0; which < kRackCases; ++which) {
    const Result<std::string> text = environment.other_process(which);
    if (!text) return text.error();
    double seconds = 0, bytes = 0;
    if (std::sscanf(text->c_str(), "%lf %lf", &seconds, &bytes) != 2) {
      return Error{"V27", "a part of it said: " + *text};
    }
    const double whole = std::floor(p["lost"] / p["chunk"]) * p["chunk"];
    cases.push_back(
        {kRackCaseNames[which], models::refill(whole, limits(which, p)).seconds, seconds});
    // The other rack lost nothing, and nothing is copied to it.
    cases.push_back({std::string(kRackCaseNames[which]) + ", bytes", whole, bytes, 0, 0});
  }
  return cases;
}

// ----------------------------------------------------------------------- restart storm, cold start

/// Every replica reads the whole checkpoint in its first step.
Result<std::string> restart(int shared, const Parameters& p) {
  const auto replicas = static_cast<std::uint32_t>(p.count("replicas"));
  const std::uint64_t pieces = p.count("pieces");
  const Bytes piece(static_cast<std::uint64_t>(p["checkpoint"] / static_cast<double>(pieces)));
  scenario::Region region = open_region(replicas, 0, BytesPerSecond(1e15));
  region.blob.egress = BytesPerSecond(p["origin"]);
  scenario::Scenario s = open_scenario(region, piece * (2 * pieces), "lru");
  s.cache.index = scenario::Index::kPerNode;
  s.cache.enabled = shared != 0;
  s.datasets["d"] = {"d", piece * pieces, piece, ""};
  for (std::uint32_t i = 0; i < replicas; ++i) {
    scenario::TrainingJob job =
        plain_job("replica " + std::to_string(i), "d", 1, piece * pieces, from_seconds(1));
    job.steps = 1;
    s.training[job.name] = job;
  }
  s.horizon = from_seconds(10 + 2 * p["replicas"] * p["checkpoint"] / p["origin"]);
  const auto record = play(s);
  if (!record) return record.error();
  double last_s = 0;  // a step of one second after everything was read
  for (const auto& [name, job] : s.training) {
    last_s = std::max(last_s, 1 / record->metrics.at("train." + name + ".goodput").value - 1);
  }
  char text[96];
  std::snprintf(text, sizeof text, "%.17g %.17g", last_s,
                static_cast<double>(record->bytes.at("dataset").at("front_end")));
  return std::string(text);
}

Result<std::vector<Case>> run_storm(const Parameters& p, const Environment& environment) {
  std::vector<Case> cases;
  for (const int shared : {0, 1}) {
    const Result<std::string> text = environment.other_process(shared);
    if (!text) return text.error();
    double seconds = 0, bytes = 0;
    if (std::sscanf(text->c_str(), "%lf %lf", &seconds, &bytes) != 2) {
      return Error{"restart-storm", "a part of it said: " + *text};
    }
    const double reads = shared ? 1 : p["replicas"];
    const std::string name = shared ? "read once and shared" : "read by every replica";
    cases.push_back({name + ", s", reads * p["checkpoint"] / p["origin"], seconds});
    cases.push_back({name + ", B", reads * p["checkpoint"], bytes});
  }
  return cases;
}

/// A service whose prompts are one block of a shared prefix, and sometimes blocks of their own that
/// never come again.
scenario::Scenario emptied(const Parameters& p) {
  scenario::Scenario s =
      open_scenario(open_region(0, 1, BytesPerSecond(1e15)), Bytes(std::uint64_t{1} << 50), "lru");
  s.cache.index = scenario::Index::kPerNode;
  s.cache.fill = scenario::Fill::kInstant;
  s.cache.touch = scenario::Touch::kArrival;
  s.seed = p.count("seed");
  scenario::InferenceService service;
  service.name = "c";
  service.region = "r";
  service.pool = "infer";
  service.nodes = 1;
  service.block_tokens = 1;
  service.kv_bytes_per_token = Bytes(1000);
  service.prefill_tokens = PerSecond(1e12);
  service.prefill_slots = 1U << 20;
  service.arrivals.rate = PerSecond(p["rate"]);
  service.arrivals.prompt_tokens = 1;
  service.arrivals.output_tokens = 1;
  service.arrivals.prefixes = static_cast<std::uint32_t>(p.count("prefixes"));
  service.arrivals.prefix_zipf = p["zipf"];
  service.arrivals.shared_fraction = 1;
  s.inference["c"] = service;
  s.events = {event_at(p["span"], scenario::EventKind::kColdStart, "infer")};
  s.warmup = from_seconds(p["span"]);
  s.horizon = from_seconds(2 * p["span"]);
  return s;
}

/// Mean over [0, span] of h(t) = sum p_i (1 - e^(-rate p_i t)).
double mean_hit_ratio(const Parameters& p) {
  double norm = 0, sum = 0;
  for (std::uint64_t i = 1; i <= p.count("prefixes"); ++i) {
    norm += models::power(static_cast<double>(i), -p["zipf"]);
  }
  for (std::uint64_t i = 1; i <= p.count("prefixes"); ++i) {
    const double q = models::power(static_cast<double>(i), -p["zipf"]) / norm;
    const double x = p["rate"] * q * p["span"];
    sum += q * (1 + std::expm1(-x) / x);
  }
  return sum;
}

Result<std::vector<Case>> run_cold(const Parameters& p, const Environment&) {
  const auto record = play(emptied(p));
  if (!record) return record.error();
  const double hits = record->metrics.at("kv.block_hits").value;
  const double requests = p["rate"] * p["span"];
  const double ratio = hits / requests;
  // Hits and arrivals both vary: the count of hits less than a Poisson count of its mean.
  return std::vector<Case>{{"", mean_hit_ratio(p), ratio, std::sqrt(hits) / requests}};
}

}  // namespace

Experiment v26() {
  Experiment e;
  e.id = "V26";
  e.title =
      "rolling upgrade of fraction of the nodes at a time, each away for each: time and refill";
  e.formula = "each / fraction; fraction nodes; fraction nodes reuse cached / each, 0 in place";
  e.rung = "exact";
  e.tolerance = 0.02;
  e.parameters = {{"nodes", "1", 100'000, 100, 400'000, true},
                  {"fraction", "1", 0.01, 0.001, 0.5},
                  {"each", "s", 90, 1, 86'400},
                  {"cached", "B", 30e12, 1e6, 1e15},
                  {"reuse", "1", 0.3, 0.001, 1}};
  e.points = {{{"nodes", 10'000}, {"fraction", 0.1}, {"each", 1800}, {"cached", 12.8e12}}};
  e.run = run_upgrade;
  return e;
}

Experiment v27() {
  Experiment e;
  e.id = "V27";
  e.title = "time until a rack that lost its copies has them back, staged in chunks";
  e.formula = "bytes / least of switch, accounts, disks";
  e.rung = "exact";
  e.tolerance = 0.02;
  e.parameters = {{"lost", "B", 540e12, 1e12, 1e16},
                  {"tor", "B/s", 1e11, 1e9, 3.6e11},
                  {"account", "B/s", 25e9, 1e9, 1e12},
                  {"disks", "B/s", 40e9, 1e9, 1e12},
                  {"chunk", "B", 2e11, 1e9, 1e12}};
  e.points = {{{"lost", 230e12}, {"tor", 3e11}}};
  e.run = run_rack;
  e.part = lose_rack;
  return e;
}

Experiment restart_storm() {
  Experiment e;
  e.id = "restart-storm";
  e.title =
      "replicas of a job read one checkpoint: each from the origin, or one and the others from it";
  e.formula = "replicas bytes / origin; bytes / origin";
  e.rung = "exact";
  e.tolerance = 0.02;
  e.parameters = {{"replicas", "1", 16, 1, 256, true},
                  {"checkpoint", "B", 26e12, 1e9, 1e15},
                  {"origin", "B/s", 1.25e12, 1e9, 1e14},
                  {"pieces", "1", 200, 50, 10'000, true}};
  e.points = {{{"replicas", 64}, {"checkpoint", 1e12}}};
  e.run = run_storm;
  e.part = restart;
  return e;
}

Experiment cold_start() {
  Experiment e;
  e.id = "cold-start";
  e.title =
      "hit ratio over a span after every cache was emptied, independent requests of Zipf keys";
  e.formula = "mean of sum p (1 - exp(-rate p t)) over the span";
  e.rung = "exact";
  e.tolerance = 0.02;
  e.parameters = {{"rate", "1/s", 2000, 1, 1e5},
                  {"span", "s", 60, 1, 3600},
                  {"prefixes", "1", 20'000, 10, 1e6, true},
                  {"zipf", "1", 0.8, 0, 2},
                  {"seed", "1", 1, 1, 1e6, true}};
  e.points = {{{"zipf", 0}}, {{"span", 600}, {"rate", 500}}};
  e.run = run_cold;
  return e;
}

}  // namespace fleetcache::validation
