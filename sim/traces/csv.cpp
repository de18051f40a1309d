#include <algorithm>
#include <array>
#include <utility>

#include "policies/base/hash.hpp"
#include "sim/traces/formats.hpp"
#include "sim/traces/names.hpp"
#include "sim/traces/number.hpp"
#include "sim/traces/splitter.hpp"

namespace fleetcache::traces {

namespace {

enum Field : std::size_t {
  kTime,
  kId,
  kSize,
  kNext,
  kTenant,
  kClass,
  kOp,
  kFollows,
  kParent,
  kFields
};
constexpr std::array<std::string_view, kFields> kFieldNames = {
    "time", "id", "size", "next", "tenant", "class", "op", "follows", "parent"};

/// Names that headers of published traces use; empty ones fill up.
constexpr std::array<std::array<std::string_view, 7>, kFields> kUsual = {
    {{"time", "clock_time", "timestamp", "ts", "time_s"},
     {"id", "obj_id", "object_id", "object", "key", "lbn", "block"},
     {"size", "obj_size", "size_bytes", "bytes"},
     {"next", "next_access", "next_access_vtime"},
     {"tenant", "tenant_id"},
     {"class"},
     {"op"},
     {"follows"},
     {"parent", "parent_id"}}};

struct OpName {
  std::string_view name;
  Op op;
};
constexpr std::array<OpName, 14> kOps = {{{"read", Op::kRead},
                                          {"write", Op::kWrite},
                                          {"delete", Op::kDelete},
                                          {"get", Op::kRead},
                                          {"gets", Op::kRead},
                                          {"put", Op::kWrite},
                                          {"set", Op::kWrite},
                                          {"add", Op::kWrite},
                                          {"cas", Op::kWrite},
                                          {"replace", Op::kWrite},
                                          {"append", Op::kWrite},
                                          {"prepend", Op::kWrite},
                                          {"incr", Op::kWrite},
                                          {"remove", Op::kDelete}}};

bool same_word(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
  });
}

char separator_of(std::string_view line) {
  for (const char c : {',', '\t', ';', '|', ' '}) {
    if (line.find(c) != std::string_view::npos) return c;
  }
  return ',';
}

bool is_number(std::string_view text) {
  std::int64_t ignored = 0;
  return parse_scaled(text, 0, ignored) == NumberFault::kOk;
}

class CsvReader final : public TraceReader {
 public:
  CsvReader(ByteSource source, const Columns& columns)
      : lines_(std::move(source)), columns_{columns.time, columns.id,      columns.size,
                                            columns.next, columns.tenant,  columns.klass,
                                            columns.op,   columns.follows, columns.parent} {}

  /// Reads the first line and finds the columns.
  Status start() {
    const auto more = lines_.next(first_);
    if (!more) return more.error();
    if (!*more) return Error{lines_.source().name(), "is empty: a CSV trace has at least one line"};
    separator_ = separator_of(first_);
    std::vector<std::string_view> names;
    std::string_view name;
    std::size_t column = 0;
    for (Splitter split(first_, separator_); split.next(name, column);) names.push_back(name);
    // Keys that are text say nothing about the first line, so a lone column of them has no header.
    const bool header = std::none_of(names.begin(), names.end(), is_number) && !lone_text_id();
    for (std::size_t f = 0; f < kFields; ++f) {
      if (const Status s = locate(static_cast<Field>(f), names, header); !s) return s.error();
    }
    replay_first_ = !header;
    last_ = *std::max_element(position_.begin(), position_.end());
    info_.name = lines_.source().name();
    info_.format = Format::kCsv;
    info_.has_times = position_[kTime] > 0;
    info_.has_sizes = position_[kSize] > 0;
    info_.has_next = position_[kNext] > 0;
    info_.has_ops = position_[kOp] > 0;
    info_.has_links = position_[kFollows] > 0 || position_[kParent] > 0;
    const std::string& unit = columns_[kTime].modifier;
    time_digits_ = unit == "ns" ? 0 : unit == "us" ? 3 : unit == "ms" ? 6 : 9;
    for (std::size_t f = 0; f < kFields; ++f) is_text_[f] = columns_[f].modifier == "text";
    // Found by a usual name nothing says whether it holds numbers, and names may look like them.
    for (const Field f : {kTenant, kClass}) is_text_[f] = is_text_[f] || !columns_[f].given();
    return Nothing{};
  }

  Result<std::size_t> read(std::span<Request> out) override {
    std::size_t count = 0;
    while (count < out.size()) {
      if (!std::exchange(replay_first_, false)) {
        const auto more = lines_.next(first_);
        if (!more) return more.error();
        if (!*more) break;
      }
      if (first_.empty()) continue;
      if (const Status s = parse(first_, out[count]); !s) return s.error();
      ++count;
    }
    return count;
  }

  const TraceInfo& info() const override { return info_; }
  std::uint64_t consumed() const override { return lines_.source().consumed(); }
  std::uint64_t size() const override { return lines_.source().size(); }

 private:
  Status locate(Field field, const std::vector<std::string_view>& names, bool header) {
    const Column& wanted = columns_[field];
    position_[field] = wanted.position;
    if (wanted.position > names.size()) {
      return Error{lines_.place(1), "there is no column " + std::to_string(wanted.position) +
                                        ": the line has " + std::to_string(names.size())};
    }
    if (wanted.position != 0) return Nothing{};
    if (!header && (field == kId || wanted.given())) {
      return Error{lines_.place(1),
                   "there is no header to find \"" +
                       (wanted.given() ? wanted.name : std::string("id")) +
                       "\" in; give positions, such as --columns time=1,id=2,size=3"};
    }
    for (std::size_t i = 0; i < names.size() && position_[field] == 0; ++i) {
      const bool match = wanted.given() ? names[i] == wanted.name
                                        : !columns_[kId].given() && usual(field, names[i]);
      if (match) position_[field] = i + 1;
    }
    if (position_[field] == 0 && (field == kId || wanted.given())) {
      return Error{lines_.place(1), "no column is called \"" +
                                        (wanted.given() ? wanted.name : std::string("id")) +
                                        "\"; the header is " + quoted(first_) + " (see --columns)"};
    }
    return Nothing{};
  }

  bool lone_text_id() const {
    return columns_[kId].position > 0 && columns_[kId].modifier == "text" &&
           !columns_[kTime].given() && !columns_[kSize].given() && !columns_[kNext].given();
  }

  static bool usual(Field field, std::string_view name) {
    return !name.empty() &&
           std::find(kUsual[field].begin(), kUsual[field].end(), name) != kUsual[field].end();
  }

  Status parse(std::string_view line, Request& out) {
    out = Request{};
    Splitter split(line, separator_);
    std::string_view text;
    std::size_t column = 0;
    for (std::size_t i = 1; i <= last_; ++i) {
      if (!split.next(text, column)) {
        return Error{lines_.place(line.size() + 1), "the line ends after " + std::to_string(i - 1) +
                                                        " columns; want at least " +
                                                        std::to_string(last_)};
      }
      for (std::size_t f = 0; f < kFields; ++f) {
        if (position_[f] != i) continue;
        const std::string why = store(static_cast<Field>(f), text, out);
        if (!why.empty()) {
          return Error{lines_.place(column), std::string(kFieldNames[f]) + ": " + why};
        }
      }
    }
    return Nothing{};
  }

  /// Why not, or "".
  std::string store(Field field, std::string_view text, Request& out) {
    switch (field) {
      case kTime:
        return why(parse_scaled(text, time_digits_, out.time_ns), text);
      case kId:
        return store_id(field, text, out.id);
      case kSize:
        return why(parse_unsigned(text, out.size), text);
      case kNext: {
        const NumberFault fault = parse_signed(text, out.next_access);
        if (out.next_access < 0 || out.next_access == INT64_MAX) out.next_access = kNever;
        return why(fault, text);
      }
      case kTenant:
        return store_name(field, text, UINT32_MAX, tenants_, out.tenant);
      case kClass: {
        std::uint32_t number = 0;
        std::string fault = store_name(field, text, UINT16_MAX, classes_, number);
        out.klass = static_cast<std::uint16_t>(number);
        return fault;
      }
      case kOp:
        return store_op(text, out.op);
      case kFollows:
        out.follows = text == "1" || same_word(text, "true");
        if (out.follows || text == "0" || same_word(text, "false") || text.empty()) return "";
        return quoted(text) + " is not one of 0, 1, false or true";
      default:
        return text.empty() ? "" : store_id(field, text, out.parent);
    }
  }

  static std::string why(NumberFault fault, std::string_view text) {
    return fault == NumberFault::kOk ? "" : describe(fault, text);
  }

  std::string store_id(Field field, std::string_view text, std::uint64_t& id) const {
    // A parent is an id, so it is hashed when ids are.
    if (!is_text_[kId] && !is_text_[field]) return why(parse_unsigned(text, id), text);
    id = hash_name(text);
    return "";
  }

  std::string store_name(Field field, std::string_view text, std::uint32_t most, NameTable& names,
                         std::uint32_t& number) const {
    if (is_text_[field]) {
      if (names.number(text, number)) return "";
      return quoted(text) + " is one name too many; a trace may have " +
             std::to_string(names.limit());
    }
    std::uint64_t value = 0;
    const NumberFault fault = parse_unsigned(text, value);
    if (fault == NumberFault::kOk && value <= most) {
      number = static_cast<std::uint32_t>(value);
      return "";
    }
    const std::string field_name(kFieldNames[field]);
    return quoted(text) + " is not a number up to " + std::to_string(most) + "; names want " +
           field_name + "=COLUMN:text";
  }

  static std::string store_op(std::string_view text, Op& op) {
    for (const OpName& known : kOps) {
      if (!same_word(text, known.name)) continue;
      op = known.op;
      return "";
    }
    return quoted(text) + " is no operation such as read, write, delete, get, put, set or remove";
  }

  LineSource lines_;
  TraceInfo info_;
  std::array<Column, kFields> columns_;
  std::array<std::size_t, kFields> position_{};  ///< 1-based, 0: not there
  std::size_t last_ = 0;
  std::string_view first_;
  bool replay_first_ = false;
  char separator_ = ',';
  int time_digits_ = 9;
  std::array<bool, kFields> is_text_{};
  NameTable tenants_{info_.tenants, kMaxTenants};
  NameTable classes_{info_.classes, kMaxClasses};
};

Error columns_error(std::string why) { return Error{"--columns", std::move(why)}; }

Result<Column> parse_column(std::string_view field, std::string_view text) {
  Column column;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    column.modifier = text.substr(colon + 1);
    text = text.substr(0, colon);
    const bool is_unit = column.modifier == "s" || column.modifier == "ms" ||
                         column.modifier == "us" || column.modifier == "ns";
    const bool may_be_text =
        field == "id" || field == "tenant" || field == "class" || field == "parent";
    if (!(field == "time" && is_unit) && !(may_be_text && column.modifier == "text")) {
      return columns_error("\":" + column.modifier + "\" is not known for " + std::string(field) +
                           "; want time=NAME:s|ms|us|ns, or id, tenant, class or parent=NAME:text");
    }
  }
  if (text.empty()) return columns_error(std::string(field) + " names no column");
  std::uint64_t position = 0;
  if (parse_unsigned(text, position) == NumberFault::kOk) {
    if (position == 0 || position > 4096) {
      return columns_error("positions count from 1 to 4096, not " + std::string(text));
    }
    column.position = static_cast<std::size_t>(position);
  } else {
    column.name = text;
  }
  return column;
}

}  // namespace

Result<Columns> parse_columns(std::string_view text) {
  Columns columns;
  for (Splitter split(text, ',');;) {
    std::string_view part;
    std::size_t at = 0;
    if (!split.next(part, at)) break;
    const std::size_t equals = part.find('=');
    const std::string_view field = part.substr(0, equals);
    const std::array<Column*, kFields> targets = {&columns.time, &columns.id,      &columns.size,
                                                  &columns.next, &columns.tenant,  &columns.klass,
                                                  &columns.op,   &columns.follows, &columns.parent};
    Column* target = nullptr;
    for (std::size_t f = 0; f < kFields; ++f) {
      if (field == kFieldNames[f]) target = targets[f];
    }
    if (target == nullptr || equals == std::string_view::npos) {
      return columns_error(quoted(part) +
                           " is not one of time=…, id=…, size=…, next=…, tenant=…, "
                           "class=…, op=…, follows=…, parent=…");
    }
    if (target->given()) return columns_error(std::string(field) + " comes twice");
    auto column = parse_column(field, part.substr(equals + 1));
    if (!column) return column.error();
    *target = std::move(column).value();
  }
  if (!columns.id.given()) return columns_error("id=… is required");
  return columns;
}

ReaderResult make_csv_reader(ByteSource source, const Columns& columns) {
  auto reader = std::make_unique<CsvReader>(std::move(source), columns);
  if (const Status s = reader->start(); !s) return s.error();
  return std::unique_ptr<TraceReader>(std::move(reader));
}

}  // namespace fleetcache::traces
