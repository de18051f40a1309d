#include "tests/fuzz/scenario_properties.hpp"

#include "sim/scenario/loader.hpp"
#include "sim/scenario/schema.hpp"

namespace fleetcache::fuzz {

std::string scenario_properties(std::string_view input, const std::string& label) {
  const auto loaded = scenario::load_text(std::string(input), label);
  if (!loaded) {
    if (loaded.error().what.empty()) return "a refusal without a reason";
    return loaded.error().where.empty() ? "a refusal without a place: " + loaded.error().what : "";
  }
  const std::string text = scenario::standalone(*loaded).dump(1);
  const auto again = scenario::load_text(text, "standalone.json");
  if (!again) return "its stand-alone form is refused: " + again.error().text();
  if (again->digest != loaded->digest) return "its stand-alone form has another digest";
  return "";
}

std::vector<std::string> json_scenarios() {
  return {
      R"({"time": {"horizon": "1min"}, "regions": {"e": {"pools": {
 "t": {"role": "train", "nodes": 4, "sku": "preset:gb300-4gpu"},
 "i": {"role": "infer", "nodes": 2, "sku": {"extends": "preset:h100-8gpu", "nic": "100Gbps"}}},
 "blob": {"egress": {"value": "200Gbps", "kind": "vendor", "source": "s"}}}, "f": {"like": "e"}},
"links": [{"between": ["e", "f"], "rtt": "83ms"}], "cache": {"tiers": {"n": {"medium": "nvme",
 "capacity": "1000blocks", "eviction": "s3fifo", "parameters": {"small_ratio": 0.2}}}},
"datasets": {"d": {"size": "1TB"}}, "workloads": {
 "j": {"kind": "train", "region": "e", "pool": "t", "nodes": 4, "dataset": "d",
  "bytes_per_step": "64MB", "compute": "1s", "checkpoint": {"size": "1GB", "every": "30s"}},
 "c": {"kind": "infer", "region": "e", "pool": "i", "nodes": 2, "requests": {"rate": "5/s"}}},
"events": [{"at": "10s", "fail": "rack:e/0"}, {"at": "20s", "throttle": "origin:f"}],
"slo": {"train.stall": "< 2%"}, "variants": {"v": {"cache.enabled": false, "seed": 7}}})",
      R"({"extends": ["mai-small"], // comment
 "seed": 3, "workloads": {"flagship": null, "chat": {"nodes": 4}}, "not_scaled": ["a", "é"]})",
      R"({"extends": "kv-pool", "cache": {"tiers": {"pool": {"capacity": "50000blocks"}}}})"};
}

std::vector<std::string> scenario_words() {
  std::vector<std::string> words = {"{",
                                    "}",
                                    "[",
                                    "]",
                                    ":",
                                    ",",
                                    "\"",
                                    "null",
                                    "true",
                                    "false",
                                    "-1",
                                    "0",
                                    "1e309",
                                    "NaN",
                                    "\"NaN\"",
                                    "010",
                                    "//",
                                    "/*",
                                    "*/",
                                    "\\u0000",
                                    "\\ud800",
                                    "\xff",
                                    "\n",
                                    "  ",
                                    "- ",
                                    "&a ",
                                    "*a",
                                    "!!int ",
                                    "? ",
                                    "| ",
                                    "---\n",
                                    "...",
                                    "#",
                                    "'",
                                    "\"preset:gb300-4gpu\"",
                                    "\"trace:x\"",
                                    "\"12\"",
                                    "\"160Gb\"",
                                    "\"20GB\"",
                                    "\"18.5EB\"",
                                    "\"1000blocks\"",
                                    "\"like\": \"e\",",
                                    "\"extends\": \"mai-small\",",
                                    "{\"value\": \"1TB\"}",
                                    "\"< 2%\"",
                                    "\"cache.tiers.x.y\": 1,",
                                    "\"seed\": 1, \"seed\": 2,"};
  for (const char* object : {"", "cache", "regions.x", "regions.x.blob", "workloads.x"}) {
    scenario::SchemaView view;
    if (*object != '\0') {
      for (const std::string& part : scenario::split_path(object)) view = view.child(part);
    }
    for (const std::string& key : view.keys()) words.push_back("\"" + key + "\": ");
  }
  return words;
}

}  // namespace fleetcache::fuzz
