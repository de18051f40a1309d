// Resource logs of Azure Blob Storage (table StorageBlobLogs): records of one request each, as JSON
// lines (diagnostic settings into a storage account: camel case, part of it under "properties"; Log
// Analytics export: Pascal case, flat) or as CSV with a header.
//
// Source of the names: Azure Monitor reference, tables/storagebloblogs, and the resource log schema
// of "Azure Blob Storage monitoring data reference". The log has no range of bytes: a partial read
// (status 206) tells its length alone. The rule for it stands at `offset_of`.
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "sim/traces/chunks.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/json_cursor.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/one_by_one.hpp"
#include "sim/traces/splitter.hpp"
#include "sim/traces/timestamp.hpp"

namespace fleetcache::traces {

namespace {

enum Field : std::size_t {
  kTime,
  kTimeGenerated,
  kOperation,
  kStatus,
  kUri,
  kObjectKey,
  kAccount,
  kCaller,
  kResponseBody,
  kRequestBody,
  kContentLength,
  kRange,
  kFields
};
constexpr std::array<std::string_view, kFields> kNames = {"time",
                                                          "TimeGenerated",
                                                          "OperationName",
                                                          "StatusCode",
                                                          "Uri",
                                                          "ObjectKey",
                                                          "AccountName",
                                                          "CallerIpAddress",
                                                          "ResponseBodySize",
                                                          "RequestBodySize",
                                                          "ContentLengthHeader",
                                                          "Range"};
using Table = HeaderTable<kFields>;

enum class Kind : std::uint8_t { kOther, kRead, kWriteWhole, kWritePart, kCommit, kDelete };
struct Operation {
  std::string_view name;
  Kind kind;
};
constexpr std::array<Operation, 13> kOperations = {{{"GetBlob", Kind::kRead},
                                                    {"ReadFile", Kind::kRead},
                                                    {"PutBlob", Kind::kWriteWhole},
                                                    {"PutBlock", Kind::kWritePart},
                                                    {"AppendBlock", Kind::kWritePart},
                                                    {"AppendFile", Kind::kWritePart},
                                                    {"PutPage", Kind::kWritePart},
                                                    {"UploadPages", Kind::kWritePart},
                                                    {"PutBlockList", Kind::kCommit},
                                                    {"FlushFile", Kind::kCommit},
                                                    {"DeleteBlob", Kind::kDelete},
                                                    {"DeleteFile", Kind::kDelete},
                                                    {"DeletePath", Kind::kDelete}}};

enum NoteIndex : std::size_t {
  kNoteOther,
  kNoteFailed,
  kNoteEmpty,
  kNoteNoLength,
  kNoteSequential,
  kNoteDeleteUnknown
};

/// Where the partial accesses of one caller to one blob have come to.
struct Cursor {
  std::uint64_t at = 0;
  std::uint64_t longest = 0;
};

class AzureBlobLogReader final : public LineByLine<AzureBlobLogReader> {
 public:
  AzureBlobLogReader(ByteSource source, const ReadOptions& options)
      : LineByLine(std::move(source)), table_(kNames), run_(options.chunk_bytes) {
    info_.name = lines_.source().name();
    info_.format = Format::kAzureBlobLog;
    info_.has_times = info_.has_sizes = info_.has_ops = true;
    info_.notes = {{"records of operations that move no data of a blob left out", 0},
                   {"failed or unmodified requests (status 300 and above) left out", 0},
                   {"requests for nothing (0 bytes) left out", 0},
                   {"requests of unknown length taken as one chunk at the start", 0},
                   {"partial accesses without a range taken as continuing the one before", 0},
                   {"deletes of blobs of unknown length taken as one of their first chunk", 0}};
  }

  bool take(Request& out) { return run_.take(out); }

  Status parse(std::string_view line) {
    for (std::string& text : record_) text.clear();
    column_.fill(1);
    const std::size_t start = line.find_first_not_of(" \t");
    if (lines_.number() == 1) is_json_ = line[start] == '{';
    if (is_json_) {
      JsonCursor json(line);
      if (!(read_object(json, 0) && json.end())) {
        return Error{lines_.place(json.column()), json.fault()};
      }
      return handle();
    }
    if (lines_.number() == 1) return take_header(line);
    Table::Row row;
    table_.split(line, row);
    column_ = row.column;
    for (std::size_t f = 0; f < kFields; ++f) record_[f] = row.text[f];
    return handle();
  }

 private:
  Status take_header(std::string_view line) {
    table_.locate(line);
    for (const Field f : {kTimeGenerated, kOperation, kUri}) {
      if (table_.has(f) || (f == kUri && table_.has(kObjectKey))) continue;
      return Error{lines_.place(1), "no column is called \"" + std::string(kNames[f]) +
                                        "\"; the header is " + quoted(line)};
    }
    return Nothing{};
  }

  /// The members of one object; those of "properties" count as its own.
  bool read_object(JsonCursor& json, int depth) {
    if (!json.expect('{')) return false;
    if (json.accept('}')) return true;
    do {
      std::string_view name;
      if (!json.key(name) || !json.expect(':')) return false;
      if (depth == 0 && name == "properties") {
        if (!read_object(json, 1)) return false;
        continue;
      }
      std::size_t f = 0;
      while (f < kFields && !Table::equal(name, kNames[f])) ++f;
      if (f == kFields && Table::equal(name, "x-ms-range")) f = kRange;
      if (f == kFields) {
        if (!json.skip_value()) return false;
        continue;
      }
      column_[f] = json.position() + 1;
      if (!json.scalar(record_[f])) return false;
    } while (json.accept(','));
    return json.expect('}');
  }

  Error at(Field field, const std::string& what) const {
    return Error{lines_.place(column_[field]), std::string(kNames[field]) + ": " + what};
  }

  Status handle() {
    const Field time = record_[kTime].empty() ? kTimeGenerated : kTime;
    Request like;
    if (!parse_iso_time(record_[time], like.time_ns) &&
        !parse_us_time(record_[time], like.time_ns)) {
      return at(time, quoted(record_[time]) + " is no time such as 2026-11-23T09:55:01.123Z");
    }
    if (record_[kOperation].empty()) return at(kOperation, "is missing");
    Kind kind = Kind::kOther;
    for (const Operation& known : kOperations) {
      if (known.name == record_[kOperation]) kind = known.kind;
    }
    if (kind == Kind::kOther) return skip(kNoteOther);
    std::optional<std::uint64_t> status;
    if (const Status s = number(kStatus, status); !s) return s;
    if (status.value_or(200) >= 300) return skip(kNoteFailed);
    if (const Status s = describe_blob(like); !s) return s;
    return access(kind, like, status.value_or(200) == 206);
  }

  Status skip(NoteIndex why) {
    ++info_.notes[why].count;
    return Nothing{};
  }

  /// A whole number, or nothing where the record has none.
  Status number(Field field, std::optional<std::uint64_t>& value) const {
    if (record_[field].empty()) return Nothing{};
    std::uint64_t read = 0;
    const NumberFault fault = parse_unsigned(record_[field], read);
    if (fault != NumberFault::kOk) {
      return at(field, traces::describe(fault, record_[field]));
    }
    value = read;
    return Nothing{};
  }

  /// Hash of account and path, tenant and class. The two endpoints of an account (blob and dfs),
  /// the scheme, the port and the query do not tell blobs apart.
  Status describe_blob(Request& like) {
    std::string_view uri = record_[kUri];
    std::string_view path, account = record_[kAccount];
    position_.reset();
    if (!uri.empty()) {
      if (const std::size_t scheme = uri.find("://"); scheme != std::string_view::npos) {
        uri.remove_prefix(scheme + 3);
      }
      const std::size_t query = std::min(uri.find_first_of("?#"), uri.size());
      const std::size_t slash = std::min(uri.find('/'), query);
      path = uri.substr(slash, query - slash);
      if (account.empty()) account = uri.substr(0, std::min(uri.find('.'), slash));
      if (const Status s = read_position(uri.substr(query)); !s) return s;
    } else {  // "/account/container/blob", in quotes
      path = record_[kObjectKey];
      while (path.starts_with('"') || path.starts_with('\\')) path.remove_prefix(1);
      while (path.ends_with('"') || path.ends_with('\\')) path.remove_suffix(1);
      path.remove_prefix(std::min(path.find('/', 1), path.size()));
    }
    if (path.size() <= 1) return at(kUri, "names no blob: " + quoted(record_[kUri]));
    blob_ = mix64(hash_name(account)) ^ hash_name(path);
    if (!tenants_.number(account, like.tenant)) {
      return at(kAccount, quoted(account) + " is one account too many; a trace may have " +
                              std::to_string(tenants_.limit()));
    }
    like.klass = class_of(path);
    return Nothing{};
  }

  /// `position=` of the query, which appends to files of a hierarchical account have.
  Status read_position(std::string_view query) {
    const std::size_t found = query.find("position=");
    if (found == std::string_view::npos || found == 0) return Nothing{};
    if (query[found - 1] != '?' && query[found - 1] != '&') return Nothing{};
    std::string_view digits = query.substr(found + 9);
    digits = digits.substr(0, digits.find('&'));
    std::uint64_t value = 0;
    if (parse_unsigned(digits, value) != NumberFault::kOk || value > kMaxAccessBytes) {
      return at(kUri, "position=" + quoted(digits) + " is no offset in a file");
    }
    position_ = value;
    return Nothing{};
  }

  /// The ending of the name, such as "safetensors"; none past 200 of them.
  std::uint16_t class_of(std::string_view path) {
    path.remove_prefix(path.rfind('/') + 1);
    const std::size_t dot = path.rfind('.');
    std::string_view ending = dot == std::string_view::npos ? "" : path.substr(dot + 1);
    if (ending.size() > 16) ending = "";
    std::uint32_t number = 0;
    if (ending.empty() || !classes_.number(ending, number)) number = 0;
    return static_cast<std::uint16_t>(number);
  }

  Status access(Kind kind, Request& like, bool partial) {
    like.op = kind == Kind::kRead ? Op::kRead : kind == Kind::kDelete ? Op::kDelete : Op::kWrite;
    if (kind == Kind::kDelete) return remove(like);
    const std::uint64_t cursor_key = mix64(blob_ ^ hash_name(caller())) + (like.op == Op::kWrite);
    if (kind == Kind::kCommit) {
      cursors_.at(cursor_key) = Cursor{};
      return skip(kNoteOther);
    }
    std::optional<std::uint64_t> length, range_at;
    if (const Status s = number(kind == Kind::kRead ? kResponseBody : kRequestBody, length); !s) {
      return s;
    }
    if (!length && kind != Kind::kRead) {
      if (const Status s = number(kContentLength, length); !s) return s;
    }
    if (const Status s = read_range(range_at, length); !s) return s;
    if (!length) {
      ++info_.notes[kNoteNoLength].count;
      run_.start_chunk(like, blob_, 0);
      return Nothing{};
    }
    if (*length == 0) return skip(kNoteEmpty);
    if (*length > kMaxAccessBytes) {
      return at(kind == Kind::kRead ? kResponseBody : kRequestBody,
                std::to_string(*length) + " bytes are more than any blob has (2^50)");
    }
    partial = partial || kind == Kind::kWritePart || range_at.has_value() || position_.has_value();
    const std::uint64_t offset = partial ? offset_of(cursor_key, range_at, *length) : 0;
    std::uint64_t& known_end = ends_.at(blob_);
    known_end = std::max(known_end, offset + *length);
    run_.start(like, blob_, offset, *length, !partial);
    return Nothing{};
  }

  /// Address without its port: connections of one client differ in it.
  std::string_view caller() const {
    const std::string_view caller = record_[kCaller];
    return caller.substr(0, caller.rfind(':'));
  }

  /// "bytes=4096-8191", "4096-8191" or "bytes=4096-"; sets the length where the log had none.
  Status read_range(std::optional<std::uint64_t>& first, std::optional<std::uint64_t>& length) {
    std::string_view text = record_[kRange];
    if (text.empty()) return Nothing{};
    if (text.starts_with("bytes=") || text.starts_with("bytes ")) text.remove_prefix(6);
    text = text.substr(0, text.find('/'));
    const std::size_t dash = text.find('-');
    std::uint64_t a = 0, b = 0;
    const bool open = dash != std::string_view::npos && dash + 1 == text.size();
    const bool good = dash != std::string_view::npos &&
                      parse_unsigned(text.substr(0, dash), a) == NumberFault::kOk &&
                      (open || parse_unsigned(text.substr(dash + 1), b) == NumberFault::kOk) &&
                      (open || a <= b) && a <= kMaxAccessBytes && b <= kMaxAccessBytes;
    if (!good) return at(kRange, quoted(record_[kRange]) + " is no range such as bytes=0-4095");
    first = a;
    if (!length && !open) length = b - a + 1;
    return Nothing{};
  }

  /// The rule for an access that tells no offset: it begins where the last one of the same caller
  /// to the same blob ended. One shorter than the longest before is the last of its blob, so that
  /// the next begins at 0; so does one after a commit, and one of which nothing is remembered.
  std::uint64_t offset_of(std::uint64_t cursor_key, std::optional<std::uint64_t> range_at,
                          std::uint64_t length) {
    if (range_at) return *range_at;
    if (position_) return *position_;
    ++info_.notes[kNoteSequential].count;
    Cursor& cursor = cursors_.at(cursor_key);
    if (cursor.at > kMaxAccessBytes) cursor = Cursor{};
    const std::uint64_t offset = cursor.at;
    cursor.at += length;
    if (length < cursor.longest) cursor = Cursor{};
    cursor.longest = std::max(cursor.longest, cursor.at == 0 ? 0 : length);
    return offset;
  }

  /// All chunks up to the furthest byte seen of the blob.
  Status remove(Request& like) {
    const std::uint64_t end = std::exchange(ends_.at(blob_), 0);
    if (end == 0) {
      ++info_.notes[kNoteDeleteUnknown].count;
      run_.start_chunk(like, blob_, 0);
    } else {
      run_.start(like, blob_, 0, end, true);
    }
    return Nothing{};
  }

  Table table_;
  bool is_json_ = true;
  std::array<std::string, kFields> record_;
  std::array<std::size_t, kFields> column_{};
  NameTable tenants_{info_.tenants, kMaxTenants};
  NameTable classes_{info_.classes, 200};
  ChunkRun run_;
  RecentTable<Cursor> cursors_;
  RecentTable<std::uint64_t> ends_;
  std::uint64_t blob_ = 0;
  std::optional<std::uint64_t> position_;  ///< of the query of the URI
};

}  // namespace

std::unique_ptr<TraceReader> make_azure_blob_log_reader(ByteSource source,
                                                        const ReadOptions& options) {
  return std::make_unique<AzureBlobLogReader>(std::move(source), options);
}

}  // namespace fleetcache::traces
