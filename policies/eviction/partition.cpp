#include "policies/eviction/partition.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace fleetcache::eviction {
namespace {

__extension__ using Wide = unsigned __int128;

/// A stretch of one tenant's curve on which each unit gives rise / run hits.
struct Segment {
  std::uint64_t rise;
  std::uint64_t run;
  std::size_t tenant;
};

/// Whether a unit of `a` gives more than one of `b`.
bool steeper(const Segment& a, const Segment& b) {
  return Wide{a.rise} * b.run > Wide{b.rise} * a.run;
}

/// Whether the corner between lies on or below the line from `a` to `c`.
bool is_no_corner(const HullPoint& a, const HullPoint& b, const HullPoint& c) {
  return Wide{b.hits - a.hits} * (c.units - a.units) <= Wide{c.hits - a.hits} * (b.units - a.units);
}

/// Raises the shares of some tenants, each by at most its room, by `units` in all, so that the
/// lowest are raised first and the result is as level as can be. Requires: rooms hold the units.
void level(std::vector<std::uint64_t>& shares,
           std::vector<std::pair<std::size_t, std::uint64_t>> open, std::uint64_t units) {
  const auto raised_by = [&](std::uint64_t line) {
    Wide sum = 0;
    for (const auto& [tenant, room] : open) {
      if (line > shares[tenant]) sum += std::min(line - shares[tenant], room);
    }
    return sum;
  };
  // The highest water line that needs no more than there is.
  std::uint64_t low = 0;
  std::uint64_t high = ~std::uint64_t{0};
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2 + 1;
    if (raised_by(middle) <= units) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  auto left = units - static_cast<std::uint64_t>(raised_by(low));
  for (const auto& [tenant, room] : open) {
    std::uint64_t raise = low > shares[tenant] ? std::min(low - shares[tenant], room) : 0;
    if (left > 0 && raise < room && shares[tenant] + raise == low) {
      ++raise;
      --left;
    }
    shares[tenant] += raise;
  }
}

/// Gives out segments from the steepest on; returns what is left.
std::uint64_t fill(std::vector<Segment> segments, std::vector<std::uint64_t>& shares,
                   std::uint64_t capacity) {
  std::stable_sort(segments.begin(), segments.end(), steeper);
  for (std::size_t first = 0; first < segments.size() && capacity > 0;) {
    std::size_t last = first;
    Wide room = 0;
    std::vector<std::pair<std::size_t, std::uint64_t>> open;
    for (; last < segments.size() && !steeper(segments[first], segments[last]); ++last) {
      room += segments[last].run;
      open.emplace_back(segments[last].tenant, segments[last].run);
    }
    const std::uint64_t units = room < capacity ? static_cast<std::uint64_t>(room) : capacity;
    level(shares, std::move(open), units);
    capacity -= units;
    first = last;
  }
  return capacity;
}

}  // namespace

std::vector<HullPoint> concave_hull(const HitCurve& curve) {
  std::vector<HullPoint> hull;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    const HullPoint point{k, curve[k]};
    while (hull.size() >= 2 && is_no_corner(hull[hull.size() - 2], hull.back(), point)) {
      hull.pop_back();
    }
    hull.push_back(point);
  }
  return hull;
}

TalusSplit talus(const std::vector<HullPoint>& hull, std::uint64_t units) {
  TalusSplit split;
  const auto above = std::find_if(hull.begin(), hull.end(),
                                  [&](const HullPoint& point) { return point.units >= units; });
  if (above == hull.end() || above->units == units) {
    split.low = split.high = above == hull.end() ? hull.back() : *above;
    split.high_units = units;
    return split;
  }
  split.low = *(above - 1);
  split.high = *above;
  split.low_numerator = split.high.units - units;
  split.denominator = split.high.units - split.low.units;
  // Each partition is as large as the cache it stands for, times its share of the requests.
  split.low_units =
      static_cast<std::uint64_t>(Wide{split.low.units} * split.low_numerator / split.denominator);
  split.high_units = units - split.low_units;
  return split;
}

Result<std::vector<std::uint64_t>> allocate(const std::vector<HitCurve>& curves,
                                            std::uint64_t capacity) {
  if (curves.empty()) return Error{"curves", "there are none"};
  std::vector<Segment> segments;
  for (std::size_t tenant = 0; tenant < curves.size(); ++tenant) {
    const HitCurve& curve = curves[tenant];
    if (curve.empty()) return Error{"curves/" + std::to_string(tenant), "is empty"};
    if (!std::is_sorted(curve.begin(), curve.end())) {
      return Error{"curves/" + std::to_string(tenant), "falls: more space cannot hit less"};
    }
    const std::vector<HullPoint> hull = concave_hull(curve);
    for (std::size_t k = 1; k < hull.size(); ++k) {
      const std::uint64_t rise = hull[k].hits - hull[k - 1].hits;
      // A flat end helps as little as space past the curve: shared out with that below.
      if (rise > 0) segments.push_back({rise, hull[k].units - hull[k - 1].units, tenant});
    }
  }
  std::vector<std::uint64_t> shares(curves.size(), 0);
  const std::uint64_t left = fill(std::move(segments), shares, capacity);
  if (left == 0) return shares;
  std::vector<std::pair<std::size_t, std::uint64_t>> all;
  for (std::size_t tenant = 0; tenant < curves.size(); ++tenant) all.emplace_back(tenant, left);
  level(shares, std::move(all), left);
  return shares;
}

Result<std::vector<std::uint64_t>> allocate_datasets(const std::vector<EpochDataset>& datasets,
                                                     std::uint64_t capacity) {
  std::vector<Segment> segments;
  for (std::size_t k = 0; k < datasets.size(); ++k) {
    if (datasets[k].bytes == 0) return Error{"datasets/" + std::to_string(k), "has no bytes"};
    if (datasets[k].read_bytes_per_s == 0) continue;
    segments.push_back({datasets[k].read_bytes_per_s, datasets[k].bytes, k});
  }
  std::vector<std::uint64_t> shares(datasets.size(), 0);
  (void)fill(std::move(segments), shares, capacity);
  return shares;
}

double epoch_read_rate(double compute_bytes_per_s, double remote_bytes_per_s, std::uint64_t cached,
                       std::uint64_t bytes) {
  const double missed = static_cast<double>(bytes - cached) / static_cast<double>(bytes);
  const bool remote_binds = compute_bytes_per_s * missed > remote_bytes_per_s;
  return remote_binds ? remote_bytes_per_s / missed : compute_bytes_per_s;
}

}  // namespace fleetcache::eviction
