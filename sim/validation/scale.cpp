// V29, V33 and V35: the coarser rungs against the exact one, against themselves at another size,
// and at the full size.

#include <cstdio>

#include "sim/engine/bundle_engine.hpp"
#include "sim/validation/experiment.hpp"
#include "sim/validation/small_fleet.hpp"
#include "sim/world/grouping.hpp"
#include "sim/world/platform.hpp"
#include "sim/world/run.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// One region in which everything grows with the nodes: a job on each half of them, both over data
/// of `each` objects a node, caches for half of these, and an origin that `load` of its egress
/// serves the misses of.
scenario::Scenario half_cached(std::uint32_t nodes, std::uint32_t each, double load) {
  constexpr std::uint64_t kObject = 16 * kMiB;
  scenario::Region region = open_region(nodes, 0, BytesPerSecond(20e9));
  region.fabric.nodes_per_rack = 20;
  region.fabric.racks_per_pod = 5;
  region.fabric.rack_oversubscription = 2;
  region.fabric.rtt_rack = Duration(50'000);
  region.fabric.rtt_pod = Duration(100'000);
  region.fabric.rtt_region = Duration(1'000'000);
  region.fabric.lookup = Duration(100'000);
  scenario::NodeSku& sku = region.pools.at("train").sku;
  sku.nvme_read = BytesPerSecond(26e9);
  sku.nvme_write = BytesPerSecond(13e9);
  sku.nvme_latency = Duration(90'000);
  sku.nvme_queue_depth = 128;
  const double misses = 0.5 * nodes * static_cast<double>(kObject) / 2;  // a step computes 2 s
  region.blob.accounts = nodes / 500;
  region.blob.egress = BytesPerSecond(misses / load / region.blob.accounts);
  region.blob.stream = BytesPerSecond(97e6);
  region.blob.first_byte = {from_seconds(0.02), from_seconds(0.08)};
  scenario::Scenario s = open_scenario(region, Bytes(std::uint64_t{each} / 2 * kObject), "pinned");
  s.cache.index = scenario::Index::kPerNode;
  s.cache.tiers.front().medium = scenario::Medium::kNvme;
  for (const char* name : {"a", "b"}) {
    s.datasets[name] = {name, Bytes(std::uint64_t{nodes} / 2 * each * kObject), Bytes(kObject), ""};
    scenario::TrainingJob job = plain_job(name, name, nodes / 2, Bytes(kObject), from_seconds(2));
    job.compute_cv = 0.05;
    job.prefetch = 1;
    s.training[name] = job;
  }
  s.warmup = from_seconds(2.5 * 2 * each);
  s.horizon = Duration(2 * s.warmup.count);
  return s;
}

constexpr const char* kFigures[] = {"train.goodput", "cache.byte_hit_ratio.dataset",
                                    "origin.bytes_per_second", "origin.read_mean",
                                    "origin.read_p99"};
constexpr std::size_t kFigureCount = std::size(kFigures);

std::string text_of(const probes::Record& record) {
  std::string out;
  for (const char* name : kFigures) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g ", record.metrics.at(name).value);
    out += text;
  }
  return out;
}

bool read(const std::string& text, double (&f)[kFigureCount]) {
  return std::sscanf(text.c_str(), "%lf %lf %lf %lf %lf", &f[0], &f[1], &f[2], &f[3], &f[4]) == 5;
}

// ------------------------------------------------------------------------------------------- V29

Result<std::string> bundled_part(int part, const Parameters& p) {
  world::RunOptions options;
  options.rung = part == 0 ? world::Rung::kExact : world::Rung::kBundled;
  options.epsilon = p["epsilon"];
  const auto record =
      world::run(half_cached(static_cast<std::uint32_t>(p.count("nodes")), 6, p["load"]), options);
  if (!record) return record.error();
  return text_of(*record);
}

Result<std::vector<Case>> run_bundled(const Parameters&, const Environment& environment) {
  double f[2][kFigureCount];
  for (const int part : {0, 1}) {
    const Result<std::string> text = environment.other_process(part);
    if (!text) return text.error();
    if (!read(*text, f[part])) return Error{"V29", "a part of it said: " + *text};
  }
  const double tolerances[kFigureCount] = {0.01, 0.01, 0.01, 0.01, 0.03};
  std::vector<Case> cases;
  for (std::size_t i = 0; i < kFigureCount; ++i) {
    cases.push_back({kFigures[i], f[0][i], f[1][i], 0, tolerances[i] * f[0][i]});
  }
  return cases;
}

// ------------------------------------------------------------------------------------------- V33

Result<std::vector<Case>> run_invariance(const Parameters& p, const Environment&) {
  const auto nodes = static_cast<std::uint32_t>(p.count("nodes"));
  const auto times = static_cast<std::uint32_t>(p.count("times"));
  world::RunOptions options;
  options.rung = world::Rung::kFleet;
  options.native_solver = true;
  double f[2][kFigureCount];
  for (const bool large : {false, true}) {
    const auto record =
        world::run(half_cached(large ? nodes * times : nodes, 20, p["load"]), options);
    if (!record) return record.error();
    read(text_of(*record), f[large]);
  }
  f[1][2] /= times;  // a rate of all nodes
  // Latencies of the origin are left out: which keys were drawn moves them by 1 to 4 %, more than
  // the size does.
  std::vector<Case> cases;
  for (std::size_t i = 0; i < 3; ++i) {
    cases.push_back({kFigures[i], f[0][i], f[1][i], 0, 0.01 * f[0][i]});
  }
  return cases;
}

// ------------------------------------------------------------------------------------------- V35

Result<std::string> platform_part(int, const Parameters& p) {
  const auto nodes = static_cast<std::uint32_t>(p.count("nodes"));
  scenario::Scenario s = open_scenario(open_region(8, 0, BytesPerSecond(20e9)), Bytes(1), "lru");
  s.regions.clear();
  std::uint32_t left = nodes;
  for (const char* name : {"a", "b", "c"}) {
    const std::uint32_t here = name[0] == 'c' ? left : nodes / 3;
    left -= here;
    scenario::Region region = open_region(here, 0, BytesPerSecond(20e9));
    region.name = name;
    region.fabric.nodes_per_rack = 18;
    region.fabric.racks_per_pod = 32;
    region.fabric.cluster_nodes = 5000;
    region.blob.accounts = 50;
    s.regions[name] = region;
  }
  auto platform = world::Platform::build(s);
  if (!platform) return platform.error();
  const auto engine = engine::make_bundle_engine(engine::make_simgrid_solver(), {});
  const std::vector<std::uint32_t> claims(platform->nodes(), 0);
  platform->add_links(*engine, world::group_nodes(*platform, claims, {}, world::Rung::kFleet), {});
  return std::to_string(platform->nodes());
}

Result<std::vector<Case>> run_platform(const Parameters& p, const Environment& environment) {
  const Result<std::string> nodes = environment.other_process(0);
  if (!nodes) return nodes.error();
  const ProcessCost cost = environment.cost();
  return std::vector<Case>{{"nodes", p["nodes"], std::stod(*nodes), 0, 0},
                           {"build, s of CPU (at most 5)", 0, cost.cpu_s, 0, 5},
                           {"resident, B (at most 1 GB)", 0, cost.resident_bytes, 0, 1e9}};
}

}  // namespace

Experiment v29() {
  Experiment e;
  e.id = "V29";
  e.title = "a fleet whose misses load the origin, by bundles of its pods";
  e.formula = "the same at the exact rung: one SimGrid transfer for every read";
  e.rung = "exact";
  e.tolerance = 0.01;
  e.parameters = {{"nodes", "1", 1000, 500, 2000, true},
                  {"load", "1", 0.8, 0.1, 1.5},
                  {"epsilon", "1", 0.05, 0.001, 0.95}};
  e.points = {{{"load", 1.0}}};
  e.run = run_bundled;
  e.part = bundled_part;
  return e;
}

Experiment v33() {
  Experiment e;
  e.id = "V33";
  e.title = "a fleet and one of twice the nodes, data, accounts and links, at the fleet rung";
  e.formula = "figures of one node are those of the smaller fleet";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"nodes", "1", 2000, 1000, 50'000, true},
                  {"times", "1", 2, 2, 16, true},
                  {"load", "1", 0.5, 0.1, 1.5}};
  e.run = run_invariance;
  return e;
}

Experiment v35() {
  Experiment e;
  e.id = "V35";
  e.title =
      "platform of the full fleet: CPU and memory of a process that builds it (a gate, not a law)";
  e.formula = "at most 5 s and 1 GB; measured on this machine, so it differs from run to run";
  e.rung = "exact";
  e.tolerance = 5;
  e.kind = Tolerance::kAbsolute;
  e.parameters = {{"nodes", "1", 110'000, 1000, 110'000, true}};
  e.run = run_platform;
  e.part = platform_part;
  return e;
}

}  // namespace fleetcache::validation
