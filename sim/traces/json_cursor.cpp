#include "sim/traces/json_cursor.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace fleetcache::traces {

namespace {

bool hex4(std::string_view text, unsigned& code) {
  if (text.size() < 4) return false;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + 4, code, 16);
  return error == std::errc() && stop == text.data() + 4;
}

/// A UTF-16 unit as UTF-8. Halves of pairs are kept apart (three bytes each): names stay distinct.
void append_utf8(unsigned code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
  }
  out += static_cast<char>(0x80 | (code & 0x3f));
}

}  // namespace

void JsonCursor::blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
}

std::size_t JsonCursor::position() {
  blanks();
  return at_;
}

bool JsonCursor::fail_at(std::size_t position, std::string why) {
  fault_at_ = position;
  fault_ = std::move(why);
  return false;
}

bool JsonCursor::accept(char mark) {
  blanks();
  if (at_ >= text_.size() || text_[at_] != mark) return false;
  ++at_;
  return true;
}

bool JsonCursor::expect(char mark) {
  if (accept(mark)) return true;
  if (at_ >= text_.size())
    return fail(std::string("the line ends where \"") + mark + "\" should be");
  return fail(std::string("want \"") + mark + "\" here, not " + quoted(text_.substr(at_, 1)));
}

bool JsonCursor::string_token() {
  if (!expect('"')) return false;
  const std::size_t start = at_ - 1;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\') {
      ++at_;
    } else if (text_[at_] == '"') {
      ++at_;
      return true;
    }
  }
  return fail_at(start, "the line ends inside a string");
}

bool JsonCursor::key(std::string_view& name) {
  blanks();
  const std::size_t start = at_;
  if (!string_token()) return false;
  name = text_.substr(start + 1, at_ - start - 2);
  return true;
}

bool JsonCursor::number(std::string_view& digits) {
  blanks();
  std::size_t end = at_;
  while (end < text_.size() && text_[end] != ',' && text_[end] != ']' && text_[end] != '}' &&
         text_[end] != ' ' && text_[end] != '\t') {
    ++end;
  }
  digits = text_.substr(at_, end - at_);
  if (digits.empty()) return fail("a number is missing here");
  at_ = end;
  return true;
}

bool JsonCursor::unsigned_number(std::uint64_t& value) {
  const std::size_t start = position();
  std::string_view digits;
  if (!number(digits)) return false;
  const NumberFault fault = parse_unsigned(digits, value);
  return fault == NumberFault::kOk || fail_at(start, describe(fault, digits));
}

bool JsonCursor::scaled_number(int scale, std::int64_t& value) {
  const std::size_t start = position();
  std::string_view digits;
  if (!number(digits)) return false;
  const NumberFault fault = parse_scaled(digits, scale, value);
  return fault == NumberFault::kOk || fail_at(start, describe(fault, digits));
}

bool JsonCursor::word() {
  const std::size_t start = at_;
  std::string_view token;
  if (!number(token)) return false;
  const bool known = token == "true" || token == "false" || token == "null" ||
                     token.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  return known || fail_at(start, quoted(token) + " is no JSON value");
}

bool JsonCursor::string(std::string& value) {
  blanks();
  const std::size_t start = at_;
  if (!string_token()) return false;
  return unescape(start, text_.substr(start + 1, at_ - start - 2), value);
}

bool JsonCursor::scalar(std::string& value) {
  if (position() < text_.size() && text_[at_] == '"') return string(value);
  const std::size_t start = at_;
  if (!word()) return false;
  value = text_.substr(start, at_ - start);
  if (value == "null") value.clear();
  return true;
}

bool JsonCursor::unescape(std::size_t start, std::string_view raw, std::string& value) {
  value.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') {
      value += raw[i];
      continue;
    }
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const char mark = i + 1 < raw.size() ? raw[++i] : '\0';
    const std::size_t which = kFrom.find(mark);
    unsigned code = 0;
    if (which != std::string_view::npos) {
      value += kTo[which];
    } else if (mark == 'u' && hex4(raw.substr(std::min(i + 1, raw.size())), code)) {
      i += 4;
      append_utf8(code, value);
    } else {
      return fail_at(start + i, "no such escape in a JSON string: \\" + std::string(1, mark));
    }
  }
  return true;
}

bool JsonCursor::skip_value() {
  std::array<char, 64> closers{};
  std::size_t depth = 0;
  for (bool want_value = true;;) {
    if (want_value) {
      if (accept('{') || accept('[')) {
        if (depth == closers.size()) return fail("values nest more than 64 deep");
        closers[depth++] = text_[at_ - 1] == '{' ? '}' : ']';
        if (accept(closers[depth - 1])) {
          --depth;
          want_value = false;
        }
      } else {
        const bool is_string = position() < text_.size() && text_[at_] == '"';
        if (!(is_string ? string_token() : word())) return false;
        want_value = false;
      }
      if (want_value && closers[depth - 1] == '}' && !(string_token() && expect(':'))) return false;
      continue;
    }
    if (depth == 0) return true;
    if (accept(closers[depth - 1])) {
      --depth;
    } else if (!expect(',')) {
      return false;
    } else {
      if (closers[depth - 1] == '}' && !(string_token() && expect(':'))) return false;
      want_value = true;
    }
  }
}

bool JsonCursor::end() {
  if (position() == text_.size()) return true;
  return fail("text follows the object: " + quoted(text_.substr(at_)));
}

}  // namespace fleetcache::traces
