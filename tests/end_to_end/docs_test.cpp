// Every console block of a page is run and must print what the page says. Blocks look like
//
//     ```console
//     $ fleetcache trace replay conversation_trace.jsonl.zst --policy lru --capacity 10000
//     what it prints on standard output
//     ```
//
// in a folder that holds the recorded traces by name; a line "..." stands for any lines. A page
// whose traces are not there is skipped, and says so. With FLEETCACHE_UPDATE_DOCS set the pages are
// rewritten instead: look at the difference before you commit it.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/end_to_end/binary.hpp"

using namespace fleetcache::test;
namespace fs = std::filesystem;

namespace {

struct Command {
  std::string line;       ///< as given to a shell
  std::string expected;   ///< lines until the next command or the end of the block
  std::size_t first = 0;  ///< line numbers of the expected text within the page
  std::size_t last = 0;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Command> commands_of(const std::vector<std::string>& page) {
  std::vector<Command> commands;
  bool inside = false;
  bool continued = false;
  for (std::size_t k = 0; k < page.size(); ++k) {
    const std::string& line = page[k];
    if (line.rfind("```", 0) == 0) {
      inside = !inside && line == "```console";
      continue;
    }
    if (!inside) continue;
    const bool starts = line.rfind("$ ", 0) == 0;
    if (starts || continued) {
      if (starts) commands.emplace_back();
      commands.back().line += starts ? line.substr(2) : line;
      continued = commands.back().line.ends_with('\\');
      if (continued) commands.back().line.pop_back();
      commands.back().first = commands.back().last = k + 1;
      continue;
    }
    commands.back().expected += line + "\n";
    commands.back().last = k + 1;
  }
  return commands;
}

/// Standard output of a shell line in a folder, with the built binary first on the path.
std::string run(const fs::path& folder, const std::string& line, int& status) {
  const std::string bin = fs::path(FLEETCACHE_BINARY).parent_path().string();
  const std::string shell = "cd '" + folder.string() + "' && PATH='" + bin +
                            "':\"$PATH\" NO_COLOR=1 && export PATH && { " + line +
                            "\n} 2>/dev/null";
  FILE* pipe = popen(shell.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string out;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    out.append(piece.data(), n);
  }
  status = pclose(pipe);
  return out;
}

bool same(const std::string& expected, const std::string& got) {
  const auto want = lines_of(expected);
  const auto have = lines_of(got);
  std::size_t h = 0;
  for (std::size_t w = 0; w < want.size(); ++w) {
    if (want[w] == "...") {
      if (w + 1 == want.size()) return true;
      while (h < have.size() && have[h] != want[w + 1]) ++h;
      continue;
    }
    if (h == have.size() || have[h] != want[w]) return false;
    ++h;
  }
  return h == have.size();
}

/// A folder with a link to every recorded trace; empty when there are none.
void link_data(const fs::path& folder) {
  const fs::path data = fs::path(FLEETCACHE_SOURCE_DIR) / "../shared/data";
  if (!fs::exists(data)) return;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (!entry.is_regular_file() || entry.path().filename() == "README.md") continue;
    std::error_code taken;
    fs::create_symlink(fs::canonical(entry.path()), folder / entry.path().filename(), taken);
  }
}

void update(const fs::path& path, std::vector<std::string> page,
            const std::vector<std::pair<Command, std::string>>& results) {
  for (auto it = results.rbegin(); it != results.rend(); ++it) {
    const auto from = page.begin() + static_cast<long>(it->first.first);
    const auto to = page.begin() + static_cast<long>(it->first.last);
    const auto fresh = lines_of(it->second);
    const auto at = page.erase(from, to);
    page.insert(at, fresh.begin(), fresh.end());
  }
  std::ofstream file(path);
  for (const std::string& line : page) file << line << "\n";
}

}  // namespace

TEST_CASE("console blocks of the pages print what the pages say") {
  Scratch scratch;
  const fs::path folder = scratch.path("traces");
  fs::create_directory(folder);
  link_data(folder);
  int checked = 0;
  for (const char* name : {"docs/tuning.md", "docs/decision-log.md"}) {
    const fs::path path = fs::path(FLEETCACHE_SOURCE_DIR) / name;
    REQUIRE_MESSAGE(fs::exists(path), name);
    const std::string text = read_file(path.string());
    const auto page = lines_of(text);
    const auto commands = commands_of(page);
    REQUIRE_MESSAGE(!commands.empty(), name);
    if (fs::is_empty(folder)) {
      MESSAGE(name << " is skipped: ../shared/data is not there");
      continue;
    }
    std::vector<std::pair<Command, std::string>> results;
    for (const Command& command : commands) {
      int status = 0;
      const std::string got = run(folder, command.line, status);
      results.emplace_back(command, got);
      ++checked;
      if (std::getenv("FLEETCACHE_UPDATE_DOCS") != nullptr) continue;
      CHECK_MESSAGE(same(command.expected, got), name << ": $ " << command.line << "\n" << got);
    }
    if (std::getenv("FLEETCACHE_UPDATE_DOCS") != nullptr) update(path, page, results);
  }
  MESSAGE(checked << " commands run");
}

TEST_CASE("a page that says something else is caught") {
  CHECK(same("a\n...\nc\n", "a\nb\nb\nc\n"));
  CHECK(same("a\n...\n", "a\nb\n"));
  CHECK_FALSE(same("a\n...\nc\n", "a\nb\n"));
  CHECK_FALSE(same("a\n", "a\nb\n"));
  CHECK_FALSE(same("a\nb\n", "a\n"));
  const auto commands = commands_of({"x", "```console", "$ one \\", "  two", "out", "```", "$ no"});
  REQUIRE(commands.size() == 1);
  CHECK(commands[0].line == "one   two");
  CHECK(commands[0].expected == "out\n");
}
