/// YAML into the same tree as JSON. yaml-cpp 0.7 keeps duplicate keys and has its own ideas of what
/// a scalar means; here duplicates are errors and only JSON's literals are anything but strings.
#include <yaml-cpp/yaml.h>

#include <set>

#include "sim/scenario/document.hpp"

namespace fleetcache::scenario {
namespace {

/// True for the number grammar of RFC 8259: no leading zero, no '+', a digit on both sides of '.'.
bool is_json_number(std::string_view text) {
  std::size_t i = text.substr(0, 1) == "-" ? 1 : 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
  };
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

class Converter {
 public:
  explicit Converter(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

  bool convert(const YAML::Node& from, Node& to, int depth) {
    // Aliases make small files large: what they unfold to is bounded too.
    constexpr std::size_t kMaxNodes = 1'000'000;
    to.place = place(from.Mark());
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
      return fail(to.place, depth > kMaxDepth ? "nested deeper than 64 levels"
                                              : "more than a million values");
    }
    const std::string& tag = from.Tag();
    if (!tag.empty() && tag != "?" && tag != "!")
      return fail(to.place, "tags (" + tag + ") are not read");
    if (from.IsNull()) return scalar("null", false, to);
    if (from.IsScalar()) return scalar(from.Scalar(), tag == "!", to);
    if (from.IsSequence()) return list(from, to, depth);
    if (from.IsMap()) return object(from, to, depth);
    return fail(to.place, "an undefined value");
  }

  const Error& error() const { return error_; }

 private:
  Place place(const YAML::Mark& mark) const {
    return Place{source_, static_cast<std::uint32_t>(mark.line + 1),
                 static_cast<std::uint32_t>(mark.column + 1)};
  }

  bool fail(const Place& where, std::string what) {
    error_ = Error{where.text(), std::move(what)};
    return false;
  }

  static bool scalar(const std::string& text, bool quoted_scalar, Node& to) {
    to.text = text;
    to.kind = Node::Kind::kString;
    if (quoted_scalar) return true;
    if (text == "null") {
      to.kind = Node::Kind::kNull;
      to.text.clear();
    }
    if (text == "true" || text == "false") to.kind = Node::Kind::kBool;
    if (is_json_number(text)) to.kind = Node::Kind::kNumber;
    return true;
  }

  bool list(const YAML::Node& from, Node& to, int depth) {
    to.kind = Node::Kind::kList;
    for (const YAML::Node& item : from) {
      to.items.emplace_back();
      if (!convert(item, to.items.back(), depth + 1)) return false;
    }
    return true;
  }

  bool object(const YAML::Node& from, Node& to, int depth) {
    to.kind = Node::Kind::kObject;
    std::set<std::string> seen;
    for (const auto& entry : from) {
      Member member;
      member.place = place(entry.first.Mark());
      if (!entry.first.IsScalar())
        return fail(member.place, "a key must be a plain word or a string");
      member.key = entry.first.Scalar();
      if (!seen.insert(member.key).second) {
        return fail(member.place, "duplicate key \"" + member.key + "\"");
      }
      if (!convert(entry.second, member.value, depth + 1)) return false;
      to.members.push_back(std::move(member));
    }
    return true;
  }

  std::shared_ptr<const Source> source_;
  std::size_t nodes_ = 0;
  Error error_;
};

}  // namespace

Result<Node> read_yaml(std::string_view text, const std::shared_ptr<const Source>& source) {
  if (text.size() > kMaxFileBytes) {
    return Error{source->label, "is larger than 16 MiB, too large for a scenario"};
  }
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty() || (documents.size() == 1 && documents[0].IsNull())) {
      return Error{source->label + ":1:1", "the file is empty; want keys and values"};
    }
    if (documents.size() > 1) {
      return Error{source->label,
                   "holds " + std::to_string(documents.size()) + " YAML documents; want one"};
    }
    Node root;
    Converter converter(source);
    if (!converter.convert(documents[0], root, 0)) return converter.error();
    return root;
  } catch (const YAML::Exception& e) {
    const Place where{source, static_cast<std::uint32_t>(e.mark.line + 1),
                      static_cast<std::uint32_t>(e.mark.column + 1)};
    return Error{where.text(), e.msg};
  } catch (const std::exception& e) {
    return Error{source->label, std::string("cannot be read as YAML: ") + e.what()};
  }
}

}  // namespace fleetcache::scenario
