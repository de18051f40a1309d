/// The trace file of our own: every field of a request, packed in columns, compressed, checked.
///
/// The file is one Zstandard stream (with its content checksum) of these parts; numbers are little
/// endian, `v` is a base-128 varint, `z` a varint of a zigzagged difference to the request before
/// (of the block; the first one's to 0), text is a v length and bytes:
///
///     head    "FCTRACE\n", u16 version (1), u16 flags, u32 length n, n bytes: text, the name of
///     the
///             format it was imported from; u32 CRC-32C of all of this
///     block   u32 count (1..65536), u32 length n, n bytes:
///               v, that many texts: names of tenants, in addition to those before; the same for
///               classes times z (flag 1); ids: u8 0 and z, or u8 1 and u64; sizes v (flag 2) next
///               accesses v, plus one, 0 never (flag 4) u8 a request: op, +4 follows, +8 has a
///               parent (flags 8 and 16: either) u64 a parent (of the requests that have one)
///               tenants: u8 0 (all 0), or u8 1 and v; classes: the same
///             u32 CRC-32C of all of the block
///     end     u32 0, u32 8, u64 requests in all, u32 CRC-32C of this
///
/// Flags 1..16 are has_times, has_sizes, has_next, has_ops, has_links; 32 says that it is
/// anonymised. Readers refuse other versions and flags. A file without its end part was cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sim/traces/reader.hpp"

namespace fleetcache::traces {

constexpr std::size_t kFctraceBlock = 65'536;

/// Writes one file. Constant memory, about 8 MB.
class FctraceWriter {
 public:
  /// `path` "-" is standard output. Fails when the file is there already, without `overwrite`, or
  /// cannot be made. `info` says which fields the requests have; others are not kept.
  static Result<FctraceWriter> create(const std::string& path, const TraceInfo& info,
                                      bool anonymised, bool overwrite);
  FctraceWriter(FctraceWriter&&) noexcept;
  FctraceWriter& operator=(FctraceWriter&&) noexcept;
  ~FctraceWriter();

  /// Appends. `tenants` and `classes` are the names so far, growing from call to call. Requires:
  /// times are not negative, and next accesses not below kNever.
  Status write(std::span<const Request> requests, const std::vector<std::string>& tenants,
               const std::vector<std::string>& classes);
  /// Ends the file and puts it in place; without this call there is none.
  Status finish(const std::vector<std::string>& tenants, const std::vector<std::string>& classes);
  /// Bytes of the file so far.
  std::uint64_t bytes() const;

 private:
  struct State;
  explicit FctraceWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fleetcache::traces
