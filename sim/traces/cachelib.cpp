// Traces that CacheBench replays, as CSV. Names of columns: CacheLib, cachebench/workload,
// KVReplayGenerator.h and BlockChunkReplayGenerator.h.
//
// Key-value: key,op,size,op_count,key_size,ttl (that order without a header). GET and GET_LEASE are
// reads, SET and SET_LEASE writes; a line with an op_count is that many requests. Keys of one text
// and different key_size are different objects, as in CacheBench.
//
// Block chunks: op_time,block_id,...,io_size,io_offset,...,op_name. getChunkData is a read,
// putChunk a write, others are left out. An object is a chunk of one shard of a block.
#include <array>
#include <string>
#include <utility>

#include "sim/traces/chunks.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/one_by_one.hpp"
#include "sim/traces/splitter.hpp"

namespace fleetcache::traces {

namespace {

enum Field : std::size_t {
  kKey,
  kOp,
  kSize,
  kOpCount,
  kKeySize,
  kTtl,
  kOpTime,
  kUsecase,
  kBlockId,
  kShard,
  kOpName,
  kIoSize,
  kIoOffset,
  kNamespace,
  kFields
};
constexpr std::size_t kHeaderless = 6;
constexpr std::array<std::string_view, kFields> kNames = {
    "key",     "op",       "size",        "op_count", "key_size", "ttl",       "op_time",
    "usecase", "block_id", "rs_shard_id", "op_name",  "io_size",  "io_offset", "user_namespace"};
using Table = HeaderTable<kFields>;

enum NoteIndex : std::size_t { kNoteOther, kNoteEmpty, kNoteTtl };

class CachelibReader final : public LineByLine<CachelibReader> {
 public:
  CachelibReader(ByteSource source, const ReadOptions& options)
      : LineByLine(std::move(source)), table_(kNames), run_(options.chunk_bytes) {
    info_.name = lines_.source().name();
    info_.format = Format::kCachelib;
    info_.has_sizes = info_.has_ops = true;
    info_.notes = {{"operations that read, write or delete nothing left out", 0},
                   {"operations on 0 bytes of a block left out", 0},
                   {"times to live left out: a trace of requests has none", 0}};
  }

  /// Reads the first line: a header, or a request of six columns.
  Status start() {
    std::string_view line;
    const auto more = lines_.next(line);
    if (!more) return more.error();
    if (!*more) return Error{info_.name, "is empty: want CacheBench CSV"};
    table_.locate(line);
    blocks_ = table_.has(kBlockId);
    const Field needed[] = {blocks_ ? kOpName : kKey, blocks_ ? kIoSize : kOp,
                            blocks_ ? kIoOffset : kSize};
    for (const Field f : needed) {
      if (table_.has(f)) continue;
      if (table_.has(kKey) || table_.has(kOp) || blocks_) {
        return Error{lines_.place(1), "no column is called \"" + std::string(kNames[f]) +
                                          "\"; the header is " + quoted(line)};
      }
      return headerless(line);
    }
    info_.has_times = table_.has(kOpTime);
    return Nothing{};
  }

  bool take(Request& out) {
    if (repeats_ > 0) {
      --repeats_;
      out = request_;
      return true;
    }
    return run_.take(out);
  }

  Status parse(std::string_view line) {
    table_.split(line, row_);
    request_ = Request{};
    std::uint64_t seconds = 0;
    if (!row_.text[kOpTime].empty()) {
      if (const Status s = number(kOpTime, seconds); !s) return s;
      if (seconds > INT64_MAX / 1'000'000'000) return at(kOpTime, "is too large for a time in s");
      request_.time_ns = static_cast<std::int64_t>(seconds) * 1'000'000'000;
    }
    return blocks_ ? parse_block() : parse_key();
  }

 private:
  Status headerless(std::string_view line) {
    table_.in_order(kHeaderless);
    Table::Row row;
    table_.split(line, row);
    if (row.fields < 3) {
      return Error{lines_.place(1),
                   "want CacheBench CSV, key,op,size,op_count,key_size,ttl or a "
                   "header with block_id, op_name, io_size, io_offset; not " +
                       quoted(line)};
    }
    return parse(line);
  }

  Error at(Field field, const std::string& what) const {
    return Error{lines_.place(row_.column[field]), std::string(kNames[field]) + ": " + what};
  }

  Status number(Field field, std::uint64_t& value) const {
    const NumberFault fault = parse_unsigned(row_.text[field], value);
    if (fault == NumberFault::kOk) return Nothing{};
    return at(field, describe(fault, row_.text[field]));
  }

  Status parse_key() {
    const std::string_view op = row_.text[kOp];
    if (row_.text[kKey].empty()) return at(kKey, "is missing");
    if (op == "GET" || op == "GET_LEASE") {
      request_.op = Op::kRead;
    } else if (op == "SET" || op == "SET_LEASE") {
      request_.op = Op::kWrite;
    } else if (op == "DELETE") {
      request_.op = Op::kDelete;
    } else {
      return at(kOp, quoted(op) + " is not one of GET, GET_LEASE, SET, SET_LEASE or DELETE");
    }
    if (const Status s = number(kSize, request_.size); !s) return s;
    std::uint64_t key_size = row_.text[kKey].size(), count = 1;
    if (!row_.text[kKeySize].empty()) {
      if (const Status s = number(kKeySize, key_size); !s) return s;
      key_size = std::min<std::uint64_t>(std::max(key_size, row_.text[kKey].size()), 256);
    }
    if (!row_.text[kOpCount].empty()) {
      if (const Status s = number(kOpCount, count); !s) return s;
      if (count == 0 || count > UINT32_MAX) {
        return at(kOpCount, quoted(row_.text[kOpCount]) + " is not a count from 1 to 2^32 - 1");
      }
    }
    if (!row_.text[kTtl].empty() && row_.text[kTtl] != "0") ++info_.notes[kNoteTtl].count;
    request_.id = mix64(hash_name(row_.text[kKey]) + key_size);
    std::uint32_t klass = 0;
    if (!classes_.number(row_.text[kUsecase], klass)) return at(kUsecase, "is one too many");
    request_.klass = static_cast<std::uint16_t>(klass);
    repeats_ = count;
    return Nothing{};
  }

  Status parse_block() {
    const std::string_view op = row_.text[kOpName];
    const bool read = op.starts_with("getChunkData");
    if (!read && !op.starts_with("putChunk")) {
      ++info_.notes[kNoteOther].count;
      return Nothing{};
    }
    if (row_.text[kBlockId].empty()) return at(kBlockId, "is missing");
    std::uint64_t length = 0, offset = 0;
    if (const Status s = number(kIoSize, length); !s) return s;
    if (const Status s = number(kIoOffset, offset); !s) return s;
    if (length > kMaxAccessBytes) return at(kIoSize, "is above 2^50 bytes");
    if (offset > kMaxAccessBytes) return at(kIoOffset, "is above 2^50 bytes");
    if (length == 0) {
      ++info_.notes[kNoteEmpty].count;
      return Nothing{};
    }
    request_.op = read ? Op::kRead : Op::kWrite;
    const std::size_t dot = op.find('.');
    std::uint32_t klass = 0;
    if (dot != std::string_view::npos && !classes_.number(op.substr(dot + 1), klass)) {
      return at(kOpName, "is one kind too many");
    }
    request_.klass = static_cast<std::uint16_t>(klass);
    if (!tenants_.number(row_.text[kNamespace], request_.tenant)) {
      return at(kNamespace, "is one too many");
    }
    const std::uint64_t object =
        mix64(hash_name(row_.text[kBlockId])) ^ hash_name(row_.text[kShard]);
    run_.start(request_, object, offset, length, false);
    return Nothing{};
  }

  Table table_;
  Table::Row row_;
  bool blocks_ = false;
  NameTable tenants_{info_.tenants, kMaxTenants};
  NameTable classes_{info_.classes, kMaxClasses};
  Request request_;
  std::uint64_t repeats_ = 0;
  ChunkRun run_;
};

}  // namespace

ReaderResult make_cachelib_reader(ByteSource source, const ReadOptions& options) {
  auto reader = std::make_unique<CachelibReader>(std::move(source), options);
  if (const Status s = reader->start(); !s) return s.error();
  return std::unique_ptr<TraceReader>(std::move(reader));
}

}  // namespace fleetcache::traces
