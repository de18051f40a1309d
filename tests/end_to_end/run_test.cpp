// The run verb as a user meets it: answers, bytes that repeat, folders, interrupts.

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "tests/end_to_end/binary.hpp"
#include "tests/end_to_end/tiny.hpp"

using namespace fleetcache::test;
using nlohmann::json;

namespace {

const std::string kAlone = " --no-variants --no-what-if --seeds 1 --quiet";

json document_of(const Outcome& outcome) {
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return json::parse(outcome.out);
}

}  // namespace

TEST_CASE("a run ends with a verdict table of 80 columns and exit code 0") {
  const Scratch scratch;
  const Outcome run = invoke("run " + scratch.file("tiny.jsonc", kTiny) + " --seeds 2");
  CHECK_MESSAGE(run.exit_code == 0, run.err);
  for (const char* part :
       {"VERDICT", "WHERE THE BYTES COME FROM", "SIDE BY SIDE", "bifrost", "no-cache",
        "BOTTLENECKS", "+10 %", "ERRORS", "LIMITS", "conservation", "REPRODUCE"}) {
    CHECK_MESSAGE(run.out.find(part) != std::string::npos, std::string(part));
  }
  CHECK(run.out.find("BROKEN") == std::string::npos);
}

TEST_CASE("the document has the parts that scripts rely on, and they add up") {
  const Scratch scratch;
  const json d =
      document_of(invoke("run " + scratch.file("t.jsonc", kTiny) + " --format json" + kAlone));
  CHECK(d["schema"] == "fleetcache.result.v1");
  CHECK(d["rung"] == "exact");
  CHECK(d["scenario_digest"].get<std::string>().size() == 16);
  const json& requests = d["requests"];
  CHECK(requests["in"].get<std::uint64_t>() > 0);
  CHECK(requests["in"].get<std::uint64_t>() == requests["done"].get<std::uint64_t>() +
                                                   requests["failed"].get<std::uint64_t>() +
                                                   requests["unfinished"].get<std::uint64_t>());
  REQUIRE(d["conservation"].size() > 3);
  for (const json& check : d["conservation"]) CHECK_MESSAGE(check["ok"] == true, check.dump());
  CHECK(d["verdict"].size() == 2);
  CHECK(d["verdict"][1]["state"] != "met");  // a goodput above 99.99 % is out of reach here
  CHECK(d["manifest"]["policy_digest"].get<std::string>().size() == 16);
  for (const json& row : d["bytes"]) CHECK(row.is_object());
}

TEST_CASE("the same seed gives the same bytes in another process, another seed does not") {
  const Scratch scratch;
  const std::string run = "run " + scratch.file("t.jsonc", kTiny) + " --format json";
  const Outcome first = invoke(run + " --seeds 2 --quiet");
  const Outcome second = invoke(run + " --seeds 2 --progress json");
  CHECK(first.exit_code == 0);
  CHECK(first.out.size() > 1000);
  CHECK(first.out == second.out);
  const Outcome other = invoke(run + kAlone + " --seed 2");
  CHECK(other.exit_code == 0);
  CHECK(json::parse(other.out)["manifest"]["fingerprint"] !=
        json::parse(first.out)["manifest"]["fingerprint"]);
}

TEST_CASE("the order of entities in the file does not matter, to the byte") {
  const Scratch scratch;
  // ordered_json keeps the file's order; reversing every object permutes all of its entities.
  std::function<nlohmann::ordered_json(const nlohmann::ordered_json&)> reversed =
      [&](const nlohmann::ordered_json& value) -> nlohmann::ordered_json {
    if (!value.is_object()) return value;
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (auto it = value.end(); it != value.begin();) {
      --it;
      out[it.key()] = reversed(it.value());
    }
    return out;
  };
  const auto original = nlohmann::ordered_json::parse(kTiny);
  // Tiers are looked up in the order of the file: it is their meaning, not an accident.
  auto permuted = reversed(original);
  permuted["cache"]["tiers"] = original["cache"]["tiers"];
  REQUIRE(permuted.dump() != original.dump());
  const Outcome a = invoke("run " + scratch.file("a.jsonc", kTiny) + " --format json" + kAlone);
  const Outcome b =
      invoke("run " + scratch.file("b.jsonc", permuted.dump(2)) + " --format json" + kAlone);
  CHECK_MESSAGE(a.exit_code == 0, a.err);
  CHECK(a.out == b.out);
}

TEST_CASE("a variant alone is the base with its settings, and is what stands beside the base") {
  const Scratch scratch;
  const std::string file = scratch.file("t.jsonc", kTiny);
  const Outcome variant =
      invoke("run " + file + " --variant bifrost --format json --no-what-if --seeds 1 --quiet");
  const Outcome set = invoke("run " + file + " --set origin.path=bifrost --format json" + kAlone);
  REQUIRE_MESSAGE(variant.exit_code == 0, variant.err);
  CHECK(variant.out == set.out);
  const json both =
      document_of(invoke("run " + file + " --format json --no-what-if --seeds 1 --quiet"));
  const json alone = json::parse(variant.out);
  CHECK(both["variants"]["bifrost"]["metrics"] == alone["metrics"]);
  CHECK(both["variants"].size() == 2);
}

TEST_CASE(
    "--out keeps the result, the resolved scenario and the run apart, and guards the folder") {
  const Scratch scratch;
  const std::string run = "run " + scratch.file("t.jsonc", kTiny) + " --format json" + kAlone;
  const std::string folder = scratch.path("out");
  const Outcome first = invoke(run + " --out " + folder);
  CHECK_MESSAGE(first.exit_code == 0, first.err);
  CHECK(read_file(folder + "/result.json") == first.out);
  CHECK(json::parse(read_file(folder + "/scenario.resolved.json")).is_object());
  const json meta = json::parse(read_file(folder + "/run.json"));
  CHECK(meta["command_line"].get<std::string>().find("--out") != std::string::npos);
  CHECK(first.out.find(meta["host"].get<std::string>() + "\"") == std::string::npos);
  CHECK(invoke(run + " --out " + folder).exit_code == 0);  // the same study
  const Outcome other = invoke(run + " --seed 9 --out " + folder);
  CHECK(other.exit_code == 2);
  CHECK(other.err.find("--overwrite") != std::string::npos);
  CHECK(read_file(folder + "/result.json") == first.out);
  CHECK(invoke(run + " --seed 9 --overwrite --out " + folder).exit_code == 0);
  CHECK(read_file(folder + "/result.json") != first.out);
}

TEST_CASE("--fail-on slo turns verdicts into exit codes") {
  const Scratch scratch;
  const std::string rest = " --fail-on slo --no-variants --no-what-if --seeds 3 --quiet";
  // Interval of three seeds: the slack of these limits is far wider.
  const std::string met =
      scratch.file("met.jsonc", replaced(kTiny, "\"train.pretrain.goodput\": \"> 99.99%\"",
                                         "\"train.pretrain.steps\": \"> 1\""));
  const std::string missed = scratch.file(
      "missed.jsonc",
      replaced(kTiny, "\"infer.chat.ttft_p99\": \"< 30s\"", "\"infer.chat.ttft_p99\": \"< 1us\""));
  const std::string undecided = scratch.file(
      "undecided.jsonc",
      replaced(kTiny, "\"train.pretrain.goodput\": \"> 99.99%\"", "\"no.such.metric\": \"> 99%\""));
  CHECK(invoke("run " + met + rest).exit_code == 0);
  CHECK(invoke("run " + missed + rest).exit_code == 1);
  CHECK(invoke("run " + undecided + rest).exit_code == 4);
}

TEST_CASE("an interrupt flushes a partial answer, marks it and exits 130") {
  const Scratch scratch;
  const std::string file =
      scratch.file("long.jsonc", replaced(kTiny, "\"horizon\": \"20s\"", "\"horizon\": \"2h\""));
  const std::string folder = scratch.path("out");
  const Outcome run = invoke_interrupted(
      "run " + file + " --format json --progress json --out " + folder, SIGINT, "\"done\"");
  CHECK(run.exit_code == 130);
  const json document = json::parse(run.out, nullptr, false);
  REQUIRE(document.is_object());
  CHECK(document["interrupted"] == true);
  CHECK(document["simulated_seconds"].get<double>() > 0);
  CHECK(document["simulated_seconds"].get<double>() < 7200);
  for (const json& verdict : document["verdict"]) CHECK(verdict["state"] == "undecided");
  for (const json& check : document["conservation"])
    CHECK_MESSAGE(check["ok"] == true, check.dump());
  CHECK(read_file(folder + "/result.json") == run.out);

  const Outcome table = invoke_interrupted("run " + file + " --progress json", SIGINT, "\"done\"");
  CHECK(table.exit_code == 130);
  CHECK(table.out.rfind("PARTIAL", 0) == 0);
  CHECK(invoke_interrupted("run " + file + " --progress json", SIGTERM, "\"done\"").exit_code ==
        75);
}

TEST_CASE("seeds that an interrupt cut off leave a partial answer, and the answer says so") {
  const Scratch scratch;
  const std::string file =
      scratch.file("t.jsonc", replaced(kTiny, "\"horizon\": \"20s\"", "\"horizon\": \"5min\""));
  const std::string run =
      "run " + file + " --reps 900 --no-variants --no-what-if --progress json --format ";
  // The base is a nine hundredth of the work: it has ended when 1 % is done.
  const Outcome cut = invoke_interrupted(run + "json", SIGINT, "\"done\": 0.01");
  CHECK(cut.exit_code == 130);
  const json document = json::parse(cut.out, nullptr, false);
  REQUIRE(document.is_object());
  CHECK(document["interrupted"] == true);
  const std::size_t seeds = document["manifest"]["seeds"].size();
  CHECK(seeds > 2);
  CHECK(seeds < 900);
  for (const json& verdict : document["verdict"]) CHECK(verdict["state"] == "undecided");
  CHECK(document["notes"].dump().find("after the base had run to its end") != std::string::npos);
  CHECK(document["notes"].dump().find("Figures are means over " + std::to_string(seeds)) !=
        std::string::npos);
  CHECK(invoke_interrupted(run + "table", SIGINT, "\"done\": 0.01").out.rfind("PARTIAL", 0) == 0);
}

TEST_CASE("a second interrupt at once does not lose the partial answer; more end without it") {
  const Scratch scratch;
  const std::string file =
      scratch.file("t.jsonc", replaced(kTiny, "\"horizon\": \"20s\"", "\"horizon\": \"2h\""));
  const std::string run = "run " + file + " --format json --progress json";
  const Outcome twice = invoke_interrupted(run, SIGINT, "\"done\"", 2, 15);
  CHECK(twice.exit_code == 130);
  CHECK(json::parse(twice.out, nullptr, false).is_object());
  CHECK(twice.err.find("finishing the partial answer") != std::string::npos);
  const Outcome often = invoke_interrupted(run, SIGINT, "\"done\"", 20, 3);
  CHECK(often.exit_code == 130);
  CHECK(often.err.find("ended at once") != std::string::npos);
}

TEST_CASE("the full fleet is refused at the exact rung and answered in closed form") {
  const Outcome refused = invoke("run mai-2027 --rung exact");
  CHECK(refused.exit_code == 3);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("of memory and") != std::string::npos);
  CHECK(refused.err.find("of CPU") != std::string::npos);
  for (const char* preset : {"mai-2027", "mai-2027-hgx"}) {
    const Outcome answer = invoke(std::string("run ") + preset);
    CHECK_MESSAGE(answer.exit_code == 0, answer.err);
    CHECK(answer.out.rfind("NOT SIMULATED", 0) == 0);
  }
  const std::string automatic = "run mai-2027 --rung auto --max-time 1s";
  const Outcome closed =
      invoke(automatic + " --set events=[] --set failures.enabled=false --no-variants");
  CHECK_MESSAGE(closed.exit_code == 0, closed.err);
  CHECK(closed.err.find("rung analytic (auto)") != std::string::npos);
  // Closed forms would leave its events out.
  const Outcome none = invoke(automatic);
  CHECK(none.exit_code == 3);
  CHECK(none.err.find("would leave out its events") != std::string::npos);
}

TEST_CASE("limits of memory and time are the user's to set") {
  const Scratch scratch;
  const std::string run = "run " + scratch.file("t.jsonc", kTiny) + kAlone;
  CHECK(invoke(run + " --max-time 1ms").exit_code == 3);
  CHECK(invoke(run + " --max-memory 1MB").exit_code == 3);
  CHECK(invoke(run + " --max-memory 24").exit_code == 2);  // a unit is missing
}

TEST_CASE("the other formats carry the same answer, and progress stays on stderr") {
  const Scratch scratch;
  const std::string run =
      "run " + scratch.file("t.jsonc", kTiny) + " --no-variants --no-what-if --seeds 1";
  const Outcome markdown = invoke(run + " --format md --quiet");
  CHECK(markdown.out.find("## VERDICT") != std::string::npos);
  CHECK(markdown.err.empty());
  const Outcome bar = invoke(run + " --format json --progress bar");
  CHECK(json::parse(bar.out, nullptr, false).is_object());
}

TEST_CASE("a figure of a stored closed form can be explained with its numbers") {
  const Scratch scratch;
  const Outcome run = invoke("run mai-2027 --out " + scratch.path("out"));
  REQUIRE_MESSAGE(run.exit_code == 0, run.err);
  const json document = json::parse(read_file(scratch.path("out/result.json")));
  CHECK(document["simulated"] == false);
  REQUIRE(!document["derivations"].empty());
  const std::string metric = document["derivations"].begin().key();
  const std::string formula = document["derivations"].begin().value()["formula"];
  const Outcome explained =
      invoke("explain " + scratch.path("out/result.json") + " --metric '" + metric + "'");
  CHECK_MESSAGE(explained.exit_code == 0, explained.err);
  // Lines are broken to fit the terminal.
  const auto squeezed = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
  };
  CHECK(squeezed(explained.out).find(squeezed(formula)) != std::string::npos);
  CHECK(invoke("explain " + scratch.path("out/result.json") + " --metric no.such").exit_code == 2);
}

TEST_CASE("a real conversation trace drives a run, with and without the cache") {
  const std::string trace = std::string(FLEETCACHE_SOURCE_DIR) +
                            "/../shared/data/kv-mooncake-conversation/conversation_trace.jsonl.zst";
  if (!std::ifstream(trace)) {
    MESSAGE("skipped: no trace at " << trace);
    return;
  }
  const std::string run = "run kv-pool --set workloads.chat.requests=trace:" + trace +
                          " --format json --no-what-if --no-variants --seeds 1 --quiet";
  const json with = document_of(invoke(run));
  const json without = document_of(invoke(run + " --set cache.enabled=false"));
  const auto ttft = [](const json& d) {
    return d["metrics"]["infer.chat.ttft_mean"]["value"].get<double>();
  };
  CHECK(with["metrics"]["kv.block_hit_ratio"]["value"].get<double>() > 0.1);
  CHECK(without["metrics"]["kv.block_hits"]["value"].get<double>() == 0);
  CHECK(ttft(with) < ttft(without));
  // The trace has 12,031 requests in an hour; the horizon of two hours takes them all.
  CHECK(with["requests"]["in"].get<std::uint64_t>() >= 12031);
}

TEST_CASE("a pooled LRU of blocks, filled and touched at arrival, has the published block misses") {
  const std::string shared = std::string(FLEETCACHE_SOURCE_DIR) + "/../shared/data/";
  const std::string trace = shared + "kv-mooncake-conversation/conversation_trace.jsonl.zst";
  const std::string counts = read_file(shared + "policy-reference/miss-counts.csv");
  if (counts.empty() || !std::ifstream(trace)) {
    MESSAGE("skipped: no reference data at " << shared);
    return;
  }
  for (const std::string blocks : {"1000", "10000", "50000"}) {
    const std::string row =
        "mooncake_conversation_blocks,288500,182790,lru," + blocks + ",objects,";
    const auto at = counts.find(row);
    REQUIRE(at != std::string::npos);
    const double misses = std::stod(counts.substr(at + row.size()));
    const std::string run = "run kv-pool --set workloads.chat.requests=trace:" + trace +
                            " --set cache.tiers.pool.capacity=" + blocks +
                            "blocks --format json --no-what-if --no-variants --seeds 1 --quiet";
    const json instant =
        document_of(invoke(run + " --set cache.fill=instant --set cache.touch=arrival"));
    CHECK(instant["metrics"]["kv.block_lookups"]["value"].get<double>() == 288500);
    CHECK(instant["metrics"]["kv.block_misses"]["value"].get<double>() == misses);
    // With real timing a block can be asked for again before it is there: the run explains it.
    const json timed = document_of(invoke(run));
    // 50,000 blocks hold nearly everything that comes back: there timing moves nothing.
    if (blocks != "50000")
      CHECK(timed["metrics"]["kv.block_misses"]["value"].get<double>() != misses);
    CHECK(timed["notes"].dump().find("real timing") != std::string::npos);
  }
}
