// An interrupt may come at any time, while libraries are being set up too.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/end_to_end/binary.hpp"

using namespace fleetcache::test;

TEST_CASE("an interrupt while a run is being set up ends it soon, with a code of its own") {
  for (const int after_ms : {8, 10, 12, 14, 16, 18, 20, 22, 25, 30, 35, 40, 50, 60, 80, 100}) {
    CAPTURE(after_ms);
    const Outcome o =
        invoke_interrupted_after("run mai-small --rung exact --single", SIGINT, after_ms, 20'000);
    CHECK_FALSE(o.hung);
    // Before the handler is there the shell's own way to end; after it the partial answer.
    CHECK((o.exit_code == 130 || o.exit_code == 0));
  }
}

TEST_CASE("a signal ends closed forms at once: they have no partial answer") {
  const Outcome interrupted =
      invoke_interrupted_after("run mai-2027 --rung analytic", SIGINT, 1'000, 20'000);
  CHECK_FALSE(interrupted.hung);
  CHECK(interrupted.exit_code == 130);
  CHECK(interrupted.out.empty());
  CHECK(
      invoke_interrupted_after("run mai-2027 --rung analytic", SIGTERM, 1'000, 20'000).exit_code ==
      75);
}
