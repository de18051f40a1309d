#include "models/capacity/prefill_service.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/gpu/prefill.hpp"

namespace fleetcache::models {

namespace {

// 12,035 tokens a prompt, three turns, 3,584 of the first prompt's tokens in seven shared blocks.
KvSessionSpec chat(double rate) {
  KvSessionSpec spec;
  spec.rate = PerSecond(rate);
  spec.prompt_tokens = 12035;
  spec.output_tokens = 343;
  spec.prefixes = 100;
  spec.shared_fraction = 0.3;
  spec.turns = 3;
  spec.think = from_seconds(126);
  return spec;
}

struct Drawn {
  double mean = 0, cv2 = 0;
  std::vector<double> times;
  double quantile(double p) {
    const auto at =
        times.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(times.size()));
    std::nth_element(times.begin(), at, times.end());
    return *at;
  }
};

// Every prompt of drawn sessions; what is cached of it is the prefix and the prompt before.
Drawn drawn(const KvSessionSpec& spec, const PrefillStation& station) {
  KvSessionStream stream(spec, 7, from_seconds(1000), KvStart::kSteady);
  Drawn out;
  double sum = 0, square = 0;
  for (KvSessionRequest r; stream.next(r);) {
    const std::uint32_t blocks = std::max(r.shared_blocks, r.known_blocks);
    const std::uint32_t cached = std::min(blocks * spec.block_tokens, r.input_tokens - 1);
    const double s = station.fetch_s_per_block * blocks +
                     to_seconds(prefill_time(r.input_tokens - cached, cached, station.tokens,
                                             station.quadratic));
    out.times.push_back(s);
    sum += s;
    square += s * s;
  }
  const auto n = static_cast<double>(out.times.size());
  out.mean = sum / n;
  out.cv2 = square / n / (out.mean * out.mean) - 1;
  return out;
}

double quantile(const std::vector<TimeShare>& law, double p) {
  double sum = 0;
  for (const TimeShare& point : law)
    if ((sum += point.share) >= p) return point.seconds;
  return law.back().seconds;
}

}  // namespace

TEST_CASE("prefill of drawn sessions has the law that is told of it") {
  const KvSessionSpec spec = chat(200);
  const KvDemand demand = kv_demand(spec);
  KvHits all;
  all.prefix_hit = all.turn_hit = 1;
  for (const double quadratic : {0.0, 2e-10}) {
    CAPTURE(quadratic);
    const PrefillStation station{PerSecond(16000), quadratic, 512, 0.0018};
    Drawn truth = drawn(spec, station);
    const PrefillService told = prefill_service(demand, all, station, true);
    CHECK(told.fetch_s + told.prefill_s == doctest::Approx(truth.mean).epsilon(0.02));
    CHECK(told.cv2 == doctest::Approx(truth.cv2).epsilon(0.1));
    for (const double p : {0.25, 0.5, 0.9, 0.99})
      CHECK(quantile(told.law, p) == doctest::Approx(truth.quantile(p)).epsilon(0.04));
    // One log-normal of the same two moments is another law (negative control).
    const auto plain = log_normal_law(told.fetch_s + told.prefill_s, told.cv2);
    CHECK(std::fabs(quantile(plain, 0.5) / truth.quantile(0.5) - 1) > 0.04);
  }
  // Without the law: the same means where prefill is linear.
  const PrefillStation linear{PerSecond(16000), 0, 512, 0.0018};
  const PrefillService law = prefill_service(demand, all, linear, true);
  const PrefillService moments = prefill_service(demand, all, linear, false);
  CHECK(moments.law.empty());
  CHECK(moments.prefill_s == doctest::Approx(law.prefill_s).epsilon(0.01));
  CHECK(moments.cv2 == doctest::Approx(law.cv2).epsilon(0.1));
}

TEST_CASE("nothing cached: every token is computed") {
  // Mean prompt of turn k is 12,035 + k (343 + 4,011.7); k is 2 in the mean.
  const PrefillService none =
      prefill_service(kv_demand(chat(10)), {}, {PerSecond(16000), 0, 512, 0.0018}, true);
  CHECK(none.fetch_s == 0);
  CHECK(none.prefill_s == doctest::Approx((12035 + 2 * 4354.7) / 16000).epsilon(0.005));
}

TEST_CASE("short prompts carry less of the prefix") {
  const KvDemand demand = kv_demand(chat(200));
  CHECK(demand.prefix_blocks == 7);
  // Drawn: mean of min(floor(tokens / 512), 7) over all turns.
  KvSessionStream stream(chat(200), 3, from_seconds(500), KvStart::kSteady);
  double shared = 0, blocks = 0, reused = 0, n = 0;
  for (KvSessionRequest r; stream.next(r); ++n) {
    shared += r.shared_blocks;
    blocks += static_cast<double>(r.blocks.size());
    reused += r.known_blocks > r.shared_blocks ? r.known_blocks - r.shared_blocks : 0;
  }
  CHECK(demand.shared_blocks == doctest::Approx(shared / n).epsilon(0.01));
  CHECK(demand.blocks == doctest::Approx(blocks / n).epsilon(0.02));
  CHECK(demand.reused_blocks == doctest::Approx(reused / n).epsilon(0.03));
}

TEST_CASE("a stream that starts steady has long dialogues from its first second") {
  const KvSessionSpec spec = chat(200);
  const auto blocks = [&](KvStart start) {
    KvSessionStream stream(spec, 5, from_seconds(60), start);
    double sum = 0, n = 0;
    for (KvSessionRequest r; stream.next(r); ++n) sum += static_cast<double>(r.blocks.size());
    return std::pair{sum / n, n};
  };
  const auto [steady, requests] = blocks(KvStart::kSteady);
  CHECK(steady == doctest::Approx(kv_demand(spec).blocks).epsilon(0.03));
  CHECK(requests == doctest::Approx(200 * 60).epsilon(0.03));
  // From nothing, first turns are most of them (negative control).
  const auto [empty, fewer] = blocks(KvStart::kEmpty);
  CHECK(empty < 0.8 * steady);
  CHECK(fewer < 0.6 * requests);
}

TEST_CASE("turns that come before their blocks are stored find less") {
  const KvDemand demand = kv_demand(chat(200));
  const KvHits hits = kv_hits(demand, 1e6);
  const KvHits late = kv_hits_after(demand, hits, 126.0 / 9);  // 126 / (126 + 14) = 0.9
  CHECK(late.turn_hit == doctest::Approx(0.9 * hits.turn_hit));
  CHECK(late.prefix_hit == hits.prefix_hit);
  CHECK(hits.block_hit_ratio - late.block_hit_ratio ==
        doctest::Approx(0.1 * demand.reused_blocks * hits.turn_hit / demand.blocks));
}

}  // namespace fleetcache::models
