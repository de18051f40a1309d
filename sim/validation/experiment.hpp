/// One validation experiment: something the simulator measures, beside the closed form that it must
/// agree with. `measured` never calls the code of `expected`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::validation {

struct Parameter {
  std::string name;
  std::string unit;  ///< "s", "1/s", "B/s", "B", "1" (a count or ratio), "year", "ns"
  double fallback = 0;
  double min = 0;
  double max = 0;
  bool whole = false;  ///< only whole numbers
};

using Setting = std::pair<std::string, double>;

/// Values of an experiment's parameters: every one has a value, checked against its range.
class Parameters {
 public:
  /// Defaults, then `settings` in order. Fails for an unknown name (with the nearest), a value out
  /// of range, not a number, or not whole where it must be.
  static Result<Parameters> make(const std::string& id, const std::vector<Parameter>& known,
                                 const std::vector<Setting>& settings);

  /// Requires: a parameter of the experiment.
  double operator[](std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  const std::map<std::string, double, std::less<>>& values() const { return values_; }

 private:
  std::map<std::string, double, std::less<>> values_;
};

/// "name=value" with a plain number in the parameter's unit, or one with a unit of the same kind:
/// "fetch=50ms", "b=1GB/s", "rate=20k/s".
Result<Setting> parse_setting(const std::string& text, const std::vector<Parameter>& known,
                              const std::string& id);

/// What one figure came to.
struct Case {
  std::string name;  ///< empty when the experiment yields one figure
  double expected = 0;
  double measured = 0;
  double standard_error = 0;  ///< of `measured`; 0 when nothing is drawn
  double tolerance = -1;      ///< absolute; below 0: the experiment's own
};

enum class Tolerance : std::uint8_t { kRelative, kAbsolute, kExact };

/// What a process took.
struct ProcessCost {
  double cpu_s = 0;
  double resident_bytes = 0;  ///< at most, the program itself included
};

/// What an experiment may ask of the program it runs in.
struct Environment {
  /// Runs a part of the same experiment, with the same parameters, in another process and returns
  /// what it yields.
  std::function<Result<std::string>(int part)> other_process;
  /// Of the processes that `other_process` ran so far: the sum, the largest.
  std::function<ProcessCost()> cost = {};
};

struct Experiment {
  std::string id;
  std::string title;
  std::string formula;  ///< of `expected`
  std::string rung;     ///< "core" (native), or "exact" (needs SimGrid: a process of its own)
  double tolerance = 0;
  Tolerance kind = Tolerance::kRelative;
  std::vector<Parameter> parameters;
  /// Further points of the table, beside the defaults.
  std::vector<std::vector<Setting>> points;
  Result<std::vector<Case>> (*run)(const Parameters&, const Environment&) = nullptr;
  /// What `Environment::other_process` runs; null when the experiment is one process.
  Result<std::string> (*part)(int part, const Parameters&) = nullptr;
};

/// |measured - expected| <= max(tolerance, 3 standard errors), from a run long enough that the
/// standard error is at most half the tolerance. `tolerance` must be absolute here.
bool passes(const Case& result);

/// Runs it and makes every tolerance absolute. Uses the process's one SimGrid engine at rung
/// "exact".
Result<std::vector<Case>> run(const Experiment& experiment, const Parameters& parameters,
                              const Environment& environment);

/// Every experiment in the order of experiments.def.
const std::vector<Experiment>& experiments();
/// By id, in any case of letters; null when there is none.
const Experiment* find_experiment(std::string_view id);

#define EXPERIMENT(name) Experiment name();
#include "sim/validation/experiments.def"
#undef EXPERIMENT

}  // namespace fleetcache::validation
