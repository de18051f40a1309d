#include "models/sampling/representatives.hpp"

#include <algorithm>
#include <cstdio>

#include "policies/base/check.hpp"
#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::models {
namespace {

constexpr double kFalseAlarm = 1e-4;
constexpr double kExpectedMin = 5;

double share(std::uint64_t part, std::uint64_t rest) {
  const double all = static_cast<double>(part) + static_cast<double>(rest);
  return all > 0 ? static_cast<double>(part) / all : 0;
}

}  // namespace

std::vector<std::uint32_t> representatives(std::uint32_t nodes, std::uint32_t wanted,
                                           std::uint64_t seed, std::uint64_t node_class) {
  FLEETCACHE_CHECK(wanted >= 1, "at least one node stands for the others");
  std::vector<std::uint32_t> out;
  const std::uint64_t strips = std::min(wanted, nodes);
  const std::uint64_t key = mix64(seed ^ mix64(node_class + 1));
  for (std::uint64_t s = 0; s < strips; ++s) {
    // The least key of a strip is the least of one of its halves: that nests the samples.
    const auto first = static_cast<std::uint32_t>(s * nodes / strips);
    const auto end = static_cast<std::uint32_t>((s + 1) * nodes / strips);
    std::uint32_t best = first;
    std::uint64_t least = ~std::uint64_t{0};
    for (std::uint32_t node = first; node < end; ++node) {
      const std::uint64_t draw = Rng(key, "sampling/representative", node).next();
      if (draw < least) {
        least = draw;
        best = node;
      }
    }
    out.push_back(best);
  }
  return out;
}

IndependenceCheck independent_samples(const std::array<std::array<std::uint64_t, 2>, 2>& counts) {
  IndependenceCheck check;
  const double quantile = normal_quantile(1 - kFalseAlarm / 2);
  check.limit = quantile * quantile;  // of chi-square with 1 degree of freedom
  check.share_sampled = share(counts[1][1], counts[1][0]);
  check.share_others = share(counts[0][1], counts[0][0]);
  std::array<double, 2> row{}, column{};
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 2; ++c) {
      row[r] += static_cast<double>(counts[r][c]);
      column[c] += static_cast<double>(counts[r][c]);
    }
  }
  const double all = row[0] + row[1];
  const bool trivial = row[0] == 0 || row[1] == 0 || column[0] == 0 || column[1] == 0;
  if (trivial) {
    check.ok = true;
    check.text = std::string(IndependenceCheck::kName) + ": one of them holds all or nothing";
    return check;
  }
  double least = all;
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 2; ++c) {
      const double expected = row[r] * column[c] / all;
      const double off = static_cast<double>(counts[r][c]) - expected;
      check.statistic += off * off / expected;
      least = std::min(least, expected);
    }
  }
  const bool enough = least >= kExpectedMin;
  check.ok = enough && check.statistic <= check.limit;
  char line[240];
  std::snprintf(line, sizeof line,
                "%s: %s (%.4g of the sampled objects' owners are representatives, %.4g of the "
                "others'; chi-square %.4g, limit %.4g)",
                IndependenceCheck::kName,
                check.ok ? "holds" : (enough ? "BROKEN" : "too few objects to tell"),
                check.share_sampled, check.share_others, check.statistic, check.limit);
  check.text = line;
  return check;
}

IndependenceCheck independent_samples(
    std::uint64_t count, const std::function<bool(std::uint64_t)>& object_sampled,
    const std::function<bool(std::uint64_t)>& owner_is_representative) {
  std::array<std::array<std::uint64_t, 2>, 2> counts{};
  for (std::uint64_t object = 0; object < count; ++object) {
    ++counts[object_sampled(object) ? 1 : 0][owner_is_representative(object) ? 1 : 0];
  }
  return independent_samples(counts);
}

}  // namespace fleetcache::models
