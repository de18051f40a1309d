// What every placement policy owes, whatever it is: random memberships, states, weights, spread
// levels, loads and bounds against plain statements of the rules. No policy is named here.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "policies/base/rng.hpp"
#include "policies/placement/placement.hpp"

using namespace fleetcache;
using namespace fleetcache::placement;

namespace {

struct Case {
  std::vector<Member> members;
  Config config;
};

Case random_case(Rng& rng) {
  Case made;
  const std::uint64_t count = 1 + rng.below(40);
  std::set<std::uint64_t> ids;
  while (ids.size() < count) ids.insert(rng.below(1000));
  for (const std::uint64_t id : ids) {
    Member member;
    member.id = id;
    member.region = static_cast<std::uint32_t>(rng.below(2));
    member.zone = static_cast<std::uint32_t>(rng.below(2));
    member.domain = static_cast<std::uint32_t>(rng.below(4));
    member.host = static_cast<std::uint32_t>(rng.below(2));
    member.weight = 0.25 * static_cast<double>(1 + rng.below(12));
    member.state = static_cast<State>(rng.below(5) < 3 ? 0 : rng.below(3));
    made.members.push_back(member);
  }
  made.members[rng.below(count)].state = State::kUp;
  made.config.seed = rng.next();
  made.config.spread = static_cast<Level>(rng.below(4));
  return made;
}

/// The first broken rule, or null.
const char* broken_rule(const Map& map, const Query& query, const std::vector<std::uint32_t>& out) {
  const std::vector<Member>& members = map.members();
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> domains;
  std::set<std::uint32_t> up_domains;
  bool room = false;  // somebody up, not chosen, under the bound
  bool over = false;  // somebody chosen is at the bound
  for (const std::uint32_t m : out) {
    if (m >= members.size() || members[m].state != State::kUp) return "an owner is not up";
    if (!seen.insert(m).second) return "an owner comes twice";
    domains.insert(map.domain_of(m));
    over = over || (query.loads != nullptr && !map.under_bound(query, m));
  }
  std::uint32_t up = 0;
  for (std::uint32_t m = 0; m < members.size(); ++m) {
    if (members[m].state != State::kUp) continue;
    ++up;
    up_domains.insert(map.domain_of(m));
    room = room || (seen.count(m) == 0 && query.loads != nullptr && map.under_bound(query, m));
  }
  if (out.size() != std::min(query.count, up)) return "a wrong number of owners";
  if (query.loads == nullptr && domains.size() != std::min(out.size(), up_domains.size())) {
    return "a domain is shared while another is left";
  }
  if (over && room) return "the bound is broken while somebody has room";
  return nullptr;
}

}  // namespace

TEST_CASE("every placement policy keeps the rules of owners") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    Rng rng(2026, "placement contract", 1);
    for (int round = 0; round < 60; ++round) {
      const Case made = random_case(rng);
      const auto map = build(policy.name, made.config, made.members).value();
      std::vector<std::uint64_t> loads(made.members.size());
      for (int k = 0; k < 60; ++k) {
        Query query;
        query.count = static_cast<std::uint32_t>(1 + rng.below(made.members.size() + 2));
        const std::uint64_t key = rng.next();
        if (k % 2 == 1) {
          query.loads = loads.data();
          query.bound_q8 = static_cast<std::uint32_t>(256 + rng.below(128));
          query.total = 0;
          for (std::size_t m = 0; m < loads.size(); ++m) {
            loads[m] = rng.below(20);
            if (made.members[m].state == State::kUp) query.total += loads[m];
          }
        }
        std::vector<std::uint32_t> out(query.count);
        out.resize(map->lookup(key, query, out.data()));
        const char* broken = broken_rule(*map, query, out);
        CAPTURE(round);
        REQUIRE_MESSAGE(broken == nullptr, (broken == nullptr ? "" : broken));
        std::vector<std::uint32_t> again(query.count);
        again.resize(map->lookup(key, query, again.data()));
        REQUIRE(again == out);
        // The rules can be broken: a repeated owner and one that is not up are seen.
        if (out.size() > 1) {
          out.back() = out.front();
          REQUIRE(broken_rule(*map, query, out) != nullptr);
        }
      }
      CHECK(map->memory_bytes() > made.members.size() * sizeof(Member));
    }
  }
}
