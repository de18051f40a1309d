#include "sim/traces/synth.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "policies/base/hash.hpp"
#include "sim/traces/new_file.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::size_t kRecord = 24;
constexpr std::uint64_t kRequestsPerSecond = 10'000;

/// SplitMix64. Not Rng: traces of this generator are published with their digests.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix64(state_);
  }

 private:
  std::uint64_t state_;
};

std::vector<std::uint32_t> zipf(const SynthOptions& options) {
  std::vector<double> prefix(options.objects);
  double sum = 0;
  for (std::uint32_t i = 0; i < options.objects; ++i) {
    sum += 1.0 / (static_cast<double>(i) + 1.0);
    prefix[i] = sum;
  }
  SplitMix random(options.seed);
  std::vector<std::uint32_t> ids(options.requests);
  for (std::uint32_t& id : ids) {
    const double u = static_cast<double>(random.next() >> 11) * 0x1p-53;
    const auto above = std::upper_bound(prefix.begin(), prefix.end(), u * sum);
    const auto rank = static_cast<std::uint32_t>(above - prefix.begin()) + 1;
    id = std::min(rank, options.objects);
  }
  return ids;
}

std::vector<std::uint32_t> loop(const SynthOptions& options) {
  std::vector<std::uint32_t> ids(options.requests);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<std::uint32_t>(i % options.objects) + 1;
  }
  return ids;
}

std::vector<std::uint32_t> epoch(const SynthOptions& options) {
  std::vector<std::uint32_t> order(options.objects);
  for (std::uint32_t i = 0; i < options.objects; ++i) order[i] = i + 1;
  SplitMix random(options.seed);
  std::vector<std::uint32_t> ids;
  ids.reserve(std::size_t{options.objects} * options.epochs);
  for (std::uint32_t e = 0; e < options.epochs; ++e) {
    for (std::uint32_t i = options.objects - 1; i > 0; --i) {
      __extension__ using Wide = unsigned __int128;
      const auto j = static_cast<std::size_t>((Wide{random.next()} * (i + 1ULL)) >> 64);
      std::swap(order[i], order[j]);
    }
    ids.insert(ids.end(), order.begin(), order.end());
  }
  return ids;
}

/// What is wrong with the options, or nothing.
Status check(const SynthOptions& options) {
  if (options.objects == 0) return Error{"--objects", "want at least 1 object"};
  const bool by_epoch = options.kind == SynthKind::kEpoch;
  if (by_epoch && options.requests != 0) {
    return Error{"--requests", "an epoch trace has objects x epochs requests; give --epochs"};
  }
  if (!by_epoch && options.epochs != 0) {
    return Error{"--epochs", "belongs to --kind epoch; give --requests"};
  }
  if (by_epoch && options.epochs == 0) return Error{"--epochs", "want at least 1 epoch"};
  if (!by_epoch && options.requests == 0) return Error{"--requests", "want at least 1 request"};
  const std::uint64_t requests =
      by_epoch ? std::uint64_t{options.objects} * options.epochs : options.requests;
  if (requests > kMaxSynthRequests) {
    return Error{
        by_epoch ? "--epochs" : "--requests",
        std::to_string(requests) + " requests are more than " + std::to_string(kMaxSynthRequests)};
  }
  return Nothing{};
}

/// Next accesses by one pass from the end; ids are dense, so a table does.
std::vector<std::int64_t> next_accesses(const std::vector<std::uint32_t>& ids) {
  const std::uint32_t largest = ids.empty() ? 0 : *std::max_element(ids.begin(), ids.end());
  std::vector<std::int64_t> seen_at(std::size_t{largest} + 1, -1);
  std::vector<std::int64_t> next(ids.size());
  for (std::size_t i = ids.size(); i-- > 0;) {
    next[i] = seen_at[ids[i]];
    seen_at[ids[i]] = static_cast<std::int64_t>(i);
  }
  return next;
}

void encode(std::byte* record, std::uint64_t index, std::uint64_t id, std::int64_t next) {
  const auto seconds = static_cast<std::uint32_t>(index / kRequestsPerSecond);
  const std::uint32_t size = 1;
  std::memcpy(record, &seconds, 4);
  std::memcpy(record + 4, &id, 8);
  std::memcpy(record + 12, &size, 4);
  std::memcpy(record + 16, &next, 8);
}

}  // namespace

Result<SynthKind> parse_synth_kind(std::string_view name) {
  if (name == "zipf") return SynthKind::kZipf;
  if (name == "loop") return SynthKind::kLoop;
  if (name == "epoch") return SynthKind::kEpoch;
  return Error{"--kind", quoted(name) + " is not known; want zipf, loop or epoch"};
}

Result<std::vector<std::uint32_t>> synthesize(const SynthOptions& options) {
  if (const Status s = check(options); !s) return s.error();
  switch (options.kind) {
    case SynthKind::kZipf:
      return zipf(options);
    case SynthKind::kLoop:
      return loop(options);
    case SynthKind::kEpoch:
      break;
  }
  return epoch(options);
}

Status write_oracle_general(const std::string& path, const std::vector<std::uint32_t>& ids,
                            bool overwrite) {
  if (!overwrite && ::access(path.c_str(), F_OK) == 0) {
    return Error{path, "exists already; --overwrite replaces it"};
  }
  NewFile file(path);
  if (Status s = file.create(); !s) return s;
  const std::vector<std::int64_t> next = next_accesses(ids);
  constexpr std::size_t kBatch = 1 << 15;
  std::vector<std::byte> buffer(kBatch * kRecord);
  for (std::size_t start = 0; start < ids.size(); start += kBatch) {
    const std::size_t n = std::min(kBatch, ids.size() - start);
    for (std::size_t i = 0; i < n; ++i) {
      encode(buffer.data() + i * kRecord, start + i, ids[start + i], next[start + i]);
    }
    if (Status s = file.write(buffer.data(), n * kRecord); !s) return s;
  }
  return file.publish(overwrite);
}

}  // namespace fleetcache::traces
