#include "sim/traces/mrc.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

#include "sim/traces/shards.hpp"

namespace fleetcache::traces {

namespace {

/// The LRU curves of all samples, beside the replay.
class StackCompanion final : public Companion {
 public:
  StackCompanion(const CurveSpec& spec, const Sampling& sampling)
      : spec_(spec), sampling_(sampling) {}

  void begin(const std::vector<std::uint64_t>& capacities, bool unit_objects) override {
    capacities_ = capacities;
    std::sort(capacities_.begin(), capacities_.end());
    capacities_.erase(std::unique(capacities_.begin(), capacities_.end()), capacities_.end());
    unit_ = unit_objects;
    for (std::uint32_t k = 0; k < sampling_.splits; ++k) {
      const SampleRange range{k * sampling_.threshold, sampling_.threshold, spec_.max_objects};
      curves_.emplace_back(range, capacities_, unit_objects);
    }
  }

  void add(const TraceBlocks& part) override {
    for (const auto& block : part.blocks) {
      for (const Request& r : block) {
        if (r.op != Op::kDelete) {
          ++requests_;
          bytes_ += unit_ ? 1 : r.size;
        }
        const std::uint32_t hash = Sampling::hash(r.id, sampling_.seed);
        const std::uint32_t split = hash / sampling_.threshold;
        if (split < curves_.size()) curves_[split].add(r, hash);
      }
    }
  }

  Curve curve(const std::string& policy) const;
  /// Whether a sample holds no request at all: its misses would look like none.
  bool misses_a_sample() const {
    return std::any_of(curves_.begin(), curves_.end(),
                       [](const LruCurve& curve) { return curve.sampled() == 0; });
  }

 private:
  const CurveSpec& spec_;
  Sampling sampling_;
  std::vector<std::uint64_t> capacities_;
  bool unit_ = false;
  std::vector<LruCurve> curves_;
  std::uint64_t requests_ = 0;
  std::uint64_t bytes_ = 0;
};

double ratio(double part, double whole) {
  return whole <= 0 ? 0 : std::clamp(part / whole, 0.0, 1.0);
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void average(CurvePoint& point) {
  point.miss_ratio = mean(point.samples);
  point.byte_miss_ratio = mean(point.byte_samples);
}

Curve StackCompanion::curve(const std::string& policy) const {
  const bool exact = sampling_.everything() && spec_.max_objects == 0;
  Curve out{policy, exact ? CurveMethod::kStack : CurveMethod::kShards, 1, sampling_.splits, {}};
  for (const LruCurve& curve : curves_) out.rate = std::min(out.rate, curve.rate());
  for (std::size_t k = 0; k < capacities_.size(); ++k) {
    CurvePoint point;
    point.capacity = capacities_[k];
    for (const LruCurve& curve : curves_) {
      point.samples.push_back(ratio(curve.misses(k), static_cast<double>(requests_)));
      point.byte_samples.push_back(ratio(curve.miss_bytes(k), static_cast<double>(bytes_)));
    }
    average(point);
    if (!exact && unit_) {
      point.scaled_entries =
          static_cast<std::uint64_t>(static_cast<double>(point.capacity) * out.rate);
    }
    out.points.push_back(std::move(point));
  }
  return out;
}

CurvePoint point_of(const ReplayRow& row, const ReplayReport& report, double rate) {
  CurvePoint point;
  point.capacity = row.capacity;
  if (row.splits.empty()) {
    point.samples = {ratio(static_cast<double>(row.misses), static_cast<double>(row.requests))};
    point.byte_samples = {
        ratio(static_cast<double>(row.miss_bytes), static_cast<double>(row.bytes))};
  }
  for (const SplitCounts& split : row.splits) {
    point.samples.push_back(
        ratio(static_cast<double>(split.misses), rate * static_cast<double>(report.requests)));
    point.byte_samples.push_back(
        ratio(static_cast<double>(split.miss_bytes), rate * static_cast<double>(report.bytes)));
  }
  if (!row.splits.empty()) point.scaled_entries = row.scaled_entries;
  average(point);
  return point;
}

Curve curve_of(const std::string& policy, const ReplayReport& report, const Sampling& sampling) {
  const bool exact = sampling.everything();
  Curve out{policy,
            exact ? CurveMethod::kReplay : CurveMethod::kMiniSim,
            sampling.rate(),
            sampling.splits,
            {}};
  for (const ReplayRow& row : report.rows) {
    if (row.policy == policy) out.points.push_back(point_of(row, report, sampling.rate()));
  }
  std::sort(out.points.begin(), out.points.end(),
            [](const CurvePoint& a, const CurvePoint& b) { return a.capacity < b.capacity; });
  const auto same = [](const CurvePoint& a, const CurvePoint& b) {
    return a.capacity == b.capacity;
  };
  out.points.erase(std::unique(out.points.begin(), out.points.end(), same), out.points.end());
  return out;
}

Status check(const CurveSpec& spec) {
  if (!(spec.rate > 0 && spec.rate <= 1)) return Error{"--rate", "want more than 0 and up to 1"};
  if (spec.splits == 0) return Error{"--splits", "want 1 or more"};
  if (spec.max_objects == 0) return Nothing{};
  for (const std::string& policy : spec.policies) {
    if (policy != "lru") {
      return Error{"--max-objects",
                   "a sample of fixed size is for lru alone; for " + policy + " say --rate"};
    }
  }
  return Nothing{};
}

}  // namespace

const char* curve_method_name(CurveMethod method) {
  switch (method) {
    case CurveMethod::kStack:
      return "stack";
    case CurveMethod::kReplay:
      return "replay";
    case CurveMethod::kShards:
      return "SHARDS";
    case CurveMethod::kMiniSim:
      return "miniature caches";
  }
  return "";
}

Result<CurveReport> miss_ratio_curves(const std::string& path, const ReadOptions& options,
                                      const CurveSpec& spec) {
  if (const Status s = check(spec); !s) return s.error();
  // Samples of fixed size begin at the highest rate at which they do not overlap.
  const double rate = spec.max_objects != 0 ? 1.0 / spec.splits : spec.rate;
  const Sampling sampling = models::sampling_at(rate, spec.splits, spec.sample_seed);
  StackCompanion stack(spec, sampling);
  ReplaySpec replayed;
  replayed.capacities = spec.capacities;
  replayed.unit_size = spec.unit_size;
  replayed.recompute_next = spec.recompute_next;
  replayed.threads = spec.threads;
  replayed.seed = spec.seed;
  replayed.sampling = sampling;
  replayed.stop = spec.stop;
  replayed.progress = spec.progress;
  for (const std::string& policy : spec.policies) {
    policy == "lru" ? void(replayed.companion = &stack) : replayed.policies.push_back(policy);
  }
  auto report = replay(path, options, replayed);
  if (!report) return report.error();
  bool empty = replayed.companion != nullptr && stack.misses_a_sample();
  for (const ReplayRow& row : report->rows) {
    for (const SplitCounts& split : row.splits) empty = empty || split.requests == 0;
  }
  if (empty && !report->partial && report->requests > 0) {
    return Error{"--rate", "a sample holds none of the objects of this trace; want a higher rate"};
  }
  CurveReport out;
  out.unit_objects = report->unit_objects;
  out.partial = report->partial;
  out.requests = report->requests;
  out.dropped = report->dropped;
  out.deletes = report->deletes;
  for (const std::string& policy : spec.policies) {
    out.curves.push_back(policy == "lru" ? stack.curve(policy)
                                         : curve_of(policy, *report, sampling));
  }
  out.info = std::move(report->info);
  return out;
}

}  // namespace fleetcache::traces
