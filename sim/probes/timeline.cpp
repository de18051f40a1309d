#include "sim/probes/timeline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::probes {

Timeline::Timeline(Duration horizon, std::size_t bins)
    : bins_(bins), horizon_ns_(horizon.count), bin_ns_(1'000'000'000) {
  FLEETCACHE_CHECK(bins > 0 && bins % 2 == 0, "an even number of bins");
  if (horizon.count > 0) {
    bin_ns_ = std::max<std::int64_t>(1, horizon.count / static_cast<std::int64_t>(bins));
  }
}

void Timeline::put(Bin& bin, Combine combine, double value, double weight) {
  if (combine == Combine::kMean) {
    bin.sum += value * weight;
  } else if (combine == Combine::kSum) {
    bin.sum += value;
  } else {
    bin.sum = bin.weight > 0 ? std::max(bin.sum, value) : value;
  }
  bin.weight += weight;
}

void Timeline::merge_neighbours() {
  for (auto& [name, lane] : lanes_) {
    for (std::size_t i = 0; i < bins_ / 2; ++i) {
      Bin merged;
      for (const Bin& half : {lane.bins[2 * i], lane.bins[2 * i + 1]}) {
        if (half.weight <= 0) continue;
        const double value = lane.combine == Combine::kMean ? half.sum / half.weight : half.sum;
        put(merged, lane.combine, value, half.weight);
      }
      lane.bins[i] = merged;
    }
    std::fill(lane.bins.begin() + static_cast<std::ptrdiff_t>(bins_ / 2), lane.bins.end(), Bin());
  }
  bin_ns_ *= 2;
}

void Timeline::add(const std::string& name, const std::string& unit, TimePoint from, TimePoint to,
                   double value, double weight, Combine combine) {
  if (weight <= 0 || to.ns <= from.ns || !std::isfinite(value)) return;
  const auto bins = static_cast<std::int64_t>(bins_);
  // What the horizon leaves over after whole bins (below one ns a bin) goes into the last one.
  std::int64_t end = to.ns;
  if (end <= horizon_ns_) end = std::min(end, std::max(from.ns + 1, bins * bin_ns_));
  while (end > bins * bin_ns_) merge_neighbours();
  Lane& lane = lanes_[name];
  if (lane.bins.empty()) lane = {unit, combine, std::vector<Bin>(bins_)};
  end_ns_ = std::max(end_ns_, end);
  const auto length = static_cast<double>(end - from.ns);
  for (std::int64_t b = from.ns / bin_ns_; b * bin_ns_ < end; ++b) {
    const std::int64_t overlap = std::min(end, (b + 1) * bin_ns_) - std::max(from.ns, b * bin_ns_);
    const double share = static_cast<double>(overlap) / length;
    const double part = lane.combine == Combine::kSum ? value * share : value;
    put(lane.bins[static_cast<std::size_t>(b)], lane.combine, part, weight * share);
  }
}

double Timeline::value_of(const Lane& lane, std::size_t bin) const {
  const Bin& b = lane.bins[bin];
  if (b.weight <= 0) return std::numeric_limits<double>::quiet_NaN();
  if (lane.combine == Combine::kMax) return b.sum;
  if (lane.combine == Combine::kMean) return b.sum / b.weight;
  const std::int64_t begin = static_cast<std::int64_t>(bin) * bin_ns_;
  return b.sum * 1e9 / static_cast<double>(std::min(bin_ns_, end_ns_ - begin));
}

TimelineRecord Timeline::record() const {
  TimelineRecord out;
  out.bin_s = static_cast<double>(bin_ns_) / 1e9;
  std::size_t used = 0;
  for (const auto& [name, lane] : lanes_) {
    for (std::size_t i = 0; i < bins_; ++i) {
      if (lane.bins[i].weight > 0) used = std::max(used, i + 1);
    }
  }
  for (const auto& [name, lane] : lanes_) {
    TimeSeries series{lane.unit, {}};
    for (std::size_t i = 0; i < used; ++i) series.values.push_back(value_of(lane, i));
    out.series[name] = std::move(series);
  }
  return out;
}

}  // namespace fleetcache::probes
