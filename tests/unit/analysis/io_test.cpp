#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analysis/io/format.hpp"
#include "analysis/io/json.hpp"
#include "analysis/io/out_dir.hpp"
#include "analysis/io/result_report.hpp"

using namespace fleetcache::analysis;
namespace fs = std::filesystem;

namespace {

Result sample() {
  Result r;
  r.scenario = "sample";
  r.scenario_digest = "0123456789abcdef";
  r.rung = "exact";
  r.simulated_seconds = 60;
  r.metrics["infer.chat.ttft_p99"] = {0.25, "s", 0};
  r.metrics["infer.chat.ttft_p99"].replicates = {0.25, 0.26, 0.24};
  r.metrics["train.a.goodput"] = {0.97, "ratio", 0.001};
  r.metrics["other"] = {12345, "1", 0};
  r.bytes["kv"] = {{"local_dram", 750}, {"front_end", 250}, {"peer_nvme", 0}};
  r.bytes["dataset"] = {{"local_nvme", 999999}, {"front_end", 1}};
  r.requests = {1000000, 999000, 1, 999};
  r.stations["blob egress eastus2"] = {0.5, 0.96, 1e12, "B/s", "regions.eastus2.blob.egress"};
  r.stations["nic eastus2"] = {0.001, 0.002, 25e9, "B/s", "regions.eastus2.pools.train.sku.nic"};
  r.binding = {"blob egress eastus2",         0.96, 0.5,
               "regions.eastus2.blob.egress", {},   "not asked for"};
  r.idle = {"regions.eastus2.pools.train.sku.nic"};
  r.verdict.push_back(
      {{"infer.chat.ttft_p99", true, 0.5}, State::kMet, 0.25, "s", 0.04, 0.25, 0.05, ""});
  r.error.push_back({"seed", "infer.chat.ttft_p99", 0.04, "spread of 3 seeds", false});
  r.error.push_back({"seed", "train.a.goodput", std::nullopt, "not estimated", false});
  r.conservation.push_back({"bytes", 3, 3, true});
  r.assumptions = {{"measured", 3}, {"assumed", 2}};
  r.manifest = {"0.1.0", "feedfacefeedface", "simgrid 3.32", {1, 2, 3}, {{"events", "17"}}};
  r.variants["bifrost"].metrics["train.a.goodput"] = {0.99, "ratio", 0};
  r.variants["broken"].failure = "exit code 2, no such policy";
  r.not_scaled = {"slowest of N: a small fleet has no long tail"};
  return r;
}

fs::path scratch(const std::string& name) {
  const fs::path path = fs::temp_directory_path() / ("fleetcache_io_test_" + name);
  fs::remove_all(path);
  return path;
}

}  // namespace

TEST_CASE("numbers are written with the fewest digits that read back to the same double") {
  const nlohmann::json document = {{"a", 0.1},
                                   {"b", 1e300},
                                   {"c", 5e-324},
                                   {"d", 1.0 / 3},
                                   {"e", std::uint64_t{18446744073709551615U}},
                                   {"nan", std::nan("")},
                                   {"t", "line\n\"quoted\""}};
  const std::string text = io::canonical(document);
  CHECK(text.find("\"a\": 0.1,") != std::string::npos);
  CHECK(text.find("\"c\": 5e-324,") != std::string::npos);
  CHECK(text.find("\"d\": 0.3333333333333333,") != std::string::npos);
  CHECK(text.find("18446744073709551615") != std::string::npos);
  CHECK(text.find("\"nan\": null") != std::string::npos);
  auto back = nlohmann::json::parse(text);
  CHECK(back["d"].get<double>() == 1.0 / 3);
  CHECK(back["b"].get<double>() == 1e300);
  CHECK(back["t"] == "line\n\"quoted\"");
}

TEST_CASE("a result document has every part of the contract and reads back") {
  const auto document = io::to_json(sample());
  for (const char* key :
       {"schema", "scenario_digest", "rung", "verdict", "metrics", "bytes", "requests", "binding",
        "no_effect", "idle", "error", "conservation", "assumptions", "manifest"}) {
    CHECK_MESSAGE(document.contains(key), key);
  }
  CHECK(document["verdict"][0]["ci"][0].get<double>() == doctest::Approx(0.21));
  CHECK(document["binding"]["plus_10_percent"].is_null());
  const auto back = io::read_result(io::canonical(document));
  REQUIRE(back.ok());
  CHECK(back->metrics.at("train.a.goodput").value == 0.97);
  CHECK(back->bytes.at("kv").at("front_end") == 250);
  CHECK(back->stations.at("nic eastus2").utilization_p99 == 0.002);
  CHECK(back->verdict.at(0).state == State::kMet);
  CHECK(*back->verdict.at(0).ci == doctest::Approx(0.04));
  CHECK_FALSE(io::read_result("{}").ok());
  CHECK_FALSE(io::read_result("not json").ok());
  CHECK_FALSE(io::read_result("{\"schema\": \"fleetcache.result.v1\"}").ok());
}

TEST_CASE("quantities are written in units that fit") {
  CHECK(io::quantity(0.083, "s") == "83.0 ms");
  CHECK(io::quantity(0.9996, "s") == "1.00 s");
  CHECK(io::quantity(7200, "s") == "120 min");
  CHECK(io::quantity(0.9731, "ratio") == "97.3 %");
  CHECK(io::quantity(1.2e12, "B") == "1.20 TB");
  CHECK(io::quantity(999.9, "B") == "1.00 kB");
  CHECK(io::quantity(25e9, "B/s") == "25.0 GB/s");
  CHECK(io::quantity(40000, "1/s") == "40.0 k/s");
  CHECK(io::quantity(1234567, "1") == "1,234,567");
  CHECK(io::quantity(-0.0125, "s") == "-12.5 ms");
  CHECK(io::difference(0.95, 0.9531, "ratio") == "+0.310 pp");
  CHECK(io::difference(0.1, 0.0875, "s") == "-12.5 ms");
  CHECK(io::grouped(0) == "0");
  CHECK(io::grouped(999) == "999");
  CHECK(io::grouped(1000) == "1,000");
  CHECK(io::percent(1, 1000000) == "<0.1 %");
  CHECK(io::percent(0, 10) == "-");
  CHECK(io::width("± 95 %") == 6);
}

TEST_CASE("the table says the verdict first, keeps to 80 columns and names what failed") {
  const std::string text = io::to_text(io::describe(sample(), "fleetcache run sample"));
  CHECK(text.rfind("sample: 1 met, 0 missed, 0 undecided\n", 0) == 0);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(io::width(line) <= 80, line);
  // kv: 750 of 1000 bytes from DRAM, 250 from the front end; a tier that gave nothing has no row.
  CHECK(text.find("75.0 %") != std::string::npos);
  CHECK(text.find("25.0 %") != std::string::npos);
  CHECK(text.find("peer_nvme") == std::string::npos);
  CHECK(text.find("broken has no answer: exit code 2, no such policy") != std::string::npos);
  CHECK(text.find("blob egress eastus2") != std::string::npos);
  CHECK(text.find("idle (under 1 % busy, not proof of no effect):") != std::string::npos);
  CHECK(text.find("within the error") == std::string::npos);
  CHECK(text.find("conservation 1/1 checks hold") != std::string::npos);
  CHECK(text.find("1 more metric with --format json") != std::string::npos);
  CHECK(text.find("REPRODUCE\n  fleetcache run sample") != std::string::npos);
}

TEST_CASE("a reason is given once, with the metrics it is of") {
  Result r = sample();
  r.verdict.clear();
  for (const char* metric : {"infer.chat.ttft_p99", "infer.chat.ttft_p99", "train.a.goodput"}) {
    r.verdict.push_back(
        {{metric, true, 0.5}, State::kUndecided, 0.25, "s", 0.04, 0.25, 0.05, "too short"});
  }
  const std::string text = io::to_text(io::describe(r, "x"));
  const std::string line = "  infer.chat.ttft_p99, train.a.goodput: too short\n";
  CHECK(text.find(line) != std::string::npos);
  CHECK(text.find("too short") == text.rfind("too short"));
}

TEST_CASE("what would decide is said once, under the verdict") {
  Result r = sample();
  REQUIRE_FALSE(r.verdict.empty());
  r.verdict[0].state = State::kUndecided;
  r.verdict[0].deciders = {{"component", "seed", 0.02, 0.01, "decided if seeds: --reps 12"}};
  const std::string text = io::to_text(io::describe(r, "x"));
  CHECK(text.find(r.verdict[0].objective.metric + ": decided if seeds: --reps 12") !=
        std::string::npos);
  CHECK(io::to_json(r)["verdict"][0]["decided_by"][0]["needed"] == 0.01);
}

TEST_CASE("nine components of an error stand under one another within 80 columns") {
  Result r = sample();
  r.error.clear();
  REQUIRE_FALSE(r.verdict.empty());
  const std::string metric = r.verdict[0].objective.metric;
  for (const char* component : {"seed", "warmup", "fluid", "bundle", "window", "sample",
                                "representative", "skip", "tail"}) {
    r.error.push_back({component, metric, 0.001, "estimator", false});
  }
  r.error.back().abs.reset();
  const std::string text = io::to_text(io::describe(r, "x"));
  const std::size_t grid = text.find("ERRORS");
  REQUIRE(grid != std::string::npos);
  const std::string section = text.substr(grid);
  CHECK(section.find("  component ") != std::string::npos);
  CHECK(section.find("  representative") != std::string::npos);
  CHECK(section.find("?") != std::string::npos);
  std::size_t start = 0;
  while (start < section.size()) {
    const std::size_t end = std::min(section.find('\n', start), section.size());
    CHECK(io::width(section.substr(start, end - start)) <= 80);
    start = end + 1;
  }
}

TEST_CASE("seconds that were stepped over stand in the head") {
  Result r = sample();
  CHECK(io::to_text(io::describe(r, "x")).find("stepped over") == std::string::npos);
  r.metrics["sim.detailed_s"] = {600, "s"};
  r.metrics["sim.stepped_s"] = {3000, "s"};
  const std::string text = io::to_text(io::describe(r, "x"));
  CHECK(text.substr(0, text.find("VERDICT")).find("stepped") != std::string::npos);
}

TEST_CASE("a partial answer and one that was not simulated say so in the first line") {
  Result r = sample();
  r.interrupted = true;
  CHECK(io::to_text(io::describe(r, "x")).rfind("PARTIAL", 0) == 0);
  r = sample();
  r.simulated = false;
  r.tables.push_back({"REGIME MAP", {"NVMe", "fe"}, {{"1TB", "pays"}}, {}});
  const std::string text = io::to_text(io::describe(r, "x"));
  CHECK(text.rfind("NOT SIMULATED", 0) == 0);
  CHECK(text.find("REGIME MAP") < text.find("VERDICT"));
}

TEST_CASE("wide grids are cut into blocks that repeat the first column") {
  io::Report report;
  io::Section section{"WIDE", {"name"}, {{"row"}}, {}};
  for (int i = 0; i < 12; ++i) {
    section.columns.push_back("column" + std::to_string(i));
    section.rows[0].push_back("value" + std::to_string(i));
  }
  report.sections.push_back(section);
  const std::string text = io::to_text(report);
  std::istringstream lines(text);
  int names = 0;
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 80);
    names += line.rfind("  name", 0) == 0 ? 1 : 0;
  }
  CHECK(names == 2);
  CHECK(text.find("value11") != std::string::npos);
  CHECK(io::to_markdown(report).find("| row | value0 |") != std::string::npos);
}

TEST_CASE("a folder takes results once, the same study again, and another only when told to") {
  const fs::path folder = scratch("out");
  const io::StudyKey key{"0123456789abcdef", "exact", "0.1.0", "feedfacefeedface"};
  io::StudyKey other = key;
  other.scenario_digest = "fedcba9876543210";
  REQUIRE(io::check_directory(folder, key, false).ok());
  CHECK_FALSE(fs::exists(folder));  // a check writes nothing
  REQUIRE(
      io::write_directory(folder, {{"result.json", io::canonical(io::to_json(sample()))}}).ok());
  CHECK(io::check_directory(folder, key, false).ok());
  CHECK_FALSE(io::check_directory(folder, other, false).ok());
  CHECK(io::check_directory(folder, other, true).ok());
  fs::remove_all(folder);
}

TEST_CASE("a write that fails leaves nothing behind, not even the folder") {
  const fs::path folder = scratch("fail");
  CHECK_FALSE(io::write_directory(folder, {{"a.json", "1"}, {"sub/b.json", "2"}}).ok());
  CHECK_FALSE(fs::exists(folder));
  std::ofstream(folder) << "a file";
  CHECK_FALSE(io::check_directory(folder, {}, true).ok());
  CHECK_FALSE(io::write_directory(folder, {{"a.json", "1"}}).ok());
  CHECK(fs::is_regular_file(folder));
  CHECK_FALSE(io::check_directory(folder / "below" / "it", {}, false).ok());
  fs::remove_all(folder);
}
