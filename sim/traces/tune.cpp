#include "sim/traces/tune.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <optional>

#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "policies/base/rng.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/replay_cells.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::uint64_t kPart = std::uint64_t{1} << 18;
constexpr std::uint64_t kLeastRequests = 1000;
constexpr std::uint32_t kResamples = 2000;
/// A sampled cache of fewer objects says too little to drop a setting by.
constexpr std::uint64_t kLeastObjects = 300;
/// The better third goes on.
constexpr std::size_t kKeep = 3;

/// Parts of a trace in order, as often as asked: the file again, or what was held of a pipe.
class Parts {
 public:
  Parts(const std::string& path, const ReadOptions& options, const std::atomic<bool>* stop)
      : path_(path), options_(options), stop_(stop) {}

  /// `look` sees each part; false from it ends the pass.
  template <class Look>
  Status each(TraceInfo& info, Look look) {
    if (held_) {
      for (const TraceBlocks& part : *held_) {
        if (!look(part)) break;
      }
      return Nothing{};
    }
    auto opened = open_trace(path_, options_);
    if (!opened) return opened.error();
    TraceReader& reader = **opened;
    const bool pipe = reader.size() == 0;
    std::vector<TraceBlocks> parts;
    bool wanted = true;
    TraceBlocks spare;
    for (bool complete = false; !complete && (wanted || pipe) && !stopped();) {
      auto part = read_blocks(reader, kPart, stop_, std::move(spare));
      if (!part) return part.error();
      complete = part->complete;
      wanted = wanted && look(*part);
      if (pipe) {
        parts.push_back(std::move(part).value());
      } else {
        spare = std::move(part).value();
      }
    }
    info = reader.info();
    if (pipe) held_ = std::move(parts);
    return Nothing{};
  }

  bool stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

 private:
  const std::string& path_;
  const ReadOptions& options_;
  const std::atomic<bool>* stop_;
  std::optional<std::vector<TraceBlocks>> held_;
};

/// What one pass tells before anything is tried.
class Survey {
 public:
  void add(const TraceBlocks& part) {
    for (const auto& block : part.blocks) {
      totals.add(block);
      for (const Request& r : block) add(r);
    }
  }

  /// Share of reuses that are farther apart than `limit` requests, to 1 part in 16.
  double longer_than(std::uint64_t limit) const {
    std::uint64_t above = 0, reuses = 0;
    for (std::size_t k = 0; k < reuses_.size(); ++k) {
      reuses += reuses_[k];
      above += k > bucket_of(limit) ? reuses_[k] : 0;
    }
    // Nothing is asked for twice: whatever comes back comes after the end.
    return reuses == 0 ? 1 : static_cast<double>(above) / static_cast<double>(reuses);
  }

  TraceTotals totals{true};
  Digest digest;
  std::uint64_t all = 0;  ///< requests and deletes

 private:
  static std::size_t bucket_of(std::uint64_t distance) {
    const auto width = static_cast<std::size_t>(std::bit_width(distance));
    if (width <= 5) return static_cast<std::size_t>(distance);
    return 32 + (width - 6) * 16 + static_cast<std::size_t>((distance >> (width - 5)) & 15U);
  }

  void add(const Request& r) {
    ++all;
    digest.add(r.id);
    digest.add(r.size ^ (static_cast<std::uint64_t>(r.op) << 62));
    if (r.op == Op::kDelete) return;
    std::uint64_t& last = last_.find_or_add(r.id).first;
    if (last != 0) ++reuses_[bucket_of(all - last)];
    last = all;
  }

  IdMap<std::uint64_t> last_;  ///< 1 more than the index of the last request
  std::vector<std::uint64_t> reuses_ = std::vector<std::uint64_t>(32 + 59 * 16);
};

double cost(const TuneSpec& spec, std::uint64_t requests, std::uint64_t bytes) {
  return spec.request_weight * static_cast<double>(requests) +
         spec.byte_weight * static_cast<double>(bytes);
}

class Tuning {
 public:
  Tuning(const std::string& path, const ReadOptions& options, const TuneSpec& spec)
      : spec_(spec), parts_(path, options, spec.stop) {}

  Result<TuneReport> run() {
    if (const Status s = check(); !s) return s.error();
    Survey survey;
    if (const Status s = look_over(survey); !s) return s.error();
    if (!parts_.stopped()) {
      if (const Status s = make_settings(); !s) return s.error();
      for (const double rate : {1.0 / 9, 1.0 / 3}) {
        if (const Status s = rung(rate); !s) return s.error();
      }
      if (const Status s = judge(); !s) return s.error();
    }
    report_.partial = parts_.stopped();
    return std::move(report_);
  }

 private:
  Status check() {
    const eviction::PolicyInfo* info = eviction::find_policy(spec_.policy);
    if (info == nullptr) return Error{"--policy", "there is no policy \"" + spec_.policy + "\""};
    if (info->needs_next_access) {
      return Error{"--policy", spec_.policy + " knows the future: there is nothing to tune"};
    }
    report_.policy = std::string(info->name);
    report_.ranges = spec_.ranges.empty() ? declared_ranges(*info) : spec_.ranges;
    if (report_.ranges.empty()) {
      return Error{"--policy", spec_.policy + " has no parameters to tune"};
    }
    if (!(spec_.tune_share > 0 && spec_.tune_share < 1)) {
      return Error{"--tune-share", "want a share between 0 and 1"};
    }
    return Nothing{};
  }

  Status look_over(Survey& survey) {
    TraceInfo info;
    const Status read = parts_.each(info, [&](const TraceBlocks& part) {
      survey.add(part);
      return true;
    });
    if (!read) return read.error();
    report_.info = std::move(info);
    if (parts_.stopped()) return Nothing{};
    const TraceTotals& totals = survey.totals;
    if (totals.requests < kLeastRequests) {
      return Error{report_.info.name, "has " + std::to_string(totals.requests) +
                                          " requests; want 1000 or more to tune on"};
    }
    report_.unit_objects = spec_.unit_size || !report_.info.has_sizes;
    report_.requests = totals.requests;
    report_.digest = survey.digest.value();
    report_.long_reuse = survey.longer_than(survey.all / 4);
    all_ = survey.all;
    tune_end_ = static_cast<std::uint64_t>(static_cast<double>(all_) * spec_.tune_share);
    return find_capacity(totals);
  }

  Status find_capacity(const TraceTotals& totals) {
    if (spec_.capacity.in_bytes && report_.unit_objects) {
      return Error{"--capacity", "a capacity in bytes does not fit a trace replayed in objects"};
    }
    const std::uint64_t whole = report_.unit_objects ? totals.objects : totals.object_bytes;
    __extension__ using Wide = unsigned __int128;
    report_.capacity = spec_.capacity.amount != 0
                           ? spec_.capacity.amount
                           : static_cast<std::uint64_t>(
                                 Wide{whole} * spec_.capacity.share_millionths / Capacity::kWhole);
    if (report_.capacity == 0) return Error{"--capacity", "a capacity of 0 holds nothing"};
    const std::uint64_t smallest =
        report_.unit_objects ? 1 : std::max<std::uint64_t>(totals.smallest, 1);
    entries_ = std::min(report_.capacity / smallest, totals.objects);
    // About how many are resident at once.
    typical_ = std::min(totals.objects,
                        report_.capacity / std::max<std::uint64_t>(whole / totals.objects, 1));
    return Nothing{};
  }

  /// Wishes of all settings; those that the policy does not take are left out, unless it is for a
  /// name that it does not know.
  Status make_settings() {
    for (Params& params : tuning_design(report_.ranges, spec_.settings, spec_.seed)) {
      PolicyWish wish{report_.policy, report_.policy, std::move(params)};
      const auto cell = make_cell(wish_of(wish, 1));
      if (cell) {
        settings_.push_back(std::move(wish));
        continue;
      }
      if (wish.params.empty() || ++report_.refused == spec_.settings - 1) return cell.error();
    }
    if (settings_.size() < 2) return Error{"--param", "leaves nothing but the defaults to try"};
    alive_.resize(settings_.size());
    std::iota(alive_.begin(), alive_.end(), std::size_t{0});
    for (const std::size_t share : {9, 3, 1}) work_ += static_cast<double>(alive_.size()) / share;
    return Nothing{};
  }

  CellWish wish_of(const PolicyWish& wish, double rate) const {
    const auto scaled = [&](std::uint64_t n) {
      return std::max<std::uint64_t>(static_cast<std::uint64_t>(static_cast<double>(n) * rate), 1);
    };
    // A sample may hold more than its share of small objects: room for four times as many.
    const std::uint64_t entries = rate < 1 ? std::min(entries_, 4 * scaled(entries_)) : entries_;
    return {&wish,      rate < 1 ? scaled(report_.capacity) : report_.capacity,
            entries,    report_.unit_objects,
            spec_.seed, report_.info.has_links && rate >= 1};
  }

  Result<std::vector<Cell>> make_cells(double rate) const {
    std::vector<Cell> cells;
    for (const std::size_t k : alive_) {
      auto cell = make_cell(wish_of(settings_[k], rate));
      if (!cell) return cell.error();
      cells.push_back(std::move(cell).value());
    }
    return cells;
  }

  CellRun how() const {
    return {report_.unit_objects, report_.info.has_ops, spec_.threads, spec_.stop, {}};
  }

  double cost_of(const Cell& cell) const {
    return cost(spec_, cell.row.misses, cell.row.miss_bytes);
  }

  /// Settings by cost on the first part, the earlier one first where it is equal.
  std::vector<std::size_t> ranked(const std::vector<Cell>& cells) const {
    std::vector<std::size_t> order(cells.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return cost_of(cells[a]) < cost_of(cells[b]);
    });
    return order;
  }

  /// A round on a sample of the first part. Skipped where the sample is too small to judge by, and
  /// for policies that are told of parents: a sample of blocks has lost most of them.
  Status rung(double rate) {
    const eviction::PolicyInfo* info = eviction::find_policy(settings_.front().name);
    if (report_.info.has_links && info != nullptr && (info->uses & kTold) != 0) return Nothing{};
    if (static_cast<double>(typical_) * rate < kLeastObjects || alive_.size() <= kKeep) {
      return Nothing{};
    }
    const Sampling sampling = models::sampling_at(rate, 1, spec_.seed);
    auto cells = make_cells(sampling.rate());
    if (!cells) return cells.error();
    std::uint64_t index = 0;
    std::vector<Request> sample;
    TraceInfo read_info;
    const Status read = parts_.each(read_info, [&](const TraceBlocks& part) {
      sample.clear();
      for (const auto& block : part.blocks) {
        for (const Request& r : block) {
          if (index++ >= tune_end_) break;
          if (sampling.split_of(r.id) == 0) sample.push_back(r);
        }
      }
      run_cells(*cells, {{std::span<const Request>(sample)}}, how());
      tell(static_cast<double>(sample.size()) * static_cast<double>(alive_.size()));
      return index < tune_end_;
    });
    if (!read) return read.error();
    report_.rungs.push_back({sampling.rate(), static_cast<std::uint32_t>(alive_.size())});
    std::vector<std::size_t> kept = {0};  // the defaults
    const std::size_t wanted = (alive_.size() + kKeep - 1) / kKeep;
    for (const std::size_t place : ranked(*cells)) {
      if (kept.size() <= wanted && alive_[place] != 0) kept.push_back(alive_[place]);
    }
    alive_ = std::move(kept);
    return Nothing{};
  }

  /// The last round, on all objects, goes on into the later part with the best and the defaults.
  Status judge() {
    auto made = make_cells(1);
    if (!made) return made.error();
    cells_ = std::move(made).value();
    report_.rungs.push_back({1, static_cast<std::uint32_t>(alive_.size())});
    plan_batches();
    std::uint64_t index = 0;
    TraceInfo info;
    const Status read = parts_.each(info, [&](const TraceBlocks& part) {
      std::vector<Slices> first(1), later(1);
      for (const auto& block : part.blocks) cut(block, index, first[0], later[0]);
      for (const auto slice : first[0]) seen_.add(slice);
      run_cells(cells_, first, how());
      tell(static_cast<double>(part.requests) * static_cast<double>(cells_.size()));
      if (index >= tune_end_ && !chosen_) choose();
      for (const auto slice : later[0]) seen_.add(slice);
      if (chosen_) run_cells(cells_, later, how());
      return true;
    });
    if (!read) return read.error();
    if (!parts_.stopped()) conclude();
    return Nothing{};
  }

  /// Boundaries of equal batches of the later part.
  void plan_batches() {
    const std::uint64_t later = all_ - tune_end_;
    report_.batches = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(later / 50, 10, 400));
    // Runs of a twentieth: what changes more slowly than that is no noise but another trace.
    report_.block = std::max(report_.batches / 20, 1U);
    report_.resamples = kResamples;
    for (std::uint64_t b = 1; b <= report_.batches; ++b) {
      bounds_.push_back(tune_end_ + later * b / report_.batches);
    }
  }

  /// Slices of a block before and after the end of the first part, the later ones cut at batches.
  void cut(std::span<const Request> block, std::uint64_t& index, Slices& first, Slices& later) {
    const auto take = [&](Slices& slices, std::uint64_t end) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), end - index));
      slices.push_back(block.first(n));
      block = block.subspan(n);
      index += n;
    };
    if (index < tune_end_) take(first, tune_end_);
    while (!block.empty() && index < all_) {  // a file that grew meanwhile ends where it ended
      while (next_bound_ < bounds_.size() && index == bounds_[next_bound_]) ++next_bound_;
      take(later, bounds_[next_bound_]);
      batch_of_slice_.push_back(next_bound_);
    }
  }

  void choose() {
    const std::size_t best = ranked(cells_).front();
    report_.best = settings_[alive_[best]].params;
    const ReplayRow& row = cells_[0].row;
    const double whole = std::max(cost(spec_, row.requests, row.bytes), 1e-300);
    report_.tune_requests = row.requests;
    report_.tune_default = cost_of(cells_[0]) / whole;
    report_.tune_best = cost_of(cells_[best]) / whole;
    report_.turnover = static_cast<double>(cells_[0].cache.stats().evicted_charge) /
                       static_cast<double>(report_.capacity);
    if (best != 0) std::swap(cells_[1], cells_[best]);
    cells_.erase(cells_.begin() + (best == 0 ? 1 : 2), cells_.end());
    for (Cell& cell : cells_) {
      cell.marks = true;
      start_.push_back({cell.row.requests, cell.row.misses, cell.row.bytes, cell.row.miss_bytes});
    }
    cold_before_ = seen_.cold;
    chosen_ = true;
  }

  /// Cost of misses, or of all requests, of each batch.
  std::vector<double> by_batch(std::size_t cell, bool misses) const {
    std::vector<double> out(report_.batches);
    SplitCounts before = start_[cell];
    const auto& marks = cells_[cell].marked;
    for (std::size_t i = 0; i < marks.size(); ++i) {
      const SplitCounts& now = marks[i];
      out[batch_of_slice_[i]] +=
          misses ? cost(spec_, now.misses - before.misses, now.miss_bytes - before.miss_bytes)
                 : cost(spec_, now.requests - before.requests, now.bytes - before.bytes);
      before = now;
    }
    return out;
  }

  void conclude() {
    const std::vector<double> weights = by_batch(0, false), plain = by_batch(0, true);
    const std::vector<double> tuned = by_batch(cells_.size() - 1, true);
    const auto sum = [](const std::vector<double>& v) {
      return std::accumulate(v.begin(), v.end(), 0.0);
    };
    const double whole = std::max(sum(weights), 1e-300);
    report_.report_default = sum(plain) / whole;
    report_.report_best = sum(tuned) / whole;
    std::vector<double> differences;
    for (std::size_t b = 0; b < plain.size(); ++b) differences.push_back(plain[b] - tuned[b]);
    report_.gain =
        bootstrap_gain(differences, weights, report_.block, report_.resamples, spec_.seed);
    const double later = static_cast<double>(report_.requests - report_.tune_requests);
    report_.first_requests = later > 0 ? static_cast<double>(seen_.cold - cold_before_) / later : 0;
    report_.gains =
        !report_.best.empty() && report_.gain.low > 0 && report_.batches >= kLeastBatches;
  }

  void tell(double more) {
    done_ += more;
    // Rungs shrink by thirds, so this runs ahead now and then; it never passes the end.
    const double expected =
        work_ * static_cast<double>(tune_end_) * 0.6 + 2 * static_cast<double>(all_ - tune_end_);
    if (spec_.progress) spec_.progress(std::min(done_ / expected, 0.99));
  }

  const TuneSpec& spec_;
  Parts parts_;
  TuneReport report_;
  std::uint64_t all_ = 0, tune_end_ = 0;  ///< indices, deletes included
  std::uint64_t entries_ = 0, typical_ = 0;
  std::vector<PolicyWish> settings_;  ///< the defaults first
  std::vector<std::size_t> alive_;    ///< the defaults first
  std::vector<Cell> cells_;
  std::vector<std::uint64_t> bounds_;
  std::size_t next_bound_ = 0;
  std::vector<std::size_t> batch_of_slice_;
  std::vector<SplitCounts> start_;
  bool chosen_ = false;
  TraceTotals seen_{true};         ///< of the last pass so far
  std::uint64_t cold_before_ = 0;  ///< compulsory misses of the first part
  double work_ = 0, done_ = 0;
};

}  // namespace

Gain bootstrap_gain(const std::vector<double>& differences, const std::vector<double>& weights,
                    std::uint32_t block, std::uint32_t resamples, std::uint64_t seed) {
  FLEETCACHE_CHECK(differences.size() == weights.size() && block > 0, "a pair for each batch");
  const std::size_t n = differences.size();
  Gain gain;
  const double whole = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (n == 0 || whole <= 0) return gain;
  gain.mean = std::accumulate(differences.begin(), differences.end(), 0.0) / whole;
  Rng rng(seed, "tune/bootstrap");
  std::vector<double> means;
  for (std::uint32_t r = 0; r < resamples; ++r) {
    double sum = 0, weight = 0;
    for (std::size_t drawn = 0; drawn < n;) {
      const std::size_t first = static_cast<std::size_t>(rng.below(n));
      for (std::uint32_t i = 0; i < block && drawn < n; ++i, ++drawn) {
        sum += differences[(first + i) % n];
        weight += weights[(first + i) % n];
      }
    }
    if (weight > 0) means.push_back(sum / weight);
  }
  std::sort(means.begin(), means.end());
  if (means.empty()) return gain;
  gain.low = means[means.size() * 25 / 1000];
  gain.high = means[std::min(means.size() * 975 / 1000, means.size() - 1)];
  return gain;
}

Result<TuneReport> tune(const std::string& path, const ReadOptions& options, const TuneSpec& spec) {
  return Tuning(path, options, spec).run();
}

}  // namespace fleetcache::traces
