/// Parameters of a policy for a trace: found on its first part, judged on the later part.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "policies/base/params.hpp"
#include "policies/base/result.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/replay.hpp"
#include "sim/traces/tune_design.hpp"

namespace fleetcache::traces {

struct TuneSpec {
  std::string policy;
  Capacity capacity;
  bool unit_size = false;
  /// What to vary; empty: all that the policy states a range for.
  std::vector<ParamRange> ranges;
  std::uint32_t settings = 27;  ///< tried, the defaults among them
  double tune_share = 0.5;      ///< of the requests; the rest is for the report
  /// What a miss costs: so much, and so much a byte. (1, 0) counts misses, (0, 1) their bytes.
  double request_weight = 1;
  double byte_weight = 0;
  std::uint64_t seed = 0;
  unsigned threads = 1;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double done)> progress;
};

/// One round of successive halving.
struct TuneRung {
  double rate = 1;             ///< share of the objects that took part
  std::uint32_t settings = 0;  ///< tried
};

/// A difference of miss ratios, default minus tuned: positive is better.
struct Gain {
  double mean = 0;
  double low = 0;  ///< 95 % interval
  double high = 0;
};

struct TuneReport {
  TraceInfo info;
  std::string policy;  ///< registered name
  std::uint64_t capacity = 0;
  bool unit_objects = false;
  bool partial = false;  ///< stopped early: nothing below is filled in
  std::uint64_t requests = 0;
  std::uint64_t tune_requests = 0;  ///< first part
  std::uint64_t digest = 0;         ///< of ids, sizes and operations, in order
  std::vector<ParamRange> ranges;
  std::uint32_t refused = 0;  ///< settings that the policy does not take
  std::vector<TuneRung> rungs;
  Params best;  ///< empty: the defaults
  /// Miss ratios (weighted as asked), default and best, on the first and on the later part.
  double tune_default = 0, tune_best = 0;
  double report_default = 0, report_best = 0;
  Gain gain;                                            ///< on the later part
  bool gains = false;                                   ///< the whole interval lies above 0
  std::uint32_t batches = 0, block = 0, resamples = 0;  ///< of the bootstrap
  // Whether the trace is long enough to tell.
  double long_reuse = 0;      ///< share of reuses farther apart than a quarter of the trace
  double first_requests = 0;  ///< share of the later part's requests that no cache can hit
  double turnover = 0;        ///< of the default's content in the first part: evicted / capacity
};

/// Above this share of long reuses, and below this turnover, the trace is too short to tune on.
constexpr double kLongReuse = 0.1;
constexpr double kLeastTurnover = 1;
/// Fewer batches of 50 requests than this say nothing of how much a gain varies.
constexpr std::uint32_t kLeastBatches = 40;

/// Circular block bootstrap of sum(differences) / sum(weights) over consecutive batches: whole runs
/// of `block` batches are drawn, so that what lasts longer than a batch widens the interval.
/// 95 % percentile interval. Requires: as many weights as differences, 0 < block.
/// Source: Politis and Romano 1992; percentile interval: Efron 1979.
Gain bootstrap_gain(const std::vector<double>& differences, const std::vector<double>& weights,
                    std::uint32_t block, std::uint32_t resamples, std::uint64_t seed);

/// Successive halving: all settings on a ninth of the objects (SHARDS-sampled, caches scaled down
/// alike), the better third on a third, the better third of those on all, where the samples are
/// large enough; the defaults always stay in. Everything is decided on the first part. The best
/// there and the defaults, warm from the first part, then see the later part, cut into equal
/// batches; the gain is the difference of their miss ratios with a block-bootstrap interval.
/// The file is read up to four times; standard input is held in memory.
/// Fails as `replay` does, for a policy without parameters to vary or one that knows the future,
/// an unknown parameter, and a trace of fewer than 1,000 requests.
/// Source: Jamieson and Talwalkar, AISTATS 2016; samples as the cheap fidelity: Waldspurger et al.,
/// USENIX ATC '17.
Result<TuneReport> tune(const std::string& path, const ReadOptions& options, const TuneSpec& spec);

}  // namespace fleetcache::traces
