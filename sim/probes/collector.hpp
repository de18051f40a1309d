/// Where the world reports what happened. It only counts: no verdict, no estimate.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/statistics/quantile_sketch.hpp"
#include "policies/base/units.hpp"
#include "sim/probes/population.hpp"
#include "sim/probes/record.hpp"
#include "sim/probes/taxonomy.hpp"

namespace fleetcache::probes {

/// A series of observations of one kind: its distribution and, for the standard error of the mean,
/// sums over consecutive batches.
class Series {
 public:
  /// `times`: how many equal observations it stands for.
  void add(double value, std::uint64_t times = 1);
  void clear() { *this = Series(); }
  /// Adds `part` of its own observations `factor` times more: time that was stepped over.
  void repeat(const models::QuantileSketch& part, double factor) { sketch_.merge(part, factor); }
  const models::QuantileSketch& sketch() const { return sketch_; }
  double mean() const;
  /// Standard error of the mean from batch means (at most 32 batches); 0 below 4 batches.
  double standard_error() const;
  /// Means of the full batches in time order.
  std::vector<double> batch_means() const;

 private:
  struct Batch {
    double sum = 0;           // of value x times
    std::uint64_t times = 0;  // weight
    std::uint64_t count = 0;  // observations
  };
  models::QuantileSketch sketch_;
  std::vector<Batch> batches_;
  std::uint64_t batch_size_ = 1;
};

class Collector {
 public:
  /// A read was asked for, and later served from a tier, given up, or (for KV) only probed.
  void asked(TrafficClass c, std::uint64_t bytes);
  void served(TrafficClass c, Tier t, std::uint64_t bytes);
  void failed(TrafficClass c, std::uint64_t bytes);
  void written(Medium medium, TrafficClass c, std::uint64_t bytes) {
    writes_[index(c)][index(medium)] += bytes;
  }

  /// `times`: how many equal requests it stands for.
  void request_in(std::uint64_t times = 1) { requests_.in += times; }
  void request_done(std::uint64_t times = 1) { requests_.done += times; }
  void request_failed(std::uint64_t times = 1) { requests_.failed += times; }

  void count(const std::string& name, std::uint64_t n = 1) { counters_[name] += n; }
  /// A counter to add to without looking it up again; stays where it is.
  std::uint64_t& slot(const std::string& name) { return counters_[name]; }
  Series& series(const std::string& name) { return series_[name]; }
  Population& population(const std::string& name) { return populations_[name]; }

  /// Forgets the figures that describe steady state (bytes by tier, series, counters); what
  /// conservation compares is kept from the start.
  void end_warmup(TimePoint now);

  /// What grows with time, at one instant.
  struct Snapshot {
    std::array<std::array<std::uint64_t, kTiers>, kClasses> served{};
    Requests requests;
    std::map<std::string, std::uint64_t> counters;
    std::array<std::array<std::uint64_t, kMedia>, kClasses> writes{};
    std::map<std::string, models::QuantileSketch> series;
  };
  Snapshot snapshot() const;
  /// Counters and writes are as they were: what only the caches were shown does not count.
  void set_back(const Snapshot& then);
  /// Adds `factor` times what was counted since the snapshot to every figure, but not to what
  /// conservation compares: time was stepped over in which the same went on.
  void repeat(const Snapshot& since, double factor);

  std::uint64_t counter(const std::string& name) const;
  std::uint64_t served_since_warmup(TrafficClass c, Tier t) const;
  std::uint64_t asked_total(TrafficClass c) const { return asked_[index(c)]; }
  std::uint64_t served_total(TrafficClass c, Tier t) const {
    return served_[index(c)][index(t)] + repeated_[index(c)][index(t)];
  }
  /// Without what was stepped over.
  std::uint64_t served_played(TrafficClass c) const;
  std::uint64_t failed_total(TrafficClass c) const { return failed_[index(c)]; }
  /// Played and stepped over; the latter all came to an end.
  Requests requests() const;
  const std::map<std::string, Series>& all_series() const { return series_; }
  const std::map<std::string, std::uint64_t>& counters() const { return counters_; }
  const std::map<std::string, Population>& populations() const { return populations_; }
  std::uint64_t written(TrafficClass c, Medium m) const { return writes_[index(c)][index(m)]; }

 private:
  template <class E>
  static constexpr std::size_t index(E e) {
    return static_cast<std::size_t>(e);
  }

  std::array<std::uint64_t, kClasses> asked_{};
  std::array<std::uint64_t, kClasses> failed_{};
  std::array<std::array<std::uint64_t, kTiers>, kClasses> served_{};
  std::array<std::array<std::uint64_t, kTiers>, kClasses> served_at_warmup_{};
  std::array<std::array<std::uint64_t, kTiers>, kClasses> repeated_{};
  std::array<std::array<std::uint64_t, kTiers>, kClasses> repeated_at_warmup_{};
  Requests requests_;
  Requests repeated_requests_;
  std::map<std::string, std::uint64_t> counters_;
  std::map<std::string, Series> series_;
  std::map<std::string, Population> populations_;
  std::array<std::array<std::uint64_t, kMedia>, kClasses> writes_{};
};

}  // namespace fleetcache::probes
