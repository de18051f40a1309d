/// Bytes of a file, of standard input or of memory, unpacked on the way when they are Zstandard
/// frames: the only place that touches files when a trace is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"

namespace fleetcache::traces {

/// A forward stream of bytes. Memory is constant: two buffers of 768 KiB and, for Zstandard, the
/// window of the frame (up to 2^31 bytes, as written by `zstd --long=31`).
class ByteSource {
 public:
  /// `path` "-" is standard input. Bytes that start with the Zstandard magic number are unpacked,
  /// whatever the name; a name that ends in ".zst" without the magic number is an error, as are a
  /// folder and a file that cannot be read.
  static Result<ByteSource> open(const std::string& path);
  /// The same over bytes in memory; `name` stands in messages. Not owned: must outlive the source.
  static Result<ByteSource> from_memory(std::span<const std::byte> bytes, std::string name);

  ByteSource(ByteSource&&) noexcept;
  ByteSource& operator=(ByteSource&&) noexcept;
  ~ByteSource();

  /// The next bytes, valid until the next call; empty at the end. Fails when the file cannot be
  /// read, or a frame is damaged or cut short.
  Result<std::span<const std::byte>> next();
  /// The bytes that the next call of `next` will give.
  Result<std::span<const std::byte>> peek();

  const std::string& name() const;
  /// The bytes of the file itself (packed) taken so far and in all; `size` is 0 when unknown.
  std::uint64_t consumed() const;
  std::uint64_t size() const;

 private:
  struct State;
  explicit ByteSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Text lines of a ByteSource, without their line ends ("\n" or "\r\n") and without a byte order
/// mark. A last line without an end counts.
class LineSource {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{64} << 20;

  explicit LineSource(ByteSource source) : source_(std::move(source)) {}

  /// False at the end. `line` is valid until the next call. Fails as ByteSource::next does, and for
  /// a line above kMaxLine bytes.
  Result<bool> next(std::string_view& line);

  /// 1-based number of the line last given.
  std::uint64_t number() const { return number_; }
  const ByteSource& source() const { return source_; }
  /// "path:line:column" of the line last given; columns are 1-based bytes.
  std::string place(std::size_t column) const;

 private:
  Result<bool> refill();

  ByteSource source_;
  std::span<const std::byte> block_;
  std::string carry_;  ///< a line that spans blocks
  bool carrying_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace fleetcache::traces
