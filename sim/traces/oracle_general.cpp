#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/traces/formats.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::size_t kRecord = 24;
constexpr std::int64_t kNsPerSecond = 1'000'000'000;
static_assert(std::endian::native == std::endian::little, "records are read as they lie in memory");

void decode(const std::byte* record, Request& out) {
  std::uint32_t seconds = 0, size = 0;
  std::memcpy(&seconds, record, 4);
  std::memcpy(&out.id, record + 4, 8);
  std::memcpy(&size, record + 12, 4);
  std::memcpy(&out.next_access, record + 16, 8);
  out.time_ns = seconds * kNsPerSecond;
  out.size = size;
  // Two spellings of "never" are in use, -1 and INT64_MAX.
  if (out.next_access < 0 || out.next_access == INT64_MAX) out.next_access = kNever;
}

class OracleGeneralReader final : public TraceReader {
 public:
  explicit OracleGeneralReader(ByteSource source) : source_(std::move(source)) {
    info_.name = source_.name();
    info_.format = Format::kOracleGeneral;
    info_.has_times = info_.has_sizes = info_.has_next = true;
  }

  Result<std::size_t> read(std::span<Request> out) override {
    std::size_t count = 0;
    while (count < out.size()) {
      if (block_.size() < kRecord) {
        const auto more = refill();
        if (!more) return more.error();
        if (!*more) break;
      }
      const std::size_t n = std::min(block_.size() / kRecord, out.size() - count);
      for (std::size_t i = 0; i < n; ++i) decode(block_.data() + i * kRecord, out[count + i]);
      block_ = block_.subspan(n * kRecord);
      count += n;
    }
    return count;
  }

  const TraceInfo& info() const override { return info_; }
  std::uint64_t consumed() const override { return source_.consumed(); }
  std::uint64_t size() const override { return source_.size(); }

 private:
  /// Makes at least one whole record available, joining it over blocks; false at the end.
  Result<bool> refill() {
    std::vector<std::byte> joined(block_.begin(), block_.end());
    for (;;) {
      const auto next = source_.next();
      if (!next) return next.error();
      if (next->empty() && joined.empty()) return false;
      if (next->empty()) {
        return Error{info_.name, "record " + std::to_string(seen_ / kRecord + 1) +
                                     ": the trace ends after " + std::to_string(joined.size()) +
                                     " of the 24 bytes of an oracleGeneral record"};
      }
      seen_ += next->size();
      if (joined.empty()) {
        block_ = *next;
      } else {
        joined.insert(joined.end(), next->begin(), next->end());
        straddling_.swap(joined);
        block_ = straddling_;
      }
      if (block_.size() >= kRecord) return true;
      joined.assign(block_.begin(), block_.end());
    }
  }

  ByteSource source_;
  TraceInfo info_;
  std::span<const std::byte> block_;
  std::vector<std::byte> straddling_;
  std::uint64_t seen_ = 0;  ///< bytes taken from the source
};

}  // namespace

std::unique_ptr<TraceReader> make_oracle_general_reader(ByteSource source) {
  return std::make_unique<OracleGeneralReader>(std::move(source));
}

}  // namespace fleetcache::traces
