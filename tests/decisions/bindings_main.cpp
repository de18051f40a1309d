// golden_bindings FILE PLUGIN: the corpus through every binding, against FILE; the plugin against
// the policy that it repeats. Each binding must give at least as many lines as named here.
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "tests/decisions/bindings.hpp"

using namespace fleetcache;

namespace {

std::set<std::string> lines_of(std::istream& text) {
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.insert(line);
  return lines;
}

bool compare(const char* binding, const std::string& got, const std::set<std::string>& expected,
             std::size_t at_least) {
  std::istringstream text(got);
  std::size_t lines = 0;
  std::size_t others = 0;
  for (const std::string& line : lines_of(text)) {
    ++lines;
    if (expected.count(line) != 0) continue;
    if (others++ == 0) std::printf("  not on file: %s\n", line.c_str());
  }
  std::printf("%-8s %zu lines, %zu differ\n", binding, lines, others);
  std::fflush(stdout);
  return others == 0 && lines >= at_least;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::puts("usage: golden_bindings hashes.txt plugin.so");
    return 2;
  }
  std::ifstream file(argv[1]);
  const std::set<std::string> on_file = lines_of(file);
  if (on_file.empty()) {
    std::printf("%s is missing or empty\n", argv[1]);
    return 2;
  }
  bool same = true;
  const auto whole = on_file.size();
  same &= compare("tenants", golden::run_corpus(golden::make_tenant_host), on_file, whole);
  same &= compare("logged", golden::run_corpus(golden::make_logged_host), on_file, whole);
  same &= compare("c", golden::run_corpus(golden::make_c_host), on_file, whole);
  // 6 traces of 15, and most policies.
  same &= compare("world", golden::run_corpus(golden::make_world_host), on_file, whole / 4);
  const auto built_in = golden::without_state(
      [](const std::string& policy, const eviction::Config& config, const std::string& trace) {
        return policy == "lru" ? golden::make_cpp_host(policy, config, trace) : nullptr;
      });
  std::istringstream decisions(golden::run_corpus(built_in));
  const std::set<std::string> of_lru = lines_of(decisions);
  same &= compare("plugin", golden::run_corpus(golden::plugin_hosts(argv[2], "lru")), of_lru, 31);
  return same ? 0 : 1;
}
