// A log re-executed gives the same answers; what was changed in it is named.
#include "policies/log/decision_log.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "policies/log/replay_log.hpp"
#include "policies/log/ring.hpp"
#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

/// The records of a log, one string each; the header is the first.
struct Book {
  std::vector<std::string> records;
  log::Sink sink() {
    return [this](const void* p, std::size_t n) {
      records.emplace_back(static_cast<const char*>(p), n);
      return true;
    };
  }
  std::string bytes() const {
    std::string all;
    for (const std::string& record : records) all += record;
    return all;
  }
};

Result<log::LogReport> replay(const std::string& bytes) {
  std::size_t at = 0;
  return log::replay_log([&](void* out, std::size_t n) {
    if (n > bytes.size() - at) return false;
    bytes.copy(static_cast<char*>(out), n, at);
    at += n;
    return true;
  });
}

log::Origin origin_of(std::string_view policy, std::uint32_t tenants = 1) {
  log::Origin origin;
  origin.policy = std::string(policy);
  origin.config = byte_config(400, 80);
  origin.config.features = kTtl | kLeases | kCosts;
  origin.config.max_capacity = 500;
  origin.tenants = tenants;
  return origin;
}

/// Everything a host may do, at random.
void drive(log::LoggedCache& cache, std::uint32_t tenants, std::uint64_t seed, int steps) {
  SplitMix random(seed);
  TimePoint now{};
  std::vector<Victim> held;
  for (int k = 0; k < steps; ++k) {
    now.ns += static_cast<std::int64_t>(random.below(1'000'000'000));
    Meta meta = one(std::min(random.below(90), random.below(90)));
    meta.charge = 1 + mix64(meta.id) % 9;
    meta.tenant = static_cast<std::uint32_t>(random.below(tenants));
    meta.cost = static_cast<std::uint32_t>(random.below(3));
    if (random.below(4) == 0) meta.expires.ns = now.ns + 5'000'000'000;
    if (random.below(9) == 0) meta.leased_until.ns = now.ns + 900'000'000;
    const Handle h = cache.find(meta.tenant, meta.id);
    Victim victims[3];
    switch (random.below(14)) {
      case 0:
        cache.erase(now, h);
        break;
      case 1:
        if (cache.pin(h)) cache.unpin(h);
        break;
      case 2: {
        const Eligible picky = [&](const Victim& v) {
          return static_cast<Verdict>(mix64(v.id + seed) % 5);
        };
        Want want;
        want.eligible = &picky;
        want.max_scan = 20;
        const std::size_t found = cache.reserve(now, want, victims, 3);
        held.insert(held.end(), victims, victims + found);
        break;
      }
      case 3: {
        std::vector<Handle> handles;
        for (const Victim& v : held) handles.push_back(v.handle);
        const std::size_t some = random.below(handles.size() + 1);
        cache.commit(now, handles.data(), some);
        cache.abort(now, handles.data() + some, handles.size() - some);
        held.clear();
        break;
      }
      case 4: {
        const std::size_t found = cache.expire(now, victims, 3);
        for (std::size_t v = 0; v < found; ++v) cache.commit(now, &victims[v].handle, 1);
        break;
      }
      case 5:
        if (k % 50 == 0) (void)cache.resize(300 + random.below(200));
        break;
      case 6:
        cache.set_times(h, TimePoint{now.ns + 3'000'000'000}, {}, {});
        break;
      default:
        cache.request(now, meta);
    }
  }
  if (tenants > 1) CHECK(cache.set_quotas({{50, 300, 2}, {}}));
  cache.request(now, one(1));
  cache.finish();
}

}  // namespace

TEST_CASE("every policy: a log replays to the same answers, hashes and state") {
  for (const PolicyInfo& policy : policies()) {
    for (const std::uint32_t tenants : {1U, 2U}) {
      CAPTURE(policy.name);
      CAPTURE(tenants);
      Book book;
      auto cache = log::LoggedCache::create(origin_of(policy.name, tenants), book.sink()).value();
      drive(cache, tenants, 11, 3000);
      CHECK(cache.cache().audit() == "");
      const auto report = replay(book.bytes());
      REQUIRE(report);
      CHECK(report->complete);
      CHECK(report->marks == 1);
      CHECK(report->records == cache.records());
      CHECK(report->inputs_hash == cache.hashes().inputs.value());
      CHECK(report->outputs_hash == cache.hashes().outputs.value());
      CHECK_FALSE(report->difference.has_value());
      if (report->difference) MESSAGE(report->difference->call << report->difference->replayed);
    }
  }
}

TEST_CASE("a touch that is not in the log is found, and so is another policy's answer") {
  Book book;
  auto cache = log::LoggedCache::create(origin_of("lru"), book.sink()).value();
  drive(cache, 1, 5, 3000);
  // Without the hit of a later victim, the order is another and some victim differs.
  int caught = 0;
  int tried = 0;
  for (std::size_t k = 100; k < 2000 && tried < 20; ++k) {
    if (book.records[k][0] != static_cast<char>(log::Type::kAccess)) continue;
    ++tried;
    Book less = book;
    less.records.erase(less.records.begin() + static_cast<long>(k));
    const auto report = replay(less.bytes());
    REQUIRE(report);
    REQUIRE(report->difference.has_value());  // by a hash at the latest
    caught += report->difference->call != "mark" ? 1 : 0;
    CHECK(report->difference->record >= k);
  }
  CHECK(tried == 20);
  CHECK(caught > 0);
  // The same requests, decided by FIFO: the first victim that differs is named, with both states.
  Book other = book;
  other.records[0] = log::encode_origin(origin_of("fifo"));
  const auto report = replay(other.bytes());
  REQUIRE(report);
  REQUIRE(report->difference.has_value());
  CHECK(report->difference->logged != report->difference->replayed);
  CHECK(report->difference->logged_state != 0);
  CHECK(report->difference->logged_state != report->difference->replayed_state);
  CHECK(report->difference->replayed_summary.find("next victims:") != std::string::npos);
}

TEST_CASE("gaps and dropped touches are counted, and what follows a gap is not vouched for") {
  Book book;
  int writes = 0;
  log::Sink deaf = [&, keep = book.sink()](const void* p, std::size_t n) {
    ++writes;
    return writes >= 500 && writes < 507 ? false : keep(p, n);
  };
  auto cache = log::LoggedCache::create(origin_of("arc"), deaf).value();
  cache.dropped_touches(40);
  drive(cache, 1, 5, 2000);
  CHECK(cache.lost() == 7);
  const auto report = replay(book.bytes());
  REQUIRE(report);
  CHECK(report->gaps == 1);
  CHECK(report->lost == 7);
  CHECK(report->dropped_touches == 40);
  CHECK(report->unchecked > 0);
  CHECK(report->marks == 0);
  CHECK_FALSE(report->difference.has_value());
}

TEST_CASE("a log of a node that died is checked as far as it goes; damage never crashes") {
  Book book;
  auto cache = log::LoggedCache::create(origin_of("s3fifo", 2), book.sink()).value();
  drive(cache, 2, 8, 400);
  const std::string whole = book.bytes();
  for (std::size_t cut = book.records[0].size(); cut < whole.size(); cut += 7) {
    const auto report = replay(whole.substr(0, cut));
    REQUIRE(report);
    CHECK_FALSE(report->complete);
    CHECK_FALSE(report->difference.has_value());
  }
  int unnoticed = 0;
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    const auto report = replay(damaged);
    if (report && report->complete && !report->difference && report->gaps == 0) ++unnoticed;
  }
  CHECK(unnoticed == 0);
  CHECK_FALSE(replay("").ok());
  CHECK_FALSE(replay(whole.substr(0, 20)).ok());
}

TEST_CASE("the ring keeps whole records, and says so when it is full") {
  log::Ring ring(4096);
  std::string drained;
  int refused = 0;
  auto cache = log::LoggedCache::create(origin_of("sieve"), [&](const void* p, std::size_t n) {
                 const bool taken = ring.write(p, n);
                 refused += taken ? 0 : 1;
                 return taken;
               }).value();
  SplitMix random(1);
  char piece[256];
  for (int k = 0; k < 5000; ++k) {
    cache.request(TimePoint{k}, one(random.below(200), 3));
    // A drain that falls behind for a while in the middle.
    if (k > 2000 && k < 2500) continue;
    for (std::size_t n = ring.read(piece, sizeof piece); n > 0;
         n = ring.read(piece, sizeof piece)) {
      drained.append(piece, n);
    }
  }
  cache.finish();
  for (std::size_t n = ring.read(piece, sizeof piece); n > 0; n = ring.read(piece, sizeof piece)) {
    drained.append(piece, n);
  }
  CHECK(refused > 0);
  const auto report = replay(drained);
  REQUIRE(report);
  CHECK(report->complete);
  CHECK(report->gaps == 1);
  CHECK(report->lost == cache.lost());
  CHECK_FALSE(report->difference.has_value());
}

TEST_CASE("a log whose bytes were overwritten is refused or differs, whatever it says") {
  Book book;
  log::Origin origin = origin_of("lru", 3);
  auto cache = log::LoggedCache::create(origin, book.sink()).value();
  SplitMix random(4);
  for (int k = 0; k < 400; ++k) {
    Meta meta = one(random.below(60), 1 + random.below(9));
    meta.tenant = static_cast<std::uint32_t>(random.below(3));
    cache.request(TimePoint{k}, meta);
    Want want;
    want.incoming = &meta;
    want.enough = random.below(20);
    Victim victims[4];
    const std::size_t found = cache.reserve(TimePoint{k}, want, victims, 4);
    for (std::size_t v = 0; v < found; ++v) cache.commit(TimePoint{k}, &victims[v].handle, 1);
  }
  cache.finish();
  const std::string whole = book.bytes();
  REQUIRE(replay(whole)->difference.has_value() == false);
  int unnoticed = 0;
  for (int k = 0; k < 4000; ++k) {
    std::string damaged = whole;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      damaged[book.records[0].size() + random.below(whole.size() - book.records[0].size())] =
          static_cast<char>(random.next());
    }
    const auto report = replay(damaged);
    const bool same = report && report->complete && !report->difference && report->gaps == 0;
    unnoticed += same && damaged != whole ? 1 : 0;
  }
  CHECK(unnoticed == 0);
}

TEST_CASE("a mate that is gone, and one of another tenant, replay as they were decided") {
  Book book;
  log::Origin origin = origin_of("lru", 2);
  origin.config.features = kGroups | kCosts;
  auto cache = log::LoggedCache::create(origin, book.sink()).value();
  SplitMix random(2);
  std::vector<Handle> seen;
  for (int k = 0; k < 3000; ++k) {
    Meta meta = one(random.below(200), 1 + random.below(9));
    meta.tenant = static_cast<std::uint32_t>(random.below(2));
    if (!seen.empty() && random.below(3) == 0) meta.mate = seen[random.below(seen.size())];
    const Handle h = cache.find(meta.tenant, meta.id);
    if (h && cache.access(TimePoint{k}, h)) {
      cache.set_cost(h, static_cast<std::uint32_t>(k));
      continue;
    }
    const Handle stored = cache.admit(TimePoint{k}, meta);
    if (stored) seen.push_back(stored);
  }
  cache.finish();
  const auto report = replay(book.bytes());
  REQUIRE(report);
  CHECK_FALSE(report->difference.has_value());
  if (report->difference) MESSAGE(report->difference->call << ": " << report->difference->logged);
}
