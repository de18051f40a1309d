#include "sim/traces/stats.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "policies/base/math.hpp"
#include "sim/traces/blocks.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/lru_stack.hpp"

namespace fleetcache::traces {

namespace {

/// Points of the curves, in thousandths of the working set.
constexpr std::array<std::uint64_t, 17> kShares = {1,   2,   5,   10,  20,  50,  100, 200, 300,
                                                   400, 500, 600, 700, 800, 900, 950, 1000};
constexpr std::uint64_t kFitCount = 10;
/// The stack needs up to four 32-bit slots an object.
constexpr std::size_t kMostObjects = std::size_t{1} << 30;

/// Counts of values in 256 buckets an octave; values below 512 have one each. Counts up to a
/// bucket's upper end are exact.
class LogHistogram {
 public:
  void add(std::uint64_t value) {
    const std::size_t bucket = bucket_of(value);
    if (bucket >= counts_.size()) counts_.resize(bucket + 1);
    ++counts_[bucket];
    ++total_;
  }
  /// The largest upper end of a bucket that is not above `value`, and how many values are above it.
  MissPoint above(std::uint64_t value) const {
    std::size_t bucket = bucket_of(value);
    if (upper_end(bucket) > value) --bucket;  // small values have buckets of their own: never 0
    std::uint64_t within = 0;
    for (std::size_t i = 0; i <= bucket && i < counts_.size(); ++i) within += counts_[i];
    return {upper_end(bucket), total_ - within};
  }

 private:
  static std::size_t bucket_of(std::uint64_t value) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - 9);
    return static_cast<std::size_t>(shift) * 256 + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t upper_end(std::size_t bucket) {
    if (bucket < 512) return bucket;
    const std::size_t shift = bucket / 256 - 1;
    const std::uint64_t first = static_cast<std::uint64_t>(bucket - shift * 256) << shift;
    return first + ((std::uint64_t{1} << shift) - 1);
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

/// Number ceil(q n / 1000) in ascending order: the least value that at least q/1000 do not exceed.
template <class Vector>
std::uint64_t quantile(const Vector& sorted, std::uint64_t thousandths) {
  const std::uint64_t rank = (sorted.size() * thousandths + 999) / 1000;
  return sorted[static_cast<std::size_t>(std::max<std::uint64_t>(rank, 1) - 1)];
}

class Collector {
 public:
  explicit Collector(TraceInfo info) { stats_.info = std::move(info); }

  Status add(const std::vector<Request>& block) {
    for (const Request& r : block) {
      if (r.op == Op::kDelete) continue;  // no request, and no use of the object
      const auto [index, is_new] = ids_.find_or_add(r.id);
      if (is_new) {
        if (counts_.size() == kMostObjects) {
          return Error{stats_.info.name, "has more than 2^30 distinct ids"};
        }
        index = static_cast<std::uint32_t>(counts_.size());
        counts_.push_back(0);
        sizes_.push_back(r.size);
        stack_.push(index, r.size);
      } else {
        // A cache keeps the size that an object came in with, see docs/traces.md.
        const LruStack::Depth depth = stack_.touch(index, sizes_[index]);
        if (depth.objects >= depths_.size()) depths_.resize(depth.objects + 1);
        ++depths_[depth.objects];
        byte_depths_.add(depth.bytes);
      }
      ++counts_[index];
      ++stats_.requests;
      stats_.bytes += r.size;
      earliest_ = std::min(earliest_, r.time_ns);
      latest_ = std::max(latest_, r.time_ns);
    }
    return Nothing{};
  }

  void drop(std::uint64_t count) { stats_.dropped += count; }

  TraceStats finish(bool partial) {
    stats_.partial = partial;
    stats_.objects = counts_.size();
    if (stats_.requests == 0) return std::move(stats_);
    stats_.span_ns = stats_.info.has_times ? latest_ - earliest_ : 0;
    stats_.once =
        static_cast<std::uint64_t>(std::count(counts_.begin(), counts_.end(), std::uint64_t{1}));
    std::sort(sizes_.begin(), sizes_.end());
    for (const std::uint64_t size : sizes_) stats_.object_bytes += size;
    stats_.sizes = {sizes_.front(), quantile(sizes_, 500), quantile(sizes_, 900),
                    quantile(sizes_, 990), sizes_.back()};
    popularity();
    curves();
    reuse();
    return std::move(stats_);
  }

 private:
  void popularity() {
    std::sort(counts_.begin(), counts_.end(), std::greater<>());
    const std::size_t top = std::max<std::size_t>(counts_.size() / 100, 1);
    for (std::size_t i = 0; i < top; ++i) stats_.top_1_percent += counts_[i];
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0;
    for (std::size_t rank = 1; rank <= counts_.size() && counts_[rank - 1] >= kFitCount;
         rank += std::max<std::size_t>(rank / 4, 1)) {
      const double x = portable_log(static_cast<double>(rank));
      const double y = portable_log(static_cast<double>(counts_[rank - 1]));
      n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y, syy += y * y;
    }
    stats_.zipf_ranks = static_cast<std::uint32_t>(n);
    const double xx = n * sxx - sx * sx, xy = n * sxy - sx * sy, yy = n * syy - sy * sy;
    if (n < 2) return;
    stats_.zipf_exponent = -xy / xx;
    stats_.zipf_r2 = yy > 0 ? xy * xy / (xx * yy) : 1;
  }

  void curves() {
    std::uint64_t held = 0, depth = 0;  // repeated requests at depths up to `depth`
    for (const std::uint64_t share : kShares) {
      const std::uint64_t capacity = stats_.objects * share / 1000;
      if (capacity == 0) continue;
      for (; depth <= capacity && depth < depths_.size(); ++depth) held += depths_[depth];
      if (!stats_.lru_objects.empty() && stats_.lru_objects.back().capacity == capacity) continue;
      stats_.lru_objects.push_back({capacity, stats_.requests - held});
    }
    if (!stats_.info.has_sizes) return;
    for (const std::uint64_t share : kShares) {
      __extension__ using Wide = unsigned __int128;
      const auto wanted = static_cast<std::uint64_t>(Wide{stats_.object_bytes} * share / 1000);
      if (wanted == 0) continue;
      MissPoint point = byte_depths_.above(wanted);
      point.misses += stats_.objects;  // first requests
      if (!stats_.lru_bytes.empty() && stats_.lru_bytes.back().capacity == point.capacity) continue;
      stats_.lru_bytes.push_back(point);
    }
  }

  void reuse() {
    const std::uint64_t repeats = stats_.requests - stats_.objects;
    if (repeats == 0) return;
    const auto at = [&](std::uint64_t thousandths) {
      const std::uint64_t rank = std::max<std::uint64_t>((repeats * thousandths + 999) / 1000, 1);
      std::uint64_t seen = 0;
      std::size_t depth = 0;
      while ((seen += depths_[depth]) < rank) ++depth;
      return static_cast<std::uint64_t>(depth);
    };
    stats_.depths = {at(0), at(500), at(900), at(990), at(1000)};
  }

  TraceStats stats_;
  IdMap<std::uint32_t> ids_;
  LruStack stack_;
  std::vector<std::uint64_t> counts_;  ///< by object
  std::vector<std::uint64_t> sizes_;   ///< by object
  std::vector<std::uint64_t> depths_;  ///< repeated requests by stack depth
  LogHistogram byte_depths_;
  std::int64_t earliest_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t latest_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace

Result<TraceStats> trace_stats(const std::string& path, const ReadOptions& options,
                               const StatsOptions& how) {
  auto reader = open_trace(path, options);
  if (!reader) return reader.error();
  Collector collector((*reader)->info());
  bool complete = false;
  std::uint64_t requests = 0;
  while (!complete && !(how.stop != nullptr && how.stop->load())) {
    const auto part = read_blocks(**reader, kBlockRequests, how.stop);
    if (!part) return part.error();
    for (const auto& block : part->blocks) {
      if (const Status s = collector.add(block); !s) return s.error();
    }
    collector.drop(part->dropped);
    requests += part->requests;
    complete = part->complete;
    if (how.progress && (*reader)->size() > 0) {
      how.progress(static_cast<double>((*reader)->consumed()) /
                   static_cast<double>((*reader)->size()));
    }
  }
  if (requests == 0 && complete) {
    return Error{(*reader)->info().name, "holds no requests of a size above 0"};
  }
  return collector.finish(!complete);
}

}  // namespace fleetcache::traces
