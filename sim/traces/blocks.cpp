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
    const auto end =
        std::remove_if(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(*count),
                       [](const Request& r) { return r.size == 0 && r.op != Op::kDelete; });
    const auto kept = static_cast<std::size_t>(end - block.begin());
    trace.dropped += *count - kept;
    if (kept == 0) continue;
    block.resize(kept);
    trace.requests += kept;
    trace.blocks.push_back(std::move(block));
    block.clear();
  }
  return trace;
}

void compute_next_reuse(std::span<std::vector<Request>> blocks) {
  std::int64_t index = 0;
  for (const auto& block : blocks) index += static_cast<std::int64_t>(block.size());
  IdMap<std::int64_t> next;  // 1 more than the index: 0, as new, is never
  for (std::size_t b = blocks.size(); b-- > 0;) {
    for (std::size_t i = blocks[b].size(); i-- > 0;) {
      Request& r = blocks[b][i];
      std::int64_t& coming = next.find_or_add(r.id).first;
      r.next_access = coming == 0 ? kNever : coming - 1;
      coming = r.op == Op::kDelete ? 0 : index;
      --index;
    }
  }
}

/// By id: what happened to it last.
enum class Fate : char { kUnseen, kAsked, kDeleted };

struct TraceTotals::Seen {
  IdMap<Fate> ids;
};

TraceTotals::TraceTotals(bool distinct) : seen_(distinct ? std::make_unique<Seen>() : nullptr) {}
TraceTotals::~TraceTotals() = default;
TraceTotals::TraceTotals(TraceTotals&&) noexcept = default;
TraceTotals& TraceTotals::operator=(TraceTotals&&) noexcept = default;

void TraceTotals::add(std::span<const Request> block) {
  for (const Request& r : block) {
    if (r.op == Op::kDelete) {
      ++deletes;
      if (seen_ == nullptr) continue;
      Fate& fate = seen_->ids.find_or_add(r.id).first;
      if (fate == Fate::kAsked) fate = Fate::kDeleted;
      continue;
    }
    smallest = requests == 0 ? r.size : std::min(smallest, r.size);
    largest = std::max(largest, r.size);
    ++requests;
    bytes += r.size;
    if (seen_ == nullptr) continue;
    Fate& fate = seen_->ids.find_or_add(r.id).first;
    if (fate == Fate::kAsked) continue;
    ++cold;
    cold_bytes += r.size;
    if (fate == Fate::kUnseen) {
      ++objects;
      object_bytes += r.size;
    }
    fate = Fate::kAsked;
  }
}

}  // namespace fleetcache::traces
