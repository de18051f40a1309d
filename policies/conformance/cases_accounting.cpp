// Long random traces: bytes, bodies and counters, for every policy.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

/// A random step of everything the host can; `pins` are what the trace holds.
void step(Host& host, Draw& draw, std::multiset<Id>& pins) {
  const std::uint64_t what = draw.below(100);
  const Id id = draw.skewed(120);
  if (what < 6 && host.can(FCP_CONFORM_ERASE)) {
    if (pins.count(id) == 0) host.erase(id);
  } else if (what < 10 && host.can(FCP_CONFORM_PIN) && pins.size() < 4) {
    if (host.pin(id) == FCP_CONFORM_OK) pins.insert(id);
  } else if (what < 14 && !pins.empty()) {
    host.want(host.unpin(*pins.begin()), {FCP_CONFORM_OK}, "unpin of what was pinned");
    pins.erase(pins.begin());
  } else {
    host.request({id, 5 + draw.below(90)});
  }
}

std::string bytes_add_up(Host& host) {
  std::uint64_t steps = 0;
  each_policy(host, [&](const std::string& policy) {
    Setup setup;
    setup.policy = policy;
    host.reset(setup);
    Draw draw(11);
    std::multiset<Id> pins;
    for (int k = 0; k < 600; ++k, ++steps) {
      step(host, draw, pins);
      host.check();
    }
    expect(!host.resident().empty(), "nothing was ever stored");
    if (host.can(FCP_CONFORM_PIN)) {
      for (const Id id : pins) expect(host.is_resident(id), "a pinned object is gone");
    }
  });
  return count_of(steps, "step") + ", each sound";
}

std::string bodies_match(Host& host) {
  std::uint64_t rounds = 0;
  each_policy(host, [&](const std::string& policy) {
    Setup setup;
    setup.policy = policy;
    host.reset(setup);
    Draw draw(23);
    std::multiset<Id> pins;
    for (int k = 0; k < 8; ++k, ++rounds) {
      for (int n = 0; n < 60; ++n) step(host, draw, pins);
      host.check_bodies();
      host.check();
    }
  });
  return "every resident body read " + count_of(rounds, "time");
}

std::string counters(Host& host) {
  std::uint64_t gets = 0;
  each_policy(host, [&](const std::string& policy) {
    Setup setup;
    setup.policy = policy;
    host.reset(setup);
    Draw draw(5);
    std::uint64_t hits = 0;
    for (int k = 0; k < 400; ++k) hits += host.request({draw.skewed(60), 20}) ? 1 : 0;
    const fcp_conform_stats seen = host.stats();
    gets += 400;
    expect(seen.hits == hits,
           "hits are " + std::to_string(seen.hits) + " of " + std::to_string(hits));
    expect(seen.misses == 400 - hits,
           "misses are " + std::to_string(seen.misses) + " of " + std::to_string(400 - hits));
    const std::uint64_t held = host.resident().size();
    expect(seen.inserts - seen.evictions == held,
           std::to_string(seen.inserts) + " inserts less " + std::to_string(seen.evictions) +
               " evictions are not the " + std::to_string(held) + " that are resident");
  });
  return "hits and misses of " + count_of(gets, "get") + " add up";
}

/// The log alone gives the resident set.
std::string log_tells_all(Host& host) {
  std::uint64_t events = 0;
  each_policy(host, [&](const std::string& policy) {
    Setup setup;
    setup.policy = policy;
    host.reset(setup);
    Draw draw(31);
    std::multiset<Id> pins;
    std::map<Key, std::uint64_t> told;
    for (int k = 0; k < 300; ++k) {
      step(host, draw, pins);
      for (const fcp_conform_event& event : host.drain()) {
        ++events;
        const Key key{event.tenant, event.id};
        if (event.kind == FCP_CONFORM_INSERTED) {
          expect(told.emplace(key, event.charge).second, key_text(key) + " was inserted twice");
        } else {
          expect(told.erase(key) == 1, key_text(key) + " left and was not there");
        }
      }
      expect(told == host.resident(),
             "step " + std::to_string(k) + ": the log and the resident objects differ");
    }
  });
  return count_of(events, "event");
}

}  // namespace

Cases accounting_cases() {
  const Needs any = Needs::kAnyPolicy;
  return {
      {"bytes_add_up", "used is never negative, is the sum over the resident set, fits", 0, any,
       bytes_add_up},
      {"bodies_match", "resident: the body last put; else a miss", 0, any, bodies_match},
      {"counters", "hits, misses, inserts and evictions add up", FCP_CONFORM_STATS, any, counters},
      {"log_tells_all", "insertions less departures are the resident set", FCP_CONFORM_LOG, any,
       log_tells_all},
  };
}

}  // namespace fleetcache::conformance
