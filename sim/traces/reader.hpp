/// Traces of cache requests, whatever file they come from: a stream of Request.
///
///     auto reader = open_trace("w01.oracleGeneral.bin.zst", {}).value();
///     std::vector<Request> block(65536);
///     for (;;) {
///       const std::size_t n = reader->read(block).value();
///       if (n == 0) break;
///       ...
///     }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/byte_source.hpp"

namespace fleetcache::traces {

constexpr std::int64_t kNever = -1;
/// Request::parent where the trace names none. An object of this very id cannot be a parent.
constexpr std::uint64_t kNoParent = UINT64_MAX;

enum class Op : std::uint8_t { kRead, kWrite, kDelete };

/// One request of one object.
struct Request {
  std::int64_t time_ns = 0;
  std::uint64_t id = 0;
  std::uint64_t size = 1;  ///< bytes; 1 where the trace has no sizes
  /// Index in the trace of the next request to it, or kNever. Files count from 0 or from 1, so only
  /// the order of these numbers means something.
  std::int64_t next_access = kNever;
  std::uint32_t tenant = 0;  ///< account, user or session group; 0 where the trace has none
  std::uint16_t klass = 0;   ///< class of the object (TraceInfo::classes names them); 0 unknown
  Op op = Op::kRead;
  /// The object is a child of the one requested just before it (a block of a KV prefix): useless
  /// without it. False for the first block of a prefix and where the trace knows no prefixes.
  bool follows = false;
  /// Id of the object that this one is a child of, where it is not the one just before (events of a
  /// KV cache name it); kNoParent otherwise, also where `follows` says it. See parent_of.
  std::uint64_t parent = kNoParent;
};
static_assert(sizeof(Request) <= 48, "replays hold whole traces of these");

enum class Format : std::uint8_t {
  kAuto,           ///< by the name, then by the first bytes
  kOracleGeneral,  ///< libCacheSim: packed little-endian u32 s, u64 id, u32 bytes, i64 next
  kCsv,            ///< one request a line, columns by name or position
  kMooncake,       ///< JSON lines; every entry of hash_ids is a request of size 1
  kIds,            ///< one id a line; blank lines and those starting with "#" are passed over
  kLis,            ///< ARC paper: first block, number of blocks, ignored, request number
  kFctrace,        ///< our own, with every field: fctrace.hpp
  kAzureBlobLog,   ///< Azure Monitor StorageBlobLogs, JSON lines or CSV
  kBlobfuse,       ///< BlobFuse2 log, level LOG_DEBUG or LOG_TRACE
  kAlluxioAudit,   ///< Alluxio master audit log
  kKvEvents,       ///< KV cache events of vLLM and LMCache, JSON lines
  kCachelib,       ///< CacheBench CSV: key-value or block chunks
  kKvSessions,     ///< agent sessions with KV block ids, one session a line of JSON
  kGentd26,        ///< GenTD26 request files: base models and adapters that images were made with
};

/// Every format but auto, with the name that parse_format takes and a line about it.
struct FormatInfo {
  Format format;
  std::string_view name;
  std::string_view summary;
};
std::span<const FormatInfo> formats();

/// "oracleGeneral", "csv", ...: a name of formats(), or "auto".
std::string_view format_name(Format format);
/// The format of that name ("auto" too), or an error that lists them.
Result<Format> parse_format(std::string_view name);

/// Where a field of a CSV trace stands.
struct Column {
  std::string name;          ///< as in the header; empty when `position` says it
  std::size_t position = 0;  ///< 1-based; 0 when `name` says it
  /// time: "s" (default), "ms", "us", "ns"; id, tenant, class, parent: "" (a number) or "text" (ids
  /// are hashed, tenants and classes numbered from 1 in the order they come).
  std::string modifier;

  bool given() const { return position != 0 || !name.empty(); }
};

struct Columns {
  Column time, id, size, next, tenant, klass, op, follows, parent;
};

/// "time=ts:ms,id=key:text,size=3,tenant=account:text": names of a header or 1-based positions, for
/// time, id, size, next, tenant, class, op, follows and parent. `id` is required; the others may be
/// left out. An op is read|write|delete (get|set|put too), follows is 0|1|false|true. Errors stand
/// at "--columns".
Result<Columns> parse_columns(std::string_view text);

struct ReadOptions {
  Format format = Format::kAuto;
  /// CSV only; without `id` the usual names of a header are looked for (time, id, obj_id, size,
  /// size_bytes, next_access_vtime, ...).
  Columns columns;
  /// Logs of blobs, files and blocks: objects are cut at multiples of this many bytes, and an
  /// access becomes one request for each chunk that it touches; 0 takes an access as one whole
  /// object.
  std::uint64_t chunk_bytes = std::uint64_t{4} << 20;
  /// KV events and sessions: bytes of KV state a token; 0 leaves every block at size 1.
  std::uint64_t token_bytes = 0;
  /// KV events: count only blocks on this medium ("GPU"); empty takes that of the first event.
  std::string medium{};
  /// KV events: a block that the engine lets go is a delete; otherwise it is passed over.
  bool removals = false;
  /// KV sessions: how many are open at once, 1..1024; each begins when another ends.
  unsigned sessions = 1;
};

/// Lines or records that became no request, or did by a rule worth knowing.
struct Note {
  std::string what;  ///< "failed requests (status 400 and above) left out"
  std::uint64_t count = 0;
};

/// What a trace has. The flags are known when it is opened; names and notes grow while it is read.
struct TraceInfo {
  std::string name;
  Format format = Format::kAuto;
  bool has_times = false;
  bool has_sizes = false;
  bool has_next = false;
  bool has_ops = false;    ///< some requests may be writes or deletes
  bool has_links = false;  ///< some may follow another or name a parent
  /// Names by number: tenants[r.tenant], classes[r.klass]; entry 0 is "". Shorter where the trace
  /// has numbers alone.
  std::vector<std::string> tenants;
  std::vector<std::string> classes;
  std::vector<Note> notes;
};

/// The parent of `request`, or kNoParent. `before` is the request just before it in the trace.
constexpr std::uint64_t parent_of(const Request& request, std::uint64_t before) {
  return request.follows ? before : request.parent;
}

class TraceReader {
 public:
  virtual ~TraceReader() = default;

  /// Fills `out` from the front; returns how many requests, 0 at the end. Fails with
  /// path:line:column (text) or path and record (binary) of what was wrong. Requires: !out.empty().
  virtual Result<std::size_t> read(std::span<Request> out) = 0;
  virtual const TraceInfo& info() const = 0;
  /// Bytes of the file taken so far and in all (0: unknown), for progress.
  virtual std::uint64_t consumed() const = 0;
  virtual std::uint64_t size() const = 0;
};

/// Opens a trace; "-" is standard input. Zstandard files are unpacked on the way.
Result<std::unique_ptr<TraceReader>> open_trace(const std::string& path,
                                                const ReadOptions& options);
/// The same over an open source.
Result<std::unique_ptr<TraceReader>> make_reader(ByteSource source, const ReadOptions& options);

/// Takes requests of size 0 out, keeping the order; returns how many are left. libCacheSim drops
/// them before anything else, even when sizes are ignored afterwards, and so do published counts.
std::size_t drop_empty(std::span<Request> requests);

/// Sets next_access of every request from the ids, by one pass from the end.
/// `blocks` are consecutive parts of one trace. Memory: about 32 bytes a distinct id.
void compute_next_access(std::span<std::vector<Request>> blocks);

}  // namespace fleetcache::traces
