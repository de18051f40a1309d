// The same owners from every compiler and optimisation level: digests of 100,000 lookups over 200
// members of 60 racks, with weights, a member down and one drained, two owners each. Made with g++
// 12 -O2; g++ -O0 and clang++ 14 -O0 and -O2 give the same. A changed digest moves data in every
// cache that runs the policy: it needs a reason in the commit.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "policies/base/hash.hpp"
#include "policies/placement/placement.hpp"

using namespace fleetcache;
using namespace fleetcache::placement;

namespace {

struct Golden {
  std::string_view policy;
  std::uint64_t digest;
};

constexpr Golden kGolden[] = {
    {"rendezvous", 0xad94458af86c8f26ULL}, {"ring", 0xb1495a2db637f7e2ULL},
    {"jump", 0x2541216626a5d455ULL},       {"maglev", 0x9904495e7161978eULL},
    {"straw2", 0x3ef5360dc7cac3f7ULL},     {"table", 0x57f4252249212399ULL},
};

std::uint64_t digest_of(std::string_view policy) {
  std::vector<Member> list(200);
  for (std::uint32_t m = 0; m < 200; ++m) {
    list[m].id = mix64(m);
    list[m].domain = m % 20;
    list[m].zone = m / 20 % 3;
    list[m].weight = 0.5 + 0.25 * (m % 7);
  }
  list[17].state = State::kDown;
  list[99].state = State::kDrain;
  const auto map = build(policy, Config{}, list).value();
  Digest digest;
  for (std::uint64_t key = 0; key < 100000; ++key) {
    std::uint32_t out[2];
    map->owners(key, out, 2);
    digest.add(std::uint64_t{out[0]} << 32 | out[1]);
  }
  return digest.value();
}

}  // namespace

TEST_CASE("golden digests of owners, one for every policy") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    bool known = false;
    for (const Golden& golden : kGolden) {
      if (golden.policy != policy.name) continue;
      known = true;
      const std::uint64_t digest = digest_of(policy.name);
      char text[32];
      std::snprintf(text, sizeof text, "0x%016llxULL", static_cast<unsigned long long>(digest));
      CAPTURE(std::string(text));
      CHECK(digest == golden.digest);
    }
    CHECK(known);
  }
}
