// Reads the tree: who may include what (docs/architecture.md), line length, banned names, header
// guards. Every rule is tried on planted lines first, so that a rule that cannot fail shows.

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

bool starts(const std::string& text, const std::string& prefix) {
  return text.rfind(prefix, 0) == 0;
}

bool starts_with_any(const std::string& text, const Strings& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return starts(text, prefix); });
}

/// What the files under a folder may include, besides the standard library and their own folder.
/// The longest folder that fits a file rules it.
struct Allowance {
  std::string folder;
  Strings includes;
};

const std::vector<Allowance>& allowances() {
  static const std::vector<Allowance> table = {
      {"policies/", {}},
      // C headers, as C hosts read them; the loader of plugins is the one part that asks the
      // system.
      {"policies/abi/", {"policies/", "stddef.h", "stdint.h", "fcp_", "fleetcache_policy.h"}},
      {"policies/conformance/",
       {"policies/base/", "stddef.h", "stdint.h", "fcp_", "fleetcache_policy.h"}},
      {"policies/abi/plugin_loader",
       {"policies/", "fcp_", "dlfcn.h", "sys/", "unistd.h", "fcntl.h"}},
      {"models/", {"policies/base/", "Eigen/"}},
      {"topologies/", {"policies/base/", "boost/"}},
      {"configs/", {}},
      {"analysis/", {"policies/base/", "models/", "Eigen/", "boost/math/"}},
      {"analysis/io/", {"policies/base/", "models/", "analysis/", "nlohmann/"}},
      {"sim/scenario/",
       {"policies/", "models/", "topologies/", "configs/", "nlohmann/", "valijson/", "yaml-cpp/"}},
      {"sim/traces/",
       {"policies/", "models/sampling/", "zstd.h", "nlohmann/", "fcntl.h", "unistd.h", "sys/",
        "time.h"}},
      {"sim/engine/", {"policies/base/", "simgrid/", "xbt/"}},
      {"sim/probes/", {"policies/base/", "models/"}},
      {"sim/events/", {"policies/base/", "models/", "topologies/", "sim/scenario/"}},
      {"sim/world/",
       {"policies/", "models/", "topologies/", "sim/scenario/", "sim/events/", "sim/engine/",
        "sim/probes/", "sim/traces/"}},
      {"sim/analytic/",
       {"policies/", "models/", "topologies/", "sim/scenario/", "sim/events/", "sim/probes/",
        "sim/traces/"}},
      {"sim/validation/",
       {"policies/", "models/", "topologies/", "sim/scenario/", "sim/events/", "sim/engine/",
        "sim/probes/", "sim/traces/", "sim/world/", "sim/analytic/", "analysis/"}},
      {"sim/cli/",
       {"policies/", "models/", "topologies/", "analysis/", "sim/", "nlohmann/", "CLI/", "unistd.h",
        "fcntl.h", "time.h", "poll.h", "spawn.h", "sys/"}},
  };
  return table;
}

/// A name that may not appear in a line of code, but for files under `except`.
struct Ban {
  std::string name;
  std::string why;
  Strings except;
};

const std::vector<Ban>& bans() {
  static const std::vector<Ban> table = {
      {"Actor::create", "no SimGrid actors: one costs a stack and a context switch", {}},
      {"io_init", "no SimGrid disks: a disk is a link", {}},
      {"FATPIPE", "no FATPIPE links: they cost the solver and cap wrongly", {"sim/engine/"}},
      {"unordered_map",
       "unordered iteration may reach a result",
       {"tests/bench/", "tests/contract/"}},
      {"unordered_set",
       "unordered iteration may reach a result",
       {"tests/bench/", "tests/contract/"}},
      {"rand(", "not ours, not seeded: policies/base/rng.hpp", {}},
      {"random_device", "not reproducible: policies/base/rng.hpp", {}},
      {"_distribution<",
       "differs with the library: policies/base/rng.hpp",
       {"tests/unit/analysis/", "tests/unit/traces/"}},
      {"mt19937", "not counter-based: policies/base/rng.hpp", {"tests/"}},
      {"system_clock", "no wall clock outside the command line", {"sim/cli/"}},
      {"steady_clock",
       "no clock in what decides or computes",
       {"sim/cli/", "sim/world/world.cpp", "sim/world/progress", "sim/traces/", "tests/"}},
      {"using namespace std", "names stay qualified", {}},
      {"std::pow(", "differs with the processor: policies/base/math.hpp", {"tests/"}},
      {"std::exp(", "differs with the processor: policies/base/math.hpp", {"tests/"}},
      {"std::log(", "differs with the processor: policies/base/math.hpp", {"tests/"}},
      {"std::exp2(", "differs with the processor: policies/base/math.hpp", {"tests/"}},
      {"std::log2(", "differs with the processor: policies/base/math.hpp", {"tests/"}},
      {"-ffast-math", "results depend on it", {}},
      {"-march=native", "results depend on it", {}},
  };
  return table;
}

/// Code without its comment and without string literals.
std::string code_of(const std::string& line) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '/' && i + 1 < line.size() && line[i + 1] == '/') {
      break;
    } else if (!quoted) {
      out += c;
    }
  }
  return out;
}

bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// `name` as a word of its own: "rand(" is not in "operand(".
bool uses(const std::string& code, const std::string& name) {
  for (auto at = code.find(name); at != std::string::npos; at = code.find(name, at + 1)) {
    if (at == 0 || !is_word(name[0]) || !is_word(code[at - 1]) || name[0] == '_') return true;
  }
  return false;
}

std::string included(const std::string& line) {
  const auto hash = line.find_first_not_of(' ');
  if (hash == std::string::npos || !starts(line.substr(hash), "#include")) return "";
  const auto open = line.find_first_of("\"<");
  const auto close = line.find_first_of("\">", open + 1);
  if (open == std::string::npos || close == std::string::npos) return "";
  return line.substr(open + 1, close - open - 1);
}

/// Headers of the standard library have neither a slash nor a dot.
bool is_standard(const std::string& header) {
  return header.find_first_of("/.") == std::string::npos;
}

/// What the policy core must not know, whatever the standard library offers. The ring between the
/// decision log and its writer is the one place with atomics.
bool is_unknown_to_policies(const std::string& file, const std::string& header) {
  static const Strings unknown = {"thread",  "mutex",    "condition_variable", "future", "chrono",
                                  "fstream", "iostream", "filesystem",         "random"};
  if (!starts(file, "policies/") || starts(file, "policies/abi/plugin_loader")) return false;
  if (header == "atomic") return file != "policies/log/ring.hpp";
  return std::find(unknown.begin(), unknown.end(), header) != unknown.end();
}

std::string check_include(const std::string& file, const std::string& header) {
  if (is_unknown_to_policies(file, header)) return "a policy must not know <" + header + ">";
  const Allowance* rule = nullptr;
  for (const Allowance& allowance : allowances()) {
    if (starts(file, allowance.folder) &&
        (rule == nullptr || allowance.folder.size() > rule->folder.size())) {
      rule = &allowance;
    }
  }
  if (rule == nullptr || is_standard(header) || starts(header, rule->folder) ||
      starts_with_any(header, rule->includes)) {
    return "";
  }
  return "forbidden include of " + header + " under " + rule->folder;
}

std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

Strings check_line(const std::string& file, const std::string& line) {
  Strings faults;
  // A .def list has one entry a line, however long its summary.
  const bool list = file.size() > 4 && file.substr(file.size() - 4) == ".def";
  if (!list && width(line) > 100) faults.push_back("longer than 100 columns");
  if (line.find('\t') != std::string::npos) faults.push_back("a tab");
  if (const std::string header = included(line); !header.empty()) {
    if (const std::string fault = check_include(file, header); !fault.empty()) {
      faults.push_back(fault);
    }
  }
  const std::string code = code_of(line);
  for (const Ban& ban : bans()) {
    if (uses(code, ban.name) && !starts_with_any(file, ban.except)) {
      faults.push_back("'" + ban.name + "' is banned: " + ban.why);
    }
  }
  return faults;
}

/// Faults of a text as "file:line: what".
Strings check_text(const std::string& file, const std::string& text) {
  Strings faults;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    for (const std::string& fault : check_line(file, line)) {
      faults.push_back(file + ":" + std::to_string(number) + ": " + fault);
    }
  }
  const bool header = file.size() > 4 && file.substr(file.size() - 4) == ".hpp";
  if (header && text.find("#pragma once") == std::string::npos) {
    faults.push_back(file + ":1: a header without #pragma once");
  }
  if (!text.empty() && text.back() != '\n')
    faults.push_back(file + ":" + std::to_string(number) + ": no newline at the end");
  return faults;
}

/// Every source file of the tree, sorted; generated and foreign folders apart.
Strings sources() {
  const fs::path root = FLEETCACHE_SOURCE_DIR;
  Strings files;
  for (const char* folder :
       {"policies", "models", "topologies", "configs", "analysis", "sim", "tests", "hosts"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      const Strings known = {".cpp", ".hpp", ".h", ".def"};
      if (entry.is_regular_file() &&
          std::find(known.begin(), known.end(), extension) != known.end()) {
        files.push_back(fs::relative(entry.path(), root).generic_string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read(const std::string& file) {
  std::ifstream stream(fs::path(FLEETCACHE_SOURCE_DIR) / file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool catches(const std::string& file, const std::string& line) {
  return !check_text(file, "#pragma once\n" + line + "\n").empty();
}

}  // namespace

TEST_CASE("planted forbidden includes are caught, allowed ones are not") {
  CHECK(catches("policies/eviction/lru.cpp", "#include <simgrid/s4u.hpp>"));
  CHECK(catches("policies/abi/registry.cpp", "#include <dlfcn.h>"));
  CHECK(catches("policies/base/rng.hpp", "#include \"models/statistics/quantile_sketch.hpp\""));
  CHECK(catches("models/x.cpp", "#include <nlohmann/json.hpp>"));
  CHECK(catches("models/x.cpp", "#include \"policies/eviction/eviction.hpp\""));
  CHECK(catches("analysis/verdict.cpp", "#include \"sim/probes/record.hpp\""));
  CHECK(catches("analysis/verdict.cpp", "#include <nlohmann/json.hpp>"));
  CHECK(catches("sim/world/world.cpp", "#include <simgrid/s4u.hpp>"));
  CHECK(catches("sim/world/world.cpp", "#include <CLI/CLI.hpp>"));
  CHECK(catches("sim/world/world.cpp", "#include \"analysis/result.hpp\""));
  CHECK(catches("sim/engine/engine.cpp", "#include \"sim/world/world.hpp\""));
  CHECK(catches("policies/eviction/lru.cpp", "#include <chrono>"));
  CHECK(catches("policies/eviction/lru.cpp", "#include <mutex>"));
  CHECK_FALSE(catches("policies/eviction/lru.cpp", "#include <vector>"));
  CHECK_FALSE(catches("policies/eviction/lru.cpp", "#include \"policies/base/hash.hpp\""));
  CHECK_FALSE(catches("models/x.cpp", "#include <Eigen/Dense>"));
  CHECK_FALSE(catches("analysis/io/json.cpp", "#include <nlohmann/json.hpp>"));
  CHECK_FALSE(catches("sim/engine/engine.cpp", "#include <simgrid/s4u.hpp>"));
  CHECK_FALSE(catches("sim/cli/main.cpp", "#include <CLI/CLI.hpp>"));
}

TEST_CASE("planted banned names are caught, in code and not in comments or strings") {
  for (const Ban& ban : bans()) {
    CHECK_MESSAGE(catches("topologies/x.cpp", "  auto x = std::" + ban.name + ";"), ban.name);
    CHECK_FALSE_MESSAGE(catches("topologies/x.cpp", "  int x = 0;  // " + ban.name), ban.name);
    CHECK_FALSE_MESSAGE(catches("topologies/x.cpp", "  f(\"" + ban.name + "\");"), ban.name);
  }
  CHECK_FALSE(catches("topologies/x.cpp", "  operand(x);"));
  CHECK_FALSE(catches("sim/cli/progress.cpp", "  std::chrono::system_clock::now();"));
}

TEST_CASE("planted long lines, tabs, missing guards and missing newlines are caught") {
  CHECK(catches("models/x.cpp", std::string(101, 'x')));
  CHECK_FALSE(catches("models/x.cpp", std::string(100, 'x')));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "λ";  // 200 bytes, 100 columns
  CHECK_FALSE(catches("models/x.cpp", "//" + wide.substr(4)));
  CHECK(catches("models/x.cpp", "\tint x;"));
  CHECK_FALSE(check_text("models/x.hpp", "int x;\n").empty());
  CHECK_FALSE(check_text("models/x.cpp", "int x;").empty());
  CHECK(check_text("models/x.cpp", "int x;\n").empty());
  CHECK(check_text("models/x.cpp", "a\n" + std::string(101, 'x') + "\n").front() ==
        "models/x.cpp:2: longer than 100 columns");
}

TEST_CASE("the tree keeps its rules") {
  const Strings files = sources();
  REQUIRE(files.size() > 20);
  for (const std::string& file : files) {
    for (const std::string& fault : check_text(file, read(file))) FAIL_CHECK(fault);
  }
}

TEST_CASE("every folder says what it is") {
  for (const char* folder :
       {"policies", "models", "topologies", "analysis", "configs", "sim/scenario", "sim/traces",
        "sim/engine", "sim/probes", "sim/world", "sim/analytic", "sim/validation", "sim/cli"}) {
    const std::string readme = read(std::string(folder) + "/README.md");
    CHECK_MESSAGE(!readme.empty(), std::string(folder) << "/README.md is missing");
    CHECK_MESSAGE(std::count(readme.begin(), readme.end(), '\n') <= 70,
                  std::string(folder) << "/README.md is longer than a page");
  }
}
