/// From byte ranges of blobs and files to requests for chunks of them, by one stated rule.
///
/// An access touches the chunks [k c, (k + 1) c) that overlap its range, and becomes one request
/// for each, in order. A chunk counts with c bytes, for a cache fetches whole chunks; the last one
/// of an access known to reach the end of its object counts with the bytes it has. With c = 0 the
/// access is one request for the object, of its own length.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policies/base/hash.hpp"
#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

/// Largest length of one access taken as true: above the 190.7 TiB of the largest blob.
constexpr std::uint64_t kMaxAccessBytes = std::uint64_t{1} << 50;

/// Id of chunk `index` of the object whose name hashes to `object`.
constexpr std::uint64_t chunk_id(std::uint64_t object, std::uint64_t index) {
  return mix64(object + index * 0x9e3779b97f4a7c15ULL);
}

/// One access, given out chunk by chunk, so that memory does not grow with its length.
class ChunkRun {
 public:
  explicit ChunkRun(std::uint64_t chunk_bytes) : chunk_(chunk_bytes) {}

  /// Requires: length >= 1, length and offset <= kMaxAccessBytes. `like` has time, tenant, class,
  /// op.
  void start(const Request& like, std::uint64_t object, std::uint64_t offset, std::uint64_t length,
             bool to_the_end) {
    like_ = like;
    object_ = object;
    next_ = chunk_ == 0 ? 0 : offset / chunk_;
    end_ = chunk_ == 0 ? 1 : (offset + length - 1) / chunk_ + 1;
    last_size_ = chunk_ == 0 ? length : to_the_end ? offset + length - (end_ - 1) * chunk_ : chunk_;
  }
  /// One request for chunk `index` of a size that is known, or the chunk size.
  void start_chunk(const Request& like, std::uint64_t object, std::uint64_t index) {
    like_ = like;
    object_ = object;
    next_ = index;
    end_ = index + 1;
    last_size_ = chunk_ == 0 ? 1 : chunk_;
  }
  bool take(Request& out) {
    if (next_ == end_) return false;
    out = like_;
    out.id = chunk_id(object_, next_);
    out.size = next_ + 1 == end_ ? last_size_ : chunk_;
    ++next_;
    return true;
  }
  std::uint64_t chunk_bytes() const { return chunk_; }
  void set_chunk_bytes(std::uint64_t bytes) { chunk_ = bytes; }

 private:
  std::uint64_t chunk_;
  Request like_;
  std::uint64_t object_ = 0;
  std::uint64_t next_ = 0;  ///< chunk to give next
  std::uint64_t end_ = 0;   ///< past the last
  std::uint64_t last_size_ = 0;
};

/// What is remembered of recent objects, in constant memory: a table of fixed size in which a new
/// object takes the place of an older one with the same slot.
template <class Value>
class RecentTable {
 public:
  static constexpr std::size_t kSlots = std::size_t{1} << 16;

  RecentTable() : slots_(kSlots) {}
  /// The value of `key`, fresh if it is not remembered. Valid until the next call.
  Value& at(std::uint64_t key) {
    Slot& slot = slots_[mix64(key) % kSlots];
    if (!slot.used || slot.key != key) slot = {true, key, Value{}};
    return slot.value;
  }

 private:
  struct Slot {
    bool used = false;
    std::uint64_t key = 0;
    Value value{};
  };
  std::vector<Slot> slots_;
};

}  // namespace fleetcache::traces
