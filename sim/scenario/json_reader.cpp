/// JSON with comments into a tree with positions. nlohmann 3.11 gives no positions and takes
/// duplicate keys, so this reader is our own; tests/fuzz compares what both accept.
#include <cstdio>
#include <set>

#include "sim/scenario/document.hpp"

namespace fleetcache::scenario {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::shared_ptr<const Source>& source)
      : text_(text), source_(source) {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") offset_ = 3;
  }

  Result<Node> document() {
    Node root;
    if (!skip_space()) return error_;
    if (at_end()) return fail("the file is empty; want an object { ... }");
    if (!value(root, 0)) return error_;
    if (!skip_space()) return error_;
    if (!at_end()) return fail("unexpected " + here() + " after the end of the document");
    return root;
  }

 private:
  bool at_end() const { return offset_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[offset_]; }
  Place place() const { return Place{source_, line_, column_}; }

  /// One character on. Control of UTF-8 is in string() and in here().
  void advance() {
    const auto c = static_cast<unsigned char>(text_[offset_++]);
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if (c < 0x80 || c >= 0xc0) {  // a continuation byte is no column of its own
      ++column_;
    }
  }

  Error fail_at(const Place& where, std::string what) {
    error_ = Error{where.text(), std::move(what)};
    return error_;
  }
  Error fail(std::string what) { return fail_at(place(), std::move(what)); }

  std::string here() const {
    if (at_end()) return "end of file";
    const auto c = static_cast<unsigned char>(peek());
    if (c < 0x20 || c >= 0x7f) {
      char buffer[16];
      std::snprintf(buffer, sizeof buffer, "byte 0x%02x", c);
      return buffer;
    }
    return std::string("'") + peek() + "'";
  }

  /// Spaces and comments. False after an unterminated comment or bad UTF-8 inside one.
  bool skip_space() {
    while (!at_end()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        advance();
      } else if (c == '/') {
        if (!comment()) return false;
      } else {
        break;
      }
    }
    return true;
  }

  bool comment() {
    const Place start = place();
    const std::string_view head = text_.substr(offset_, 2);
    if (head != "//" && head != "/*") {
      fail("unexpected '/'; a comment starts with // or /*");
      return false;
    }
    advance();
    advance();
    const bool line = head == "//";
    while (!at_end()) {
      if (line && peek() == '\n') return true;
      if (!line && text_.substr(offset_, 2) == "*/") {
        advance();
        advance();
        return true;
      }
      if (!character()) return false;
    }
    if (line) return true;
    fail_at(start, "the comment /* is not closed");
    return false;
  }

  /// One whole UTF-8 character on; false when it is not one.
  bool character() {
    const std::size_t length = peek() == '\0' ? 0 : utf8_length(text_.substr(offset_));
    if (length == 0) {
      fail(here() + " is not UTF-8 text");
      return false;
    }
    for (std::size_t i = 0; i < length; ++i) advance();
    return true;
  }

  bool value(Node& out, int depth) {
    out.place = place();
    if (depth > kMaxDepth) {
      fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
      return false;
    }
    const char c = peek();
    if (c == '{') return object(out, depth);
    if (c == '[') return list(out, depth);
    if (c == '"') {
      out.kind = Node::Kind::kString;
      return string(out.text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) return number(out);
    return word(out);
  }

  bool word(Node& out) {
    const Place start = place();
    std::string found;
    while (!at_end() && (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '_' ||
                         peek() == '.')) {
      found += peek();
      advance();
    }
    if (found == "true" || found == "false") {
      out.kind = Node::Kind::kBool;
      out.text = found;
      return true;
    }
    if (found == "null") return true;
    if (found.empty()) {
      fail("expected a value, found " + here());
    } else if (found == "NaN" || found == "Infinity" || found == "nan" || found == "inf") {
      fail_at(start, "value " + found + ": is not a finite number");
    } else {
      fail_at(start,
              "unknown word \"" + found.substr(0, 40) + "\"; strings stand in double quotes");
    }
    return false;
  }

  void digits(std::string& out) {
    while (peek() >= '0' && peek() <= '9') {
      out += peek();
      advance();
    }
  }

  bool number(Node& out) {
    out.kind = Node::Kind::kNumber;
    const auto bad = [&](const char* why) {
      fail_at(out.place, std::string("bad number: ") + why);
      return false;
    };
    const auto is_digit = [&] { return peek() >= '0' && peek() <= '9'; };
    if (peek() == '-') {
      out.text += '-';
      advance();
    }
    if (!is_digit()) return bad("a digit must follow '-'");
    const bool zero = peek() == '0';
    const std::size_t first = out.text.size();
    digits(out.text);
    if (zero && out.text.size() - first > 1) return bad("a leading 0");
    if (peek() == '.') {
      out.text += '.';
      advance();
      if (!is_digit()) return bad("a digit must follow '.'");
      digits(out.text);
    }
    if (peek() == 'e' || peek() == 'E') {
      out.text += 'e';
      advance();
      if (peek() == '+' || peek() == '-') {
        out.text += peek();
        advance();
      }
      if (!is_digit()) return bad("a digit must follow the exponent");
      digits(out.text);
    }
    if (std::isalpha(static_cast<unsigned char>(peek())) != 0) {
      return bad("letters follow it; a value with a unit stands in double quotes, e.g. \"12TB\"");
    }
    return true;
  }

  bool string(std::string& out) {
    const Place start = place();
    advance();
    while (true) {
      if (at_end()) {
        fail_at(start, "the string is not closed");
        return false;
      }
      const auto c = static_cast<unsigned char>(peek());
      if (c == '"') {
        advance();
        return true;
      }
      if (c == '\n') {
        fail_at(start, "the string is not closed on its line");
        return false;
      }
      if (c < 0x20) {
        fail("a control character in a string must be escaped");
        return false;
      }
      if (c == '\\') {
        if (!escape(out)) return false;
        continue;
      }
      const std::size_t before = offset_;
      if (!character()) return false;
      out += text_.substr(before, offset_ - before);
    }
  }

  bool hex4(std::uint32_t& code) {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = peek();
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<std::uint32_t>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<std::uint32_t>(c - 'A') + 10;
      } else {
        fail("\\u needs four hexadecimal digits");
        return false;
      }
      code = code * 16 + digit;
      advance();
    }
    return true;
  }

  bool escape(std::string& out) {
    const Place start = place();
    advance();
    const std::string_view from = "\"\\/bfnrt";
    const std::string_view to = "\"\\/\b\f\n\r\t";
    const std::size_t at = at_end() ? std::string_view::npos : from.find(peek());
    if (at != std::string_view::npos) {
      out += to[at];
      advance();
      return true;
    }
    if (peek() != 'u') {
      fail_at(start, "unknown escape in a string");
      return false;
    }
    advance();
    std::uint32_t code = 0;
    if (!hex4(code)) return false;
    if (code >= 0xd800 && code <= 0xdbff) {
      std::uint32_t low = 0;
      if (text_.substr(offset_, 2) == "\\u") {
        advance();
        advance();
        if (!hex4(low)) return false;
      }
      if (low < 0xdc00 || low > 0xdfff) {
        fail_at(start, "half of a surrogate pair");
        return false;
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
      fail_at(start, "half of a surrogate pair");
      return false;
    }
    append_utf8(out, code);
    return true;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
      put(0xe0 | (code >> 12));
      put(0x80 | ((code >> 6) & 0x3f));
    } else {
      put(0xf0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3f));
      put(0x80 | ((code >> 6) & 0x3f));
    }
    put(0x80 | (code & 0x3f));
  }

  /// After a value of a container: ',' and more, or the closing bracket. False on an error.
  bool more(char close, bool& again) {
    if (!skip_space()) return false;
    if (peek() == close && !at_end()) {
      advance();
      again = false;
      return true;
    }
    if (peek() != ',' || at_end()) {
      fail(std::string("expected ',' or '") + close + "', found " + here());
      return false;
    }
    const Place comma = place();
    advance();
    if (!skip_space()) return false;
    if (peek() == close) {
      fail_at(comma, std::string("trailing comma before '") + close + "'");
      return false;
    }
    again = true;
    return true;
  }

  bool list(Node& out, int depth) {
    out.kind = Node::Kind::kList;
    advance();
    if (!skip_space()) return false;
    if (peek() == ']') {
      advance();
      return true;
    }
    for (bool again = true; again;) {
      out.items.emplace_back();
      if (!value(out.items.back(), depth + 1) || !more(']', again)) return false;
    }
    return true;
  }

  bool object(Node& out, int depth) {
    out.kind = Node::Kind::kObject;
    advance();
    if (!skip_space()) return false;
    if (peek() == '}') {
      advance();
      return true;
    }
    std::set<std::string> seen;
    for (bool again = true; again;) {
      Member member;
      member.place = place();
      if (peek() != '"' || at_end()) {
        fail("expected a key in double quotes, found " + here());
        return false;
      }
      if (!string(member.key)) return false;
      if (!seen.insert(member.key).second) {
        fail_at(member.place, "duplicate key \"" + member.key + "\"");
        return false;
      }
      if (!skip_space()) return false;
      if (peek() != ':' || at_end()) {
        fail("expected ':' after the key, found " + here());
        return false;
      }
      advance();
      if (!skip_space() || !value(member.value, depth + 1)) return false;
      out.members.push_back(std::move(member));
      if (!more('}', again)) return false;
    }
    return true;
  }

  std::string_view text_;
  std::shared_ptr<const Source> source_;
  std::size_t offset_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
  Error error_;
};

}  // namespace

Result<Node> read_json(std::string_view text, const std::shared_ptr<const Source>& source) {
  if (text.size() > kMaxFileBytes) {
    return Error{source->label, "is larger than 16 MiB, too large for a scenario"};
  }
  return Reader(text, source).document();
}

}  // namespace fleetcache::scenario
