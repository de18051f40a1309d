#include "sim/scenario/document.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

namespace fleetcache::scenario {

std::string Place::text() const {
  std::string out = source ? source->label : "";
  if (line > 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out;
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

Node& Node::set(std::string_view key, const Place& key_place, Node value) {
  for (Member& member : members) {
    if (member.key != key) continue;
    member.place = key_place;
    member.value = std::move(value);
    return member.value;
  }
  members.push_back(Member{std::string(key), key_place, std::move(value)});
  return members.back().value;
}

void Node::erase(std::string_view key) {
  std::erase_if(members, [&](const Member& member) { return member.key == key; });
}

std::string quoted(const Node& node) {
  constexpr std::size_t kLongest = 60;
  if (node.kind == Node::Kind::kObject) return node.members.empty() ? "{}" : "{...}";
  if (node.kind == Node::Kind::kList) return node.items.empty() ? "[]" : "[...]";
  if (node.kind == Node::Kind::kNull) return "null";
  if (!node.is_string()) return node.text.substr(0, kLongest);
  const bool cut = node.text.size() > kLongest;
  return nlohmann::json(node.text.substr(0, kLongest))
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
         (cut ? "..." : "");
}

namespace {

/// {"value": "200Gbps", "kind": ...}: one value, whose pedigree must not mix with another's.
bool is_annotated(const Node& node) {
  const Node* value = node.find("value");
  return value != nullptr && !value->is_object() && value->kind != Node::Kind::kList;
}

}  // namespace

Node merge(Node base, const Node& top) {
  if (!top.is_object() || is_annotated(top)) return top;
  if (base.is_string() && base.text.rfind("preset:", 0) == 0) {
    Node extended;
    extended.kind = Node::Kind::kObject;
    extended.place = base.place;
    const Place place = base.place;
    extended.set("extends", place, std::move(base));
    base = std::move(extended);
  }
  if (!base.is_object()) {
    base = Node{};
    base.kind = Node::Kind::kObject;
  }
  base.place = top.place;
  for (const Member& member : top.members) {
    if (member.value.kind == Node::Kind::kNull && base.find(member.key) != nullptr) {
      base.erase(member.key);
    } else if (Node* old = base.find(member.key)) {
      *old = merge(std::move(*old), member.value);
    } else {
      base.set(member.key, member.place, member.value);
    }
  }
  return base;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (lead == 0xe0) low = 0xa0;
  if (lead == 0xed) high = 0x9f;
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  if (length == 0 || text.size() < length) return 0;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xbf) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: rows i-2, i-1 and i of the table.
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

namespace {

/// True when the word is one of the parts of a longer name, a slip apart: "smaples" in
/// "samples_per_step".
bool near_part(std::string_view word, std::string_view name) {
  constexpr std::size_t kShortest = 5;
  if (word.size() < kShortest) return false;
  for (std::size_t start = 0; start < name.size();) {
    const std::size_t end = std::min(name.find('_', start), name.size());
    const std::string_view part = name.substr(start, end - start);
    if (part.size() >= kShortest && edit_distance(word, part) <= 1) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestWord = 200;
  if (word.size() > kLongestWord) return "";
  std::size_t best = std::max<std::size_t>(2, word.size() / 3) + 1;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    std::size_t distance = edit_distance(word, candidate);
    // A part of the right word is near, however short it is: "nvme" of "nvme_read".
    const bool part = (word.size() >= 3 && candidate.find(word) != std::string::npos) ||
                      near_part(word, candidate);
    if (part) distance = std::min<std::size_t>(distance, 2);
    if (distance >= best) continue;
    best = distance;
    nearest = &candidate;
  }
  return nearest == nullptr ? "" : "did you mean \"" + *nearest + "\"?";
}

}  // namespace fleetcache::scenario
