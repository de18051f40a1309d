#include "sim/traces/replay.hpp"

#include <time.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <thread>

namespace fleetcache::traces {

namespace {

/// Above this many entries the distinct ids are counted before caches are made.
constexpr std::uint64_t kCheapEntries = std::uint64_t{1} << 20;
/// Requests read at a time where nothing has to be known before: 8 MiB stay in the third-level
/// cache.
constexpr std::uint64_t kPart = std::uint64_t{1} << 18;
constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

bool stopped(const ReplaySpec& spec) {
  return spec.stop != nullptr && spec.stop->load(std::memory_order_relaxed);
}

struct Cell {
  ReplayRow row;
  eviction::Cache cache;
  bool needs_next;
  std::optional<Error> error;
};

/// Work shared by the threads of one window.
struct Window {
  const TraceBlocks& trace;
  std::vector<Cell>& cells;
  const ReplaySpec& spec;
  bool unit;
  std::uint64_t expected;  ///< requests × cells of the whole replay, for progress
  std::atomic<std::size_t>& next_cell;
  std::atomic<std::uint64_t>& done;
};

/// A recorded next access that points backwards would make Belady's decisions nonsense.
std::optional<Error> check_next(const std::vector<Request>& block, std::uint64_t first) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    const std::int64_t next = block[i].next_access;
    if (next != kNever && static_cast<std::uint64_t>(next) <= first + i) {
      return Error{"", "request " + std::to_string(first + i) +
                           " (counted from 0) says that its object "
                           "is next asked for at request " +
                           std::to_string(next) +
                           ", which is not later; --recompute-next ignores what the trace says"};
    }
  }
  return std::nullopt;
}

template <bool kUnit>
void replay_block(Cell& cell, const std::vector<Request>& block) {
  std::uint64_t misses = 0, bytes = 0, miss_bytes = 0, too_large = 0;
  for (const Request& r : block) {
    const std::uint64_t size = kUnit ? 1 : r.size;
    const bool hit = cell.cache.request(TimePoint{r.time_ns}, {r.id, size, r.next_access});
    bytes += size;
    misses += hit ? 0 : 1;
    miss_bytes += hit ? 0 : size;
    too_large += size > cell.row.capacity ? 1 : 0;
  }
  cell.row.requests += block.size();
  cell.row.misses += misses;
  cell.row.bytes += bytes;
  cell.row.miss_bytes += miss_bytes;
  cell.row.too_large += too_large;
}

void replay_cell(Window& w, Cell& cell, bool tell) {
  const double start = cpu_seconds();
  for (const std::vector<Request>& block : w.trace.blocks) {
    if (stopped(w.spec)) break;
    if (cell.needs_next) {
      cell.error = check_next(block, cell.row.requests);
      if (cell.error) break;
    }
    w.unit ? replay_block<true>(cell, block) : replay_block<false>(cell, block);
    const std::uint64_t done = w.done.fetch_add(block.size()) + block.size();
    if (tell && w.spec.progress && w.expected > 0) {
      w.spec.progress(static_cast<double>(done) / static_cast<double>(w.expected));
    }
  }
  cell.row.cpu_s += cpu_seconds() - start;
}

void take_cells(Window& w, bool tell) {
  for (std::size_t i; (i = w.next_cell.fetch_add(1)) < w.cells.size();) {
    replay_cell(w, w.cells[i], tell);
  }
}

/// All cells over one part of the trace.
void replay_window(const TraceBlocks& trace, std::vector<Cell>& cells, const ReplaySpec& spec,
                   bool unit, std::uint64_t expected, std::atomic<std::uint64_t>& done) {
  std::atomic<std::size_t> next_cell{0};
  Window window{trace, cells, spec, unit, expected, next_cell, done};
  const std::size_t helpers = std::min<std::size_t>(std::max(spec.threads, 1U), cells.size()) - 1;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < helpers; ++i) {
    threads.emplace_back([&window] { take_cells(window, false); });
  }
  take_cells(window, true);
}

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
    for (Cell& cell : cells_) {
      if (report_.partial && cell.row.requests == 0) continue;
      const eviction::Stats& stats = cell.cache.stats();
      cell.row.not_stored = stats.misses - stats.inserts;
      cell.row.partial = report_.partial && !replayed(cell);
      report_.rows.push_back(std::move(cell.row));
    }
    return std::move(report_);
  }

 private:
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
    return std::any_of(spec_.capacities.begin(), spec_.capacities.end(),
                       [](const Capacity& c) { return c.amount == 0 || c.amount > kCheapEntries; });
  }

  Status read_first() {
    const double start = cpu_seconds();
    auto opened = open_trace(path_, options_);
    if (!opened) return opened.error();
    reader_ = std::move(opened).value();
    report_.info = reader_->info();
    report_.unit_objects = spec_.unit_size || !report_.info.has_sizes;
    bool compute_next = needs_next_ && (spec_.recompute_next || !report_.info.has_next);
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
    if (compute_next) compute_next_access(window_.blocks);
    report_.read_cpu_s += cpu_seconds() - start;
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
    auto rough = total(path_, options_, window_, shares, spec_);
    if (!rough || shares) return rough;
    // A rough bound costs memory, so where it is large the ids are counted.
    const bool roomy = std::any_of(wishes.begin(), wishes.end(), [&](const Capacity& c) {
      return entries(c.amount, *rough) > kCheapEntries;
    });
    return roomy ? total(path_, options_, window_, true, spec_) : std::move(rough);
  }

  Status make_cells() {
    const double start = cpu_seconds();
    const auto known = totals();
    if (!known) return known.error();
    report_.partial = stopped(spec_);
    if (report_.partial) return Nothing{};
    if (window_.complete) requests_ = window_.requests;
    if (known->requests > 0) requests_ = known->requests;
    report_.read_cpu_s += cpu_seconds() - start;
    for (const PolicyWish& policy : policies_) {
      for (const Capacity& wish : spec_.capacities) {
        if (const Status s = make_cell(policy, wish, *known); !s) return s.error();
      }
    }
    return Nothing{};
  }

  Status make_cell(const PolicyWish& policy, const Capacity& wish, const TraceTotals& known) {
    const auto capacity = amount(wish, known);
    if (!capacity) return capacity.error();
    eviction::Config config;
    config.capacity = *capacity;
    config.max_entries = static_cast<std::uint32_t>(entries(*capacity, known));
    config.unit_charge = report_.unit_objects;
    config.seed = spec_.seed;
    config.params = policy.params;
    auto cache = eviction::Cache::create(policy.name, config);
    if (!cache) return cache.error();
    ReplayRow row;
    row.policy = policy.text;
    row.capacity = *capacity;
    cells_.push_back({std::move(row), std::move(cache).value(),
                      eviction::find_policy(policy.name)->needs_next_access, std::nullopt});
    return Nothing{};
  }

  Status replay_all() {
    if (cells_.empty()) return Nothing{};
    std::atomic<std::uint64_t> done{0};
    for (;;) {
      read_ += window_.requests;
      report_.dropped += window_.dropped;
      replay_window(window_, cells_, spec_, report_.unit_objects, requests_ * cells_.size(), done);
      for (const Cell& cell : cells_) {
        if (cell.error) return Error{report_.info.name, cell.error->what};
      }
      tell_by_bytes();
      if (stopped(spec_)) report_.partial = !all_replayed();
      if (stopped(spec_) || window_.complete) return Nothing{};
      const double start = cpu_seconds();
      if (const Status s = read_part(part_); !s) return s;
      report_.read_cpu_s += cpu_seconds() - start;
    }
  }

  /// Where the number of requests is not known beforehand.
  void tell_by_bytes() const {
    if (!spec_.progress || requests_ > 0 || reader_->size() == 0) return;
    spec_.progress(static_cast<double>(reader_->consumed()) / static_cast<double>(reader_->size()));
  }

  bool replayed(const Cell& cell) const { return window_.complete && cell.row.requests == read_; }
  bool all_replayed() const {
    return std::all_of(cells_.begin(), cells_.end(),
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
  std::uint64_t part_ = 0;      ///< requests read at a time
  std::uint64_t read_ = 0;      ///< requests handed to the cells so far
  std::uint64_t requests_ = 0;  ///< of the trace; 0 while not known
  bool needs_next_ = false;
};

}  // namespace

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
