/// YAML scenarios: the properties of scenarios.
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/scenario_properties.hpp"

namespace fleetcache::fuzz {

std::string run(std::string_view input) { return scenario_properties(input, "f.yaml"); }

std::vector<std::string> seeds() {
  std::vector<std::string> texts = {R"(# block style
time: {horizon: 1min}
regions:
  e:
    pools:
      t: &pool {role: train, nodes: 4, sku: 'preset:gb300-4gpu'}
      i: {role: infer, nodes: 2, sku: "preset:gb300-4gpu"}
cache:
  tiers:
    n:
      medium: nvme
      capacity: 1TB
datasets: {d: {size: 1TB}}
workloads:
  j:
    kind: train
    region: e
    pool: t
    nodes: 4
    dataset: d
    bytes_per_step: 64MB
    compute: 1s
events:
  - {at: 10s, fail: "rack:e/0"}
  - at: 20s
    throttle: origin:e
not_scaled:
  - >-
    folded
    text
)"};
  // JSON without comments is YAML.
  for (const std::string& text : json_scenarios()) {
    if (text.find("//") == std::string::npos) texts.push_back(text);
  }
  return texts;
}

std::vector<std::string> words() {
  std::vector<std::string> all = scenario_words();
  for (const char* word : {"nodes: ", "  ", "\n  ", "\n- ", ": ", ": |\n", "<<: *pool\n", "*pool",
                           "yes", "~", "0x1F", "1_000", "2001-01-01", "%YAML 1.2\n", "\t"}) {
    all.emplace_back(word);
  }
  return all;
}

}  // namespace fleetcache::fuzz
