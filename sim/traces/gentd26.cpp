// GenTD26 (Lin et al., SoCC '25): what image generation asked for, as two kinds of CSV.
//
//   lora_request_trace: gmt_create,...,groupId,...,checkpoint_model_version_id,num_lora
//   data_trace_processed: ...,checkpoint_model_version_id,lora_args (a list of {'modelVersionId':
//   ...})
//
// A request is a read of its base model (class "checkpoint") and of each adapter (class "lora").
// There are no sizes in these files. Load-time files of the same set name no model and are refused.
#include <array>
#include <string>
#include <utility>

#include "policies/base/hash.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/one_by_one.hpp"
#include "sim/traces/splitter.hpp"
#include "sim/traces/timestamp.hpp"

namespace fleetcache::traces {

namespace {

enum Field : std::size_t { kTime, kCheckpoint, kGroup, kLoras, kFields };
constexpr std::array<std::string_view, kFields> kNames = {
    "gmt_create", "checkpoint_model_version_id", "groupId", "lora_args"};
using Table = HeaderTable<kFields>;

class Gentd26Reader final : public LineByLine<Gentd26Reader> {
 public:
  explicit Gentd26Reader(ByteSource source) : LineByLine(std::move(source)), table_(kNames) {
    info_.name = lines_.source().name();
    info_.format = Format::kGentd26;
    info_.notes = {{"requests that name no base model left out", 0}};
    std::uint32_t ignored = 0;
    classes_.number("checkpoint", ignored);
    classes_.number("lora", ignored);
  }

  Status start() {
    std::string_view line;
    const auto more = lines_.next(line);
    if (!more) return more.error();
    if (!*more) return Error{info_.name, "is empty: want a GenTD26 file with a header"};
    table_.locate(line);
    if (!table_.has(kCheckpoint)) {
      return Error{lines_.place(1),
                   "no column is called \"checkpoint_model_version_id\": of GenTD26 only "
                   "lora_request_trace and data_trace_processed name models; the header is " +
                       quoted(line)};
    }
    info_.has_times = table_.has(kTime);
    return Nothing{};
  }

  bool take(Request& out) {
    if (at_ == pending_.size()) return false;
    out = pending_[at_++];
    return true;
  }

  Status parse(std::string_view line) {
    pending_.clear();
    at_ = 0;
    table_.split(line, row_);
    Request request;
    if (table_.has(kTime) && !parse_iso_time(row_.text[kTime], request.time_ns)) {
      return at(kTime, quoted(row_.text[kTime]) + " is no time such as 2026-11-23 09:55:01");
    }
    if (!tenants_.number(row_.text[kGroup], request.tenant)) return at(kGroup, "is one too many");
    if (row_.text[kCheckpoint].empty()) {
      ++info_.notes[0].count;
    } else {
      add(request, row_.text[kCheckpoint], 1);
    }
    return read_loras(request);
  }

 private:
  Error at(Field field, const std::string& what) const {
    return Error{lines_.place(row_.column[field]), std::string(kNames[field]) + ": " + what};
  }

  void add(Request& request, std::string_view name, std::uint16_t klass) {
    request.klass = klass;
    request.id = mix64(hash_name(name) + klass);
    pending_.push_back(request);
  }

  /// "[{'modelVersionId': 'ab12', 'scale': 1.0}, ...]", as Python prints it.
  Status read_loras(Request& request) {
    static constexpr std::string_view kKey = "'modelVersionId': '";
    std::string_view text = row_.text[kLoras];
    if (text.empty()) return Nothing{};
    if (!text.starts_with('[') || !text.ends_with(']')) {
      return at(kLoras, quoted(text) + " is no list such as [{'modelVersionId': '...'}]");
    }
    for (std::size_t found; (found = text.find(kKey)) != std::string_view::npos;) {
      text.remove_prefix(found + kKey.size());
      const std::size_t close = text.find('\'');
      if (close == std::string_view::npos || close == 0) {
        return at(kLoras, "a modelVersionId has no end or is empty");
      }
      add(request, text.substr(0, close), 2);
    }
    return Nothing{};
  }

  Table table_;
  Table::Row row_;
  NameTable tenants_{info_.tenants, kMaxTenants};
  NameTable classes_{info_.classes, kMaxClasses};
  std::vector<Request> pending_;  ///< of one line
  std::size_t at_ = 0;
};

}  // namespace

ReaderResult make_gentd26_reader(ByteSource source) {
  auto reader = std::make_unique<Gentd26Reader>(std::move(source));
  if (const Status s = reader->start(); !s) return s.error();
  return std::unique_ptr<TraceReader>(std::move(reader));
}

}  // namespace fleetcache::traces
