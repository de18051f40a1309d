#include "sim/traces/regions.hpp"

#include <algorithm>
#include <limits>

#include "sim/traces/blocks.hpp"
#include "sim/traces/regions_split.hpp"

namespace fleetcache::traces {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kGib = std::uint64_t{1} << 30;
constexpr std::int64_t kSecond = 1'000'000'000;
/// 730 hours, as clouds bill.
constexpr std::int64_t kMonth = 730 * 3600 * kSecond;
constexpr std::uint64_t kDefaultObject = std::uint64_t{1} << 20;
constexpr std::uint64_t kTellEvery = 1 << 14;

/// Where the copies of an object are, and where the directory saw them last.
struct Copies {
  std::uint32_t now = 0, seen = 0;
  std::int64_t epoch = 0;  ///< of the latest change: `seen` is how it was when that epoch began
};

/// Reads of an object by a region.
struct Reads {
  std::int64_t first_ns = 0;
  std::uint32_t count = 0;
  std::uint32_t window = 0, in_window = 0, in_last = 0;
};

class Mode {
 public:
  Mode(const RegionsSpec& spec, const pooling::Config& config, const RegionSplit& trace,
       std::string name)
      : spec_(spec),
        world_(spec.world),
        config_(config),
        trace_(trace),
        regions_(static_cast<std::uint32_t>(world_.names.size())),
        copies_(trace.ids.size()),
        reads_(trace.ids.size() * regions_),
        held_since_(regions_) {
    row_.mode = std::move(name);
    view_.regions = regions_;
    view_.links = world_.links.data();
    view_.origins = world_.origins.data();
    view_.hold_nanousd_per_gib_month = world_.hold_nanousd_per_gib_month;
  }

  Status make_caches(const PolicyWish& policy, std::uint64_t capacity) {
    eviction::Config config;
    config.capacity = capacity;
    const std::uint64_t most =
        std::min<std::uint64_t>({capacity / std::max<std::uint64_t>(trace_.smallest, 1),
                                 trace_.ids.size(), std::numeric_limits<std::uint32_t>::max() - 1});
    config.max_entries = static_cast<std::uint32_t>(std::max<std::uint64_t>(most, 1));
    config.seed = spec_.seed;
    config.params = policy.params;
    for (std::uint32_t r = 0; r < regions_; ++r) {
      auto cache = eviction::Cache::create(policy.name, config);
      if (!cache) return cache.error();
      caches_.push_back(std::move(cache).value());
    }
    return Nothing{};
  }

  void request(const Request& r, std::uint64_t bytes, std::uint64_t index) {
    // Files may go back a little in time; nothing here does.
    now_ = TimePoint{row_.requests == 0 ? r.time_ns : std::max(now_.ns, r.time_ns)};
    if (row_.requests == 0) {
      std::fill(held_since_.begin(), held_since_.end(), now_);
      start_ = now_;
    }
    index_ = index;
    bytes_ = bytes;
    object_ = trace_.object[index];
    self_ = trace_.region[index];
    count_read();
    look();
    pooling::plan(config_, view_, request_, plan_);
    carry_out();
    ++row_.requests;
    row_.bytes += bytes;
  }

  RegionsRow finish(bool partial) {
    if (start_ + spec_.horizon > now_) now_ = start_ + spec_.horizon;
    for (std::uint32_t r = 0; r < regions_; ++r) hold(r);
    const Wide byte_s = held_byte_ns_ / kSecond;
    row_.held_byte_s = static_cast<std::uint64_t>(byte_s);
    row_.hold_nanousd = static_cast<std::uint64_t>(byte_s * world_.hold_nanousd_per_gib_month /
                                                   kGib / (kMonth / kSecond));
    row_.partial = partial;
    return row_;
  }

 private:
  struct Got {
    std::uint64_t at_us = 0;  ///< after the request came
    std::uint32_t step = 0;
  };

  void count_read() {
    for (std::uint32_t r = 0; r < regions_; ++r) {
      Reads& reads = reads_[std::size_t{object_} * regions_ + r];
      const auto window = static_cast<std::uint32_t>((now_.ns - start_.ns) / spec_.window.count);
      if (window != reads.window) {
        reads.in_last = window == reads.window + 1 ? reads.in_window : 0;
        reads.in_window = 0;
        reads.window = window;
      }
      if (r == self_) {
        if (reads.count++ == 0) reads.first_ns = now_.ns;
        ++reads.in_window;
      }
      heat_[r] = reads.in_window + reads.in_last;
    }
  }

  /// Reads to expect in a month: the rate so far, and this one. Unknown at the first.
  std::uint64_t reads_per_month_ppm() const {
    const Reads& reads = reads_[std::size_t{object_} * regions_ + self_];
    if (reads.count < 2) return 0;
    const auto span =
        static_cast<std::uint64_t>(std::max<std::int64_t>(now_.ns - reads.first_ns, 1));
    constexpr Wide kMost = pooling::kMillion * pooling::kMillion;
    const Wide ppm = Wide{reads.count - 1} * kMonth * pooling::kMillion / span;
    return static_cast<std::uint64_t>(std::min(ppm, kMost) + pooling::kMillion);
  }

  std::int64_t epoch() const {
    return spec_.directory_every.count == 0 ? 0 : now_.ns / spec_.directory_every.count;
  }

  /// What the region knows: the directory is as old as its latest refresh.
  void look() {
    const Copies& copies = copies_[object_];
    const bool fresh = spec_.directory_every.count == 0;
    view_.self = self_;
    view_.home = home_region(trace_.ids[object_], spec_.seed, regions_);
    view_.have = fresh || copies.epoch != epoch() ? copies.now : copies.seen;
    view_.have_age = Duration(fresh ? 0 : now_.ns - epoch() * spec_.directory_every.count);
    request_.bytes = bytes_;
    request_.heat = heat_;
    request_.reads_per_month_ppm = reads_per_month_ppm();
  }

  void set_copy(std::uint32_t object, std::uint32_t region, bool held) {
    Copies& copies = copies_[object];
    if (copies.epoch != epoch()) {
      copies.seen = copies.now;
      copies.epoch = epoch();
    }
    const std::uint32_t bit = 1U << region;
    copies.now = held ? copies.now | bit : copies.now & ~bit;
  }

  /// Charges what a region held up to now.
  void hold(std::uint32_t region) {
    const auto span = static_cast<std::uint64_t>(now_.ns - held_since_[region].ns);
    held_byte_ns_ += Wide{caches_[region].used()} * span;
    held_since_[region] = now_;
  }

  eviction::Meta meta() const {
    eviction::Meta out;
    // Dense numbers and not ids: victims come back as what indexes `copies_`.
    out.id = object_;
    out.charge = bytes_;
    return out;
  }

  bool touch(std::uint32_t region) {
    return caches_[region].access(now_, caches_[region].find(object_));
  }

  void fill(std::uint32_t region) {
    eviction::Cache& cache = caches_[region];
    if (cache.find(object_)) return;
    hold(region);
    cache.miss(now_, meta());
    const bool stored = static_cast<bool>(cache.admit(now_, meta(), [&](const eviction::Victim& v) {
      set_copy(static_cast<std::uint32_t>(v.id), region, false);
    }));
    if (!stored) return;
    set_copy(object_, region, true);
    ++row_.fills;
  }

  void send(std::uint32_t from, std::uint32_t to) {
    row_.wan_bytes += bytes_;
    row_.egress_nanousd += pooling::transfer_nanousd(link(from, to), bytes_);
  }

  const pooling::Link& link(std::uint32_t from, std::uint32_t to) const {
    return world_.links[from * regions_ + to];
  }

  std::uint64_t read_origin(std::uint32_t region) {
    const pooling::Origin& origin = world_.origins[region];
    ++row_.origin_reads;
    row_.origin_read_bytes += bytes_;
    row_.request_nanousd += origin.nanousd_per_request;
    row_.egress_nanousd += pooling::transfer_nanousd(origin.link, bytes_);
    const bool afar =
        world_.origin_region >= 0 && region != static_cast<std::uint32_t>(world_.origin_region);
    if (afar) row_.wan_bytes += bytes_;
    return pooling::expected_us(origin.link, bytes_);
  }

  /// Asks one source: how long it takes, and whether it has the object.
  bool ask(std::uint32_t at, std::uint64_t& us) {
    const pooling::Step& step = plan_.steps[at];
    if (step.act == pooling::Act::kGetOrigin) {
      from_[at] = &RegionsRow::origin;
      us = read_origin(self_);
      return true;
    }
    if (step.act == pooling::Act::kGetLocal) {
      from_[at] = &RegionsRow::local;
      if (!touch(self_)) return false;
      us = pooling::expected_us(world_.local, bytes_);
      return true;
    }
    from_[at] = &RegionsRow::peer;
    us = link(step.region, self_).rtt_us;
    std::uint64_t behind = 0;  // what a read through waits for
    if (!touch(step.region)) {
      if (step.act == pooling::Act::kGetRegion) {
        ++row_.misdirected;
        return false;
      }
      from_[at] = &RegionsRow::origin;
      behind = read_origin(step.region);
      fill(step.region);
    }
    us = pooling::expected_us(link(step.region, self_), bytes_);
    const bool slow =
        region_draw(spec_.seed, 2, index_ * pooling::kMaxSteps + at) % pooling::kMillion <
        spec_.slow_ppm;
    if (slow) us *= spec_.slow_factor;
    us += behind;
    send(step.region, self_);
    return true;
  }

  /// The get at `at`, begun at `start_us`, and those after it as far as it needs them.
  Got get(std::uint32_t at, std::uint64_t start_us) {
    const pooling::Step& step = plan_.steps[at];
    std::uint64_t us = 0;
    bool gives = ask(at, us);
    const bool last = step.act == pooling::Act::kGetOrigin;
    if (last || step.act == pooling::Act::kGetLocal) {
      return gives ? Got{start_us + us, at} : get(at + 1, start_us + us);
    }
    if (step.timeout_us > 0 && us > step.timeout_us) {
      us = step.timeout_us;
      gives = false;
      ++row_.timeouts;
    }
    const Got mine{start_us + us, at};
    const bool hedges = step.hedge_us > 0 && step.hedge_us < us;
    if (gives && !hedges) return mine;
    if (hedges) ++row_.hedges;
    const Got other = get(at + 1, start_us + (hedges ? step.hedge_us : us));
    return gives && mine.at_us <= other.at_us ? mine : other;
  }

  void carry_out() {
    const Got got = get(0, 0);
    row_.wait_us += got.at_us;
    ++(row_.*from_[got.step]);
    if (from_[got.step] == &RegionsRow::local) row_.local_bytes += bytes_;
    if (from_[got.step] == &RegionsRow::peer) row_.peer_bytes += bytes_;
    if (from_[got.step] == &RegionsRow::origin) row_.origin_bytes += bytes_;
    for (std::uint32_t i = 0; i < plan_.count; ++i) {
      const pooling::Step& step = plan_.steps[i];
      if (step.act == pooling::Act::kFillLocal) fill(self_);
      if (step.act == pooling::Act::kPush) push(step.region);
      if (step.act == pooling::Act::kDrop) drop(step.region);
    }
  }

  void push(std::uint32_t region) {
    if (caches_[region].find(object_)) return;  // it says so before the bytes go
    ++row_.pushes;
    send(self_, region);
    fill(region);
  }

  void drop(std::uint32_t region) {
    const eviction::Handle held = caches_[region].find(object_);
    if (!held) return;
    hold(region);
    if (!caches_[region].erase(now_, held)) return;
    set_copy(object_, region, false);
    ++row_.drops;
  }

  const RegionsSpec& spec_;
  const RegionWorld& world_;
  const pooling::Config config_;
  const RegionSplit& trace_;
  std::uint32_t regions_;
  std::vector<Copies> copies_;
  std::vector<Reads> reads_;
  std::vector<TimePoint> held_since_;
  std::vector<eviction::Cache> caches_;
  RegionsRow row_;
  Wide held_byte_ns_ = 0;

  // Of the request at hand.
  TimePoint now_, start_;
  std::uint64_t index_ = 0, bytes_ = 0;
  std::uint32_t object_ = 0, self_ = 0;
  std::uint32_t heat_[pooling::kMaxRegions] = {};
  pooling::View view_;
  pooling::Request request_;
  pooling::Plan plan_;
  std::uint64_t RegionsRow::*from_[pooling::kMaxSteps] = {};
};

Status check(const RegionsSpec& spec) {
  const RegionWorld& world = spec.world;
  const std::size_t n = world.names.size();
  if (n == 0 || n > pooling::kMaxRegions) {
    return Error{"--regions",
                 std::to_string(n) + " regions; want 1 to " + std::to_string(pooling::kMaxRegions)};
  }
  if (world.links.size() != n * n || world.origins.size() != n) {
    return Error{"--regions", "links or origins are missing"};
  }
  std::uint64_t sum = 0;
  for (const std::uint32_t share : spec.shares) sum += share;
  if (!spec.shares.empty() && (spec.shares.size() != n || sum == 0)) {
    return Error{"--shares", "want one share a region, not all of them 0"};
  }
  if (spec.window.count <= 0 || spec.slice.count <= 0 || spec.directory_every.count < 0) {
    return Error{"", "windows, slices and the directory's age must not be negative or 0"};
  }
  return Nothing{};
}

Result<std::uint64_t> capacity_of(const RegionsSpec& spec, const RegionSplit& trace,
                                  std::uint64_t object_bytes) {
  std::uint64_t bytes = spec.capacity.amount;
  if (bytes == 0) {
    bytes = static_cast<std::uint64_t>(Wide{trace.working_set} * spec.capacity.share_millionths /
                                       Capacity::kWhole);
  } else if (!spec.capacity.in_bytes && object_bytes > 0) {
    const Wide all = Wide{bytes} * object_bytes;
    if (all >> 63 != 0) return Error{"--capacity", "is too large"};
    bytes = static_cast<std::uint64_t>(all);
  }
  if (bytes == 0) return Error{"--capacity", "a capacity of 0 holds nothing"};
  return bytes;
}

bool stopped(const RegionsSpec& spec) {
  return spec.stop != nullptr && spec.stop->load(std::memory_order_relaxed);
}

/// One mode over the whole trace.
RegionsRow run(Mode& mode, const std::vector<std::vector<Request>>& blocks, const RegionsSpec& spec,
               std::uint64_t object_bytes, double done, double share, std::uint64_t requests) {
  std::uint64_t index = 0;
  for (const auto& block : blocks) {
    for (const Request& r : block) {
      if (index % kTellEvery == 0) {
        if (stopped(spec)) return mode.finish(true);
        if (spec.progress) {
          spec.progress(done + share * static_cast<double>(index) / static_cast<double>(requests));
        }
      }
      mode.request(r, object_bytes > 0 ? object_bytes : r.size, index);
      ++index;
    }
  }
  return mode.finish(false);
}

}  // namespace

Result<RegionsReport> replay_regions(const std::vector<std::vector<Request>>& blocks,
                                     const TraceInfo& info, const RegionsSpec& spec) {
  if (const Status s = check(spec); !s) return s.error();
  const auto policy = parse_policy(spec.policy);
  if (!policy) return policy.error();
  const eviction::PolicyInfo* known = eviction::find_policy(policy->name);
  if (known == nullptr) return Error{"--policy", "there is no policy \"" + policy->name + "\""};
  if (known->needs_next_access) {
    return Error{"--policy", policy->name + " knows the future of one cache, not of several"};
  }
  for (const std::vector<Request>& block : blocks) {
    for (const Request& r : block) {
      if (r.op != Op::kDelete) continue;
      return Error{info.name, "holds deletes, which a replay over regions does not know"};
    }
  }
  RegionsReport report;
  report.info = info;
  report.object_bytes = spec.object_bytes > 0 ? spec.object_bytes
                        : info.has_sizes      ? 0
                                              : kDefaultObject;
  const auto regions = static_cast<std::uint32_t>(spec.world.names.size());
  const RegionSplit trace = split_regions(blocks, spec, regions, report.object_bytes);
  if (trace.requests == 0) return Error{info.name, "holds no requests of a size above 0"};
  report.asked = trace.asked;
  const auto capacity = capacity_of(spec, trace, report.object_bytes);
  if (!capacity) return capacity.error();
  report.capacity = *capacity;
  const double share = 1.0 / static_cast<double>(spec.modes.size());
  for (const std::string& text : spec.modes) {
    const auto wish = parse_policy(text);
    if (!wish) return Error{"--mode", wish.error().what};
    const auto config = pooling::configure(wish->name, wish->params);
    if (!config) return Error{"--mode", config.error().text()};
    Mode mode(spec, *config, trace, text);
    if (const Status s = mode.make_caches(*policy, *capacity); !s) return s.error();
    report.rows.push_back(run(mode, blocks, spec, report.object_bytes,
                              share * static_cast<double>(report.rows.size()), share,
                              trace.requests));
    report.partial = report.partial || report.rows.back().partial;
    if (report.partial) break;
  }
  return report;
}

Result<RegionsReport> replay_regions(const std::string& path, const ReadOptions& options,
                                     const RegionsSpec& spec) {
  auto reader = open_trace(path, options);
  if (!reader) return reader.error();
  const auto read = read_blocks(**reader, std::numeric_limits<std::uint64_t>::max(), spec.stop);
  if (!read) return read.error();
  return replay_regions(read->blocks, (*reader)->info(), spec);
}

}  // namespace fleetcache::traces
