/// The result document v1: everything one answer says, whatever the rung. It holds nothing that
/// differs between two runs of the same thing (no host, no time, no command line).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/evidence.hpp"

namespace fleetcache::analysis {

inline constexpr const char* kResultSchema = "fleetcache.result.v1";

struct Metric {
  double value = 0;
  std::string unit;                     ///< "s", "ratio", "B", "B/s", "1/s", "1", "USD"
  double standard_error = 0;            ///< of the mean, by batch means; 0 when not estimated
  std::vector<double> batches = {};     ///< means of consecutive batches; empty when not kept
  std::vector<double> replicates = {};  ///< the same figure under other seeds; empty when not run
  bool averaged = false;                ///< `value` is the mean of the replicates
};

/// A limit on a metric.
struct Objective {
  std::string metric;
  bool less_than = true;
  double limit = 0;  ///< in the metric's unit
};

enum class State : std::uint8_t { kMet, kMissed, kUndecided };
const char* name_of(State state);

/// What would decide an undecided verdict.
struct Decider {
  std::string kind;              ///< component (of the error) or input (an assumed one)
  std::string name;              ///< the component, or the input's scenario path
  std::optional<double> now;     ///< half width of the component, in the metric's unit
  std::optional<double> needed;  ///< component: half width that decides; input: relative precision
  std::string text;              ///< as a sentence, with what brings it about
};

struct Verdict {
  Objective objective;
  State state = State::kUndecided;
  std::optional<double> value;  ///< absent when the run does not report the metric
  std::string unit;
  std::optional<double> ci;  ///< half width of the 95 % interval over seeds; absent: not estimated
  double margin = 0;         ///< distance to the limit, positive on the good side
  double error = 0;          ///< sum of the error vector for this metric
  std::string reason;        ///< why it is undecided; else empty
  std::vector<Decider> deciders = {};  ///< of an undecided one
  bool error_known = true;             ///< false: a component of it is not estimated
};

/// One component of the error of one metric.
struct ErrorTerm {
  std::string component;  ///< seed, warmup, fluid, bundle, window, sample, ..., model
  std::string metric;
  std::optional<double> abs;  ///< half width in the metric's unit; absent when not estimated
  std::string estimator;      ///< how it was reached
  bool external = false;      ///< declared from a stored table, not from this run
};

struct Conservation {
  std::string check;
  double lhs = 0;
  double rhs = 0;
  bool ok = false;
};

/// A resource that can bind.
struct Station {
  double utilization_mean = 0;
  double utilization_p99 = 0;
  double capacity = 0;
  std::string unit;
  std::string parameter;  ///< scenario path that sets its capacity
};

/// What a little more of a resource would change.
struct WhatIf {
  std::string parameter;
  std::string from, to;  ///< values of the parameter, as written
  std::string source;    ///< "re-run" or the closed form
  std::map<std::string, std::pair<double, double>> changes;  ///< metric -> before, after
};

struct Binding {
  std::string resource;  ///< busiest on average; empty when no station was reported
  double p99_util = 0;
  double mean_util = 0;
  std::string parameter;
  std::optional<WhatIf> plus_10_percent;
  std::string reason;  ///< why there is no what-if; else empty
};

struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;
};

struct Derivation {
  std::string formula;
  std::vector<std::string> steps;
  std::vector<std::string> inputs;
};

struct Requests {
  std::uint64_t in = 0, done = 0, failed = 0, unfinished = 0;
};

/// One figure by bins of simulated time; NaN where nothing was observed.
struct TimeSeries {
  std::string unit;  ///< as of a Metric
  std::vector<double> values;
};

/// Something that happened to the fleet; an instant when `until_s` is not after `at_s`.
struct Mark {
  double at_s = 0;
  double until_s = 0;
  std::string label;
};

/// The run over time: all series over the same bins, the first beginning at time 0. Empty where
/// nothing was simulated.
struct Timeline {
  static constexpr int kVersion = 1;
  double bin_s = 0;
  std::map<std::string, TimeSeries> series;
  std::vector<Mark> marks;  ///< in order of time
};

using BytesByTier = std::map<std::string, std::map<std::string, std::uint64_t>>;

/// The same scenario with other settings, beside the base.
struct Variant {
  std::map<std::string, Metric> metrics;
  BytesByTier bytes;
  Binding binding;
  std::vector<Verdict> verdict;
  std::string failure;  ///< why it has no answer; else empty
};

struct Manifest {
  std::string version;
  std::string policy_digest;
  std::string engine;
  std::vector<std::uint64_t> seeds;
  std::map<std::string, std::string> fingerprint;  ///< of the event stream
};

struct Result {
  std::string scenario;
  std::string scenario_digest;
  std::string rung;
  bool simulated = true;
  bool interrupted = false;
  double simulated_seconds = 0;
  std::vector<Verdict> verdict;
  std::map<std::string, Metric> metrics;
  BytesByTier bytes;  ///< class -> tier -> bytes
  Requests requests;
  std::map<std::string, Station> stations;
  Binding binding;
  std::vector<std::string> no_effect;  ///< parameters whose +10 % moved no objective
  std::vector<std::string> idle;       ///< parameters of resources under 1 % busy
  std::vector<ErrorTerm> error;
  std::vector<Conservation> conservation;
  std::map<std::string, std::uint64_t> assumptions;  ///< kind of input -> how many
  Manifest manifest;
  std::vector<Table> tables;
  std::map<std::string, Derivation> derivations;
  std::map<std::string, Variant> variants;
  std::vector<std::string> notes;
  std::vector<std::string> not_scaled;
  Evidence evidence;  ///< what `error` was made from; not part of the document
  Timeline timeline;
};

}  // namespace fleetcache::analysis
