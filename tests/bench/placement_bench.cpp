// Placement at the size of a fleet: build time, bytes, CPU time a lookup, balance, movement and
// spread of every policy, with the closed form beside it. Small under ctest; by hand:
//     placement_bench 100000
// prints the tables of docs/policies/placement.md.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/base/math.hpp"
#include "policies/placement/epochs.hpp"
#include "policies/placement/placement.hpp"

using namespace fleetcache;
using namespace fleetcache::placement;

namespace {

struct Case {
  const char* policy;
  std::uint32_t virtual_nodes;  // 0: not a ring
};

constexpr Case kCases[] = {{"rendezvous", 0}, {"ring", 128}, {"ring", 750}, {"jump", 0},
                           {"maglev", 0},     {"straw2", 0}, {"table", 0}};

std::vector<Member> fleet(std::uint32_t count) {
  std::vector<Member> list(count);
  for (std::uint32_t m = 0; m < count; ++m) {
    list[m].id = m + 1;
    list[m].domain = m / 18 % 600;  // racks of 18, zones of 600 racks, regions of 3 zones
    list[m].zone = m / 10800 % 3;
    list[m].region = m / 32400;
  }
  return list;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Most keys of a member over the mean, expected: for v points and `each` keys a member the count
/// has relative variance 1/v + 1/each; the largest of n is near its normal quantile, corrected for
/// the skew of a Gamma with that variance (Wilson and Hilferty).
double expected_max(double variance, double members) {
  const double z = normal_quantile(1 - 1 / (1.78 * members));  // e^gamma: mean of the largest
  const double ninth = variance / 9;
  const double root = 1 - ninth + z * std::sqrt(ninth);
  return root * root * root;
}

void run(const Case& c, std::uint32_t count, std::uint64_t keys) {
  Config config;
  if (c.virtual_nodes > 0) config.virtual_nodes = c.virtual_nodes;
  if (std::string(c.policy) == "rendezvous") keys = std::min<std::uint64_t>(keys, 20000000 / count);
  std::vector<Member> list = fleet(count);
  double start = cpu_seconds();
  const auto map = build(c.policy, config, list).value();
  const double build_s = cpu_seconds() - start;

  std::vector<std::uint32_t> counts(count);
  Digest digest;
  start = cpu_seconds();
  for (std::uint64_t key = 0; key < keys; ++key) {
    const std::uint32_t owner = map->owner(key);
    digest.add(owner);
    ++counts[owner];
  }
  const double lookup_ns = (cpu_seconds() - start) / static_cast<double>(keys) * 1e9;
  const double each = static_cast<double>(keys) / count;
  const double max = *std::max_element(counts.begin(), counts.end()) / each;
  const double variance = 1 / each + (c.virtual_nodes > 0 ? 1.0 / c.virtual_nodes : 0);

  int violations = 0;
  const int rows = std::string(c.policy) == "rendezvous" && count > 1000 ? 20 : 10000;
  for (int key = 0; key < rows; ++key) {
    std::uint32_t out[3];
    map->owners(static_cast<std::uint64_t>(key), out, 3);
    const auto d = [&](int k) { return map->domain_of(out[k]); };
    violations += d(0) == d(1) || d(0) == d(2) || d(1) == d(2) ? 1 : 0;
  }
  const auto samples = static_cast<std::uint32_t>(std::min<std::uint64_t>(keys, 2000000));
  list[count / 2].state = State::kDown;
  const auto down = build(c.policy, config, list).value();
  const double down_moved = moved_fraction(*map, *down, 7, samples);
  list.erase(list.begin() + count / 2);
  const auto fewer = build(c.policy, config, list).value();
  const double left_moved = moved_fraction(*map, *fewer, 7, samples);

  std::string name = c.policy;
  if (c.virtual_nodes > 0) name += " " + std::to_string(c.virtual_nodes);
  std::printf("%-11s %7u %9.2f %10.2f %9.1f %8.3f %8.3f %8.2f %8.2f %6d  %016llx\n", name.c_str(),
              count, build_s, static_cast<double>(map->memory_bytes()) / 1e6, lookup_ns, max,
              expected_max(variance, count), down_moved * count, left_moved * count, violations,
              static_cast<unsigned long long>(digest.value()));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const long members = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  const long per_member = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 100;
  if (members < 10 || members > 200000 || per_member < 1 || argc > 4) {
    std::fprintf(stderr, "usage: placement_bench MEMBERS [KEYS_PER_MEMBER [POLICY]]\n");
    return 2;
  }
  std::printf("%-11s %7s %9s %10s %9s %8s %8s %8s %8s %6s  %s\n", "policy", "members", "build s",
              "MB", "ns", "max/mean", "expected", "down n", "leave n", "spread", "owners");
  for (const Case& c : kCases) {
    if (argc > 3 && std::string(argv[3]) != c.policy) continue;
    run(c, static_cast<std::uint32_t>(members),
        static_cast<std::uint64_t>(members) * static_cast<std::uint64_t>(per_member));
  }
  std::printf(
      "down n, leave n: moved fraction x members (1 is the least); spread: keys of 10,000 "
      "with two of three replicas in a rack\n");
  return 0;
}
