#include "policies/placement/epochs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "policies/placement/table.hpp"

using namespace fleetcache;
using namespace fleetcache::placement;

namespace {

std::vector<Member> fleet(std::uint32_t count, std::uint32_t racks) {
  std::vector<Member> list(count);
  for (std::uint32_t m = 0; m < count; ++m) {
    list[m].id = 500 + m;
    list[m].domain = m % racks;
  }
  return list;
}

std::unique_ptr<Map> make(std::string_view policy, const std::vector<Member>& list,
                          std::uint64_t epoch) {
  Config config;
  config.epoch = epoch;
  return build(policy, config, list).value();
}

}  // namespace

TEST_CASE("during a change the new owner comes first and the old one is a source while it serves") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    const std::vector<Member> before = fleet(20, 4);
    const auto from = make(policy.name, before, 4);
    std::vector<Member> now = fleet(21, 4);  // 520 joins
    now[3].state = State::kDrain;
    now[4].state = State::kDown;
    now.erase(now.begin() + 5);  // 505 leaves at once
    const auto to = make(policy.name, now, 5);
    const EpochPair pair = EpochPair::make(*from, *to).value();
    std::map<std::uint64_t, int> old_sources;
    for (std::uint64_t key = 0; key < 5000; ++key) {
      const Sources found = pair.sources(key);
      REQUIRE(found.owner == to->owner(key));
      const std::uint64_t old_id = before[from->owner(key)].id;
      const bool serves = old_id != 504 && old_id != 505;
      const bool other = old_id != now[found.owner].id;
      REQUIRE(found.has_old == (serves && other));
      if (!found.has_old) continue;
      REQUIRE(now[found.old_owner].id == old_id);
      ++old_sources[old_id];
    }
    CHECK(old_sources[503] > 150);  // a drained member serves its 1 / 20
  }
  const auto a = make("ring", fleet(3, 3), 4);
  CHECK_FALSE(EpochPair::make(*a, *a).ok());
}

TEST_CASE("moved_fraction is 0 for the same map and 1 - 1/n for another seed") {
  const auto a = make("jump", fleet(10, 5), 1);
  CHECK(moved_fraction(*a, *a, 1, 10000) == 0);
  Config config;
  config.seed = 99;
  const auto b = build("jump", config, fleet(10, 5)).value();
  CHECK(std::abs(moved_fraction(*a, *b, 1, 10000) - 0.9) < 0.02);
}

TEST_CASE("bounded load: nobody above the bound, least change, the bound in proportion to weight") {
  for (const PolicyInfo& policy : policies()) {
    CAPTURE(policy.name);
    std::vector<Member> list = fleet(50, 10);
    for (std::uint32_t m = 0; m < 10; ++m) list[m].weight = 2;
    list[49].state = State::kDown;
    const auto map = make(policy.name, list, 1);
    std::vector<std::uint64_t> loads(50);
    Query query;
    query.loads = loads.data();
    int diverted = 0;
    for (query.total = 0; query.total < 5900; ++query.total) {
      std::uint32_t out = 0;
      REQUIRE(map->lookup(query.total, query, &out) == 1);
      diverted += out != map->owner(query.total) ? 1 : 0;
      ++loads[out];
    }
    // 59 units of weight up: 100 keys a unit, so 1.25 x 100 and x 200 at most.
    for (std::uint32_t m = 0; m < 49; ++m) CHECK(loads[m] <= (m < 10 ? 250 : 125));
    CHECK(loads[49] == 0);
    CHECK(diverted < 900);
    // With a bound of 1 all shares are equal to the unit; with no loads the first owner stays.
    query.bound_q8 = 256;
    loads.assign(50, 0);
    for (query.total = 0; query.total < 5900; ++query.total) {
      std::uint32_t out = 0;
      map->lookup(query.total, query, &out);
      ++loads[out];
    }
    for (std::uint32_t m = 0; m < 49; ++m) CHECK(loads[m] == (m < 10 ? 200 : 100));
  }
}

TEST_CASE("a table evolves by the least: what left and what is above its share") {
  const std::vector<Member> before = fleet(60, 12);
  Config config;
  SlotTable empty{12000, 3, {}};
  const SlotTable first = evolve(empty, config, before).value();
  const auto held = [](const SlotTable& table, std::uint32_t column) {
    std::map<std::uint64_t, int> count;
    for (std::uint32_t s = 0; s < table.slots; ++s) ++count[table.owners[s * 3 + column]];
    return count;
  };
  for (std::uint32_t column = 0; column < 3; ++column) {
    for (const auto& [id, count] : held(first, column)) CHECK(count == 200);
  }
  std::vector<Member> now = fleet(61, 12);
  now.erase(now.begin() + 7);
  const SlotTable second = evolve(first, config, now).value();
  int changed = 0;
  for (std::size_t k = 0; k < first.owners.size(); ++k) {
    changed += first.owners[k] != second.owners[k] ? 1 : 0;
  }
  // One left and one came: 3 x 200 places change hands; a replica whose rack a new owner
  // shares moves on as well: 2 neighbours of 11 racks, so some 110 a column after the first.
  CHECK(changed >= 600);
  CHECK(changed < 900);
  int together = 0;
  for (std::uint32_t s = 0; s < 12000; ++s) {
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < a; ++b) {
        const auto rack = [&](int k) {
          return now[second.owners[s * 3 + static_cast<std::uint32_t>(k)] - 500 -
                     (second.owners[s * 3 + static_cast<std::uint32_t>(k)] > 507 ? 1 : 0)]
              .domain;
        };
        together += rack(a) == rack(b) ? 1 : 0;
      }
    }
  }
  CHECK(together == 0);
  // The map of the table: a key's owner is the first of its row.
  const auto map = build_slots(second, config, now).value();
  std::map<std::uint32_t, int> seen;
  for (std::uint64_t key = 0; key < 60000; ++key) ++seen[map->owner(key)];
  CHECK(seen.size() == 60);
  CHECK_FALSE(build_slots(first, config, now).ok());  // 507 is no member any more
  CHECK_FALSE(evolve(SlotTable{0, 3, {}}, config, now).ok());
}

TEST_CASE("a table spreads the recovery of a member over many others") {
  const SlotTable table = evolve(SlotTable{16384, 3, {}}, Config{}, fleet(64, 16)).value();
  std::map<std::uint64_t, int> partners;
  for (std::uint32_t s = 0; s < table.slots; ++s) {
    if (table.owners[s * 3] != 500) continue;
    ++partners[table.owners[s * 3 + 1]];
  }
  // 256 slots over the 60 members of other racks: 4.3 each; all but e^-4.3 of them take part.
  CHECK(partners.size() > 52);
  for (const auto& [id, count] : partners) CHECK(count < 18);
}
