// golden_decisions FILE: compares this build's decisions with those on file.
// golden_decisions --print: writes them.
// golden_decisions --drop-touch FILE, --expect-difference FILE: succeed only if a difference is
// seen.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "tests/decisions/corpus.hpp"

using namespace fleetcache;

namespace {

std::string read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// How many lines differ; the first one is printed, as on file and as now.
int count_differences(const std::string& expected, const std::string& got) {
  std::istringstream a(expected);
  std::istringstream b(got);
  std::string left;
  std::string right;
  int count = 0;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) return count;
    if (more_left && more_right && left == right) continue;
    if (count++ == 0) {
      std::printf("first difference\n  on file  %s\n  now      %s\n",
                  more_left ? left.c_str() : "(none)", more_right ? right.c_str() : "(none)");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  golden::Spoil spoil;
  if (mode == "--drop-touch") spoil.drop_touch = 200;
  const std::string now = golden::run_corpus(golden::make_cpp_host, spoil);
  if (mode == "--print") {
    std::fputs(now.c_str(), stdout);
    return 0;
  }
  const bool wants_difference = mode == "--drop-touch" || mode == "--expect-difference";
  const char* path = wants_difference ? argv[2] : argv[1];
  if (path == nullptr) return 2;
  const std::string expected = read_file(path);
  if (expected.empty()) {
    std::printf("%s is missing or empty\n", path);
    return 2;
  }
  const int differences = count_differences(expected, now);
  std::printf("%d lines differ\n", differences);
  return (differences > 0) == wants_difference ? 0 : 1;
}
