/// Bytes of decision-log records: little-endian base-128 varints for small numbers, eight bytes for
/// ids. Fixed for ever: logs of production nodes hold them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policies/eviction/eviction.hpp"

namespace fleetcache::log {

/// Kinds of records, by number in the file.
enum class Type : std::uint8_t {
  kEnd = 0,
  kAccess = 1,
  kMiss = 2,
  kAdmit = 3,
  kInsert = 4,
  kErase = 5,
  kPin = 6,
  kUnpin = 7,
  kReserve = 8,
  kCommit = 9,
  kAbort = 10,
  kExpire = 11,
  kResize = 12,
  kParams = 13,
  kQuotas = 14,
  kTimes = 15,  ///< expiry and leases of an entry
  kMark = 16,
  kGap = 17,
  kDropped = 18,
  kMustEvict = 19,  ///< with several tenants the question itself moves idle space
  kCost = 20,
};
/// "access", "miss", ...; "unknown" for a number that is none of them.
std::string_view type_name(Type type);

/// A growing piece of a record in a fixed buffer; what does not fit sets `overflow`.
class Out {
 public:
  void byte(std::uint8_t b) {
    if (size_ == bytes_.size()) {
      overflow_ = true;
      return;
    }
    bytes_[size_++] = b;
  }
  void number(std::uint64_t n) {
    for (; n >= 0x80; n >>= 7) byte(static_cast<std::uint8_t>(n | 0x80));
    byte(static_cast<std::uint8_t>(n));
  }
  /// Zigzag: small magnitudes of either sign are short.
  void signed_number(std::int64_t n) {
    number((static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63));
  }
  void word(std::uint64_t w) {
    for (int k = 0; k < 8; ++k) byte(static_cast<std::uint8_t>(w >> (8 * k)));
  }
  void text(std::string_view s) {
    number(s.size());
    for (const char c : s) byte(static_cast<std::uint8_t>(c));
  }
  void append(const Out& other) {
    for (std::size_t k = 0; k < other.size_; ++k) byte(other.bytes_[k]);
    overflow_ = overflow_ || other.overflow_;
  }

  const std::uint8_t* data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }
  bool overflow() const { return overflow_; }
  void clear() {
    size_ = 0;
    overflow_ = false;
  }
  friend bool operator==(const Out& a, std::string_view b) {
    return std::string_view(reinterpret_cast<const char*>(a.bytes_.data()), a.size_) == b;
  }

 private:
  std::array<std::uint8_t, 16384> bytes_;
  std::size_t size_ = 0;
  bool overflow_ = false;
};

/// Reads one piece; past its end everything is 0 and `bad` is set.
class In {
 public:
  explicit In(std::string_view bytes) : bytes_(bytes) {}
  std::uint8_t byte() {
    if (at_ == bytes_.size()) {
      bad_ = true;
      return 0;
    }
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }
  std::uint64_t number() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t b = byte();
      n |= std::uint64_t{b & 0x7fU} << shift;
      if (b < 0x80) return n;
    }
    bad_ = true;
    return 0;
  }
  std::int64_t signed_number() {
    const std::uint64_t n = number();
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
  }
  std::uint64_t word() {
    std::uint64_t w = 0;
    for (int k = 0; k < 8; ++k) w |= std::uint64_t{byte()} << (8 * k);
    return w;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > bytes_.size() - at_) {
      bad_ = true;
      return {};
    }
    at_ += static_cast<std::size_t>(size);
    return bytes_.substr(at_ - static_cast<std::size_t>(size), static_cast<std::size_t>(size));
  }
  /// Marks the piece as one that cannot have been written.
  void fail() { bad_ = true; }
  bool done() const { return at_ == bytes_.size(); }
  bool bad() const { return bad_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

/// An entry by name.
struct Name {
  std::uint32_t tenant = 0;
  eviction::ObjectId id = 0;
  eviction::ObjectId id_high = 0;
};
void put(Out& out, const Name& name);
Name get_name(In& in);
/// Metadata; its handles are put as the names given.
void put(Out& out, const eviction::Meta& meta, const Name* parent, const Name* mate);
struct NamedMeta {
  eviction::Meta meta;
  bool has_parent = false;
  bool has_mate = false;
  Name parent;
  Name mate;
};
NamedMeta get_meta(In& in);

}  // namespace fleetcache::log
