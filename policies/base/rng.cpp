#include "policies/base/rng.hpp"

#include <cmath>

#include "policies/base/check.hpp"
#include "policies/base/math.hpp"

namespace fleetcache {
namespace {

constexpr std::uint32_t low32(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high32(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {high32(p1) ^ counter[1] ^ key[0], low32(p1), high32(p0) ^ counter[3] ^ key[1],
               low32(p0)};
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
  return counter;
}

Rng::Rng(std::uint64_t seed, std::string_view purpose, std::uint64_t entity) {
  const std::uint64_t key = mix64(seed + 0x9e3779b97f4a7c15ULL) ^ hash_name(purpose);
  key_ = {low32(key), high32(key)};
  entity_ = {low32(entity), high32(entity)};
}

std::uint64_t Rng::next() {
  const auto block = philox4x32({low32(counter_), high32(counter_), entity_[0], entity_[1]}, key_);
  ++counter_;
  return (std::uint64_t{block[1]} << 32) | block[0];
}

double Rng::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t Rng::below(std::uint64_t n) {
  FLEETCACHE_CHECK(n > 0, "below(0) has no result");
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
}

double Rng::exponential() {
  return -portable_log((static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53);
}

double Rng::normal() {
  return normal_quantile((static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53);
}

double Rng::lognormal(double median, double sigma) {
  return median * portable_exp(sigma * normal());
}

double Rng::gamma_unit_mean(double cv2) {
  FLEETCACHE_CHECK(cv2 > 0, "the squared coefficient of variation must be positive");
  const double shape = 1.0 / cv2;
  // Shapes below 1 are drawn one higher and scaled back by u^(1/shape).
  const double boosted = shape < 1 ? shape + 1 : shape;
  const double d = boosted - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double v1 = 1.0 + c * x;
    if (v1 <= 0) continue;
    const double v = v1 * v1 * v1;
    const double u = (static_cast<double>(next() >> 11) + 0.5) * 0x1.0p-53;
    if (portable_log(u) >= 0.5 * x * x + d - d * v + d * portable_log(v)) continue;
    double value = d * v;
    if (shape < 1) value *= portable_exp(-exponential() / shape);
    return value / shape;
  }
}

}  // namespace fleetcache
