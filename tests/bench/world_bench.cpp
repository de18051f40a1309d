// The read path under load: nodes in a closed loop, each with one read under way, 60 % from their
// own NVMe, 30 % from a peer's, 10 % from the origin. Three engines play the same reads:
//   simgrid  the real one;
//   bare     SimGrid alone with the same transfers, nothing of ours but the loop around it;
//   fixed    every transfer takes a fixed time: what is left is our own cost a request.
// Prints CPU seconds, us per request, live flows, memory, and a hash of what was read.
//
//   world_bench [nodes reads_per_node [engine]]      default: a small run of all three

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "policies/base/hash.hpp"
#include "sim/world/data_path.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

constexpr std::uint64_t kObjectBytes = 16 * kMB;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// What a reader reads next: drawn from its own stream, the same for every engine.
struct Choice {
  int kind = 0;  // 0 own NVMe, 1 a peer's, 2 origin
  NodeId from = 0;
  std::uint64_t object = 0;
};

Choice choose(Rng& rng, NodeId reader, std::uint32_t nodes) {
  const std::uint64_t p = rng.below(10);
  Choice c{p < 6 ? 0 : p < 9 ? 1 : 2, reader, rng.next()};
  if (c.kind == 1) c.from = static_cast<NodeId>((reader + 1 + rng.below(nodes - 1)) % nodes);
  return c;
}

scenario::Scenario fleet(std::uint32_t nodes) {
  scenario::Scenario s;
  s.horizon = from_seconds(1e6);
  s.regions["r"] = tiny_region(nodes, 0);
  scenario::Region& region = s.regions["r"];
  region.fabric = {
      18, 16, 1.0, 3.0, Duration(20'000), Duration(50'000), Duration(200'000), Duration(30'000)};
  region.pools["train"].sku.nvme_latency = Duration(90'000);
  region.blob.accounts = std::max(4U, nodes / 25);
  region.blob.egress = BytesPerSecond(25e9);
  region.blob.stream = BytesPerSecond(0.3e9);
  region.blob.first_byte = {from_seconds(0.02), from_seconds(0.08)};
  s.cache.enabled = false;
  return s;
}

/// The closed loop over the real read path.
struct Loop : ReadClient, engine::EventHandler {
  scenario::Scenario scenario;
  engine::EventQueue queue;
  std::unique_ptr<engine::FlowEngine> flows;
  probes::Collector collector;
  std::unique_ptr<Platform> platform;
  std::unique_ptr<CacheService> cache;
  std::unique_ptr<OriginService> origin;
  std::unique_ptr<DataPath> path;
  std::vector<Rng> rng;
  std::vector<std::uint32_t> left;
  std::uint64_t done = 0;
  Digest digest;

  Loop(std::uint32_t nodes, std::uint32_t reads, std::unique_ptr<engine::FlowEngine> engine)
      : scenario(fleet(nodes)), flows(std::move(engine)), left(nodes, reads) {
    platform = std::make_unique<Platform>(Platform::build(scenario, *flows).value());
    cache =
        CacheService::build(scenario, *platform, {std::vector<Catalogue>(1)}, collector).value();
    origin = std::make_unique<OriginService>(scenario, *platform, queue, *flows, collector);
    path = std::make_unique<DataPath>(*platform, queue, *flows, *cache, *origin, collector);
    for (NodeId n = 0; n < nodes; ++n) rng.emplace_back(scenario.seed, "bench/reader", n);
    for (NodeId n = 0; n < nodes; ++n) queue.push(TimePoint{n}, this, 0, n);
  }
  void on_event(TimePoint now, std::uint32_t, std::uint64_t arg) override {
    next(now, static_cast<NodeId>(arg));
  }
  void on_read_done(TimePoint now, std::uint64_t tag, bool, probes::Tier) override {
    ++done;
    digest.add(static_cast<std::uint64_t>(now.ns) ^ tag);
    next(now, static_cast<NodeId>(tag));
  }
  void next(TimePoint now, NodeId reader) {
    if (left[reader] == 0) return;
    --left[reader];
    const Choice c = choose(rng[reader], reader, platform->nodes());
    const ReadRequest request{c.object, kObjectBytes, reader, 0, probes::TrafficClass::kDataset};
    if (c.kind == 2) return path->read(now, request, this, reader);
    Location where;
    where.node = c.from;
    where.medium = scenario::Medium::kNvme;
    path->fetch(now, request, where, false, this, reader);
  }
  void run() { flows->run(queue, TimePoint{scenario.horizon.count}, {}); }
};

/// The same transfers with nothing around them: a flow that ends starts the reader's next one.
struct Bare : engine::FlowListener, engine::EventHandler {
  scenario::Scenario scenario;
  engine::EventQueue queue;
  std::unique_ptr<engine::FlowEngine> flows = engine::make_simgrid_engine();
  std::unique_ptr<Platform> platform;
  std::vector<Rng> rng;
  std::vector<std::uint32_t> left;
  std::uint64_t done = 0;
  Digest digest;

  Bare(std::uint32_t nodes, std::uint32_t reads) : scenario(fleet(nodes)), left(nodes, reads) {
    platform = std::make_unique<Platform>(Platform::build(scenario, *flows).value());
    for (NodeId n = 0; n < nodes; ++n) rng.emplace_back(scenario.seed, "bench/reader", n);
    for (NodeId n = 0; n < nodes; ++n) queue.push(TimePoint{n}, this, 0, n);
  }
  void on_event(TimePoint, std::uint32_t, std::uint64_t arg) override {
    next(static_cast<NodeId>(arg));
  }
  void on_flow_done(TimePoint now, std::uint64_t tag) override {
    ++done;
    digest.add(static_cast<std::uint64_t>(now.ns) ^ tag);
    next(static_cast<NodeId>(tag));
  }
  void next(NodeId reader) {
    if (left[reader] == 0) return;
    --left[reader];
    const Choice c = choose(rng[reader], reader, platform->nodes());
    const Route route =
        c.kind == 2
            ? platform->front_end_route(
                  0, static_cast<std::uint32_t>(c.object % scenario.regions["r"].blob.accounts),
                  reader)
            : platform->copy_route(c.from, scenario::Medium::kNvme, reader);
    flows->start(Bytes(kObjectBytes), route, this, reader);
  }
  void run() { flows->run(queue, TimePoint{scenario.horizon.count}, {}); }
};

void report(const char* engine, std::uint32_t nodes, std::uint64_t done, double cpu_s,
            const engine::FlowStats& flows, std::uint64_t hash) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%-8s nodes %5u  requests %8llu  cpu %8.2f s  %8.2f us/request  flows %llu (live max %llu)  "
      "rss %ld MB  hash %016llx\n",
      engine, nodes, static_cast<unsigned long long>(done), cpu_s,
      cpu_s / static_cast<double>(done) * 1e6, static_cast<unsigned long long>(flows.started),
      static_cast<unsigned long long>(flows.live_max), usage.ru_maxrss / 1024,
      static_cast<unsigned long long>(hash));
  std::fflush(stdout);
}

void run_one(const char* engine, std::uint32_t nodes, std::uint32_t reads) {
  if (std::strcmp(engine, "bare") == 0) {
    Bare bare(nodes, reads);
    const double start = cpu_seconds();
    bare.run();
    report(engine, nodes, bare.done, cpu_seconds() - start, bare.flows->stats(),
           bare.digest.value());
    return;
  }
  const bool fixed = std::strcmp(engine, "fixed") == 0;
  Loop loop(
      nodes, reads,
      fixed ? engine::make_fixed_delay_engine(from_seconds(0.01)) : engine::make_simgrid_engine());
  const double start = cpu_seconds();
  loop.run();
  report(engine, nodes, loop.done, cpu_seconds() - start, loop.flows->stats(), loop.digest.value());
}

}  // namespace

int main(int argc, char** argv) {
  const auto nodes = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[1]) : 100);
  const auto reads = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[2]) : 20);
  const char* const only = argc > 3 ? argv[3] : nullptr;
  int failed = 0;
  for (const char* engine : {"fixed", "bare", "simgrid"}) {  // one SimGrid engine a process
    if (only != nullptr && std::strcmp(only, engine) != 0) continue;
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      run_one(engine, nodes, reads);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) failed = 1;
  }
  return failed;
}
