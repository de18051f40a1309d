#include "models/cache/epoch.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/numeric.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

// The fluid limit of FIFO. Time is in epochs, M(t) counts insertions over the data set; an object
// inserted at position x leaves at e(x) with M(e) - M(x) = c. Written e = j + z, it is found in the
// epochs 1 .. j-1 after, and in epoch j unless it is asked after z: then it is inserted there, at a
// uniform position of (z, 1). If it was found in epoch j it is inserted in epoch j+1, anywhere.
class FifoEpochs {
 public:
  explicit FifoEpochs(double c) : capacity_(c), density_(kCells, 1.0) {}

  /// `misses` of a policy that is close is a good start: each sweep moves it by a small share.
  double solve(double misses) {
    double late_sum = 0;
    int late = 0;
    for (int i = 0; i < kIterations; ++i) {
      const double next = iterate(misses);
      if (std::fabs(next - misses) < 1e-9 && i > 10) return 1 - next;
      misses = next;
      if (i < kIterations / 2) continue;
      late_sum += misses;  // near c = 1 the iteration ends in a small cycle around the solution
      ++late;
    }
    return 1 - late_sum / late;
  }

 private:
  static constexpr int kCells = 200;
  static constexpr int kIterations = 400;
  static constexpr double kDamping = 0.3;  // the plain iteration may cycle

  // One sweep over insertion positions; returns the misses per object and epoch it implies.
  double iterate(double misses) {
    std::vector<double> cumulative(kCells + 1, 0.0);
    for (int i = 0; i < kCells; ++i) cumulative[i + 1] = cumulative[i] + density_[i] / kCells;
    std::vector<double> uniform_from(kCells + 1, 0.0);  // mass spread over (cell, 1)
    double anywhere = 0;
    double epochs = 0;
    for (int i = 0; i < kCells; ++i) {
      const double mass = density_[i] / kCells;
      const double at = (cumulative[i] + cumulative[i + 1]) / 2 + capacity_ / misses;
      const double whole = std::floor(at);
      const double z = position_of(cumulative, at - whole);
      if (whole < 1) {  // gone before its next epoch: asked anywhere there, a miss
        anywhere += mass;
        epochs += mass;
        continue;
      }
      const double stays = z;
      anywhere += mass * stays;
      spread(uniform_from, mass, z);
      epochs += mass * (whole + stays);
    }
    double late = 0;
    for (int i = 0; i < kCells; ++i) {
      late += uniform_from[i];
      density_[i] += kDamping * (anywhere + late - density_[i]);
    }
    return misses + kDamping * (1 / epochs - misses);
  }

  // Mass (1 - z) over the positions (z, 1) at unit density: cell z takes its part.
  static void spread(std::vector<double>& uniform_from, double mass, double z) {
    const double cell = z * kCells;
    const int first = std::min(kCells - 1, static_cast<int>(cell));
    const double part = first + 1 - cell;
    uniform_from[first] += mass * part;
    uniform_from[first + 1] += mass * (1 - part);
  }

  static double position_of(const std::vector<double>& cumulative, double share) {
    const double target = share * cumulative.back();
    const auto above = std::upper_bound(cumulative.begin(), cumulative.end(), target);
    if (above == cumulative.end()) return 1;
    const auto i = static_cast<double>(above - cumulative.begin());
    const double low = *(above - 1);
    return (i - 1 + (target - low) / (*above - low)) / kCells;
  }

  double capacity_;
  std::vector<double> density_;  // of insertion positions; mean 1
};

double clamp_share(double c) {
  FLEETCACHE_CHECK(c >= 0, "a negative cache");
  return std::min(c, 1.0);
}

}  // namespace

double epoch_lru(double c) {
  c = clamp_share(c);
  if (c >= 1) return 1;
  return c + (1 - c) * log_one_plus(-c);
}

double epoch_random(double c) {
  c = clamp_share(c);
  if (c <= 0) return 0;
  if (c >= 1) return 1;
  // g(s) = ((1 - e^-s)/s)^2 + s c - 1 is 0 at s = 0, falls, and rises through the root wanted.
  const auto hit = [](double s) {
    const double q = one_minus_exp(s) / s;
    return q * q;
  };
  const auto g = [&](double s) { return hit(s) + s * c - 1; };
  double low = 1e-9;
  while (low < 1 / c && g(low) >= 0) low *= 1.1;
  // Past g's first negative point it has one more zero, below 1/c where g > 0.
  const double s = bisect_increasing(g, 0.0, low, 1 / c);
  return hit(s);
}

double epoch_fifo(double c) {
  c = clamp_share(c);
  if (c <= 0) return 0;
  if (c >= 1) return 1;
  return FifoEpochs(c).solve(1 - epoch_random(c));
}

double epoch_pinned(double c) { return clamp_share(c); }

double epoch_cyclic(double c) { return clamp_share(c) >= 1 ? 1 : 0; }

double epoch_private_cache(double node_cache_over_dataset) {
  return clamp_share(node_cache_over_dataset);
}

double epoch_affinity(double node_cache_over_dataset, double nodes, double (*policy)(double)) {
  FLEETCACHE_CHECK(nodes >= 1, "a job of no nodes");
  return policy(clamp_share(node_cache_over_dataset * nodes));
}

double epoch_cooperative(double node_cache_over_dataset, double nodes, double replicas) {
  FLEETCACHE_CHECK(nodes >= 1 && replicas >= 1, "a pool needs nodes and at least one copy");
  return clamp_share(node_cache_over_dataset * nodes / replicas);
}

}  // namespace fleetcache::models
