// What the fleet rung costs with the size of the fleet: a preset with its nodes, jobs, services,
// arrival rates, data sets, checkpoints, account capacities, stamps and WAN multiplied alike, so
// that load per node is the same; without events or failures.
//
//   fleet_bench [nodes [seconds [solver...]]]      default: a small run of both solvers
//     solver     simgrid, native
//     --step-over    steady stretches are stepped over (else every second is played)
//
// Prints, each solver in a process of its own: CPU time and memory of building the platform alone
// (fleet, groups, engine links), of building the whole world, and of the run; events, flows, solves
// and a hash of the record.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "sim/engine/bundle_engine.hpp"
#include "sim/scenario/loader.hpp"
#include "sim/world/grouping.hpp"
#include "sim/world/world.hpp"

using namespace fleetcache;

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Memory that the process holds right now.
double resident_MB() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  long all = 0, resident = 0;
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%ld %ld", &all, &resident);
  std::fclose(file);
  return read == 2 ? static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1e6 : 0;
}

std::uint32_t scaled(std::uint32_t n, double factor) {
  return std::max(1U, static_cast<std::uint32_t>(std::lround(n * factor)));
}

Bytes scaled(Bytes b, double factor) {
  return Bytes(static_cast<std::uint64_t>(std::llround(static_cast<double>(b.count) * factor)));
}

template <class Rate>
Rate scaled_rate(Rate rate, double factor) {
  return Rate(rate.count * factor);
}

/// Accounts are whole: what rounding adds to their number it takes from each one's capacity.
void scale_region(scenario::Region& region, double factor) {
  scenario::BlobFrontEnd& blob = region.blob;
  const std::uint32_t accounts = scaled(blob.accounts, factor);
  const double each = blob.accounts * factor / accounts;
  blob.accounts = accounts;
  blob.requests = scaled_rate(blob.requests, each);
  blob.egress = scaled_rate(blob.egress, each);
  blob.ingress = scaled_rate(blob.ingress, each);
  blob.fleet_egress = scaled_rate(blob.fleet_egress, factor);
  region.bifrost.stamp = scaled_rate(region.bifrost.stamp, factor);
  region.bifrost.plan_requests = scaled_rate(region.bifrost.plan_requests, factor);
  for (auto& [name, pool] : region.pools) pool.nodes = 0;  // the jobs and services that use it
}

scenario::Scenario scale(scenario::Scenario s, double factor, double horizon_s) {
  s.events.clear();
  s.failures.enabled = false;
  s.horizon = from_seconds(horizon_s);
  s.warmup = Duration(0);
  for (auto& [name, region] : s.regions) scale_region(region, factor);
  for (scenario::WanLink& link : s.links) link.bandwidth = scaled_rate(link.bandwidth, factor);
  for (auto& [name, dataset] : s.datasets) dataset.size = scaled(dataset.size, factor);
  for (auto& [name, job] : s.training) {
    job.nodes = scaled(job.nodes, factor);
    job.checkpoint.size = scaled(job.checkpoint.size, factor);
    s.regions.at(job.region).pools.at(job.pool).nodes += job.nodes;
  }
  for (auto& [name, service] : s.inference) {
    const double nodes = service.nodes;
    service.nodes = scaled(service.nodes, factor);
    service.arrivals.rate = scaled_rate(service.arrivals.rate, service.nodes / nodes);
    service.arrivals.prefixes = scaled(service.arrivals.prefixes, factor);
    s.regions.at(service.region).pools.at(service.pool).nodes += service.nodes;
  }
  return s;
}

std::uint64_t hash_of(const probes::Record& record) {
  Digest digest;
  for (const auto& [name, metric] : record.metrics) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &metric.value, sizeof bits);
    digest.add(hash_name(name));
    digest.add(bits);
  }
  for (const auto& [name, text] : record.fingerprint) digest.add(hash_name(name + text));
  return digest.value();
}

struct Arguments {
  double nodes = 1000;
  double seconds = 60;
  bool step_over = false;
  std::vector<std::string> solvers;
};

/// Nothing but the platform: 0 if it went well.
int build_platform(const scenario::Scenario& s) {
  const double before_MB = resident_MB(), before_s = cpu_seconds();
  auto flows = engine::make_bundle_engine(engine::make_native_solver());
  auto platform = world::Platform::build(s);
  if (!platform) return 1;
  // Jobs take whole stretches of a pool, as in the world.
  std::vector<std::uint32_t> claim(platform->nodes(), 0);
  std::uint32_t next = 1;
  std::map<std::string, std::uint32_t> taken;
  const auto take = [&](const std::string& region, const std::string& pool, std::uint32_t nodes) {
    std::uint32_t& first = taken[region + "/" + pool];
    std::fill_n(claim.begin() + platform->pool(region, pool)->first + first, nodes, next++);
    first += nodes;
  };
  for (const auto& [name, job] : s.training) take(job.region, job.pool, job.nodes);
  for (const auto& [name, service] : s.inference) take(service.region, service.pool, service.nodes);
  platform->add_links(*flows, world::group_nodes(*platform, claim, {}, world::Rung::kFleet), {});
  std::printf("platform nodes %7u  cpu %6.2f s  memory %7.1f MB\n", platform->nodes(),
              cpu_seconds() - before_s, resident_MB() - before_MB);
  return 0;
}

int run_fleet(const scenario::Scenario& s, const std::string& solver, bool step_over) {
  world::RunOptions options;
  options.rung = world::Rung::kFleet;
  options.step_over = step_over;
  engine::BundleEngine* bundles = nullptr;
  options.make_engine = [&]() -> std::unique_ptr<engine::FlowEngine> {
    auto made = engine::make_bundle_engine(solver == "native" ? engine::make_native_solver()
                                                              : engine::make_simgrid_solver());
    bundles = made.get();
    return made;
  };
  const double start_s = cpu_seconds();
  auto world = world::World::build(s, options);
  if (!world) {
    std::fprintf(stderr, "%s\n", world.error().text().c_str());
    return 1;
  }
  const double built_s = cpu_seconds(), built_MB = resident_MB();
  (*world)->run();
  const probes::Record record = (*world)->record();
  const double ran_s = cpu_seconds();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  bool conserved = true;
  for (const probes::Check& check : record.conservation) conserved = conserved && check.ok;
  std::printf(
      "%-8s nodes %7.0f  simulated %.0f s, played %.0f s  build %6.2f s %7.1f MB  run %7.2f s "
      "%7.1f MB most  events %s  flows %s  solves %" PRIu64 "  hash %016" PRIx64 "%s\n",
      solver.c_str(),
      [&] {
        double n = 0;
        for (const auto& [name, region] : s.regions) {
          for (const auto& [pool_name, pool] : region.pools) n += pool.nodes;
        }
        return n;
      }(),
      record.simulated_seconds, record.metrics.at("sim.detailed_s").value, built_s - start_s,
      built_MB, ran_s - built_s, static_cast<double>(usage.ru_maxrss) * 1024 / 1e6,
      record.fingerprint.at("events").c_str(), record.fingerprint.at("flows").c_str(),
      bundles->bundle_stats().solves, hash_of(record), conserved ? "" : "  NOT CONSERVED");
  return conserved ? 0 : 1;
}

template <class Work>
int in_child(Work work) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const int status = work();
    std::fflush(stdout);
    _exit(status);
  }
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0 ? 0 : 1;
}

Arguments arguments_of(int argc, char** argv) {
  Arguments a;
  std::vector<std::string> rest;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--step-over") == 0) {
      a.step_over = true;
    } else {
      rest.emplace_back(argv[i]);
    }
  }
  if (!rest.empty()) a.nodes = std::atof(rest[0].c_str());
  if (rest.size() > 1) a.seconds = std::atof(rest[1].c_str());
  for (std::size_t i = 2; i < rest.size(); ++i) a.solvers.push_back(rest[i]);
  if (a.solvers.empty()) a.solvers = {"simgrid", "native"};
  return a;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments a = arguments_of(argc, argv);
  if (!(a.nodes >= 100 && a.seconds > 0)) {
    std::fprintf(stderr, "fleet_bench [nodes >= 100 [seconds > 0 [solver...]]] [--step-over]\n");
    return 2;
  }
  const auto loaded = scenario::load("mai-2027", {});
  if (!loaded) {
    std::fprintf(stderr, "%s\n", loaded.error().text().c_str());
    return 2;
  }
  double all = 0;
  for (const auto& [name, job] : loaded->scenario.training) all += job.nodes;
  for (const auto& [name, service] : loaded->scenario.inference) all += service.nodes;
  const scenario::Scenario s = scale(loaded->scenario, a.nodes / all, a.seconds);
  int failed = in_child([&] { return build_platform(s); });
  for (const std::string& solver : a.solvers) {
    failed |= in_child([&] { return run_fleet(s, solver, a.step_over); });
  }
  return failed;
}
