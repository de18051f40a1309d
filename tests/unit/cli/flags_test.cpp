// Flags that are out of range, or that would do nothing, are told before anything runs.

#include <doctest/doctest.h>

#include <algorithm>

#include "sim/cli/interrupt.hpp"
#include "sim/cli/run_flags.hpp"

using namespace fleetcache;
using namespace fleetcache::cli;

namespace {

RunFlags parsed(std::vector<std::string> words) {
  RunFlags flags;
  CLI::App app;
  add_run_flags(app, flags);
  words.insert(words.begin(), "mai-small");
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  app.parse(words);
  note_given(app, flags);
  return flags;
}

std::string refusal(const std::vector<std::string>& words) {
  const Status status = check_run_flags(parsed(words));
  return status ? "" : status.error().text();
}

}  // namespace

TEST_CASE("a flag that a rung does not obey is named with the rungs that do") {
  struct Line {
    std::vector<std::string> words;
    std::string obeyed;  ///< letters of exact, bundled, fleet, analytic
  };
  for (const Line& line : std::vector<Line>{{{"--salt", "5"}, "f"},
                                            {{"--salt", "0"}, "f"},
                                            {{"--sample-factor", "2"}, "f"},
                                            {{"--representative-factor", "2"}, "f"},
                                            {{"--no-step-over"}, "f"},
                                            {{"--epsilon", "0.1"}, "bf"},
                                            {{"--reps", "3"}, "ebf"},
                                            {{"--seeds", "3"}, "ebf"},
                                            {{"--seeds", "1"}, "ebfa"},
                                            {{"--until", "rel_ci(a) < 2%"}, "ebf"},
                                            {{"--error", "full"}, "ebf"},
                                            {{"--error", "quick"}, "ebf"},
                                            {{"--error", "none"}, "ebfa"},
                                            {{}, "ebfa"}}) {
    const RunFlags flags = parsed(line.words);
    for (const std::string rung : {"exact", "bundled", "fleet", "analytic"}) {
      CAPTURE(rung);
      CAPTURE(line.obeyed);
      const auto idle = idle_flags(flags, rung);
      REQUIRE(idle.size() == (line.obeyed.find(rung[0]) == std::string::npos ? 1 : 0));
      if (idle.empty()) continue;
      CHECK(idle[0].find(line.words[0] + ":") == 0);
      CHECK(idle[0].find("at rung " + rung) != std::string::npos);
      CHECK(idle[0].find("it belongs to rung ") != std::string::npos);
    }
  }
}

TEST_CASE("flags that mean nothing alone, or against another, are refused") {
  CHECK(refusal({}).empty());
  CHECK(refusal({"--reps-max", "9"}).find("--until") != std::string::npos);
  CHECK(refusal({"--until", "rel_ci(a) < 2%", "--seeds", "3"}).find("--seeds") == 0);
  CHECK(refusal({"--until", "rel_ci(a) < 2%", "--reps", "3"}).empty());
  // The rule looks after five seeds: fewer can never satisfy it, and would be run all the same.
  CHECK(refusal({"--until", "rel_ci(a) < 2%", "--reps-max", "3"}).find("5 (") != std::string::npos);
  CHECK(refusal({"--until", "rel_ci(a) < 2%", "--reps-max", "5"}).empty());
  CHECK(refusal({"--until", "rel_ci(a) < 2%", "--reps", "9", "--reps-max", "7"})
            .find("below --reps 9") != std::string::npos);
  CHECK(refusal({"--overwrite"}).find("--out") != std::string::npos);
  CHECK(refusal({"--reps", "0"}).find("'0' is not 1 to 1000") != std::string::npos);
  CHECK(refusal({"--seeds", "many"}).find("auto or 1 to 1000") != std::string::npos);
}

TEST_CASE("a salt is a whole number without a sign") {
  CHECK(parsed({"--salt", "18446744073709551615"}).run.salt == 18446744073709551615ULL);
  for (const char* bad : {"-1", "1.5", "x"}) {
    CHECK_THROWS_AS(parsed({"--salt", bad}), CLI::ValidationError);
  }
}

TEST_CASE("one interrupt, or two in a row, leave the partial answer; a third ends the process") {
  CHECK(signal_action(1, 0) == SignalAction::kFinish);
  CHECK(signal_action(2, 0.001) == SignalAction::kAgain);
  CHECK(signal_action(2, 1.9) == SignalAction::kAgain);
  CHECK(signal_action(2, 2.1) == SignalAction::kEnd);
  CHECK(signal_action(3, 0.001) == SignalAction::kEnd);
}
