/// Figures over the time of a run: a fixed number of bins, whatever the horizon.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::probes {

/// One figure by bins of time; NaN where nothing was observed.
struct TimeSeries {
  std::string unit;  ///< as of a Metric
  std::vector<double> values;
};

/// All series of a run over the same bins, the first beginning at time 0.
struct TimelineRecord {
  double bin_s = 0;
  std::map<std::string, TimeSeries> series;
};

/// Something that happened to the fleet.
struct Mark {
  double at_s = 0;
  double until_s = 0;  ///< at or before at_s: an instant
  std::string label;
};

/// How observations that meet in one bin become one value.
enum class Combine : std::uint8_t {
  kMean,  ///< weighted: shares, rates
  kMax,   ///< percentiles, which have no mean
  kSum,   ///< amounts, shown as rates: what overlaps adds up
};

/// Collects observations of stretches of time. With a horizon the bins are fixed; without one, or
/// past it, neighbours merge and bins become twice as long whenever time runs out of them, so that
/// memory stays bounded and no bin is ever coarser than twice what it must be.
class Timeline {
 public:
  /// Requires: bins even, > 0. `horizon` 0: not known, bins start at 1 s.
  explicit Timeline(Duration horizon = {}, std::size_t bins = 256);

  /// `value` held over [from, to); `weight` is what the whole stretch counts in a mean (seconds,
  /// bytes, requests) and is shared among the bins it touches by time. Ignored when the weight is 0
  /// or the stretch empty. The first call of a series fixes unit and rule. O(bins touched).
  void add(const std::string& name, const std::string& unit, TimePoint from, TimePoint to,
           double value, double weight, Combine combine = Combine::kMean);

  /// `amount` came evenly over [from, to). The value of a bin is what came in it by the second, so
  /// `unit` is that of the rate. Ignored when the stretch is empty. O(bins touched).
  void add_amount(const std::string& name, const std::string& unit, TimePoint from, TimePoint to,
                  double amount) {
    add(name, unit, from, to, amount, 1, Combine::kSum);
  }

  /// The bins up to the last that holds anything.
  TimelineRecord record() const;
  Duration bin() const { return Duration(bin_ns_); }

 private:
  struct Bin {
    double sum = 0;  // of value x weight, or the largest value, or of amounts
    double weight = 0;
  };
  struct Lane {
    std::string unit;
    Combine combine = Combine::kMean;
    std::vector<Bin> bins;
  };
  static void put(Bin& bin, Combine combine, double value, double weight);
  double value_of(const Lane& lane, std::size_t bin) const;
  void merge_neighbours();

  std::size_t bins_;
  std::int64_t horizon_ns_;
  std::int64_t bin_ns_;
  std::int64_t end_ns_ = 0;  // of the latest stretch
  std::map<std::string, Lane> lanes_;
};

}  // namespace fleetcache::probes
