/// A sink that never blocks: a ring between the thread that decides and one that writes to disk.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <vector>

namespace fleetcache::log {

/// One producer, one consumer, whole records; allocated once. A record that does not fit is
/// refused, which LoggedCache counts as a gap. Cannot be copied or moved: hand out references.
class Ring {
 public:
  explicit Ring(std::size_t bytes) : bytes_(bytes) {}

  /// Producer: all of it, or nothing and false.
  bool write(const void* data, std::size_t count) {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    const std::size_t tail = tail_.load(std::memory_order_acquire);
    if (count > bytes_.size() - (head - tail)) return false;
    const std::size_t at = head % bytes_.size();
    const std::size_t first = std::min(count, bytes_.size() - at);
    std::memcpy(&bytes_[at], data, first);
    std::memcpy(bytes_.data(), static_cast<const unsigned char*>(data) + first, count - first);
    head_.store(head + count, std::memory_order_release);
    return true;
  }
  /// Consumer: up to `capacity` bytes; 0 when there are none now.
  std::size_t read(void* out, std::size_t capacity) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    const std::size_t head = head_.load(std::memory_order_acquire);
    const std::size_t count = std::min(capacity, head - tail);
    if (count == 0) return 0;
    const std::size_t at = tail % bytes_.size();
    const std::size_t first = std::min(count, bytes_.size() - at);
    std::memcpy(out, &bytes_[at], first);
    std::memcpy(static_cast<unsigned char*>(out) + first, bytes_.data(), count - first);
    tail_.store(tail + count, std::memory_order_release);
    return count;
  }

 private:
  std::vector<unsigned char> bytes_;
  alignas(64) std::atomic<std::size_t> head_{0};  ///< bytes ever written
  alignas(64) std::atomic<std::size_t> tail_{0};  ///< bytes ever read
};

}  // namespace fleetcache::log
