#include "models/workload/zipf.hpp"

#include <limits>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

constexpr double kTwo64 = 0x1.0p64;

std::uint64_t to_threshold(double share) {
  return share >= 1 ? std::numeric_limits<std::uint64_t>::max()
                    : static_cast<std::uint64_t>(share * kTwo64);
}

}  // namespace

ZipfSampler::ZipfSampler(std::uint64_t n, double exponent) : exponent_(exponent), normalizer_(0) {
  FLEETCACHE_CHECK(n >= 1 && n < (std::uint64_t{1} << 32) && exponent >= 0,
                   "ZipfSampler needs 1 <= n < 2^32 and exponent >= 0");
  std::vector<double> scaled(n);
  for (std::uint64_t i = n; i-- > 0;) {  // small terms first: the sum keeps their bits
    scaled[i] = power(static_cast<double>(i + 1), -exponent);
    normalizer_ += scaled[i];
  }
  for (double& weight : scaled) weight *= static_cast<double>(n) / normalizer_;
  threshold_.assign(n, std::numeric_limits<std::uint64_t>::max());
  alias_.resize(n);
  std::vector<std::uint32_t> small;
  std::vector<std::uint32_t> large;
  for (std::uint32_t i = 0; i < n; ++i) {
    alias_[i] = i;
    (scaled[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::uint32_t poor = small.back();
    const std::uint32_t rich = large.back();
    small.pop_back();
    threshold_[poor] = to_threshold(scaled[poor]);
    alias_[poor] = rich;
    scaled[rich] -= 1 - scaled[poor];
    if (scaled[rich] < 1) {
      large.pop_back();
      small.push_back(rich);
    }
  }
}

std::uint64_t ZipfSampler::sample(Rng& rng) const {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(rng.next()) * alias_.size();
  const auto rank = static_cast<std::uint64_t>(product >> 64);
  return static_cast<std::uint64_t>(product) < threshold_[rank] ? rank : alias_[rank];
}

double ZipfSampler::probability(std::uint64_t rank) const {
  FLEETCACHE_CHECK(rank < size(), "a rank past the end of the catalogue");
  return power(static_cast<double>(rank + 1), -exponent_) / normalizer_;
}

}  // namespace fleetcache::models
