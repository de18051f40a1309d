#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "policies/base/crc32c.hpp"
#include "sim/traces/fctrace.hpp"
#include "sim/traces/fctrace_layout.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

/// Takes numbers off the front of a payload. After the first failure everything fails.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  bool fixed(T& value) {
    if (bytes_.size() < sizeof value) return fail();
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    return true;
  }
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (bytes_.empty()) return fail();
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      if (shift == 63 && byte > 1) return fail();
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return fail();
  }
  /// Adds a zigzagged difference to `value`.
  bool zigzag(std::uint64_t& value) {
    std::uint64_t z = 0;
    if (!varint(z)) return false;
    value += (z >> 1) ^ (0 - (z & 1));
    return true;
  }
  bool text(std::string_view& value) {
    std::uint64_t length = 0;
    if (!varint(length) || length > bytes_.size()) return fail();
    value = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return true;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  bool fail() {
    bytes_ = {};
    return false;
  }
  std::string_view bytes_;
};

class FctraceReader final : public TraceReader {
 public:
  explicit FctraceReader(ByteSource source) : source_(std::move(source)) {
    info_.name = source_.name();
    info_.format = Format::kFctrace;
  }

  Status start() {
    std::uint16_t version = 0, flags = 0;
    std::uint32_t length = 0;
    if (Status s = fetch(layout::kMagic.size() + 8); !s) return s;
    if (!std::string_view(buffer_).starts_with(layout::kMagic)) {
      return Error{info_.name, "is no fctrace file: it does not start with \"FCTRACE\""};
    }
    Bytes head(std::string_view(buffer_).substr(layout::kMagic.size()));
    head.fixed(version), head.fixed(flags), head.fixed(length);
    if (version != layout::kVersion) {
      return Error{info_.name, "is of fctrace version " + std::to_string(version) +
                                   "; this program reads version " +
                                   std::to_string(layout::kVersion)};
    }
    if (length > 4096) return Error{info_.name, "damaged: the head is too long"};
    if (Status s = fetch_checked(length, "the head"); !s) return s;
    if ((flags & ~layout::kAllFlags) != 0) {
      return Error{info_.name, "has fields that this program does not know (flags " +
                                   std::to_string(flags) + ")"};
    }
    flags_ = flags;
    info_.has_times = flags & layout::kTimes;
    info_.has_sizes = flags & layout::kSizes;
    info_.has_next = flags & layout::kNext;
    info_.has_ops = flags & layout::kOps;
    info_.has_links = flags & layout::kLinks;
    return Nothing{};
  }

  Result<std::size_t> read(std::span<Request> out) override {
    std::size_t count = 0;
    while (count < out.size() && !(at_ == block_.size() && ended_)) {
      if (at_ == block_.size()) {
        if (Status s = next_block(); !s) return s.error();
        continue;
      }
      const std::size_t n = std::min(block_.size() - at_, out.size() - count);
      std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(at_), n,
                  out.begin() + static_cast<std::ptrdiff_t>(count));
      at_ += n;
      count += n;
    }
    return count;
  }

  const TraceInfo& info() const override { return info_; }
  std::uint64_t consumed() const override { return source_.consumed(); }
  std::uint64_t size() const override { return source_.size(); }

 private:
  /// Puts exactly `count` more bytes behind those in buffer_, which starts a part when `fresh`.
  Status fetch(std::size_t count, bool fresh = true) {
    if (fresh) buffer_.clear();
    while (count > 0) {
      if (rest_.empty()) {
        const auto next = source_.next();
        if (!next) return next.error();
        if (next->empty()) {
          return Error{info_.name, "is cut short: it ends after " + std::to_string(requests_) +
                                       " requests, without the part that ends an fctrace"};
        }
        rest_ = *next;
      }
      const std::size_t n = std::min(count, rest_.size());
      buffer_.append(reinterpret_cast<const char*>(rest_.data()), n);
      rest_ = rest_.subspan(n);
      count -= n;
    }
    return Nothing{};
  }

  /// `count` more bytes and the checksum over all of the part.
  Status fetch_checked(std::size_t count, const std::string& what) {
    if (Status s = fetch(count + 4, false); !s) return s;
    std::uint32_t stored = 0;
    std::memcpy(&stored, buffer_.data() + buffer_.size() - 4, 4);
    buffer_.resize(buffer_.size() - 4);
    if (stored == crc32c(buffer_.data(), buffer_.size())) return Nothing{};
    return Error{info_.name, "damaged: the checksum of " + what + " is wrong"};
  }

  Error damaged(const std::string& what) const {
    return Error{info_.name, "block " + std::to_string(blocks_) + ": damaged: " + what};
  }

  Status next_block() {
    std::uint32_t count = 0, length = 0;
    ++blocks_;
    at_ = 0;
    block_.clear();
    if (Status s = fetch(8); !s) return s;
    std::memcpy(&count, buffer_.data(), 4);
    std::memcpy(&length, buffer_.data() + 4, 4);
    if (count > kFctraceBlock) return damaged(std::to_string(count) + " requests in a block");
    if (length > layout::kMaxPayload) return damaged(std::to_string(length) + " bytes in a block");
    if (Status s = fetch_checked(length, "block " + std::to_string(blocks_)); !s) return s;
    Bytes bytes(std::string_view(buffer_).substr(8));
    if (count == 0) return end(bytes);
    block_.assign(count, Request{});
    requests_ += count;
    const char* const fault = decode(bytes);
    if (fault != nullptr) return damaged(fault);
    return bytes.at_end() ? Status(Nothing{}) : damaged("bytes are left over");
  }

  Status end(Bytes& bytes) {
    std::uint64_t requests = 0;
    if (!bytes.fixed(requests) || !bytes.at_end() || requests != requests_) {
      return damaged("the number of requests at the end is not that of the blocks");
    }
    const auto more = source_.peek();
    if (!more) return more.error();
    if (!rest_.empty() || !more->empty()) return damaged("bytes follow the end of the trace");
    ended_ = true;
    return Nothing{};
  }

  /// What is wrong, or nullptr.
  const char* decode(Bytes& bytes) {
    if (!names(bytes, info_.tenants, kMaxTenants)) return "names of tenants";
    if (!names(bytes, info_.classes, kMaxClasses)) return "names of classes";
    std::uint64_t value = 0;
    for (Request& r : block_) {
      if (!(flags_ & layout::kTimes)) break;
      if (!bytes.zigzag(value) || value > INT64_MAX) return "a time";
      r.time_ns = static_cast<std::int64_t>(value);
    }
    if (!ids(bytes)) return "an id";
    for (Request& r : block_) {
      if ((flags_ & layout::kSizes) && !bytes.varint(r.size)) return "a size";
    }
    for (Request& r : block_) {
      if (!(flags_ & layout::kNext)) break;
      if (!bytes.varint(value) || value > INT64_MAX) return "a next access";
      r.next_access = static_cast<std::int64_t>(value) - 1;
    }
    if (!marks(bytes)) return "marks";
    std::uint8_t any = 0;
    if (!bytes.fixed(any) || any > 1) return "tenants";
    for (Request& r : block_) {
      if (any == 0) break;
      if (!bytes.varint(value) || value > UINT32_MAX) return "a tenant";
      r.tenant = static_cast<std::uint32_t>(value);
    }
    if (!bytes.fixed(any) || any > 1) return "classes";
    for (Request& r : block_) {
      if (any == 0) break;
      if (!bytes.varint(value) || value > UINT16_MAX) return "a class";
      r.klass = static_cast<std::uint16_t>(value);
    }
    return nullptr;
  }

  static bool names(Bytes& bytes, std::vector<std::string>& names, std::uint64_t most) {
    std::uint64_t count = 0;
    std::string_view name;
    if (!bytes.varint(count) || count > most || names.size() + count > most + 1) return false;
    if (count > 0 && names.empty()) names.emplace_back();
    for (; count > 0; --count) {
      if (!bytes.text(name)) return false;
      names.emplace_back(name);
    }
    return true;
  }

  bool ids(Bytes& bytes) {
    std::uint8_t raw = 0;
    std::uint64_t id = 0;
    if (!bytes.fixed(raw) || raw > 1) return false;
    for (Request& r : block_) {
      if (!(raw ? bytes.fixed(id) : bytes.zigzag(id))) return false;
      r.id = id;
    }
    return true;
  }

  bool marks(Bytes& bytes) {
    if (!(flags_ & (layout::kOps | layout::kLinks))) return true;
    std::uint8_t mark = 0;
    marks_.clear();
    for (Request& r : block_) {
      if (!bytes.fixed(mark) || mark > layout::kAllMarks) return false;
      if ((mark & layout::kOpMask) > static_cast<unsigned>(Op::kDelete)) return false;
      r.op = static_cast<Op>(mark & layout::kOpMask);
      r.follows = mark & layout::kFollows;
      marks_ += static_cast<char>(mark);
    }
    for (std::size_t i = 0; i < block_.size(); ++i) {
      const bool has = static_cast<unsigned char>(marks_[i]) & layout::kHasParent;
      if (has && !bytes.fixed(block_[i].parent)) return false;
    }
    return true;
  }

  ByteSource source_;
  TraceInfo info_;
  std::span<const std::byte> rest_;  ///< of what the source gave last
  std::string buffer_;               ///< the part under way
  std::string marks_;
  std::vector<Request> block_;
  std::size_t at_ = 0;
  unsigned flags_ = 0;
  std::uint64_t blocks_ = 0;
  std::uint64_t requests_ = 0;
  bool ended_ = false;
};

}  // namespace

ReaderResult make_fctrace_reader(ByteSource source) {
  auto reader = std::make_unique<FctraceReader>(std::move(source));
  if (const Status s = reader->start(); !s) return s.error();
  return std::unique_ptr<TraceReader>(std::move(reader));
}

}  // namespace fleetcache::traces
