#include "sim/traces/blocks.hpp"

#include <algorithm>

#include "sim/traces/id_map.hpp"

namespace fleetcache::traces {

Result<TraceBlocks> read_blocks(TraceReader& reader, std::uint64_t limit,
                                const std::atomic<bool>* stop, TraceBlocks spare) {
  TraceBlocks trace;
  std::vector<Request> block;
  while (trace.requests < limit) {
    if (stop != nullptr && stop->load(std::memory_order_relaxed)) break;
    if (block.empty() && !spare.blocks.empty()) {
      block = std::move(spare.blocks.back());
      spare.blocks.pop_back();
    }
    block.resize(kBlockRequests);
    const auto count = reader.read(block);
    if (!count) return count.error();
    if (*count == 0) {
      trace.complete = true;
      break;
    }
    const std::size_t kept = drop_empty(std::span(block).first(*count));
    trace.dropped += *count - kept;
    if (kept == 0) continue;
    block.resize(kept);
    trace.requests += kept;
    trace.blocks.push_back(std::move(block));
    block.clear();
  }
  return trace;
}

struct TraceTotals::Seen {
  IdMap<char> ids;
};

TraceTotals::TraceTotals(bool distinct) : seen_(distinct ? std::make_unique<Seen>() : nullptr) {}
TraceTotals::~TraceTotals() = default;
TraceTotals::TraceTotals(TraceTotals&&) noexcept = default;
TraceTotals& TraceTotals::operator=(TraceTotals&&) noexcept = default;

void TraceTotals::add(const std::vector<Request>& block) {
  for (const Request& r : block) {
    smallest = requests == 0 ? r.size : std::min(smallest, r.size);
    largest = std::max(largest, r.size);
    ++requests;
    bytes += r.size;
    if (seen_ == nullptr || !seen_->ids.find_or_add(r.id).second) continue;
    ++objects;
    object_bytes += r.size;
  }
}

}  // namespace fleetcache::traces
