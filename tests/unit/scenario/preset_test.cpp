#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "sim/scenario/loader.hpp"
#include "sim/scenario/presets.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/schema.hpp"

using namespace fleetcache;
using namespace fleetcache::scenario;
using nlohmann::json;

namespace {

/// True when an independent draft-07 validator accepts the document under our schema.
bool valid(const json& document, std::string* why = nullptr) {
  static const auto parsed = [] {
    auto out = std::make_unique<valijson::Schema>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    const valijson::adapters::NlohmannJsonAdapter adapter(schema());
    parser.populateSchema(adapter, *out);
    return out;
  }();
  valijson::Validator validator;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  valijson::ValidationResults results;
  const bool ok = validator.validate(*parsed, adapter, &results);
  valijson::ValidationResults::Error error;
  while (why != nullptr && results.popError(error)) {
    for (const std::string& part : error.context) *why += part;
    *why += ": " + error.description + "\n";
  }
  return ok;
}

/// Calls `visit` with every subschema of properties, maps and lists.
void walk(const json& node, const std::string& path,
          const std::function<void(const std::string&, const json&)>& visit) {
  if (node.contains("properties")) {
    for (const auto& [key, child] : node.at("properties").items()) {
      visit(path + "/" + key, child);
      walk(child, path + "/" + key, visit);
    }
  }
  if (node.contains("definitions")) {
    for (const auto& [key, child] : node.at("definitions").items()) walk(child, key, visit);
  }
}

}  // namespace

TEST_CASE("every preset loads, and all its numbers have a kind and a source") {
  REQUIRE(presets().size() >= 4);
  for (const auto& preset : presets()) {
    const std::string& name = preset.first;
    CAPTURE(name);
    CHECK_FALSE(preset.second.empty());
    const auto loaded = load(name, {});
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    for (const auto& entry : loaded->provenance) {
      const Provenance& from = entry.second;
      CAPTURE(entry.first);
      if (from.kind.empty() || from.kind == "choice") continue;
      CHECK_FALSE(from.source.empty());
    }
  }
}

TEST_CASE("every part preset resolves where it may stand") {
  const std::map<std::string, std::string> where = {{"skus", "regions.east.pools.train.sku"},
                                                    {"blob", "regions.east.blob"},
                                                    {"bifrost", "regions.east.bifrost"}};
  for (const std::string& folder : part_folders()) {
    for (const std::string& name : part_presets(folder)) {
      CAPTURE(name);
      CHECK_FALSE(part_summary(folder, name).empty());
      std::vector<std::string> settings = {where.at(folder) + "=preset:" + name};
      if (folder == "skus") settings.push_back("regions.east.pools.train.sku.gpus=4");
      const auto loaded = load("mai-small", settings);
      CHECK_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    }
  }
}

TEST_CASE("a stand-alone document validates, loads again and keeps the digest") {
  const auto folder = std::filesystem::temp_directory_path();
  for (const auto& preset : presets()) {
    const std::string& name = preset.first;
    CAPTURE(name);
    const auto loaded = load(name, {});
    REQUIRE(loaded.ok());
    const json document = standalone(*loaded);
    std::string why;
    CHECK_MESSAGE(valid(document, &why), why);
    const std::string file = (folder / ("fleetcache_standalone_" + name + ".json")).string();
    std::ofstream(file) << document.dump(1);
    const auto again = load(file, {});
    REQUIRE_MESSAGE(again.ok(), (again.ok() ? "" : again.error().text()));
    CHECK(again->digest == loaded->digest);
    CHECK(again->resolved == loaded->resolved);
    std::filesystem::remove(file);
  }
}

TEST_CASE("preset files validate as they are written") {
  for (const auto& preset : presets()) {
    const std::string& name = preset.first;
    CAPTURE(name);
    std::string why;
    CHECK_MESSAGE(valid(json::parse(preset_text(name), nullptr, true, true), &why), why);
  }
}

TEST_CASE("the independent validator refuses what the schema forbids") {
  json document = json::parse(preset_text("mai-small"), nullptr, true, true);
  REQUIRE(valid(document));
  const auto broken = [&](const char* pointer, const json& value) {
    json copy = document;
    copy[json::json_pointer(pointer)] = value;
    return !valid(copy);
  };
  CHECK(broken("/cach", json::object()));
  CHECK(broken("/seed", -1));
  CHECK(broken("/seed", "one"));
  CHECK(broken("/cache/scope", "planet"));
  CHECK(broken("/cache/enabled", "yes"));
  CHECK(broken("/time/horizon", 7));
  CHECK(broken("/workloads/chat/kind", "inference"));
  CHECK(broken("/regions/east/pools/train/nodes", 0));
  CHECK(broken("/regions/east/blob/egress", json{{"value", "1Gbps"}, {"kind", "guess"}}));
}

TEST_CASE("every key of the schema has a description, and every number a default or a must") {
  int numbers = 0;
  walk(schema(), "", [&](const std::string& path, const json& key) {
    CAPTURE(path);
    const SchemaView view(key);
    if (path.rfind("annotated", 0) == 0) return;
    CHECK_FALSE(view.text("description").empty());
    const bool number =
        view.keyword("x-quantity") != nullptr || view.keyword("x-number") != nullptr;
    if (!number) return;
    ++numbers;
    CHECK((view.flag("x-required") || view.keyword("default") != nullptr));
    CHECK_FALSE(allowed_range(view).empty());
    if (view.keyword("default") != nullptr) {
      CHECK_FALSE(view.text("x-kind").empty());
      if (view.text("x-kind") != "choice") CHECK_FALSE(view.text("x-source").empty());
      if (view.text("x-kind") == "assumed" && view.text("x-source") == "assumption")
        FAIL("no reason");
    }
  });
  CHECK(numbers > 80);
}

TEST_CASE("the example of the guide loads and validates") {
  std::ifstream in(std::string(FLEETCACHE_SOURCE_DIR) + "/docs/scenario.md");
  const std::string guide((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string fence = "```jsonc\n";
  const std::size_t start = guide.find(fence);
  REQUIRE(start != std::string::npos);
  const std::size_t text = start + fence.size();
  const std::string example = guide.substr(text, guide.find("```", text) - text);
  const auto loaded = load_text(example, "guide.jsonc");
  CHECK_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
  CHECK(valid(json::parse(example)));
}

TEST_CASE("the big fleets have the counts they promise") {
  const auto count = [](const char* name, Role role) {
    std::uint64_t nodes = 0;
    const auto loaded = load(name, {});
    REQUIRE(loaded.ok());
    for (const auto& [region, r] : loaded->scenario.regions) {
      for (const auto& [pool, p] : r.pools) nodes += p.role == role ? p.nodes : 0;
    }
    return nodes;
  };
  CHECK(count("mai-2027", Role::kTrain) == 100'000);
  CHECK(count("mai-2027", Role::kInfer) == 10'000);
  CHECK(count("mai-2027-hgx", Role::kTrain) == 50'000);
  CHECK(count("mai-2027-hgx", Role::kInfer) == 5'000);
  CHECK(count("mai-2027-hgx", Role::kCpu) == 45'000);
}

TEST_CASE("the scale model keeps the ratios of the full fleet") {
  const auto small = load("mai-small", {});
  const auto full = load("mai-2027", {});
  REQUIRE((small.ok() && full.ok()));
  struct Ratios {
    double demand = 0;  ///< bytes/s that training asks for, as if nothing were cached
    double egress = 0;
    double stamp = 0;
    double nvme = 0;
    double data = 0;
  };
  const auto ratios = [](const Scenario& s) {
    Ratios r;
    for (const auto& [name, job] : s.training) {
      r.demand += static_cast<double>(job.nodes) * static_cast<double>(job.bytes_per_step.count) /
                  to_seconds(job.compute);
    }
    for (const auto& [name, region] : s.regions) {
      r.egress += region.blob.accounts * region.blob.egress.count;
      r.stamp += region.bifrost.stamp.count;
      for (const auto& [pool, p] : region.pools) {
        r.nvme += static_cast<double>(p.nodes) * static_cast<double>(p.sku.nvme.count);
      }
    }
    for (const auto& [name, data] : s.datasets) r.data += static_cast<double>(data.size.count);
    return r;
  };
  const Ratios a = ratios(small->scenario);
  const Ratios b = ratios(full->scenario);
  // 1.73 GB/s : 0.8 GB/s = 2.2 against 2.51 TB/s : 1.25 TB/s = 2.0
  CHECK(a.demand / a.egress == doctest::Approx(b.demand / b.egress).epsilon(0.15));
  CHECK(a.stamp / a.egress == doctest::Approx(b.stamp / b.egress).epsilon(0.01));
  // 1.8 TB : 104 GB = 17.3 against 1.76 EB : 96 PB = 18.3
  CHECK(a.nvme / a.data == doctest::Approx(b.nvme / b.data).epsilon(0.1));
}
