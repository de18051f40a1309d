#include "sim/traces/reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/traces/formats.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

constexpr std::array<FormatInfo, 13> kFormats = {{
    {Format::kOracleGeneral, "oracleGeneral", "libCacheSim records, 24 bytes each"},
    {Format::kCsv, "csv", "one request a line; columns by header or --columns"},
    {Format::kMooncake, "mooncake", "inference requests with hash_ids, JSON lines"},
    {Format::kIds, "ids", "one id a line"},
    {Format::kLis, "lis", "ARC paper: first block, number of blocks, ignored, request number"},
    {Format::kFctrace, "fctrace", "fleetcache's own: every field, packed, with checksums"},
    {Format::kAzureBlobLog, "azure-blob-log", "StorageBlobLogs, JSON lines or CSV"},
    {Format::kBlobfuse, "blobfuse2", "BlobFuse2 log at LOG_DEBUG or LOG_TRACE"},
    {Format::kAlluxioAudit, "alluxio-audit", "Alluxio master audit log"},
    {Format::kKvEvents, "kv-events", "vLLM and LMCache KV events, JSON lines"},
    {Format::kCachelib, "cachelib", "CacheBench CSV: key,op,size,... or block chunks"},
    {Format::kKvSessions, "kv-sessions", "agent sessions with hash_ids, one a line of JSON"},
    {Format::kGentd26, "gentd26", "GenTD26 request files: base models and LoRA adapters"},
}};

std::string format_names() {
  std::string names;
  for (const FormatInfo& info : kFormats) {
    names += (names.empty()                           ? ""
              : info.format == kFormats.back().format ? " or "
                                                      : ", ") +
             std::string(info.name);
  }
  return names;
}

constexpr std::array<std::pair<std::string_view, Format>, 9> kEndings = {{
    {".fctrace", Format::kFctrace},
    {".csv", Format::kCsv},
    {".tsv", Format::kCsv},
    {".jsonl", Format::kMooncake},
    {".lis", Format::kLis},
    {".ids", Format::kIds},
    {".txt", Format::kIds},
    {".bin", Format::kOracleGeneral},
    {".oracleGeneral", Format::kOracleGeneral},
}};

Format by_name(std::string_view name) {
  if (name.ends_with(".zst")) name.remove_suffix(4);
  for (const auto& [ending, format] : kEndings) {
    if (name.ends_with(ending)) return format;
  }
  return Format::kAuto;
}

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return (b >= 0x20 && b != 0x7f) || c == '\n' || c == '\r' || c == '\t';
  });
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Of formats whose lines begin with "{", by the keys of the first.
Format by_json_keys(std::string_view line) {
  if (has(line, "\"hash_id_scope\"")) return Format::kKvSessions;
  if (has(line, "\"hash_ids\"")) return Format::kMooncake;
  if (has(line, "\"operationName\"") || has(line, "\"OperationName\"")) {
    return Format::kAzureBlobLog;
  }
  const bool events =
      has(line, "\"events\"") || has(line, "\"block_hashes\"") || has(line, "\"AllBlocksCleared\"");
  return events ? Format::kKvEvents : Format::kMooncake;
}

/// Of formats whose first line is a header with separators.
Format by_header(std::string_view line) {
  if (has(line, "OperationName") && has(line, "TimeGenerated")) return Format::kAzureBlobLog;
  if (has(line, "checkpoint_model_version_id")) return Format::kGentd26;
  if (has(line, "block_id,") && has(line, "io_offset")) return Format::kCachelib;
  const bool kv = has(line, "op_count") && has(line, "key") && has(line, "size");
  return kv ? Format::kCachelib : Format::kCsv;
}

/// By the first line; kAuto when it says nothing.
Format by_content(std::string_view head) {
  if (head.starts_with("FCTRACE")) return Format::kFctrace;
  if (!is_text(head.substr(0, 4096))) return Format::kOracleGeneral;
  std::string_view line = head.substr(0, head.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with('{')) return by_json_keys(line);
  if (line.starts_with('[')) return Format::kKvEvents;
  if (has(line, "blobfuse2[")) return Format::kBlobfuse;
  if (has(line, "AUDIT_LOG")) return Format::kAlluxioAudit;
  if (line.find_first_of(",;|\t") != std::string_view::npos) return by_header(line);
  if (line.find_first_not_of("0123456789 ") != std::string_view::npos || line.empty()) {
    return Format::kAuto;
  }
  return line.find(' ') == std::string_view::npos ? Format::kIds : Format::kLis;
}

}  // namespace

std::span<const FormatInfo> formats() { return kFormats; }

std::string_view format_name(Format format) {
  for (const FormatInfo& info : kFormats) {
    if (info.format == format) return info.name;
  }
  return "auto";
}

Result<Format> parse_format(std::string_view name) {
  if (name == "auto") return Format::kAuto;
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return info.format;
  }
  return Error{"--input-format", quoted(name) + " is not known; want auto, " + format_names()};
}

Result<std::unique_ptr<TraceReader>> make_reader(ByteSource source, const ReadOptions& options) {
  Format format = options.format;
  if (format == Format::kAuto) {
    const auto head = source.peek();
    if (!head) return head.error();
    if (head->empty()) return Error{source.name(), "is empty"};
    format = by_name(source.name());
    if (format == Format::kAuto && options.columns.id.given()) format = Format::kCsv;
    const Format content = by_content({reinterpret_cast<const char*>(head->data()), head->size()});
    // Names tell JSON lines and tables, not whose; columns that are named make it a plain table.
    const bool shared =
        format == Format::kMooncake || (format == Format::kCsv && !options.columns.id.given());
    const bool known = content != Format::kAuto && content != Format::kIds &&
                       content != Format::kLis && content != Format::kOracleGeneral;
    if (format == Format::kAuto || (shared && known)) format = content;
  }
  if (options.columns.id.given() && format != Format::kCsv) {
    return Error{"--columns", "only CSV traces have columns; " + source.name() + " is read as " +
                                  std::string(format_name(format))};
  }
  switch (format) {
    case Format::kOracleGeneral:
      return make_oracle_general_reader(std::move(source));
    case Format::kCsv:
      return make_csv_reader(std::move(source), options.columns);
    case Format::kMooncake:
      return make_mooncake_reader(std::move(source));
    case Format::kIds:
      return make_ids_reader(std::move(source));
    case Format::kLis:
      return make_lis_reader(std::move(source));
    case Format::kFctrace:
      return make_fctrace_reader(std::move(source));
    case Format::kAzureBlobLog:
      return make_azure_blob_log_reader(std::move(source), options);
    case Format::kBlobfuse:
      return make_blobfuse_reader(std::move(source), options);
    case Format::kAlluxioAudit:
      return make_alluxio_audit_reader(std::move(source));
    case Format::kKvEvents:
      return make_kv_events_reader(std::move(source), options);
    case Format::kCachelib:
      return make_cachelib_reader(std::move(source), options);
    case Format::kKvSessions:
      return make_kv_sessions_reader(std::move(source), options);
    case Format::kGentd26:
      return make_gentd26_reader(std::move(source));
    case Format::kAuto:
      break;
  }
  return Error{
      source.name(),
      "cannot tell what kind of trace this is; say it with --input-format " + format_names()};
}

Result<std::unique_ptr<TraceReader>> open_trace(const std::string& path,
                                                const ReadOptions& options) {
  auto source = ByteSource::open(path);
  if (!source) return source.error();
  return make_reader(std::move(source).value(), options);
}

std::size_t drop_empty(std::span<Request> requests) {
  const auto end = std::remove_if(requests.begin(), requests.end(),
                                  [](const Request& r) { return r.size == 0; });
  return static_cast<std::size_t>(end - requests.begin());
}

void compute_next_access(std::span<std::vector<Request>> blocks) {
  std::int64_t index = 0;
  for (const auto& block : blocks) index += static_cast<std::int64_t>(block.size());
  IdMap<std::int64_t> last;
  for (std::size_t b = blocks.size(); b-- > 0;) {
    for (std::size_t i = blocks[b].size(); i-- > 0;) {
      --index;
      auto [seen_at, is_new] = last.find_or_add(blocks[b][i].id);
      blocks[b][i].next_access = is_new ? kNever : seen_at;
      seen_at = index;
    }
  }
}

}  // namespace fleetcache::traces
