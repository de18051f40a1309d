#include "sim/traces/replay.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <thread>

#include "sim/traces/replay_cells.hpp"

namespace fleetcache::traces {

namespace {

/// Above this many entries the distinct ids are counted before caches are made.
constexpr std::uint64_t kCheapEntries = std::uint64_t{1} << 20;
/// Requests read at a time where nothing has to be known before: what is read must not push the
/// caches' own state out of the processor's caches (2^18 costs a fifth of the speed).
constexpr std::uint64_t kPart = kBlockRequests;
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

bool stopped(const ReplaySpec& spec) {
  return spec.stop != nullptr && spec.stop->load(std::memory_order_relaxed);
}

/// A recorded next access that points backwards would make Belady's decisions nonsense.
std::optional<Error> check_next(const TraceBlocks& part, std::uint64_t first,
                                const std::string& name) {
  for (const auto& block : part.blocks) {
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::int64_t next = block[i].next_access;
      if (next == kNever || static_cast<std::uint64_t>(next) > first + i) continue;
      return Error{name, "request " + std::to_string(first + i) +
                             " (counted from 0) says that its object "
                             "is next asked for at request " +
                             std::to_string(next) +
                             ", which is not later; --recompute-next ignores what the trace says"};
    }
    first += block.size();
  }
  return std::nullopt;
}

/// The requests of each split of a sample, in order.
struct SplitParts {
  std::vector<std::vector<Request>> requests;

  void fill(const TraceBlocks& part, const Sampling& sampling) {
    requests.resize(sampling.splits);
    for (auto& split : requests) split.clear();
    for (const auto& block : part.blocks) {
      for (const Request& r : block) {
        const std::uint32_t split = sampling.split_of(r.id);
        if (split != Sampling::kNone) requests[split].push_back(r);
      }
    }
  }
};

bool says_never(const TraceBlocks& trace) {
  for (const auto& block : trace.blocks) {
    for (const Request& r : block) {
      if (r.next_access != kNever) return false;
    }
  }
  return true;
}

/// Totals of the whole trace: of the blocks, or of a second reading when they are not all of it.
Result<TraceTotals> total(const std::string& path, const ReadOptions& options,
                          const TraceBlocks& first, bool distinct, const ReplaySpec& spec) {
  TraceTotals totals(distinct);
  if (first.complete) {
    for (const auto& block : first.blocks) totals.add(block);
    return totals;
  }
  auto reader = open_trace(path, options);
  if (!reader) return reader.error();
  while (!stopped(spec)) {
    const auto part = read_blocks(**reader, kBlockRequests, spec.stop);
    if (!part) return part.error();
    for (const auto& block : part->blocks) totals.add(block);
    if (part->complete) break;
  }
  return totals;
}

class Replay {
 public:
  Replay(const std::string& path, const ReadOptions& options, const ReplaySpec& spec)
      : path_(path), options_(options), spec_(spec) {}

  Result<ReplayReport> run() {
    if (const Status s = check_policies(); !s) return s.error();
    if (const Status s = read_first(); !s) return s.error();
    if (const Status s = make_cells(); !s) return s.error();
    if (const Status s = replay_all(); !s) return s.error();
    finish();
    return std::move(report_);
  }

 private:
  bool sampled() const { return !spec_.sampling.everything(); }

  /// Rows of the cells; the splits of a sample become one row.
  void finish() {
    report_.requests = read_ - report_.deletes;
    report_.info = reader_->info();  // names and notes grew
    for (std::size_t first = 0; first < cells_.size(); first += spec_.sampling.splits) {
      ReplayRow row = std::move(cells_[first].row);
      for (std::uint32_t k = 0; k < spec_.sampling.splits; ++k) add_cell(row, cells_[first + k], k);
      if (report_.partial && row.requests == 0) continue;
      row.capacity = wanted_[first / spec_.sampling.splits];
      report_.rows.push_back(std::move(row));
    }
  }

  void add_cell(ReplayRow& row, Cell& cell, std::uint32_t split) const {
    const eviction::Stats& stats = cell.cache.stats();
    row.not_stored += stats.misses - stats.inserts;
    row.partial = row.partial || (report_.partial && !replayed(cell));
    if (cell.watch) row.watched = cell.watch->finish();
    if (!sampled()) return;
    // The row began as the first split's own.
    const ReplayRow& own = split == 0 ? row : cell.row;
    const SplitCounts counts{own.requests, own.misses, own.bytes, own.miss_bytes};
    row.splits.push_back(counts);
    if (split == 0) return;
    row.requests += counts.requests;
    row.misses += counts.misses;
    row.bytes += counts.bytes;
    row.miss_bytes += counts.miss_bytes;
    row.too_large += own.too_large;
    row.cpu_s += own.cpu_s;
  }

  Status check_policies() {
    for (const std::string& text : spec_.policies) {
      auto wish = parse_policy(text);
      if (!wish) return wish.error();
      const eviction::PolicyInfo* info = eviction::find_policy(wish->name);
      if (info == nullptr) return Error{"--policy", "there is no policy \"" + wish->name + "\""};
      needs_next_ = needs_next_ || info->needs_next_access;
      policies_.push_back(std::move(wish).value());
    }
    return Nothing{};
  }

  /// Whether something has to be known of the whole trace before caches can be made.
  bool needs_totals() const {
    return spec_.find_cold ||
           std::any_of(spec_.capacities.begin(), spec_.capacities.end(),
                       [](const Capacity& c) { return c.amount == 0 || c.amount > kCheapEntries; });
  }

  Status read_first() {
    const double start = thread_cpu_s();
    auto opened = open_trace(path_, options_);
    if (!opened) return opened.error();
    reader_ = std::move(opened).value();
    report_.info = reader_->info();
    report_.unit_objects = spec_.unit_size || !report_.info.has_sizes;
    // What a trace says of next accesses says nothing of deletes in between.
    bool compute_next =
        needs_next_ && (spec_.recompute_next || !report_.info.has_next || report_.info.has_ops);
    const bool from_pipe = reader_->size() == 0;
    part_ = needs_totals() ? spec_.window : std::min(spec_.window, kPart);
    const bool hold_all = compute_next || (from_pipe && needs_totals());
    if (const Status s = read_part(hold_all ? kAll : part_); !s) return s;
    if (window_.requests == 0 && window_.complete) {
      return Error{report_.info.name, "holds no requests of a size above 0"};
    }
    // A column that only says "never" may have been filled in by someone who did not know.
    if (needs_next_ && !compute_next && says_never(window_)) {
      compute_next = true;
      if (const Status s = read_rest(); !s) return s;
    }
    if (compute_next) compute_next_reuse(window_.blocks);
    report_.read_cpu_s += thread_cpu_s() - start;
    return Nothing{};
  }

  Status read_part(std::uint64_t limit) {
    auto read = read_blocks(*reader_, limit, spec_.stop, std::move(window_));
    if (!read) return read.error();
    window_ = std::move(read).value();
    return Nothing{};
  }

  /// The whole trace in one window.
  Status read_rest() {
    if (window_.complete) return Nothing{};
    auto rest = read_blocks(*reader_, kAll, spec_.stop);
    if (!rest) return rest.error();
    std::move(rest->blocks.begin(), rest->blocks.end(), std::back_inserter(window_.blocks));
    window_.requests += rest->requests;
    window_.dropped += rest->dropped;
    window_.complete = rest->complete;
    return Nothing{};
  }

  /// More entries than this can never be resident at once.
  std::uint64_t entries(std::uint64_t capacity, const TraceTotals& known) const {
    const std::uint64_t smallest =
        report_.unit_objects ? 1 : std::max<std::uint64_t>(known.smallest, 1);
    std::uint64_t bound = capacity / smallest;
    if (known.requests > 0) bound = std::min(bound, known.requests);
    if (known.objects > 0) bound = std::min(bound, known.objects);
    return std::clamp<std::uint64_t>(bound, 1, std::numeric_limits<std::uint32_t>::max() - 1);
  }

  Result<std::uint64_t> amount(const Capacity& wish, const TraceTotals& known) const {
    if (wish.in_bytes && report_.unit_objects) {
      return Error{"--capacity",
                   "a capacity in bytes does not fit " +
                       (spec_.unit_size ? std::string("--unit-size, which counts objects")
                                        : report_.info.name + ", which has no sizes") +
                       "; give a number of objects"};
    }
    std::uint64_t amount = wish.amount;
    if (amount == 0) {
      const std::uint64_t whole = report_.unit_objects ? known.objects : known.object_bytes;
      __extension__ using Wide = unsigned __int128;
      amount = static_cast<std::uint64_t>(Wide{whole} * wish.share_millionths / Capacity::kWhole);
    }
    if (amount == 0) return Error{"--capacity", "a capacity of 0 holds nothing"};
    return amount;
  }

  /// All zero where nothing has to be known.
  Result<TraceTotals> totals() const {
    if (!needs_totals()) return TraceTotals(false);
    const auto& wishes = spec_.capacities;
    const bool shares =
        std::any_of(wishes.begin(), wishes.end(), [](const Capacity& c) { return c.amount == 0; });
    const bool distinct = shares || spec_.find_cold;
    auto rough = total(path_, options_, window_, distinct, spec_);
    if (!rough || distinct) return rough;
    // A rough bound costs memory, so where it is large the ids are counted.
    const bool roomy = std::any_of(wishes.begin(), wishes.end(), [&](const Capacity& c) {
      return entries(c.amount, *rough) > kCheapEntries;
    });
    return roomy ? total(path_, options_, window_, true, spec_) : std::move(rough);
  }

  Status make_cells() {
    const double start = thread_cpu_s();
    const auto known = totals();
    if (!known) return known.error();
    report_.partial = stopped(spec_);
    if (report_.partial) return Nothing{};
    if (window_.complete) requests_ = window_.requests;
    if (known->requests > 0) requests_ = known->requests + known->deletes;
    report_.cold = known->cold;
    report_.cold_bytes = report_.unit_objects ? known->cold : known->cold_bytes;
    report_.read_cpu_s += thread_cpu_s() - start;
    std::vector<std::uint64_t> capacities;
    for (const Capacity& wish : spec_.capacities) {
      const auto capacity = amount(wish, *known);
      if (!capacity) return capacity.error();
      capacities.push_back(*capacity);
    }
    if (spec_.companion != nullptr) spec_.companion->begin(capacities, report_.unit_objects);
    for (const PolicyWish& policy : policies_) {
      for (const std::uint64_t capacity : capacities) {
        if (const Status s = add_cells(policy, capacity, *known); !s) return s.error();
      }
    }
    return Nothing{};
  }

  /// One cell a split.
  Status add_cells(const PolicyWish& policy, std::uint64_t capacity, const TraceTotals& known) {
    const Sampling& sampling = spec_.sampling;
    __extension__ using Wide = unsigned __int128;
    const auto scaled = [&](std::uint64_t n) {
      return static_cast<std::uint64_t>(Wide{n} * sampling.threshold / Sampling::kModulus);
    };
    if (scaled(capacity) == 0) {
      return Error{"--rate", "a sample of this rate leaves nothing of a capacity of " +
                                 std::to_string(capacity) + "; want a higher rate"};
    }
    for (std::uint32_t k = 0; k < sampling.splits; ++k) {
      // A split may see more than its share of the objects, so only the capacity bounds them.
      const std::uint64_t most = entries(scaled(capacity), known);
      auto cell = make_cell({&policy, scaled(capacity), most, report_.unit_objects, spec_.seed,
                             report_.info.has_links && sampling.everything()});
      if (!cell) return cell.error();
      cell->split = k;
      cell->row.scaled_entries = scaled(entries(capacity, known));
      if (spec_.watch.any()) {
        cell->watch = std::make_unique<Watch>(spec_.watch, static_cast<std::uint32_t>(most));
      }
      cells_.push_back(std::move(cell).value());
    }
    wanted_.push_back(capacity);
    return Nothing{};
  }

  Status replay_all() {
    if (cells_.empty() && spec_.companion == nullptr) return Nothing{};
    CellRun how{report_.unit_objects, report_.info.has_ops, spec_.threads, spec_.stop, {}};
    if (spec_.progress) how.progress = [this](std::uint64_t more) { tell(more); };
    SplitParts sample;
    for (;;) {
      if (needs_next_) {
        if (auto wrong = check_next(window_, read_, report_.info.name)) return *wrong;
      }
      read_ += window_.requests;
      report_.dropped += window_.dropped;
      std::vector<Slices> splits(spec_.sampling.splits);
      if (sampled()) {
        sample_part(sample);
        for (std::size_t k = 0; k < splits.size(); ++k) splits[k].push_back(sample.requests[k]);
      } else {
        splits[0].assign(window_.blocks.begin(), window_.blocks.end());
      }
      count_deletes();
      run_part(splits, how);
      tell_by_bytes();
      if (stopped(spec_)) report_.partial = !all_replayed();
      if (stopped(spec_) || window_.complete) return Nothing{};
      const double start = thread_cpu_s();
      if (const Status s = read_part(part_); !s) return s;
      report_.read_cpu_s += thread_cpu_s() - start;
    }
  }

  void run_part(const std::vector<Slices>& splits, const CellRun& how) {
    if (spec_.companion == nullptr) return run_cells(cells_, splits, how);
    if (how.threads < 2) {
      spec_.companion->add(window_);
      return run_cells(cells_, splits, how);
    }
    const std::jthread beside([this] { spec_.companion->add(window_); });
    run_cells(cells_, splits, how);
  }

  void sample_part(SplitParts& sample) {
    const double start = thread_cpu_s();
    sample.fill(window_, spec_.sampling);
    for (const auto& block : window_.blocks) {
      for (const Request& r : block) {
        if (r.op != Op::kDelete) report_.bytes += report_.unit_objects ? 1 : r.size;
      }
    }
    for (std::size_t k = 0; k < sample.requests.size(); ++k) {
      handed_[k] += sample.requests[k].size();
    }
    report_.read_cpu_s += thread_cpu_s() - start;
  }

  void count_deletes() {
    if (!report_.info.has_ops) return;
    for (const auto& block : window_.blocks) {
      report_.deletes += static_cast<std::uint64_t>(std::count_if(
          block.begin(), block.end(), [](const Request& r) { return r.op == Op::kDelete; }));
    }
  }

  void tell(std::uint64_t more) {
    done_ += more;
    if (requests_ == 0) return;
    const double all =
        static_cast<double>(requests_) * static_cast<double>(cells_.size()) * spec_.sampling.rate();
    spec_.progress(static_cast<double>(done_) / all);
  }

  /// Where the number of requests is not known beforehand.
  void tell_by_bytes() const {
    if (!spec_.progress || requests_ > 0 || reader_->size() == 0) return;
    spec_.progress(static_cast<double>(reader_->consumed()) / static_cast<double>(reader_->size()));
  }

  bool replayed(const Cell& cell) const {
    return window_.complete && cell.consumed == (sampled() ? handed_[cell.split] : read_);
  }
  bool all_replayed() const {
    return window_.complete && std::all_of(cells_.begin(), cells_.end(),
                                           [this](const Cell& cell) { return replayed(cell); });
  }

  const std::string& path_;
  const ReadOptions& options_;
  const ReplaySpec& spec_;
  ReplayReport report_;
  std::unique_ptr<TraceReader> reader_;
  TraceBlocks window_;
  std::vector<PolicyWish> policies_;
  std::vector<Cell> cells_;
  std::vector<std::uint64_t> wanted_;  ///< capacity of each row
  std::vector<std::uint64_t> handed_ =
      std::vector<std::uint64_t>(spec_.sampling.splits, 0);  ///< requests of each split so far
  std::uint64_t done_ = 0;                                   ///< requests × cells
  std::uint64_t part_ = 0;                                   ///< requests read at a time
  std::uint64_t read_ = 0;      ///< requests handed to the cells so far
  std::uint64_t requests_ = 0;  ///< of the trace; 0 while not known
  bool needs_next_ = false;
};

}  // namespace

std::vector<std::string> all_policies() {
  std::vector<std::string> names;
  for (const eviction::PolicyInfo& info : eviction::policies()) names.emplace_back(info.name);
  return names;
}

Result<PolicyWish> parse_policy(const std::string& text) {
  PolicyWish wish;
  wish.text = text;
  std::size_t colon = std::min(text.find(':'), text.size());
  wish.name = text.substr(0, colon);
  while (colon < text.size()) {
    const std::size_t start = colon + 1;
    colon = std::min(text.find(':', start), text.size());
    const std::string part = text.substr(start, colon - start);
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == part.size()) {
      return Error{"--policy", "\"" + part + "\" of \"" + text + "\" is not KEY=VALUE"};
    }
    wish.params.emplace_back(part.substr(0, equals), part.substr(equals + 1));
  }
  return wish;
}

Result<ReplayReport> replay(const std::string& path, const ReadOptions& options,
                            const ReplaySpec& spec) {
  return Replay(path, options, spec).run();
}

}  // namespace fleetcache::traces
