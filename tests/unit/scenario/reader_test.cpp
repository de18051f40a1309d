#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "sim/scenario/document.hpp"

using namespace fleetcache;
using namespace fleetcache::scenario;

namespace {

std::shared_ptr<const Source> file(const std::string& name) {
  return std::make_shared<const Source>(Source{Source::Kind::kFile, name, ""});
}
Result<Node> json(const std::string& text) { return read_json(text, file("a.json")); }
Result<Node> yaml(const std::string& text) { return read_yaml(text, file("a.yaml")); }
std::string error(const Result<Node>& result) {
  return result.ok() ? "no error" : result.error().text();
}

}  // namespace

TEST_CASE("JSON values know the line and column where they start") {
  const auto root = json("// head\n{\n  \"é\": 1, \"b\": [\n    true,\n    \"x\"]\n}\n");
  REQUIRE(root.ok());
  CHECK(root->find("é")->place.text() == "a.json:3:8");  // columns count characters, not bytes
  CHECK(root->members[1].place.text() == "a.json:3:11");
  CHECK(root->find("b")->items[1].place.text() == "a.json:5:5");
}

TEST_CASE("JSON errors say what and where") {
  CHECK(error(json("{\"a\": 1, \"a\": 2}")) == "a.json:1:10: duplicate key \"a\"");
  CHECK(error(json("{\n  \"a\": 1,\n}")) == "a.json:2:9: trailing comma before '}'");
  CHECK(error(json("[1,]")) == "a.json:1:3: trailing comma before ']'");
  CHECK(error(json("")) == "a.json:1:1: the file is empty; want an object { ... }");
  CHECK(error(json("// only\n")).find("the file is empty") != std::string::npos);
  CHECK(error(json("{\"a\": {\"b\": 1}")) == "a.json:1:15: expected ',' or '}', found end of file");
  CHECK(error(json("{\"a")) == "a.json:1:2: the string is not closed");
  CHECK(error(json("{\"a\": NaN}")) == "a.json:1:7: value NaN: is not a finite number");
  CHECK(error(json("{\"a\": 12TB}")).find("double quotes, e.g. \"12TB\"") != std::string::npos);
  CHECK(error(json("{a: 1}")) == "a.json:1:2: expected a key in double quotes, found 'a'");
  CHECK(error(json("{} {}")) == "a.json:1:4: unexpected '{' after the end of the document");
  CHECK(error(json("/* x")) == "a.json:1:1: the comment /* is not closed");
  CHECK(error(json("{\"a\": 010}")) == "a.json:1:7: bad number: a leading 0");
  CHECK(error(json("\"\xff\"")) == "a.json:1:2: byte 0xff is not UTF-8 text");
  CHECK(error(json(std::string(70, '['))).find("deeper than 64") != std::string::npos);
}

TEST_CASE("the JSON reader takes what nlohmann::json takes, but for duplicates") {
  for (const char* text : {"0",
                           "-0",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "1E+2",
                           "01",
                           "1.5e-3",
                           "\"\\u00e9\"",
                           "\"\\ud83d\"",
                           "\"\\ud83d\\ude00\"",
                           "\"\\x\"",
                           "\"\t\"",
                           "[]",
                           "[1 2]",
                           "{}",
                           "{\"a\":}",
                           "{\"a\" 1}",
                           "tru",
                           "true",
                           "null",
                           "nul",
                           "[1,[2,[3]]]",
                           "\"\\u12\"",
                           "/**/1",
                           "//x\n1",
                           "/",
                           "1/**/",
                           "\xef\xbb\xbf{}",
                           "\"\xc3\xa9\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"",
                           "\"\xc0\x80\"",
                           "[\"a\",]",
                           "-1e5"}) {
    CAPTURE(text);
    const bool theirs = nlohmann::json::accept(std::string(text), true);
    CHECK(json(text).ok() == theirs);
  }
}

TEST_CASE("YAML indented with a tab is told so") {
  for (const char* text : {"a:\n\tb: 1\n", "a:\n  b: 1\n\tc: 2\n"}) {
    CAPTURE(error(yaml(text)));
    CHECK(error(yaml(text)).find("is indented with a tab") != std::string::npos);
  }
  CHECK(error(yaml("a: [1\nb: 2\n")).find("tab") == std::string::npos);
}

TEST_CASE("YAML scalars mean what JSON says they mean") {
  const auto root = yaml(
      "a: 010\nb: yes\nc: 1.5e3\nd: true\ne: '7'\nf: 12TB\ng: ~\nh: null\ni: 0x10\nj: -3\nk: [1, "
      "x]\n");
  REQUIRE_MESSAGE(root.ok(), error(root));
  const auto kind = [&](const char* key) { return root->find(key)->kind; };
  CHECK(kind("a") == Node::Kind::kString);  // YAML 1.1 would say 8
  CHECK(kind("b") == Node::Kind::kString);  // YAML 1.1 would say true
  CHECK(kind("c") == Node::Kind::kNumber);
  CHECK(kind("d") == Node::Kind::kBool);
  CHECK(kind("e") == Node::Kind::kString);
  CHECK(kind("f") == Node::Kind::kString);
  CHECK(kind("h") == Node::Kind::kNull);
  CHECK(kind("i") == Node::Kind::kString);
  CHECK(kind("j") == Node::Kind::kNumber);
  CHECK(root->find("k")->items[1].place.text() == "a.yaml:11:8");
}

TEST_CASE("YAML errors say what and where") {
  CHECK(error(yaml("a: 1\nb: 2\na: 3\n")) == "a.yaml:3:1: duplicate key \"a\"");
  CHECK(error(yaml("")).find("the file is empty") != std::string::npos);
  CHECK(error(yaml("a: [1\n")).find("a.yaml:") == 0);
  CHECK(error(yaml("a: 1\n---\nb: 2\n")).find("more than one YAML document") != std::string::npos);
  CHECK(error(yaml("a: !!int 3\n")).find("tags") != std::string::npos);
  CHECK(error(yaml("? [1]\n: 2\n")).find("a key must be") != std::string::npos);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 1; j < 8; ++j) bomb += ", " + last;
    bomb += "]\n";
  }
  CHECK(error(yaml(bomb)).find("more than a million values") != std::string::npos);
}

TEST_CASE("merging overlays objects, replaces the rest, and null removes") {
  const auto base = json(R"({"a": {"x": 1, "y": 2}, "b": [1, 2], "c": "preset:n", "d": 1,
                             "e": {"value": "1B", "source": "s"}})");
  const auto top =
      json(R"({"a": {"y": 3}, "b": [9], "c": {"k": 1}, "d": null, "e": {"value": "2B"}})");
  const Node merged = merge(*base, *top);
  CHECK(merged.find("a")->find("x")->text == "1");
  CHECK(merged.find("a")->find("y")->text == "3");
  CHECK(merged.find("b")->items.size() == 1);
  CHECK(merged.find("c")->find("extends")->text == "preset:n");
  CHECK(merged.find("d") == nullptr);
  CHECK(merged.find("e")->find("source") == nullptr);  // another value's source is no source
}

TEST_CASE("the nearest word is found by insertions, deletions, replacements and swaps") {
  CHECK(edit_distance("horizon", "horizno") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(did_you_mean("egres", {"ingress", "egress"}) == "did you mean \"egress\"?");
  CHECK(did_you_mean("zzz", {"ingress", "egress"}).empty());
}
