#include "sim/traces/reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/traces/formats.hpp"
#include "sim/traces/id_map.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

namespace {

struct Named {
  Format format;
  std::string_view name;
};
constexpr std::array<Named, 6> kFormats = {{{Format::kAuto, "auto"},
                                            {Format::kOracleGeneral, "oracleGeneral"},
                                            {Format::kCsv, "csv"},
                                            {Format::kMooncake, "mooncake"},
                                            {Format::kIds, "ids"},
                                            {Format::kLis, "lis"}}};

constexpr std::array<std::pair<std::string_view, Format>, 8> kEndings = {{
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

/// By the first line; kAuto when it says nothing.
Format by_content(std::string_view head) {
  if (!is_text(head.substr(0, 4096))) return Format::kOracleGeneral;
  std::string_view line = head.substr(0, head.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.starts_with('{')) return Format::kMooncake;
  if (line.find_first_of(",;|\t") != std::string_view::npos) return Format::kCsv;
  if (line.find_first_not_of("0123456789 ") != std::string_view::npos || line.empty()) {
    return Format::kAuto;
  }
  return line.find(' ') == std::string_view::npos ? Format::kIds : Format::kLis;
}

}  // namespace

std::string_view format_name(Format format) {
  for (const Named& named : kFormats) {
    if (named.format == format) return named.name;
  }
  return "?";
}

Result<Format> parse_format(std::string_view name) {
  for (const Named& named : kFormats) {
    if (named.name == name) return named.format;
  }
  return Error{"--input-format",
               quoted(name) + " is not known; want auto, oracleGeneral, csv, mooncake, ids or lis"};
}

Result<std::unique_ptr<TraceReader>> make_reader(ByteSource source, const ReadOptions& options) {
  Format format = options.format;
  if (format == Format::kAuto) {
    const auto head = source.peek();
    if (!head) return head.error();
    if (head->empty()) return Error{source.name(), "is empty"};
    format = by_name(source.name());
    if (format == Format::kAuto && options.columns.id.given()) format = Format::kCsv;
    if (format == Format::kAuto) {
      format = by_content({reinterpret_cast<const char*>(head->data()), head->size()});
    }
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
    case Format::kAuto:
      break;
  }
  return Error{source.name(),
               "cannot tell what kind of trace this is; say it with --input-format "
               "oracleGeneral, csv, mooncake, ids or lis"};
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
