/// A pull reader over one JSON text, for trace files of one object a line: no tree, no heap, and
/// the column of every fault. Configuration files are read elsewhere, with a real library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/traces/number.hpp"

namespace fleetcache::traces {

/// Reads forward over `text`. Each call says whether it succeeded; after the first failure
/// `fault()` says what was wrong at `column()`, and the cursor must not be used further.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : text_(text) {}

  /// Takes this punctuation mark, or fails with "want X here".
  bool expect(char mark);
  /// Takes it if it comes next.
  bool accept(char mark);
  /// A string without escapes, as keys of traces are; the view points into the text.
  bool key(std::string_view& name);
  /// A string with its escapes undone (UTF-8), a number or true|false as it stands, "" for null.
  /// Fails for an object or array.
  bool scalar(std::string& value);
  /// The same for a string alone.
  bool string(std::string& value);
  /// A number as it stands, not yet interpreted.
  bool number(std::string_view& digits);
  bool unsigned_number(std::uint64_t& value);
  /// See parse_scaled.
  bool scaled_number(int digits, std::int64_t& value);
  /// Any value, passed over; at most 64 levels deep.
  bool skip_value();
  /// Nothing but blanks may be left.
  bool end();

  bool failed() const { return !fault_.empty(); }
  const std::string& fault() const { return fault_; }
  /// 1-based byte of the fault.
  std::size_t column() const { return fault_at_ + 1; }
  /// Where the next token starts (0-based).
  std::size_t position();
  /// Fails at an earlier place, with a reason of the caller's.
  bool fail_at(std::size_t position, std::string why);

 private:
  void blanks();
  bool fail(std::string why) { return fail_at(at_, std::move(why)); }
  bool string_token();
  bool word();
  bool unescape(std::size_t start, std::string_view raw, std::string& value);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t fault_at_ = 0;
  std::string fault_;
};

}  // namespace fleetcache::traces
