// Logs of file systems over object stores: BlobFuse2's own log and Alluxio's audit log.
//
// BlobFuse2 lines and what they become (names of functions and texts: azure-storage-fuse,
// components block_cache and file_cache, releases 2.1 to 2.5 and the rewritten block cache of
// main):
//
//   BlockCache::refreshBlock : Request to download 3=>a/b (index 7, prefetch true)   read, block 7
//   BlockCache::getOrCreateBlock : Downloading block 7 for 3=>a/b                    read, block 7
//   BlockCache::getOrCreateBlock : push block 7 to the cooking list for 3=>a/b       write, block 7
//   BlockCache::ReadInBuffer : name: a/b, buf size: 131072, offset: 0, handle: 3     read of a
//   range BlockCache::WriteFile : name: a/b, buf size: 131072, offset: 0, handle: 3        write of
//   a range FileCache::OpenFile : name=a/b, flags=32768, mode=-rw-r--r--                     read,
//   whole file FileCache::DeleteFile : name=a/b delete
//
// Alluxio (DefaultFileSystemMaster's audit entries): succeeded, allowed, ugi, ip, cmd, src, dst,
// perm separated by tabs. The master sees no bytes, so a file is one object of unknown length.
#include <array>
#include <string>
#include <utility>

#include "sim/traces/chunks.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/one_by_one.hpp"
#include "sim/traces/timestamp.hpp"

namespace fleetcache::traces {

namespace {

/// Takes the text up to `mark`, and the mark. False when there is none.
bool cut(std::string_view& rest, std::string_view mark, std::string_view& before) {
  const std::size_t found = rest.find(mark);
  if (found == std::string_view::npos) return false;
  before = rest.substr(0, found);
  rest.remove_prefix(found + mark.size());
  return true;
}

enum BlobfuseNote : std::size_t { kNoteLines, kNoteUnknown };

class BlobfuseReader final : public LineByLine<BlobfuseReader> {
 public:
  BlobfuseReader(ByteSource source, const ReadOptions& options)
      : LineByLine(std::move(source)), run_(options.chunk_bytes) {
    info_.name = lines_.source().name();
    info_.format = Format::kBlobfuse;
    info_.has_times = info_.has_sizes = info_.has_ops = true;
    info_.notes = {{"lines that tell no access left out", 0},
                   {"files and blocks of unknown length taken as one chunk", 0}};
  }

  bool take(Request& out) { return run_.take(out); }

  Status parse(std::string_view line) {
    const std::size_t level = line.find("LOG_");
    const std::size_t message = line.find("]: ", std::min(level, line.size()));
    if (level == std::string_view::npos || message == std::string_view::npos) {
      return Error{lines_.place(1),
                   "want a BlobFuse2 line such as \"Mon Nov 23 09:55:01 UTC 2026 : blobfuse2[7] : "
                   "[/mnt] LOG_DEBUG [block_cache.go (1)]: ...\", not " +
                       quoted(line)};
    }
    std::string_view text = line.substr(message + 3), function;
    Request like;
    if (!cut(text, " : ", function)) return other();
    column_ = static_cast<std::size_t>(text.data() - line.data()) + 1;
    if (function == "BlockCache::Configure") return take_block_size(text);
    if (const Status s = head(line.substr(0, level), like); !s) return s;
    if (function == "BlockCache::refreshBlock") return refresh(text, like);
    if (function == "BlockCache::getOrCreateBlock") return create(text, like);
    if (function == "BlockCache::ReadInBuffer" || function == "BlockCache::WriteFile") {
      return range(text, like, function.ends_with("File") ? Op::kWrite : Op::kRead);
    }
    if (function == "FileCache::OpenFile") return whole(text, like, Op::kRead);
    const bool removes =
        function == "FileCache::DeleteFile" || function == "BlockCache::DeleteFile";
    return removes ? whole(text, like, Op::kDelete) : other();
  }

 private:
  Status other() {
    ++info_.notes[kNoteLines].count;
    return Nothing{};
  }

  Error bad(std::string_view text) const {
    return Error{lines_.place(column_), "cannot read this access: " + quoted(text)};
  }

  /// Time and mount path: "Mon Nov 23 09:55:01 UTC 2026 : blobfuse2[7] : [/mnt] " (own file) or
  /// "Nov 23 09:55:01 host blobfuse2[7]: [/mnt] " (syslog, without a year).
  Status head(std::string_view text, Request& like) {
    const bool own = text.find(" : blobfuse2[") != std::string_view::npos;
    const std::string_view time = own ? text.substr(0, text.find(" : ")) : text.substr(0, 15);
    if (!parse_unix_time(time, 1970, like.time_ns)) {
      return Error{lines_.place(1),
                   quoted(time) + " is no time such as Mon Nov 23 09:55:01 UTC 2026"};
    }
    const std::size_t open = text.rfind(" [");
    const std::size_t close = text.rfind(']');
    mount_ = 0;
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
      return Nothing{};
    }
    const std::string_view mount = text.substr(open + 2, close - open - 2);
    mount_ = hash_name(mount);
    if (tenants_.number(mount, like.tenant)) return Nothing{};
    return Error{lines_.place(open + 3),
                 "one mount too many; a trace may have " + std::to_string(tenants_.limit())};
  }

  /// "block size 16777216, mem size ...": blocks are cut as the mount cuts them.
  Status take_block_size(std::string_view text) {
    std::uint64_t bytes = 0;
    std::string_view before;
    if (!cut(text, "block size ", before)) return other();
    const std::string_view digits = text.substr(0, text.find(','));
    if (parse_unsigned(digits, bytes) != NumberFault::kOk || bytes == 0 ||
        bytes > kMaxAccessBytes) {
      return Error{lines_.place(column_), quoted(digits) + " is no block size in bytes"};
    }
    run_.set_chunk_bytes(bytes);
    return Nothing{};
  }

  Status block(std::string_view name, std::string_view index, Request& like, Op op,
               std::string_view text) {
    std::uint64_t number = 0;
    if (name.empty() || parse_unsigned(index, number) != NumberFault::kOk ||
        number > kMaxAccessBytes) {
      return bad(text);
    }
    like.op = op;
    run_.start_chunk(like, mount_ ^ hash_name(name), number);
    return Nothing{};
  }

  Status refresh(std::string_view text, Request& like) {
    const std::string_view all = text;
    std::string_view skipped, name, index;
    if (!cut(text, "=>", skipped) || !cut(text, " (index ", name) || !cut(text, ", ", index)) {
      return bad(all);
    }
    return block(name, index, like, Op::kRead, all);
  }

  Status create(std::string_view text, Request& like) {
    const std::string_view all = text;
    std::string_view skipped, index;
    const bool read = text.starts_with("Downloading block ");
    if (!read && !text.starts_with("push block ")) return other();
    if (!cut(text, "block ", skipped) || !cut(text, " ", index) || !cut(text, "=>", skipped)) {
      return bad(all);
    }
    return block(text, index, like, read ? Op::kRead : Op::kWrite, all);
  }

  Status range(std::string_view text, Request& like, Op op) {
    const std::string_view all = text;
    std::string_view skipped, name, size, offset;
    if (!cut(text, "name: ", skipped) || !cut(text, ", buf size: ", name) ||
        !cut(text, ", offset: ", size)) {
      return other();  // older releases write other messages under this name
    }
    offset = text.substr(0, text.find(','));
    std::uint64_t length = 0, at = 0;
    if (parse_unsigned(size, length) != NumberFault::kOk || length > kMaxAccessBytes ||
        parse_unsigned(offset, at) != NumberFault::kOk || at > kMaxAccessBytes) {
      return bad(all);
    }
    if (length == 0) return other();
    like.op = op;
    run_.start(like, mount_ ^ hash_name(name), at, length, false);
    return Nothing{};
  }

  Status whole(std::string_view text, Request& like, Op op) {
    const std::string_view all = text;
    std::string_view skipped;
    if (!cut(text, "name=", skipped)) return op == Op::kRead ? other() : bad(all);
    const std::size_t end = text.rfind(", flags=");
    const std::string_view name = text.substr(0, end);
    if (name.empty()) return bad(all);
    ++info_.notes[kNoteUnknown].count;
    like.op = op;
    run_.start_chunk(like, mount_ ^ hash_name(name), 0);
    return Nothing{};
  }

  ChunkRun run_;
  NameTable tenants_{info_.tenants, kMaxTenants};
  std::uint64_t mount_ = 0;
  std::size_t column_ = 1;
};

enum AlluxioNote : std::size_t { kNoteMetadata, kNoteFailed };

class AlluxioAuditReader final : public LineByLine<AlluxioAuditReader> {
 public:
  explicit AlluxioAuditReader(ByteSource source) : LineByLine(std::move(source)) {
    info_.name = lines_.source().name();
    info_.format = Format::kAlluxioAudit;
    info_.has_times = info_.has_ops = true;
    info_.notes = {{"entries of other commands, and lines of other logs, left out", 0},
                   {"entries of failed or denied commands left out", 0}};
  }

  bool take(Request& out) {
    if (!std::exchange(pending_, false)) return false;
    out = request_;
    return true;
  }

  Status parse(std::string_view line) {
    const std::size_t start = line.find("succeeded=");
    if (line.find("AUDIT_LOG") == std::string_view::npos || start == std::string_view::npos) {
      if (lines_.number() > 1) return skip(kNoteMetadata);
      return Error{lines_.place(1),
                   "want an Alluxio audit log, \"2026-11-23 09:55:01,123 INFO  AUDIT_LOG - "
                   "succeeded=true\\tallowed=true\\tugi=...\", not " +
                       quoted(line)};
    }
    // Some tools put the name of the file and a line number before the time.
    const std::string_view date = line.substr(0, line.find(" INFO"));
    const std::string_view time = date.substr(date.size() < 23 ? 0 : date.size() - 23);
    request_ = Request{};
    if (!parse_iso_time(time, request_.time_ns)) {
      return Error{lines_.place(1), quoted(time) + " is no time such as 2026-11-23 09:55:01,123"};
    }
    return entry(line, start);
  }

 private:
  Status skip(AlluxioNote why) {
    ++info_.notes[why].count;
    return Nothing{};
  }

  static std::string_view value(std::string_view fields, std::string_view key) {
    while (!fields.empty()) {
      const std::size_t end = std::min(fields.find('\t'), fields.size());
      const std::string_view field = fields.substr(0, end);
      if (field.starts_with(key)) return field.substr(key.size());
      fields.remove_prefix(std::min(end + 1, fields.size()));
    }
    return {};
  }

  Status entry(std::string_view line, std::size_t start) {
    const std::string_view fields = line.substr(start);
    const std::string_view command = value(fields, "cmd=");
    const std::string_view path = value(fields, "src=");
    if (command.empty()) return Error{lines_.place(start + 1), "the entry has no cmd="};
    if (value(fields, "succeeded=") != "true" || value(fields, "allowed=") != "true") {
      return skip(kNoteFailed);
    }
    const bool reads = command == "open" || command == "getFileInfo";
    const bool writes = command == "createFile" || command == "create";
    const bool removes = command == "delete" || command == "remove" || command == "free";
    if ((!reads && !writes && !removes) || path.empty() || path == "null") {
      return skip(kNoteMetadata);
    }
    request_.op = reads ? Op::kRead : writes ? Op::kWrite : Op::kDelete;
    request_.id = chunk_id(hash_name(path), 0);
    std::string_view user = value(fields, "ugi=");
    user = user.substr(0, user.find_first_of(", "));
    if (!tenants_.number(user, request_.tenant)) {
      return Error{lines_.place(start + 1),
                   "one user too many; a trace may have " + std::to_string(tenants_.limit())};
    }
    pending_ = true;
    return Nothing{};
  }

  NameTable tenants_{info_.tenants, kMaxTenants};
  Request request_;
  bool pending_ = false;
};

}  // namespace

std::unique_ptr<TraceReader> make_blobfuse_reader(ByteSource source, const ReadOptions& options) {
  return std::make_unique<BlobfuseReader>(std::move(source), options);
}
std::unique_ptr<TraceReader> make_alluxio_audit_reader(ByteSource source) {
  return std::make_unique<AlluxioAuditReader>(std::move(source));
}

}  // namespace fleetcache::traces
