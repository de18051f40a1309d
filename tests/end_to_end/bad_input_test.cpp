// Bad input: each gets a message that says the value and what is allowed, with file:line:column
// where there is a file, exit code 2, and nothing on stdout or on the disk.

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/binary.hpp"
#include "tests/end_to_end/tiny.hpp"

using namespace fleetcache::test;

namespace {

struct BadEdit {
  std::string what;
  std::string from, to;               ///< one edit of the tiny scenario
  std::vector<std::string> must_say;  ///< in the message, besides the place
};

const std::vector<BadEdit>& edits() {
  static const std::vector<BadEdit> table = {
      {"unknown key", "\"placement\"", "\"placemnt\"", {"placemnt", "placement"}},
      {"unknown nested key", "\"accounts\": 2", "\"acounts\": 2", {"acounts", "accounts"}},
      {"missing unit", "\"200MB\"", "\"200\"", {"200", "unit"}},
      {"bare number for a quantity", "\"200MB\"", "200000000", {"200000000"}},
      {"wrong unit", "\"200MB\"", "\"200ms\"", {"200ms"}},
      {"bits for bytes", "\"200MB\"", "\"200Mb\"", {"200Mb"}},
      {"an amount for a rate", "\"4Gbps\"", "\"4GB\"", {"4GB"}},
      {"duplicate key", "\"seed\": 1,", "\"seed\": 1, \"seed\": 2,", {"seed"}},
      {"negative", "\"200MB\"", "\"-200MB\"", {"-200MB"}},
      {"negative count", "\"accounts\": 2", "\"accounts\": -2", {"-2"}},
      {"NaN", "\"cv\": 1.1", "\"cv\": \"NaN\"", {"NaN"}},
      {"overflow", "\"200MB\"", "\"200000EB\"", {"200000EB"}},
      {"number out of range", "\"cv\": 1.1", "\"cv\": 1e999", {"1e999"}},
      {"capacity zero", "\"200MB\"", "\"0B\"", {"0B"}},
      {"unknown eviction policy", "\"s3fifo\"", "\"s3fifi\"", {"s3fifi", "s3fifo"}},
      {"unknown placement policy", "\"rendezvous\"", "\"rendevous\"", {"rendevous", "rendezvous"}},
      {"unknown preset", "preset:gb300-4gpu", "preset:gb300-4gpus", {"gb300-4gpus"}},
      {"unknown dataset", "\"dataset\": \"images\"", "\"dataset\": \"imagez\"", {"imagez"}},
      {"not JSON", "\"seed\": 1,", "\"seed\": 1", {}},
      {"cut short", "\"variants\"", "\"vari", {}},
  };
  return table;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// "name:12:34" for some line and column.
bool has_place(const std::string& text, const std::string& file) {
  const auto at = text.find(file + ":");
  if (at == std::string::npos) return false;
  const auto line = at + file.size() + 1;
  const auto colon = text.find(':', line);
  return colon != std::string::npos && colon > line &&
         text.find_first_not_of("0123456789", line) == colon &&
         text.find_first_not_of("0123456789", colon + 1) > colon + 1;
}

void check_refused(const Outcome& outcome, const std::string& what) {
  CHECK_MESSAGE(outcome.exit_code == 2, what << ": " << outcome.err);
  CHECK_MESSAGE(outcome.out.empty(), what);
  CHECK_MESSAGE(mentions(outcome.err, "error: "), what);
}

const std::string kQuick = " --no-variants --no-what-if --seeds 1 --quiet";

}  // namespace

TEST_CASE("each fault of a scenario file is refused at its place and leaves nothing behind") {
  for (const BadEdit& edit : edits()) {
    const Scratch scratch;
    const std::string file = scratch.file("bad.jsonc", replaced(kTiny, edit.from, edit.to));
    const Outcome run = invoke("run " + file + " --out " + scratch.path("out") + kQuick);
    check_refused(run, edit.what);
    CHECK_MESSAGE(has_place(run.err, file), edit.what << ": " << run.err);
    for (const std::string& part : edit.must_say) {
      CHECK_MESSAGE(mentions(run.err, part), edit.what << ": " << run.err);
    }
    CHECK_MESSAGE(scratch.entries() == 1, edit.what);
  }
}

TEST_CASE("each fault of a --set is refused and names the flag or the path") {
  const Scratch scratch;
  const std::string file = scratch.file("t.jsonc", kTiny);
  for (const char* setting : {"cache.tiers.dram.capacity=7", "cache.tiers.dram.capacitee=7GB",
                              "regions.east.blob.egress=5GB", "noequals", "=5", "seed=-1",
                              "cache.tiers.nvme.eviction=lruu"}) {
    const Outcome run =
        invoke("run " + file + " --set " + setting + " --out " + scratch.path("o") + kQuick);
    check_refused(run, setting);
    CHECK(scratch.entries() == 1);
  }
}

TEST_CASE("an object larger than the cache is refused before the run") {
  const Scratch scratch;
  const std::string file =
      scratch.file("t.jsonc", replaced(kTiny, "\"object\": \"8MB\"", "\"object\": \"3GB\""));
  const Outcome run = invoke("run " + file + kQuick);
  check_refused(run, "object larger than the cache");
}

TEST_CASE("files that are not there or cannot be read are refused") {
  const Scratch scratch;
  check_refused(invoke("run " + scratch.path("absent.jsonc")), "absent file");
  check_refused(invoke("run " + scratch.path("")), "a folder");
  check_refused(invoke("run mai-smal"), "unknown preset");
  CHECK(mentions(invoke("run mai-smal").err, "mai-small"));
  const std::string run = "run " + scratch.file("t.jsonc", kTiny) + kQuick;
  const Outcome trace =
      invoke(run + " --set workloads.chat.requests=trace:" + scratch.path("absent.jsonl"));
  check_refused(trace, "absent trace");
  CHECK(mentions(trace.err, "absent.jsonl"));
}

TEST_CASE("check warns of objectives that nothing reports and of objects too large for a tier") {
  const Scratch scratch;
  const std::string file = scratch.file(
      "t.jsonc", replaced(replaced(kTiny, "\"object\": \"8MB\"", "\"object\": \"300MB\""),
                          "\"slo\": {", "\"slo\": {\"train.stal\": \"< 2%\", "));
  const Outcome check = invoke("check " + file);
  CHECK_MESSAGE(check.exit_code == 0, check.err);
  CHECK_MESSAGE(mentions(check.out, "did you mean \"train.stall\"?"), check.out);
  // Lines are broken to fit the terminal.
  std::string flat = check.out;
  std::erase_if(flat, [](char c) { return c == ' ' || c == '\n'; });
  CHECK_MESSAGE(mentions(flat, "largerthancachetier\"dram\"(200MB)"), check.out);
  for (const char* preset : {"mai-small", "mai-2027", "mai-2027-hgx", "kv-pool"}) {
    CHECK_FALSE(mentions(invoke(std::string("check ") + preset).out, "warning"));
  }
}

TEST_CASE("check looks into a request trace") {
  const Scratch scratch;
  const std::string check =
      "check " + scratch.file("t.jsonc", kTiny) + " --set workloads.chat.requests=trace:";
  const Outcome csv = invoke(check + scratch.file("t.csv", "id,size\n1,2\n"));
  check_refused(csv, "a CSV trace");
  CHECK_MESSAGE(mentions(csv.err, "want a Mooncake JSONL trace"), csv.err);
  check_refused(invoke(check + scratch.file("empty.jsonl", "")), "an empty trace");
  const Outcome folder = invoke(check + scratch.path(""));
  check_refused(folder, "a folder");
  CHECK_MESSAGE(mentions(folder.err, "is a folder"), folder.err);
}

TEST_CASE("explain reads a result folder and refuses what is no result") {
  const Scratch scratch;
  const std::string metric = " --metric train.goodput";
  const Outcome none = invoke("explain " + scratch.path("") + metric);
  check_refused(none, "a folder without a result");
  CHECK_MESSAGE(mentions(none.err, "is a folder without a result.json"), none.err);
  check_refused(invoke("explain " + scratch.path("absent") + metric), "no file");
  check_refused(invoke("explain " + scratch.file("t.txt", "no JSON") + metric), "no JSON");
  const std::string out = scratch.path("out");
  invoke("run " + scratch.file("t.jsonc", kTiny) + " --out " + out + kQuick);
  const Outcome good = invoke("explain " + out + metric);
  CHECK_MESSAGE(good.exit_code == 0, good.err);
  CHECK_MESSAGE(mentions(good.out, "train.goodput = "), good.out);
}

TEST_CASE("a trace cut inside a record is refused with its line") {
  const Scratch scratch;
  const std::string line =
      R"({"timestamp": 1000, "input_length": 1024, "output_length": 5, "hash_ids": [1, 2]})";
  const std::string trace = scratch.file("cut.jsonl", line + "\n" + line.substr(0, 40));
  const Outcome run = invoke("run " + scratch.file("t.jsonc", kTiny) +
                             " --set workloads.chat.requests=trace:" + trace + kQuick);
  check_refused(run, "cut trace");
  CHECK_MESSAGE(mentions(run.err, "cut.jsonl:2"), run.err);
}

TEST_CASE("unknown verbs, flags and values are refused with the nearest name") {
  struct Line {
    std::string arguments, must_say;
  };
  for (const Line& line : std::vector<Line>{{"rnu mai-small", "run"},
                                            {"", "subcommand"},
                                            {"run", "scenario"},
                                            {"run mai-small --formt json", "--format"},
                                            {"run mai-small --format jsn", "jsn"},
                                            {"run mai-small --rung flet", "flet"},
                                            {"run mai-small --seed x", "x"},
                                            {"run mai-small --seeds 0", "seeds"},
                                            {"run mai-small extra", "extra"},
                                            {"run mai-small --variant bifros", "bifrost"},
                                            {"run mai-small --max-time 5", "max-time"}}) {
    const Outcome run = invoke(line.arguments);
    check_refused(run, line.arguments);
    CHECK_MESSAGE(mentions(run.err, line.must_say), line.arguments << ": " << run.err);
  }
}

TEST_CASE("a flag that would do nothing is refused, or remarked on where auto chose the rung") {
  for (const char* flag : {"--salt 5", "--sample-factor 2", "--representative-factor 2",
                           "--no-step-over", "--epsilon 0.1", "--reps-max 9", "--salt -1"}) {
    const Outcome run = invoke(std::string("run mai-small --rung exact ") + flag);
    check_refused(run, flag);
    CHECK_MESSAGE(mentions(run.err, std::string(flag).substr(0, std::string(flag).find(' '))),
                  flag);
  }
  for (const char* flag : {"--reps 3", "--error full", "--until 'rel_ci(train.stall) < 2%'"}) {
    const Outcome run = invoke(std::string("run mai-2027 ") + flag);
    check_refused(run, flag);
    CHECK_MESSAGE(mentions(run.err, "the scenario asks for rung analytic"), run.err);
  }
  const Scratch scratch;
  const std::string file = scratch.file("t.jsonc", kTiny);
  const Outcome remark =
      invoke("run " + file + " --rung auto --salt 5 --no-variants --no-what-if --seeds 1");
  CHECK(remark.exit_code == 0);
  CHECK_MESSAGE(mentions(remark.err, "note: --salt: means nothing at rung exact"), remark.err);
  // Before the scenario is read, let alone weighed.
  const Outcome none = invoke("run " + file + " --reps 0");
  check_refused(none, "--reps 0");
  CHECK_MESSAGE(none.err == "error: --reps: '0' is not 1 to 1000\n", none.err);
}

TEST_CASE("an --out that cannot take results is refused before the run") {
  const Scratch scratch;
  const std::string run = "run " + scratch.file("t.jsonc", kTiny) + kQuick;
  check_refused(invoke(run + " --out " + scratch.path("t.jsonc")), "a file");
  check_refused(invoke(run + " --out " + scratch.path("no/such/parent")), "no parent");
  CHECK(scratch.entries() == 1);
}

TEST_CASE("help and version are answers, not errors") {
  for (const char* arguments : {"--help", "run --help", "--version", "version"}) {
    const Outcome run = invoke(arguments);
    CHECK(run.exit_code == 0);
    CHECK(run.err.empty());
    CHECK(mentions(run.out, "fleetcache"));
  }
}

TEST_CASE("every preset checks, and a printed preset is a file that runs the same") {
  const Outcome list = invoke("presets --format json");
  CHECK_MESSAGE(list.exit_code == 0, list.err);
  const Scratch scratch;
  for (const char* preset : {"mai-small", "mai-2027", "mai-2027-hgx", "kv-pool"}) {
    CHECK_MESSAGE(mentions(list.out, preset), preset);
    const Outcome text = invoke(std::string("init ") + preset);
    CHECK(text.exit_code == 0);
    const Outcome check = invoke("check " + scratch.file(std::string(preset) + ".jsonc", text.out));
    CHECK_MESSAGE(check.exit_code == 0, check.err);
  }
}
