/// Seeded mutations of a target's seeds: `TARGET [--seed S] [--first I] [--iterations N]`. Input I
/// of seed S is a function of both, so a failure is run again alone with `--seed S --first I
/// --iterations 1`; `--print 1` shows it instead. The loop runs in a child process: a crash or a
/// hang ends with the same line.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "policies/base/rng.hpp"
#include "tests/fuzz/fuzz.hpp"

#ifdef FLEETCACHE_LIBFUZZER

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string why =
      fleetcache::fuzz::run(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!why.empty()) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::abort();
  }
  return 0;
}

#else

namespace {

using fleetcache::Rng;

constexpr unsigned kHang_s = 20;

struct Plan {
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
  std::uint64_t iterations = 1000;
  bool print = false;  ///< print the inputs instead of running them
};

std::size_t position(Rng& rng, const std::string& text) {
  return static_cast<std::size_t>(rng.below(text.size() + 1));
}

/// One small change. Text targets break at tokens more than at bits, so words come often.
void mutate(std::string& text, Rng& rng, const std::vector<std::string>& seeds,
            const std::vector<std::string>& words) {
  const std::size_t at = position(rng, text);
  const std::size_t length = static_cast<std::size_t>(1 + rng.below(8));
  switch (rng.below(8)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(rng.below(256));
      break;
    case 1:
      text.insert(at, 1, static_cast<char>(32 + rng.below(95)));
      break;
    case 2:
      text.erase(at, length);
      break;
    case 3:
      text.insert(position(rng, text), text.substr(at, 4 * length));
      break;
    case 4: {
      const std::string& other = seeds[rng.below(seeds.size())];
      text.insert(at, other.substr(position(rng, other), 16 * length));
      break;
    }
    case 5:
      text.resize(at);
      break;
    default: {
      const std::string& word = words[rng.below(words.size())];
      if (rng.below(2) == 0) text.erase(at, word.size());
      text.insert(std::min(at, text.size()), word);
    }
  }
}

std::string input(const Plan& plan, std::uint64_t index) {
  static const std::vector<std::string> seeds = fleetcache::fuzz::seeds();
  static const std::vector<std::string> words = fleetcache::fuzz::words();
  if (index < seeds.size()) return seeds[index];
  Rng rng(plan.seed, "fuzz", index);
  std::string text = seeds[rng.below(seeds.size())];
  for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) {
    mutate(text, rng, seeds, words);
  }
  return text;
}

int loop(const Plan& plan, volatile std::uint64_t* current) {
  for (std::uint64_t i = plan.first; i < plan.first + plan.iterations; ++i) {
    *current = i;
    alarm(kHang_s);
    const std::string text = input(plan, i);
    if (plan.print) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      continue;
    }
    const std::string why = fleetcache::fuzz::run(text);
    if (why.empty()) continue;
    std::fprintf(stderr, "%s\ninput (%zu bytes):\n%s\n", why.c_str(), text.size(), text.c_str());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--seed") plan.seed = value;
    if (flag == "--first") plan.first = value;
    if (flag == "--iterations") plan.iterations = value;
    if (flag == "--print") plan.print = value != 0;
  }
  void* shared = mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 2;
  auto* current = static_cast<volatile std::uint64_t*>(shared);
  const pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) std::exit(loop(plan, current));
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    if (plan.print) return 0;
    std::printf("%llu inputs of seed %llu: all properties hold\n",
                static_cast<unsigned long long>(plan.iterations),
                static_cast<unsigned long long>(plan.seed));
    return 0;
  }
  const char* how =
      WIFSIGNALED(status) ? (WTERMSIG(status) == SIGALRM ? "hung" : "crashed") : "failed";
  std::fprintf(stderr, "%s: --seed %llu --first %llu --iterations 1\n", how,
               static_cast<unsigned long long>(plan.seed),
               static_cast<unsigned long long>(*current));
  return 1;
}

#endif
