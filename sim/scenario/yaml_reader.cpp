/// YAML into the same tree as JSON. yaml-cpp 0.7 keeps duplicate keys and has its own ideas of what
/// a scalar means; here duplicates are errors and only JSON's literals are anything but strings.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <sstream>

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

struct Refused {
  Error error;
};

std::size_t values_in(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items) count += values_in(item);
  for (const Member& member : node.members) count += values_in(member.value);
  return count;
}

/// Builds the tree from the parser's events: yaml-cpp's own nodes lose duplicate keys, and its
/// loader of documents does not end on a stray bracket.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::shared_ptr<const Source> source) : source_(std::move(source)) {}

  Node root;
  bool started = false;

  void OnDocumentStart(const YAML::Mark&) override { started = true; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    scalar(mark, "null", false, anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    scalar(mark, value, tag == "!", anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias of a value that is not complete");
    if (awaits_key()) refuse(mark, "a key must be a plain word or a string");
    values_ += values_in(found->second);
    add(mark, found->second, 0);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Node::Kind::kList);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, anchor, Node::Kind::kObject);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    Node node;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    Member member;  ///< of a map: the key that waits for its value
    std::set<std::string> seen;
  };

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string what) const {
    throw Refused{Error{place(mark).text(), std::move(what)}};
  }

  Place place(const YAML::Mark& mark) const {
    return Place{source_, static_cast<std::uint32_t>(mark.line + 1),
                 static_cast<std::uint32_t>(mark.column + 1)};
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags (" + tag + ") are not read");
  }

  bool awaits_key() const {
    return !stack_.empty() && stack_.back().node.is_object() && !stack_.back().has_key;
  }

  void scalar(const YAML::Mark& mark, const std::string& text, bool quoted_scalar,
              YAML::anchor_t anchor) {
    if (!is_utf8(text)) refuse(mark, "the text is not UTF-8");
    if (awaits_key()) {
      Frame& frame = stack_.back();
      frame.member = Member{text, place(mark), {}};
      frame.has_key = true;
      if (!frame.seen.insert(text).second) refuse(mark, "duplicate key \"" + text + "\"");
      return;
    }
    Node node;
    node.place = place(mark);
    node.text = text;
    node.kind = Node::Kind::kString;
    if (!quoted_scalar && text == "null") {
      node.kind = Node::Kind::kNull;
      node.text.clear();
    }
    if (!quoted_scalar && (text == "true" || text == "false")) node.kind = Node::Kind::kBool;
    if (!quoted_scalar && is_json_number(text)) node.kind = Node::Kind::kNumber;
    add(mark, std::move(node), anchor);
  }

  void start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
             Node::Kind kind) {
    check_tag(mark, tag);
    if (awaits_key()) refuse(mark, "a key must be a plain word or a string");
    if (stack_.size() > static_cast<std::size_t>(kMaxDepth)) {
      refuse(mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place(mark);
    frame.mark = mark;
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }

  void end() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    add(frame.mark, std::move(frame.node), frame.anchor);
  }

  void add(const YAML::Mark& mark, Node node, YAML::anchor_t anchor) {
    // Aliases make small files large: what they unfold to is bounded too.
    constexpr std::size_t kMaxValues = 1'000'000;
    if (++values_ > kMaxValues) refuse(mark, "more than a million values");
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root = std::move(node);
    } else if (stack_.back().node.is_object()) {
      Frame& frame = stack_.back();
      frame.member.value = std::move(node);
      frame.node.members.push_back(std::move(frame.member));
      frame.has_key = false;
    } else {
      stack_.back().node.items.push_back(std::move(node));
    }
  }

  std::shared_ptr<const Source> source_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t values_ = 0;
};

/// YAML refuses tabs as indentation, and the parser stops there or soon after with other words: the
/// hint to add when there is such a tab up to the line after the fault, else empty.
std::string about_tabs(std::string_view text, const Place& fault) {
  std::uint32_t line = 1;
  while (line <= fault.line + 1) {
    const std::size_t indent = text.find_first_not_of(' ');
    if (indent != std::string_view::npos && text[indent] == '\t') {
      return " (line " + std::to_string(line) + " is indented with a tab; YAML wants spaces)";
    }
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    ++line;
  }
  return "";
}

}  // namespace

Result<Node> read_yaml(std::string_view text, const std::shared_ptr<const Source>& source) {
  if (text.size() > kMaxFileBytes) {
    return Error{source->label, "is larger than 16 MiB, too large for a scenario"};
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    Builder document(source);
    parser.HandleNextDocument(document);
    if (!document.started || document.root.kind == Node::Kind::kNull) {
      return Error{source->label + ":1:1", "the file is empty; want keys and values"};
    }
    Builder more(source);
    if (parser.HandleNextDocument(more)) {
      const std::string where = more.root.place.line > 0 ? more.root.place.text() : source->label;
      return Error{where, "more than one YAML document, or text after its end"};
    }
    return std::move(document.root);
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const YAML::Exception& e) {
    const Place where{source, static_cast<std::uint32_t>(e.mark.line + 1),
                      static_cast<std::uint32_t>(e.mark.column + 1)};
    return Error{where.text(), e.msg + about_tabs(text, where)};
  } catch (const std::exception& e) {
    return Error{source->label, std::string("cannot be read as YAML: ") + e.what()};
  }
}

}  // namespace fleetcache::scenario
