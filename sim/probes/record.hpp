/// What a run yields, whatever the rung: named metrics, bytes by class and tier, request counts,
/// station utilisations and the sums that conservation compares. No verdicts: `analysis` draws
/// them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/probes/timeline.hpp"

namespace fleetcache::probes {

struct Metric {
  double value = 0;
  std::string unit;           ///< "s", "ratio", "B", "B/s", "1/s", "1", "USD"
  double standard_error = 0;  ///< of the mean by batch means; 0 when exact or not estimated
  /// Means of consecutive batches in time order, for warm-up detection; empty when not kept.
  std::vector<double> batches = {};
};

/// A resource that can bind.
struct Station {
  double utilization_mean = 0;
  double utilization_p99 = 0;  ///< over the links of the class and the instants sampled
  double capacity = 0;
  std::string unit;            ///< of the capacity
  std::string parameter;       ///< scenario path that sets it, for the +10 % what-if
  double arrival_rate = 0;     ///< λ, 1/s; 0 when not a queueing station
  double mean_population = 0;  ///< N, time average
  double mean_sojourn_s = 0;   ///< R
};

struct Requests {
  std::uint64_t in = 0, done = 0, failed = 0, unfinished = 0;
};

struct Check {
  std::string name;
  double lhs = 0, rhs = 0;
  double tolerance = 0;  ///< relative; 0 = exact
  bool ok = false;
};

/// A table to print: analytic rungs explain themselves with it.
struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;
};

/// How a figure was reached: the equation and its numbers.
struct Derivation {
  std::string formula;              ///< e.g. "stall = max(0, 1 - f / f*)"
  std::vector<std::string> steps;   ///< each with its numbers filled in
  std::vector<std::string> inputs;  ///< scenario paths it rests on
};

struct Record {
  std::string rung;
  bool simulated = true;
  bool interrupted = false;
  double simulated_seconds = 0;
  std::map<std::string, Metric> metrics;
  std::map<std::string, std::map<std::string, std::uint64_t>> bytes;  ///< class -> tier -> bytes
  Requests requests;
  std::map<std::string, Station> stations;
  std::vector<Check> conservation;
  std::vector<Table> tables;
  std::map<std::string, Derivation> derivations;  ///< metric -> how
  std::vector<std::string> notes;
  std::map<std::string, std::string> fingerprint;  ///< events, digest, last draws
  TimelineRecord timeline;                         ///< no series where nothing was simulated
  std::vector<Mark> marks;                         ///< in order of (time, label)
};

}  // namespace fleetcache::probes
