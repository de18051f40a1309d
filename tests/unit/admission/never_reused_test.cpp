// The dead-block filter: learns by class and depth, and unlearns.
#include "tests/unit/admission/helpers.hpp"

using namespace fleetcache;
using namespace fleetcache::admission;
using namespace fleetcache::admission::testing;

namespace {

struct Share {
  double asked = 0;
  double stored = 0;
  double value() const { return stored / asked; }
};

/// First requests of objects of two classes in turn. Class 0 comes back after 50 requests; class 1
/// only if `alive`. Returns the share of class `watched` that is stored at its first request.
Share run(Policy& rule, std::uint64_t first_id, int objects, bool alive, std::uint16_t watched) {
  Share share;
  for (int k = 0; k < objects; ++k) {
    Request fresh = object(first_id + static_cast<std::uint64_t>(k));
    fresh.klass = static_cast<std::uint16_t>(k % 2);
    rule.seen({}, fresh, false);
    const bool stored = rule.decide({}, fresh) == Decision::kAdmit;
    if (fresh.klass == watched) {
      share.asked += 1;
      share.stored += stored ? 1 : 0;
    }
    if (k < 50) continue;
    Request back = object(fresh.id - 50);
    back.klass = fresh.klass;
    if (back.klass == 0 || alive) rule.seen({}, back, true);
  }
  return share;
}

const Params kParams = {{"window", "2000"}, {"memory", "512"}};

}  // namespace

TEST_CASE("a class that never comes back is refused, another is not, and a revived one is let in") {
  Policy rule = make("never-reused", kParams);
  CHECK(run(rule, 0, 20000, false, 0).value() == 1);
  CHECK(run(rule, 100000, 20000, false, 1).value() < 0.002);  // filters err now and then
  CHECK(run(rule, 200000, 20000, false, 0).value() == 1);
  // All of it is refused: only the sample of refused objects can tell that it lives again.
  run(rule, 300000, 20000, true, 1);
  CHECK(run(rule, 400000, 20000, true, 1).value() == 1);
}

TEST_CASE("a kind is innocent until its trials have ended") {
  Policy rule = make("never-reused", {{"trials", "64"}});
  Request dead = object(1);
  dead.klass = 3;
  dead.depth = 9;
  for (int k = 0; k < 63; ++k) rule.outcome({}, dead, false);
  CHECK(rule.decide({}, dead) == Decision::kAdmit);
  rule.outcome({}, dead, false);
  CHECK(rule.decide({}, dead) == Decision::kReject);
  Request neighbour = dead;
  neighbour.depth = 12;  // another step: 8-11 and 12-15
  CHECK(rule.decide({}, neighbour) == Decision::kAdmit);
  neighbour.depth = 11;
  CHECK(rule.decide({}, neighbour) == Decision::kReject);
  neighbour.klass = 4;
  CHECK(rule.decide({}, neighbour) == Decision::kAdmit);
  for (int k = 0; k < 8; ++k) rule.outcome({}, dead, true);  // 8 of 72 came back: above a tenth
  CHECK(rule.decide({}, dead) == Decision::kAdmit);
  CHECK(rule.stats().dead == 64);
  CHECK(rule.stats().reused == 8);
}

TEST_CASE("classes and depths beyond the table share its last row") {
  Policy rule = make("never-reused");
  Request dead = object(1);
  dead.klass = 65535;
  dead.depth = 65535;
  for (int k = 0; k < 64; ++k) rule.outcome({}, dead, false);
  Request other = object(2);
  other.klass = 63;
  other.depth = 50000;
  CHECK(rule.decide({}, other) == Decision::kReject);
  other.klass = 62;
  CHECK(rule.decide({}, other) == Decision::kAdmit);
}

TEST_CASE("an object of a refused kind is stored at its second request, where that is wanted") {
  for (const char* second : {"1", "0"}) {
    Policy rule = make("never-reused", {{"second_request", second}});
    for (int k = 0; k < 64; ++k) rule.outcome({}, object(1), false);
    rule.seen({}, object(7), false);
    CHECK(rule.decide({}, object(7)) == Decision::kReject);
    rule.seen({}, object(7), false);
    CHECK((rule.decide({}, object(7)) == Decision::kAdmit) == (second[0] == '1'));
  }
}
