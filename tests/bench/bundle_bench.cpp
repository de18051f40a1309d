// Transfers from one origin to racks of nodes: one flow for every transfer against bundles.
//   exact-lazy, exact-full     SimGrid, a flow a transfer, its two ways to look for changes
//   bundle-simgrid, -native    a class a rack, over either solver
// Each runs in a process of its own; adding links is not counted. Prints CPU time a transfer, mean
// and p99 of the transfers' times, most live flows, solves, and a hash of all ends.
//
//   bundle_bench [system transfers [engine...]]      default: a small run of everything
//     system x10     20 racks, 8,000 nodes, origin 2 TB/s, load 0.98: some 2,000 live
//            wide    2,000 racks, each with 100 live and more, load 1.02: the origin is full
//            sparse  2,000 racks, each with some 4 live, load 0.98

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "sim/engine/bundle_engine.hpp"
#include "sim/validation/origin_racks.hpp"

using namespace fleetcache;
using namespace fleetcache::validation;

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

OriginRacks system_of(const std::string& name, std::uint64_t transfers) {
  OriginRacks s;
  s.transfers = transfers;
  s.rho = 0.98;
  s.origin = BytesPerSecond(2e12);
  s.tor = BytesPerSecond(150e9);
  if (name == "wide" || name == "sparse") {
    s.racks = 2000;
    if (name == "wide") s.rho = 1.02;
    const double busy = name == "wide" ? 100e9 : 4e9;
    s.origin = BytesPerSecond(busy * s.racks);
    s.tor = BytesPerSecond(1.5 * busy);
  }
  return s;
}

int run(const std::string& system_name, std::uint64_t transfers, const std::string& name) {
  const OriginRacks system = system_of(system_name, transfers);
  std::unique_ptr<engine::FlowEngine> exact;
  std::unique_ptr<engine::BundleEngine> bundles;
  if (name == "exact-lazy") exact = engine::make_simgrid_engine(engine::SimGridOptim::kLazy);
  if (name == "exact-full") exact = engine::make_simgrid_engine(engine::SimGridOptim::kFull);
  if (name == "bundle-simgrid") bundles = engine::make_bundle_engine(engine::make_simgrid_solver());
  if (name == "bundle-native") bundles = engine::make_bundle_engine(engine::make_native_solver());
  if (!exact && !bundles) {
    std::fprintf(stderr, "bundle_bench: no engine \"%s\"\n", name.c_str());
    return 2;
  }
  double started = 0;
  OriginRacksResult result;
  if (exact) {
    result = run_origin_racks(*exact, system, Nics::kLinks, [&] { started = cpu_seconds(); });
  } else {
    result = run_origin_racks(*bundles, system, Nics::kCap, [&] { started = cpu_seconds(); });
  }
  const double cpu = cpu_seconds() - started;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "%-7s %8" PRIu64 " %-14s %8.3f s %9.3f us %7" PRIu64 " live %5ld MB  mean %.6f p99 %.6f",
      system_name.c_str(), transfers, name.c_str(), cpu, cpu / static_cast<double>(transfers) * 1e6,
      result.live_max, usage.ru_maxrss / 1024, result.mean_s(), result.quantile_s(0.99));
  if (bundles) {
    const engine::BundleStats& stats = bundles->bundle_stats();
    std::printf("  %" PRIu64 " classes %" PRIu64 " solves %" PRIu64 " re-weights, stale <= %.4f",
                stats.classes, stats.solves, stats.reweights, stats.staleness_max);
  }
  std::printf("  hash %016" PRIx64 "\n", result.digest);
  std::fflush(stdout);
  return 0;
}

int run_forked(const std::string& system, std::uint64_t transfers, const std::string& name) {
  const pid_t child = fork();
  if (child == 0) _exit(run(system, transfers, name));
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    std::fprintf(stderr, "usage: %s [x10|wide|sparse transfers [engine...]]\n", argv[0]);
    return 2;
  }
  if (argc > 2) {
    const std::uint64_t transfers = std::strtoull(argv[2], nullptr, 10);
    int failed = 0;
    if (argc == 3) {
      for (const char* name : {"exact-lazy", "exact-full", "bundle-simgrid", "bundle-native"}) {
        failed |= run_forked(argv[1], transfers, name);
      }
    }
    for (int i = 3; i < argc; ++i) failed |= run_forked(argv[1], transfers, argv[i]);
    return failed;
  }
  int failed = 0;
  for (const char* name : {"exact-lazy", "exact-full", "bundle-simgrid", "bundle-native"}) {
    failed |= run_forked("x10", 500, name);
  }
  for (const char* name : {"bundle-simgrid", "bundle-native"}) {
    failed |= run_forked("wide", 5000, name);
  }
  return failed;
}
