/// Fields of a line of CSV, and tables whose first line names the columns. Internal to sim/traces.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "sim/traces/byte_source.hpp"
#include "sim/traces/number.hpp"

namespace fleetcache::traces {

/// Splits a line: fields are separated by one character; a field in double quotes may hold it, and
/// a doubled quote in it (RFC 4180), which stays doubled in what is given out.
class Splitter {
 public:
  Splitter(std::string_view line, char separator) : line_(line), separator_(separator) {}

  /// False after the last field. `column` is 1-based, of the text without its quotes.
  bool next(std::string_view& field, std::size_t& column) {
    if (done_) return false;
    if (at_ < line_.size() && line_[at_] == '"') {
      const std::size_t close = closing_quote(at_ + 1);
      field = line_.substr(at_ + 1, close - at_ - 1);
      column = at_ + 2;
      at_ = std::min(line_.find(separator_, close), line_.size());
    } else {
      const std::size_t end = std::min(line_.find(separator_, at_), line_.size());
      field = line_.substr(at_, end - at_);
      column = at_ + 1;
      at_ = end;
    }
    done_ = at_ == line_.size();
    ++at_;
    return true;
  }

 private:
  std::size_t closing_quote(std::size_t from) const {
    for (std::size_t i = from; i < line_.size(); ++i) {
      if (line_[i] != '"') continue;
      if (i + 1 == line_.size() || line_[i + 1] != '"') return i;
      ++i;
    }
    return line_.size();
  }

  std::string_view line_;
  char separator_;
  std::size_t at_ = 0;
  bool done_ = false;
};

/// Where the fields of a comma-separated table with a header stand.
template <std::size_t kCount>
class HeaderTable {
 public:
  /// `names` of the columns wanted, in any case of letters; a " [UTC]" behind one in the header is
  /// ignored.
  explicit HeaderTable(const std::array<std::string_view, kCount>& names) : names_(names) {}

  /// Takes the header.
  void locate(std::string_view header) {
    position_.fill(0);
    std::string_view name;
    std::size_t column = 0, index = 0;
    for (Splitter split(header, ','); split.next(name, column);) {
      ++index;
      if (name.ends_with(" [UTC]")) name.remove_suffix(6);
      for (std::size_t f = 0; f < kCount; ++f) {
        if (position_[f] == 0 && equal(name, names_[f])) position_[f] = index;
      }
    }
  }
  /// Takes columns 1, 2, … in the order of the names, up to `count`.
  void in_order(std::size_t count) {
    for (std::size_t f = 0; f < kCount; ++f) position_[f] = f < count ? f + 1 : 0;
  }
  bool has(std::size_t field) const { return position_[field] != 0; }
  std::string_view name(std::size_t field) const { return names_[field]; }

  /// The fields of a line; those that are not there are empty, with column 1.
  struct Row {
    std::array<std::string_view, kCount> text;
    std::array<std::size_t, kCount> column;
    std::size_t fields = 0;
  };
  void split(std::string_view line, Row& row) const {
    row.text.fill({});
    row.column.fill(1);
    std::string_view text;
    std::size_t column = 0;
    row.fields = 0;
    for (Splitter split(line, ','); split.next(text, column);) {
      ++row.fields;
      for (std::size_t f = 0; f < kCount; ++f) {
        if (position_[f] != row.fields) continue;
        row.text[f] = text;
        row.column[f] = column;
      }
    }
  }

  static bool equal(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
  }

 private:
  std::array<std::string_view, kCount> names_;
  std::array<std::size_t, kCount> position_{};
};

}  // namespace fleetcache::traces
