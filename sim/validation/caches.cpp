// V8, V8b, V9 and V40: caches under independent requests, through the real policy core.

#include "models/cache/che.hpp"
#include "models/cache/tandem.hpp"
#include "models/workload/zipf.hpp"
#include "policies/base/rng.hpp"
#include "policies/eviction/eviction.hpp"
#include "sim/validation/estimate.hpp"
#include "sim/validation/experiment.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint64_t kSeed = 8;
constexpr std::uint64_t kBatch = 50'000;
constexpr std::uint64_t kBatchesLeast = 20, kBatchesMost = 600;
constexpr std::uint64_t kTurnovers = 6;  // of a cache before its hits count
constexpr std::uint64_t kWarmUpMost = 20'000'000;

Result<eviction::Cache> unit_cache(const std::string& policy, std::uint64_t capacity,
                                   std::uint32_t features = 0) {
  eviction::Config config;
  config.capacity = capacity;
  config.max_entries = static_cast<std::uint32_t>(capacity);
  config.unit_charge = true;
  config.seed = kSeed;
  config.features = features;
  return eviction::Cache::create(policy, config);
}

eviction::Meta object(std::uint64_t rank) {
  eviction::Meta meta;
  meta.id = rank + 1;
  return meta;
}

// Hit ratio of one cache, either `filled` with the most popular ranks or warmed up from nothing.
Result<Estimate> irm_hit_ratio(const std::string& policy, const models::ZipfSampler& ranks,
                               std::uint64_t capacity, bool filled, double tolerance) {
  Result<eviction::Cache> cache = unit_cache(policy, capacity);
  if (!cache) return cache.error();
  Rng rng(kSeed, "validation/irm");
  std::int64_t now = 0;
  if (filled) {
    for (std::uint64_t rank = 0; rank < capacity; ++rank) cache->request({now++}, object(rank));
  } else {
    std::uint64_t misses = 0;
    while (misses < kTurnovers * capacity && now < static_cast<std::int64_t>(kWarmUpMost))
      misses += cache->request({now++}, object(ranks.sample(rng))) ? 0 : 1;
  }
  BatchEstimate hits(kBatch);
  while (!hits.batches().settled(tolerance, kBatchesLeast) && hits.batches().count() < kBatchesMost)
    hits.add(cache->request({now++}, object(ranks.sample(rng))) ? 1 : 0);
  return hits.batches();
}

struct Stream {
  double exponent;
  std::uint64_t objects, capacity;
};

// A cache of almost everything takes longer to fill with the last objects than a run may be.
Result<Stream> stream_of(const Parameters& p, const char* id) {
  if (p.count("C") > p.count("M") / 2) return Error{id, "C must be at most M / 2"};
  return Stream{p["alpha"], p.count("M"), p.count("C")};
}

Case measured(const std::string& name, double expected, const Estimate& e) {
  return {name, expected, e.mean(), e.standard_error()};
}

Result<std::vector<Case>> run_lru(const Parameters& p, const Environment&) {
  const Result<Stream> stream = stream_of(p, "V8");
  if (!stream) return stream.error();
  const Stream& s = *stream;
  const auto catalogue = models::zipf_catalogue(static_cast<double>(s.objects), s.exponent);
  const double expected = models::che_lru(catalogue, static_cast<double>(s.capacity)).hit_ratio;
  const models::ZipfSampler ranks(s.objects, s.exponent);
  const Result<Estimate> e = irm_hit_ratio("lru", ranks, s.capacity, false, 0.003);
  if (!e) return e.error();
  return std::vector<Case>{measured("", expected, *e)};
}

Result<std::vector<Case>> run_fifo_random(const Parameters& p, const Environment&) {
  const Result<Stream> stream = stream_of(p, "V8b");
  if (!stream) return stream.error();
  const Stream& s = *stream;
  const auto catalogue = models::zipf_catalogue(static_cast<double>(s.objects), s.exponent);
  const auto capacity = static_cast<double>(s.capacity);
  const double expected = models::che_fifo_random(catalogue, capacity).hit_ratio;
  const double best = models::static_optimum(catalogue, capacity);
  const models::ZipfSampler ranks(s.objects, s.exponent);
  const Result<Estimate> fifo = irm_hit_ratio("fifo", ranks, s.capacity, false, 0.003);
  const Result<Estimate> random = irm_hit_ratio("random-uniform", ranks, s.capacity, false, 0.003);
  const Result<Estimate> pinned = irm_hit_ratio("pinned", ranks, s.capacity, true, 0.003);
  if (!fifo) return fifo.error();
  if (!random) return random.error();
  if (!pinned) return pinned.error();
  return std::vector<Case>{measured("FIFO", expected, *fifo), measured("RANDOM", expected, *random),
                           measured("static optimum", best, *pinned)};
}

struct TandemHits {
  BatchEstimate first{kBatch}, second{kBatch}, origin{kBatch};
};

Result<std::vector<Case>> run_tandem(const Parameters& p, const Environment&) {
  constexpr double kTolerance = 0.008;
  const std::uint64_t objects = p.count("M"), leaves = p.count("leaves");
  if (p.count("C1") > p.count("C2") || p.count("C2") > objects / 2)
    return Error{"V9", "wants C1 <= C2 <= M / 2"};
  const auto catalogue = models::zipf_catalogue(static_cast<double>(objects), p["alpha"]);
  models::TandemSpec spec{p["C1"], p["leaves"], p["C2"], false};
  const models::TandemSolution plain = models::lru_tandem(catalogue, spec);
  spec.spaced_misses = true;
  const models::TandemSolution spaced = models::lru_tandem(catalogue, spec);
  std::vector<eviction::Cache> leaf;
  for (std::uint64_t i = 0; i < leaves; ++i) {
    auto cache = unit_cache("lru", p.count("C1"));
    if (!cache) return cache.error();
    leaf.push_back(std::move(cache).value());
  }
  auto second = unit_cache("lru", p.count("C2"));
  if (!second) return second.error();
  const models::ZipfSampler ranks(objects, p["alpha"]);
  Rng rng(kSeed, "validation/tandem");
  std::int64_t now = 0;
  std::uint64_t at_second = 0, beyond = 0;
  while (beyond < kTurnovers * p.count("C2") && now < static_cast<std::int64_t>(kWarmUpMost)) {
    const eviction::Meta meta = object(ranks.sample(rng));
    const std::uint64_t who = rng.below(leaves);
    if (!leaf[who].request({now++}, meta)) beyond += second->request({now}, meta) ? 0 : 1;
  }
  TandemHits hits;
  const auto done = [&](const BatchEstimate& e) {
    return e.batches().settled(kTolerance, kBatchesLeast);
  };
  while (!(done(hits.first) && done(hits.second) && done(hits.origin)) &&
         at_second < kBatchesMost * kBatch) {
    const eviction::Meta meta = object(ranks.sample(rng));
    const bool hit = leaf[rng.below(leaves)].request({now++}, meta);
    const bool later = !hit && second->request({now}, meta);
    hits.first.add(hit ? 1 : 0);
    hits.origin.add(hit || later ? 0 : 1);
    if (hit) continue;
    hits.second.add(later ? 1 : 0);
    ++at_second;
  }
  return std::vector<Case>{
      measured("L1", plain.first.hit_ratio, hits.first.batches()),
      measured("L2", plain.second.hit_ratio, hits.second.batches()),
      measured("origin", plain.origin, hits.origin.batches()),
      measured("L2, misses spaced", spaced.second.hit_ratio, hits.second.batches())};
}

// Objects of unlimited room that are asked as Poisson streams; hits in batches.
Result<Estimate> ttl_hit_ratio(double requests_a_ttl, bool reset, double tolerance) {
  constexpr std::uint64_t kObjects = 64;
  const Duration ttl = from_seconds(1);
  const double total_rate = requests_a_ttl * kObjects;
  auto cache = unit_cache("lru", kObjects, eviction::kTtl);
  if (!cache) return cache.error();
  Rng rng(40, "validation/ttl");
  BatchEstimate hits(kBatch);
  TimePoint now;
  while (!hits.batches().settled(tolerance, kBatchesLeast) &&
         hits.batches().count() < kBatchesMost) {
    now = now + from_seconds(rng.exponential() / total_rate);
    eviction::Meta meta = object(rng.below(kObjects));
    meta.expires = now + ttl;
    const bool hit = cache->request(now, meta);
    if (hit && reset) cache->set_expiry(cache->find(meta.id), meta.expires);
    hits.add(hit ? 1 : 0);
  }
  return hits.batches();
}

Result<std::vector<Case>> run_ttl(const Parameters& p, const Environment&) {
  const double x = p["lambda_T"];
  std::vector<Case> cases;
  for (const bool reset : {true, false}) {
    const double expected = models::ttl_hit(x, 1, reset);
    const Result<Estimate> e = ttl_hit_ratio(x, reset, 0.01 * expected);
    if (!e) return e.error();
    cases.push_back(measured(reset ? "reset" : "not reset", expected, *e));
  }
  return cases;
}

std::vector<Parameter> stream_parameters() {
  return {{"alpha", "1", 0.8, 0, 1.5},
          {"C", "1", 1000, 100, 1e6, true},
          {"M", "1", 1e5, 1000, 5e6, true}};
}

std::vector<std::vector<Setting>> published_points() {
  return {{{"C", 10'000}}, {{"alpha", 1}}, {{"alpha", 1}, {"C", 10'000}}};
}

}  // namespace

Experiment v8() {
  Experiment e;
  e.id = "V8";
  e.title = "hit ratio of LRU under independent requests, Zipf(alpha) over M objects, room for C";
  e.formula = "sum (1 - e^(-p T)) = C; h = sum p (1 - e^(-p T))";
  e.rung = "core";
  e.tolerance = 0.003;
  e.kind = Tolerance::kAbsolute;
  e.parameters = stream_parameters();
  e.points = published_points();
  e.run = run_lru;
  return e;
}

Experiment v8b() {
  Experiment e;
  e.id = "V8b";
  e.title = "the same of FIFO and RANDOM, and of the C most popular objects";
  e.formula = "sum p T / (1 + p T) = C; h = sum p^2 T / (1 + p T); sum of the C largest p";
  e.rung = "core";
  e.tolerance = 0.003;
  e.kind = Tolerance::kAbsolute;
  e.parameters = stream_parameters();
  e.points = published_points();
  e.run = run_fifo_random;
  return e;
}

Experiment v9() {
  Experiment e;
  e.id = "V9";
  e.title = "LRU leaves of C1 over one LRU cache of C2, each leaf with Zipf(alpha) requests";
  e.formula =
      "LRU twice: the second sees leaves x p e^(-p T1); spaced: a leaf's misses are T1 apart";
  e.rung = "core";
  e.tolerance = 0.008;
  e.kind = Tolerance::kAbsolute;
  e.parameters = {{"alpha", "1", 0.8, 0, 1.2},
                  {"C1", "1", 1000, 100, 1e5, true},
                  {"C2", "1", 10'000, 100, 1e6, true},
                  {"leaves", "1", 20, 10, 200, true},
                  {"M", "1", 1e5, 1000, 5e6, true}};
  e.points = {{{"alpha", 1}}};
  e.run = run_tandem;
  return e;
}

Experiment v40() {
  Experiment e;
  e.id = "V40";
  e.title = "hit ratio of an object with a time to live T and Poisson requests, lambda T a life";
  e.formula = "reset by hits: 1 - e^(-lambda T); not: lambda T / (1 + lambda T)";
  e.rung = "core";
  e.tolerance = 0.01;
  e.parameters = {{"lambda_T", "1", 1, 0.1, 20}};
  e.points = {{{"lambda_T", 0.3}}, {{"lambda_T", 3}}};
  e.run = run_ttl;
  return e;
}

}  // namespace fleetcache::validation
