// Objects whose time is over.
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void reset(Host& host, const std::string& policy = "") {
  Setup setup;
  setup.policy = policy;
  setup.features = FCP_CONFORM_TTL;
  host.reset(setup);
}

Object timed(Host& host, Id id, std::int64_t ttl_ns, std::uint64_t charge = 100) {
  Object object{id, charge};
  object.expires_ns = host.now() + ttl_ns;
  return object;
}

void pass(Host& host, std::int64_t delta_ns) {
  host.want(host.advance(delta_ns), {FCP_CONFORM_OK}, "advance");
}

std::string at_the_boundary(Host& host) {
  std::uint64_t tried = 0;
  for (const std::int64_t ttl : {std::int64_t{1}, std::int64_t{2}, std::int64_t{1000}, kSecond,
                                 3600 * kSecond, 400 * 86400 * kSecond}) {
    reset(host);
    host.must_put(timed(host, 1, ttl));
    pass(host, ttl - 1);
    host.want(host.get(1), {FCP_CONFORM_OK},
              "get 1 ns before a life of " + std::to_string(ttl) + " ns is over");
    pass(host, 1);
    host.want(host.get(1), {FCP_CONFORM_MISS},
              "get at the end of a life of " + std::to_string(ttl) + " ns");
    ++tried;
  }
  return count_of(tried, "length") + " of life from 1 ns to 400 days";
}

std::string swept(Host& host) {
  each_policy(host, [&](const std::string& policy) {
    reset(host, policy);
    for (Id id = 1; id <= 5; ++id) host.must_put(timed(host, id, kSecond));
    for (Id id = 6; id <= 10; ++id) host.must_put(id, 100);
    pass(host, kSecond);
    host.want_resident({6, 7, 8, 9, 10}, "after the life of five is over");
    host.check();
  });
  return "five of ten gone, with their bytes";
}

std::string not_counted_as_hits(Host& host) {
  reset(host);
  host.must_put(timed(host, 1, kSecond));
  pass(host, 2 * kSecond);
  const fcp_conform_stats before = host.stats();
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get of an expired object");
  expect(host.stats().hits == before.hits, "it was counted as a hit");
  expect(host.stats().misses == before.misses + 1, "it was not counted as a miss");
  return "a miss in the statistics too";
}

std::string put_again(Host& host) {
  reset(host);
  host.must_put(timed(host, 1, kSecond));
  pass(host, kSecond);
  host.must_put(timed(host, 1, 5 * kSecond, 70));
  host.want(host.get(1), {FCP_CONFORM_OK}, "get of the new copy");
  host.check();
  pass(host, 4 * kSecond);
  host.want(host.get(1), {FCP_CONFORM_OK}, "get within its life");
  pass(host, kSecond);
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get after its life");
  host.check();
  return "a life of its own";
}

std::string born_expired(Host& host) {
  reset(host);
  pass(host, kSecond);
  Object object{1, 100};
  object.expires_ns = host.now() - 1;
  const std::int32_t status = host.put(object);
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get of what was put too late");
  pass(host, 1);
  expect(host.resident().empty(), "it is resident");
  host.check();
  return status_text(status) + ", never a hit";
}

std::string without_end(Host& host) {
  reset(host);
  host.must_put(1, 100);
  host.must_put(timed(host, 2, kSecond));
  pass(host, 4000 * 86400 * kSecond);
  host.want_resident({1}, "after 4000 days");
  host.want(host.get(1), {FCP_CONFORM_OK}, "get of what does not expire");
  return "there after 4000 days";
}

std::string no_way_back(Host& host) {
  reset(host);
  host.must_put(timed(host, 1, kSecond));
  pass(host, kSecond);
  const std::int64_t now = host.now();
  const std::int32_t status = host.advance(-kSecond);
  host.want(status, {FCP_CONFORM_INVALID}, "advance by -1 s");
  expect(host.now() == now, "the clock went back by " + std::to_string(now - host.now()) + " ns");
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get of what had expired");
  host.check();
  return "INVALID, the clock stays";
}

std::string pinned_expires(Host& host) {
  reset(host);
  host.must_put(timed(host, 1, kSecond));
  host.want(host.pin(1), {FCP_CONFORM_OK}, "pin 1");
  pass(host, kSecond);
  host.check();
  host.want(host.get(1), {FCP_CONFORM_MISS}, "get of an expired object that is pinned");
  host.unpin(1);
  pass(host, kSecond);
  expect(host.resident().empty(), "it is resident after its reader left");
  host.check();
  return "no hit; gone with its reader";
}

std::string random_lives(Host& host) {
  std::uint64_t hits = 0;
  each_policy(host, [&](const std::string& policy) {
    reset(host, policy);
    Draw draw(9);
    std::map<Id, std::int64_t> ends;
    for (int k = 0; k < 500; ++k) {
      const Id id = draw.skewed(40);
      const auto end = ends.find(id);
      const bool over = end != ends.end() && end->second <= host.now();
      if (host.get(id) == FCP_CONFORM_OK) {
        ++hits;
        expect(!over, std::to_string(id) + " was a hit after its time");
      } else {
        const Object object = timed(host, id, 1 + static_cast<std::int64_t>(draw.below(80)), 50);
        if (host.put(object) == FCP_CONFORM_OK) ends[id] = object.expires_ns;
      }
      pass(host, static_cast<std::int64_t>(draw.below(4)));
      for (const auto& entry : host.resident()) {
        expect(ends.at(entry.first.second) > host.now(),
               key_text(entry.first) + " is resident after its time");
      }
      host.check();
    }
  });
  return count_of(hits, "hit") + ", none after its time";
}

}  // namespace

Cases expiry_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t ttl = FCP_CONFORM_TTL;
  return {
      {"at_the_boundary", "a hit 1 ns before the end of its life, none at the end", ttl, any,
       at_the_boundary},
      {"swept", "what is over is not resident after the host's periodic work", ttl, any, swept},
      {"not_counted_as_hits", "an expired object is a miss in the statistics",
       ttl | FCP_CONFORM_STATS, any, not_counted_as_hits},
      {"put_again", "a new copy has a life of its own", ttl, any, put_again},
      {"born_expired", "what is put too late is never a hit", ttl, any, born_expired},
      {"without_end", "what has no end stays", ttl, any, without_end},
      {"no_way_back", "time does not go back", ttl, any, no_way_back},
      {"pinned_expires", "an expired object is no hit while pinned, and goes after",
       ttl | FCP_CONFORM_PIN, any, pinned_expires},
      {"random_lives", "no hit and nothing resident after its time, whatever the policy", ttl, any,
       random_lives},
  };
}

}  // namespace fleetcache::conformance
