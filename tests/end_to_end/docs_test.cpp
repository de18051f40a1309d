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

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/binary.hpp"
#include "tests/end_to_end/page.hpp"

using namespace fleetcache::test;
namespace fs = std::filesystem;

namespace {

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
      const std::string got = run_shell(folder.string(), command.line, status);
      results.emplace_back(command, got);
      ++checked;
      if (std::getenv("FLEETCACHE_UPDATE_DOCS") != nullptr) continue;
      CHECK_MESSAGE(same(command.expected, got), name << ": $ " << command.line << "\n" << got);
    }
    if (std::getenv("FLEETCACHE_UPDATE_DOCS") != nullptr) rewrite(path.string(), page, results);
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
