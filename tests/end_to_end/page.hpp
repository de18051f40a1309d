/// Pages whose console blocks are run: reading them, running them, comparing, rewriting.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fleetcache::test {

/// One command of a console block and what the page says that it prints.
struct Command {
  std::string line;       ///< as given to a shell
  std::string expected;   ///< lines until the next command or the end of the block
  std::size_t first = 0;  ///< line numbers of the expected text within the page
  std::size_t last = 0;
};

std::vector<std::string> lines_of(const std::string& text);
/// In the order of the page. A line that ends in a backslash goes on in the next one.
std::vector<Command> commands_of(const std::vector<std::string>& page);

/// Standard output of a shell line in a folder, with the built binary first on the path, in
/// UTF-8 whatever the locale of the caller.
std::string run_shell(const std::string& folder, const std::string& line, int& status);

/// Whether a page tells what was printed; a line "..." of the page stands for any lines.
bool same(const std::string& expected, const std::string& got);

/// Writes the page with what its commands printed.
void rewrite(const std::string& path, std::vector<std::string> page,
             const std::vector<std::pair<Command, std::string>>& results);

}  // namespace fleetcache::test
