#include "tests/end_to_end/page.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fleetcache::test {

namespace fs = std::filesystem;

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

std::string run_shell(const std::string& folder, const std::string& line, int& status) {
  const std::string bin = fs::path(FLEETCACHE_BINARY).parent_path().string();
  const std::string shell = "cd '" + folder + "' && PATH='" + bin +
                            "':\"$PATH\" LC_ALL=C.UTF-8 TERM=xterm && export PATH LC_ALL TERM && "
                            "unset NO_COLOR && { " +
                            line + "\n} 2>/dev/null";
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

void rewrite(const std::string& path, std::vector<std::string> page,
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

}  // namespace fleetcache::test
