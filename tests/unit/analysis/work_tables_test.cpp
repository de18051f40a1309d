#include "analysis/io/work_tables.hpp"

#include <doctest/doctest.h>

#include "analysis/io/format.hpp"
#include "analysis/io/result_report.hpp"

namespace fleetcache::analysis::io {
namespace {

void put_job(Result& r, const std::string& prefix, const std::vector<double>& shares) {
  const char* parts[] = {"goodput",       "stall",      "checkpoint_share",
                         "restore_share", "down_share", "redone_share"};
  for (std::size_t i = 0; i < shares.size(); ++i)
    r.metrics[prefix + parts[i]] = {shares[i], "ratio"};
}

TEST_CASE("the time of each job and of all is told by what it was spent on") {
  Result r;
  CHECK_FALSE(time_section(r).has_value());
  put_job(r, "train.a.", {0.5, 0.2, 0.1, 0.05, 0.05, 0.1});
  const auto one = time_section(r);
  REQUIRE(one.has_value());
  CHECK(one->rows == std::vector<std::vector<std::string>>{
                         {"a", "50.0 %", "20.0 %", "10.0 %", "5.00 %", "5.00 %", "10.0 %"}});
  put_job(r, "train.b.", {1, 0, 0, 0, 0, 0});
  put_job(r, "train.", {0.75, 0.1, 0.05, 0.025, 0.025, 0.05});
  const auto both = time_section(r);
  REQUIRE(both->rows.size() == 3);
  CHECK(both->rows[1][2] == "-");
  CHECK(both->rows[2][0] == "all jobs");
  CHECK(both->rows[2][6] == "5.00 %");
  CHECK(both->lines.size() == 1);
  // What is missing from the sum is said.
  r.metrics["train.a.stall"].value = 0.1;
  CHECK(time_section(r)->lines.at(0) == "a adds up to 90.0 %");
  // The page has the table, at most 80 columns wide.
  CHECK(to_text(describe(r, "x")).find("\nWHERE THE TIME OF JOBS GOES\n") != std::string::npos);
}

TEST_CASE("random failures are told by kind, with those that found nothing and the restarts") {
  Result r;
  CHECK_FALSE(events_section(r).has_value());
  r.metrics["events.random"] = {0, "1"};
  CHECK(events_section(r)->lines.back() == "random failures: none was drawn for this time");
  const auto put = [&](const std::string& prefix, double n, double idle, double away, double jobs) {
    r.metrics[prefix + "count"] = {n, "1"};
    r.metrics[prefix + "without_work"] = {idle, "1"};
    r.metrics[prefix + "away_already"] = {away, "1"};
    r.metrics[prefix + "jobs_stopped"] = {jobs, "1"};
  };
  put("events.random.node.", 190, 20, 2, 31);
  put("events.random.tor.", 5, 1, 0, 0);
  put("events.planned.rack.", 1, 0, 0, 1);
  r.metrics["events.random"] = {195, "1"};
  r.metrics["events.begun"] = {196, "1"};
  const auto section = events_section(r);
  REQUIRE(section.has_value());
  REQUIRE(section->rows.size() == 3);
  CHECK(section->rows[0] == std::vector<std::string>{"rack, planned", "1", "-", "-", "1"});
  CHECK(section->rows[1] == std::vector<std::string>{"node, random", "190", "20", "2", "31"});
  CHECK(section->lines.back() ==
        "random failures: 195 drawn (190 node, 5 tor), 23 of them found nothing to fail; jobs "
        "restarted 31 times");
  CHECK(to_text(describe(r, "x")).find("\nEVENTS\n") != std::string::npos);
}

TEST_CASE("closed forms show the figures that a simulation would, and count the others") {
  Result r;
  r.simulated = false;
  r.metrics["train.a.stall"] = {0.1, "ratio"};
  r.metrics["flip.no_cache.east"] = {3e6, "B/s"};
  r.metrics["wan.load"] = {1, "B/s"};
  r.variants["other"].metrics = r.metrics;
  r.variants["other"].metrics["flip.no_cache.east"].value = 5e6;
  const std::string text = to_text(describe(r, "x"));
  CHECK(text.find("train.a.stall") != std::string::npos);
  CHECK(text.find("flip.no_cache.east") == std::string::npos);
  CHECK(text.find("2 more metrics (1 of them changed by a variant) with --format json") !=
        std::string::npos);
}

}  // namespace
}  // namespace fleetcache::analysis::io
