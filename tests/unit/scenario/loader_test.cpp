#include "sim/scenario/loader.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

using namespace fleetcache;
using namespace fleetcache::scenario;

namespace {

/// A folder of scenario files that goes away with the test.
class Folder {
 public:
  Folder() {
    path_ = std::filesystem::temp_directory_path() /
            ("fleetcache_scenario_" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

const char* const kSmall = R"({
  "time": {"horizon": "1min"},
  "regions": {
    "east": {
      "pools": {
        "train": {"role": "train", "nodes": 4, "sku": "preset:gb300-4gpu"},
        "infer": {"role": "infer", "nodes": 2, "sku": "preset:gb300-4gpu"}
      },
      "blob": {"egress": "200Gbps"}
    }
  },
  "cache": {"tiers": {"nvme": {"medium": "nvme", "capacity": "1TB"}}},
  "datasets": {"d": {"size": "1TB"}},
  "workloads": {
    "job": {"kind": "train", "region": "east", "pool": "train", "nodes": 4, "dataset": "d",
            "bytes_per_step": "64MB", "compute": "1s"},
    "chat": {"kind": "infer", "region": "east", "pool": "infer", "nodes": 2}
  }
}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, from);
  return text.replace(at, from.size(), to);
}

/// First error of kSmall with one text replaced, without the folder's name.
std::string error_of(const std::string& from, const std::string& to,
                     const std::vector<std::string>& settings = {}) {
  const Folder folder;
  const std::string file = folder.write("s.json", replaced(kSmall, from, to));
  const auto loaded = load(file, settings);
  if (loaded) return "no error";
  std::string text = loaded.error().text();
  const std::size_t at = text.find(file);
  return at == std::string::npos ? text : text.replace(at, file.size(), "s.json");
}

std::string set_error(const std::string& setting) {
  const auto loaded = load("mai-small", {setting});
  return loaded ? "no error" : loaded.error().text();
}

bool has(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK_MESSAGE(text.find(part) != std::string::npos, part);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a small file becomes typed values in base units") {
  const Folder folder;
  const auto loaded = load(folder.write("s.json", kSmall), {});
  REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
  const Scenario& s = loaded->scenario;
  CHECK(s.name == "s");
  CHECK(s.horizon == Duration(60'000'000'000));
  const Region& east = s.regions.at("east");
  CHECK(east.blob.egress == BytesPerSecond(25e9));  // 200 Gbps / 8
  CHECK(east.blob.requests == PerSecond(40e3));     // default
  CHECK(east.blob.burst_s == 1);
  CHECK(east.pools.at("train").sku.nic == BytesPerSecond(20e9));  // preset: 160 Gbps / 8
  CHECK(east.pools.at("train").sku.gpus == 4);
  CHECK(s.cache.tiers.at(0).eviction == "s3fifo");
  CHECK(s.datasets.at("d").object == Bytes(16 << 20));
  CHECK(s.training.at("job").bytes_per_step == Bytes(64'000'000));
  CHECK(s.inference.at("chat").kv_bytes_per_token == Bytes(70272));
}

TEST_CASE("every resolved number knows where it came from") {
  const Folder folder;
  const std::string file = folder.write("s.json", kSmall);
  const auto loaded = load(file, {"regions.east.blob.accounts=7"});
  REQUIRE(loaded.ok());
  const auto& from = loaded->provenance;
  CHECK(from.at("regions.east.blob.egress").origin == file + ":9:26");
  CHECK(from.at("regions.east.blob.egress").kind == "assumed");
  CHECK(from.at("regions.east.blob.egress").text == "200Gbps");
  CHECK(from.at("regions.east.blob.egress").unit == "B/s");
  CHECK(from.at("regions.east.blob.accounts").origin == "--set");
  CHECK(from.at("regions.east.blob.requests").origin == "default");
  CHECK(from.at("regions.east.blob.requests").kind == "published");
  CHECK(from.at("regions.east.pools.train.sku.nic").origin == "preset:gb300-4gpu");
  CHECK(from.at("regions.east.pools.train.sku.nic").kind == "published");
  CHECK_FALSE(from.at("regions.east.pools.train.sku.nic").source.empty());
}

TEST_CASE("bad keys and values name place, path, value, what is allowed and the nearest name") {
  CHECK(error_of("\"egress\": \"200Gbps\"", "\"egres\": \"200Gbps\"")
            .find("s.json:9:16 /regions/east/blob/egres: unknown key; allowed accounts, ") == 0);
  has(error_of("\"egress\": \"200Gbps\"", "\"egres\": \"200Gbps\""), "did you mean \"egress\"?");
  CHECK(error_of("\"1TB\"}}},", "\"12\"}}},") ==
        "s.json:12:62 /cache/tiers/nvme/capacity: value \"12\": has no unit (want e.g. \"12TB\" or "
        "\"28TiB\"); allowed 1B to 10EB");
  has(error_of("\"1TB\"}}},", "12}}},"),
      "s.json:12:62 /cache/tiers/nvme/capacity: value 12: has no unit");
  has(error_of("\"1TB\"}}},", "\"160Gb\"}}},"), "value \"160Gb\": is in bits");
  has(error_of("200Gbps", "20GB"), "value \"20GB\": is an amount (\"GB\"), but a rate is wanted");
  has(error_of("\"nodes\": 4, \"sku\"", "\"nodes\": 0, \"sku\""),
      "/nodes: value 0: is too small; allowed 1 to");
  has(error_of("\"nodes\": 4, \"sku\"", "\"nodes\": -4, \"sku\""), "value -4: is negative");
  has(error_of("\"nodes\": 4, \"sku\"", "\"nodes\": 4.5, \"sku\""), "not a whole number");
  has(error_of("\"nodes\": 4, \"sku\"", "\"nodes\": \"4\", \"sku\""),
      "is a string, not a plain number");
  has(error_of("\"nodes\": 4, \"sku\"", "\"nodes\": 1e300, \"sku\""), "is too large");
  has(error_of("\"1min\"", "NaN"), "s.json:2:23: value NaN: is not a finite number");
  has(error_of("\"1min\"", "\"nan\""), "is not a finite number");
  has(error_of("\"1min\"", "\"1e30s\""), "is too large");
  has(error_of("\"1min\"", "null"), "null only removes");
  has(error_of("\"nvme\", \"capacity\": \"1TB\"", "\"nvme\", \"capacity\": \"0B\""),
      "value \"0B\": is too small");
  has(error_of("\"datasets\"", "\"seed\": 1, \"seed\": 2, \"datasets\""), "duplicate key \"seed\"");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"1TB\", \"eviction\": \"s3fif\""),
      "value \"s3fif\": is no eviction policy; allowed fifo, lru, ");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"1TB\", \"eviction\": \"s3-fifo\""),
      "s3fifo, 2q; did you mean \"s3fifo\"?");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"1TB\", \"admission\": \"alway\""),
      "did you mean \"always\"?");
  has(error_of("\"role\": \"train\"", "\"role\": \"trian\""),
      "allowed train, infer, cpu; did you mean \"train\"?");
  has(error_of("\"kind\": \"train\"", "\"kind\": \"training\""), "allowed train, infer");
  has(error_of("\"kind\": \"train\", ", ""), "the key \"kind\" is missing");
  has(error_of("\"compute\": \"1s\"", "\"shuffle\": true"),
      "the key \"compute\" is missing (Of one step");
  has(error_of("gb300-4gpu", "gb300-4gp"), "did you mean \"gb300-4gpu\"?");
  has(error_of("gb300-4gpu", "standard-large-region"), "is a preset of another kind (blob)");
  {
    const Folder folder;
    const std::string text = replaced(kSmall, "gb300-4gpu", "gb400");
    const auto found = problems(folder.write("s.json", text), {});
    REQUIRE(found.size() == 1);  // no keys missed besides
    has(found[0].what, "did you mean \"gb200-4gpu\" or \"gb300-4gpu\"?");
  }
  has(error_of("\"200Gbps\"", "{\"value\": \"200Gbps\", \"kind\": \"guess\"}"),
      "allowed measured, published");
  has(error_of("\"cache\": {", "\"cache\": {\"enabled\": \"yes\", "), "allowed true, false");
  CHECK(error_of("\"sku\": \"preset:gb300-4gpu\"},", "\"sku\": 3},")
            .find("is a number; allowed an object") != std::string::npos);
}

TEST_CASE("references, sums and sizes across keys are checked") {
  has(error_of("\"dataset\": \"d\"", "\"dataset\": \"e\""), "is no dataset; allowed d");
  has(error_of("\"region\": \"east\", \"pool\": \"train\"",
               "\"region\": \"esat\", \"pool\": \"train\""),
      "is no region; allowed east; did you mean \"east\"?");
  has(error_of("\"pool\": \"train\"", "\"pool\": \"infer\""), "the pool's role is another");
  has(error_of("\"nodes\": 4, \"dataset\"", "\"nodes\": 5, \"dataset\""), "but the pool has 4");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"17TB\""),
      "more than a node of pool east/infer has (16TB)");
  has(error_of("{\"size\": \"1TB\"}", "{\"size\": \"3TB\", \"object\": \"2TB\"}"), "too large");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"10MB\""),
      "larger than every cache tier (10MB)");
  has(error_of("{\"size\": \"1TB\"}", "{\"size\": \"1MB\"}"), "larger than the dataset");
  has(error_of("\"capacity\": \"1TB\"", "\"capacity\": \"1TB\", \"eviction\": \"belady\""),
      "needs to know the future");
  has(error_of("\"capacity\": \"1TB\"",
               "\"capacity\": \"1TB\", \"parameters\": {\"smal_ratio\": 0.1}"),
      "smal_ratio");
  has(error_of("\"horizon\": \"1min\"", "\"horizon\": \"1min\", \"warmup\": \"1min\""),
      "shorter than the horizon");
  has(error_of("\"datasets\"",
               "\"events\": [{\"at\": \"1s\", \"fail\": \"rack:east/9\"}], \"datasets\""),
      "has only 2");
  has(error_of("\"datasets\"",
               "\"events\": [{\"at\": \"1s\", \"fail\": \"rack:east\"}], \"datasets\""),
      "want \"node:REGION/INDEX\"");
  has(error_of("\"datasets\"", "\"slo\": {\"train.stall\": \"< 2\"}, \"datasets\""),
      "value \"< 2\": a share is at most 1; write 2% or 0.02");
  has(error_of("\"datasets\"", "\"slo\": {\"train.stall\": \"2%\"}, \"datasets\""),
      "want < or > and a limit");
  has(error_of("\"datasets\"", "\"variants\": {\"v\": {\"cache.enabld\": false}}, \"datasets\""),
      "(in variant \"v\")");
  has(error_of("\"nodes\": 2}", "\"nodes\": 2, \"requests\": \"trace:no-such-file.jsonl\"}"),
      "the file cannot be read");
}

TEST_CASE("--set is checked like the file and names itself as the place") {
  CHECK(set_error("cache.enabeld=false").find("--set cache.enabeld /cache/enabeld: unknown key") ==
        0);
  has(set_error("time.horizon=12"), "--set time.horizon /time/horizon: value 12: has no unit");
  has(set_error("workloads.chatt.nodes=3"), "did you mean \"chat\"?");
  has(set_error("cache"), "want path=value");
  has(set_error("seed.x=1"), "leads into the value 1");
  has(set_error("variants.v={\"seed\": }"), "--set variants.v");
  const auto loaded =
      load("mai-small", {"seed=9", "events=[{\"at\": \"1s\", \"fail\": \"node:east/3\"}]",
                         "regions.east.pools.train.sku=preset:gb200-4gpu",
                         "regions.east.pools.train.sku.nvme=20TB", "slo.train.stall=< 5%",
                         "workloads.flagship=null", "cache.fill=instant"});
  REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
  CHECK(loaded->scenario.seed == 9);
  CHECK(loaded->scenario.events.at(0).index == 3);
  CHECK(loaded->scenario.regions.at("east").pools.at("train").sku.name == "gb200-4gpu");
  CHECK(loaded->scenario.regions.at("east").pools.at("train").sku.nvme ==
        Bytes(20'000'000'000'000));
  CHECK(loaded->scenario.training.count("flagship") == 0);
  CHECK(loaded->scenario.cache.fill == Fill::kInstant);
}

TEST_CASE("an NVMe tier on a used pool without disks is an error that names both") {
  const std::string disks = "\"role\": \"infer\", \"nodes\": 2, \"sku\": \"preset:gb300-4gpu\"";
  const std::string bare =
      "\"role\": \"infer\", \"nodes\": 2, \"sku\": {\"extends\": \"preset:gb300-4gpu\", "
      "\"name\": \"bare\", \"nvme\": \"0B\", \"nvme_read\": \"0B/s\", \"nvme_write\": \"0B/s\"}";
  const std::string error = error_of(disks, bare);
  has(error, "/cache/tiers/nvme/medium");
  has(error, "pool east/infer");
  has(error, "have no NVMe");
  CHECK(error_of(disks, bare, {"workloads.chat=null"}) == "no error");  // nobody uses the pool
  CHECK(
      error_of(disks, bare, {"cache.tiers.nvme.medium=dram", "cache.tiers.nvme.capacity=100GB"}) ==
      "no error");
  CHECK(error_of(disks, bare, {"cache.enabled=false"}) == "no error");
}

TEST_CASE("racks are counted pool by pool") {
  // Racks of 3: the pool of 4 has 2, the pool of 2 has 1; 6 nodes in a row would be 2 racks.
  const std::string racks = "\"blob\"", of_3 = "\"fabric\": {\"nodes_per_rack\": 3}, \"blob\"";
  const auto fail = [](const std::string& what) {
    return std::vector<std::string>{"events=[{\"at\": \"1s\", \"fail\": \"" + what + "\"}]"};
  };
  CHECK(error_of(racks, of_3, fail("rack:east/2")) == "no error");
  has(error_of(racks, of_3, fail("rack:east/3")), "has only 3");
  CHECK(error_of(racks, of_3, fail("node:east/5")) == "no error");
  has(error_of(racks, of_3, fail("node:east/6")), "has only 6");
}

TEST_CASE("capacities count the blocks of the one inference service") {
  const auto loaded = load("kv-pool", {"cache.tiers.pool.capacity=1000blocks"});
  REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
  // 1000 x 512 tokens x 70272 B
  CHECK(loaded->scenario.cache.tiers.at(0).capacity == Bytes(35'979'264'000));
  CHECK(loaded->scenario.cache.index == Index::kPooled);
  has(load("mai-2027", {"cache.tiers.dram.capacity=1blocks", "workloads.chat-east.block_tokens=64"})
          .error()
          .text(),
      "differ in block size");
  has(error_of("\"chat\": {\"kind\": \"infer\", \"region\": \"east\", \"pool\": \"infer\", "
               "\"nodes\": 2}",
               "\"job2\": {\"kind\": \"train\", \"region\": \"east\", \"pool\": \"train\", "
               "\"nodes\": 4, "
               "\"dataset\": \"d\", \"bytes_per_step\": \"64MB\", \"compute\": \"1s\"}",
               {"cache.tiers.nvme.capacity=10blocks"}),
      "there is no inference service");
}

TEST_CASE("extends merges files and presets, finds cycles and unknown names") {
  const Folder folder;
  folder.write("base.json", kSmall);
  const auto child = load(
      folder.write("child.jsonc",
                   R"({"extends": "./base.json", "seed": 5, "datasets": {"d": {"size": "2TB"}}})"),
      {});
  REQUIRE_MESSAGE(child.ok(), (child.ok() ? "" : child.error().text()));
  CHECK(child->scenario.seed == 5);
  CHECK(child->scenario.datasets.at("d").size == Bytes(2'000'000'000'000));
  CHECK(child->scenario.training.at("job").nodes == 4);
  folder.write("x.json", R"({"extends": "./y.json"})");
  folder.write("y.json", R"({"extends": ["./base.json", "./x.json"]})");
  has(load(folder / "x.json", {}).error().text(), "a cycle: ");
  has(load(folder.write("z.json", R"({"extends": "mai-smal"})"), {}).error().text(),
      "z.json:1:13 /extends: \"mai-smal\" is neither a preset");
  has(load(folder.write("w.json", R"({"extends": "./gone.json"})"), {}).error().text(),
      "cannot be read");
  has(load("mai-smal", {}).error().text(), "did you mean \"mai-small\"?");
  has(load(folder / "gone.json", {}).error().text(), "cannot be read: does not exist");
  has(load(folder / "", {}).error().text(), "is a folder");
  has(load(folder.write("empty.json", ""), {}).error().text(), "empty.json:1:1: the file is empty");
  has(load(folder.write("cut.json", std::string(kSmall).substr(0, 200)), {}).error().text(),
      "cut.json:");
  has(load(folder.write("list.json", "[]"), {}).error().text(), "want an object");
}

TEST_CASE("a region starts from the region it is like") {
  const auto loaded = load("mai-2027", {"regions.eastus2.fabric.nodes_per_rack=9"});
  REQUIRE(loaded.ok());
  const Scenario& s = loaded->scenario;
  CHECK(s.regions.at("swedencentral").fabric.nodes_per_rack == 9);
  CHECK(s.regions.at("swedencentral").pools.at("train").nodes == 20000);
  CHECK(s.regions.at("swedencentral").pools.at("train").sku.name == "gb300-4gpu");
  CHECK(s.regions.at("swedencentral").blob.accounts == 10);
  has(load("mai-2027", {"regions.eastus2.like=swedencentral"}).error().text(),
      "a cycle of regions");
  has(load("mai-2027", {"regions.eastus2.like=nowhere"}).error().text(), "is no region");
}

TEST_CASE("the digest ignores form and sees content") {
  const Folder folder;
  const std::string digest = load(folder.write("a.json", kSmall), {"name=n"})->digest;
  CHECK(digest.size() == 16);
  const auto same = [&](const std::string& name, const std::string& text) {
    const auto loaded = load(folder.write(name, text), {"name=n"});
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    return loaded->digest == digest;
  };
  CHECK(same("comment.json", std::string("// hello\n") + kSmall));
  CHECK(same("units.json", replaced(replaced(kSmall, "200Gbps", "25GB/s"), "1min", "60s")));
  CHECK(same("kind.json",
             replaced(kSmall, "\"200Gbps\"", "{\"value\": \"200Gbps\", \"kind\": \"vendor\"}")));
  std::string swapped = replaced(
      kSmall, "\"train\": {\"role\": \"train\", \"nodes\": 4, \"sku\": \"preset:gb300-4gpu\"},",
      "");
  swapped = replaced(
      swapped, "\"infer\": {\"role\": \"infer\", \"nodes\": 2, \"sku\": \"preset:gb300-4gpu\"}",
      "\"infer\": {\"nodes\": 2, \"sku\": \"preset:gb300-4gpu\", \"role\": \"infer\"},\n"
      "\"train\": {\"role\": \"train\", \"nodes\": 4, \"sku\": \"preset:gb300-4gpu\"}");
  CHECK(same("order.json", swapped));
  CHECK_FALSE(same("other.json", replaced(kSmall, "200Gbps", "201Gbps")));
  CHECK(load("mai-small", {"origin.path=bifrost"})->digest != load("mai-small", {})->digest);
}

TEST_CASE("lists that are sets have no order") {
  const auto digest = [](const std::string& events, const std::string& links) {
    const auto loaded = load("mai-2027", {"events=" + events, "links=" + links});
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    return loaded->digest;
  };
  const std::string e1 = R"({"at": "1s", "fail": "node:eastus2/3"})";
  const std::string e2 = R"({"at": "1s", "throttle": "origin:eastus2", "factor": "10%"})";
  const std::string l1 = R"({"between": ["eastus2", "swedencentral"], "rtt": "110ms"})";
  const std::string l1r = R"({"rtt": "110ms", "between": ["swedencentral", "eastus2"]})";
  const std::string l2 = R"({"between": ["eastus2", "southcentralus"], "rtt": "33ms"})";
  CHECK(digest("[" + e1 + "," + e2 + "]", "[" + l1 + "," + l2 + "]") ==
        digest("[" + e2 + "," + e1 + "]", "[" + l2 + "," + l1r + "]"));
  has(load("mai-2027", {"links=[" + l1 + "," + l1r + "]"}).error().text(), "a second link");
}

TEST_CASE("YAML says the same as JSON") {
  const Folder folder;
  const std::string yaml = R"(# the same scenario
time: {horizon: 1min}
regions:
  east:
    pools:
      train: {role: train, nodes: 4, sku: "preset:gb300-4gpu"}
      infer: {role: infer, nodes: 2, sku: preset:gb300-4gpu}
    blob:
      egress: 200Gbps
cache:
  tiers:
    nvme: {medium: nvme, capacity: 1TB}
datasets:
  d: {size: 1TB}
workloads:
  job: {kind: train, region: east, pool: train, nodes: 4, dataset: d,
        bytes_per_step: 64MB, compute: 1s}
  chat: {kind: infer, region: east, pool: infer, nodes: 2}
)";
  const auto a = load(folder.write("s.yaml", yaml), {});
  REQUIRE_MESSAGE(a.ok(), (a.ok() ? "" : a.error().text()));
  CHECK(a->digest == load(folder.write("s.json", kSmall), {})->digest);
  has(load(folder.write("bad.yml", replaced(yaml, "200Gbps", "010")), {}).error().text(),
      "bad.yml:9:15 /regions/east/blob/egress: value \"010\": has no unit");
  has(load(folder.write("dup.yml", yaml + "seed: 1\nseed: 2\n"), {}).error().text(),
      "duplicate key \"seed\"");
  has(load(folder.write("yes.yml", replaced(yaml, "cache:\n", "cache:\n  enabled: yes\n")), {})
          .error()
          .text(),
      "allowed true, false");
}

TEST_CASE("check finds every error, in the order of the document") {
  const Folder folder;
  const std::string file = folder.write(
      "s.json",
      replaced(replaced(kSmall, "\"1min\"", "\"1\""), "\"size\": \"1TB\"", "\"sise\": \"1TB\""));
  const auto errors = problems(file, {});
  REQUIRE(errors.size() == 3);  // no unit; an unknown key; the key that is missing for it
  CHECK(errors[0].where == file + ":2:23 /time/horizon");
  CHECK(errors[1].where == file + ":13:22 /datasets/d/sise");
  CHECK(errors[2].what.find("\"size\" is missing") != std::string::npos);
}

TEST_CASE("help on a key comes from the schema") {
  const auto help = explain_key("regions.eastus2.blob.egress");
  REQUIRE(help.ok());
  has(*help, "Reads of one account.");
  has(*help, "200Gbps");
  has(*help, "published");
  CHECK(explain_key("workloads.chat.kv_bytes_per_token").ok());
  CHECK(explain_key("cache.tiers.x.eviction").ok());
  has(explain_key("regions.x.blob.egres").error().what, "did you mean \"egress\"?");
}

TEST_CASE("every kind of event is read, sorted, and keeps its numbers") {
  const auto events = [](const std::string& list) {
    const auto loaded = load("mai-2027", {"events=" + list});
    REQUIRE_MESSAGE(loaded.ok(), (loaded.ok() ? "" : loaded.error().text()));
    return loaded->scenario.events;
  };
  const auto all = events(R"([
    {"at": "9h", "prestage": "clips", "into": "pool:eastus2/train", "rate": "1Tbps"},
    {"at": "8h", "cold_start": "region:eastus2"}, {"at": "8h", "cold_start": "pool:eastus2/infer"},
    {"at": "7h", "upgrade": "pool:eastus2/train", "fraction": "1%", "each": "90s",
     "keeps_nvme": true},
    {"at": "6h", "drain": "rack:eastus2/train/7", "for": "1h"},
    {"at": "5h", "throttle": "link:swedencentral/eastus2", "factor": 0.25},
    {"at": "4h", "fail": "account:eastus2/3"}, {"at": "3h", "fail": "tor:eastus2/8", "for": "2h"},
    {"at": "2h", "fail": "zone:eastus2/2"}, {"at": "1h", "fail": "drive:eastus2/train/100"}])");
  REQUIRE(all.size() == 10);
  CHECK(all[0].kind == EventKind::kFailDrive);
  CHECK(all[0].pool == "train");
  CHECK(all[0].index == 100);
  CHECK(all[1].kind == EventKind::kFailZone);
  CHECK(all[2].kind == EventKind::kFailTor);
  CHECK(all[2].lasts == Duration(7'200'000'000'000));
  CHECK(all[3].kind == EventKind::kThrottleAccount);
  CHECK(all[3].factor == 0);
  CHECK(all[4].kind == EventKind::kThrottleLink);
  CHECK(all[4].region == "eastus2");  // ends in order of name, as links have them
  CHECK(all[4].other == "swedencentral");
  CHECK(all[4].factor == 0.25);
  CHECK(all[5].kind == EventKind::kDrainRack);
  CHECK(all[6].kind == EventKind::kUpgrade);
  CHECK(all[6].fraction == 0.01);
  CHECK(all[6].each == Duration(90'000'000'000));
  CHECK(all[6].keeps_nvme);
  CHECK(all[7].pool == "");  // of the two cold starts the whole region first
  CHECK(all[8].pool == "infer");
  CHECK(all[9].dataset == "clips");
  CHECK(all[9].rate.count == 1.25e11);
  CHECK(all[9].in_flight == 1024);
}

TEST_CASE("events that make no sense say what would") {
  const auto error = [](const std::string& event) {
    return set_error("events=[{\"at\": \"1s\", " + event + "}]");
  };
  has(error(R"("fail": "rak:east/0")"), "did you mean \"rack\"?");
  has(error(R"("fail": "rak:east/0")"), "/events/0/fail");
  has(error(R"("drain": "region:east")"), "want \"node:REGION/INDEX\"");
  has(error(R"("upgrade": "pool:east")"), "want \"pool:REGION/POOL\"");
  has(error(R"("upgrade": "pool:east/trian")"), "did you mean \"train\"?");
  has(error(R"("upgrade": "pool:east/train", "fraction": "0%")"), "/events/0/fraction");
  has(error(R"("upgrade": "pool:east/train", "fraction": "0%")"), "is too small");
  has(error(R"("fail": "node:east/3", "fraction": "1%")"), "belongs to upgrade, not to fail");
  has(error(R"("fail": "node:east/3", "drain": "node:east/3")"), "this has 2");
  has(error(R"("factor": 0.5)"), "this has 0");
  has(error(R"("fail": "zone:east/3")"), "region \"east\" has only 3");
  has(error(R"("fail": "account:east/1")"), "has only 1");
  has(error(R"("fail": "node:east/infer/8")"), "pool \"east/infer\" has only 8");
  has(error(R"("throttle": "link:east/west")"), "there is no link between");
  has(error(R"("throttle": "origin:east", "factor": 0)"), "fail \"region:REGION\"");
  has(error(R"("prestage": "clips")"), "the key \"into\" is missing");
  has(error(R"("prestage": "clip", "into": "pool:east/train")"), "did you mean \"clips\"?");
  has(error(R"("fial": "node:east/3")"), "did you mean \"fail\"?");
}

TEST_CASE("failures, assumptions, sampling, membership and zones have defaults with a pedigree") {
  const auto plain = load("mai-small", {});
  REQUIRE(plain.ok());
  const Scenario& s = plain->scenario;
  CHECK_FALSE(s.failures.enabled);
  CHECK(s.failures.node.mtbf == Duration(0));
  CHECK(s.assumptions.gpu_failure_rate.count == doctest::Approx(4.74e-4 / 86400).epsilon(1e-15));
  CHECK(s.assumptions.gpu_hour.count == 3);
  CHECK(s.fleet.samples_per_step == 256);
  CHECK(s.fleet.step_over);
  CHECK(s.cache.membership.detect == Duration(10'000'000'000));
  CHECK(s.regions.at("east").fabric.zones == 3);
  for (const char* path :
       {"assumptions.gpu_failure_rate", "assumptions.gpu_hour", "failures.rack.mtbf",
        "failures.drive.repair", "cache.membership.detect", "regions.east.fabric.zones"}) {
    CAPTURE(path);
    const Provenance& from = plain->provenance.at(path);
    CHECK((from.kind == "assumed" || from.kind == "published"));
    CHECK_FALSE(from.source.empty());
    CHECK(explain_key(path).ok());
  }
  const auto other =
      load("mai-small",
           {"failures.enabled=true", "failures.node.mtbf=100d", "assumptions.gpu_hour=48USD/d",
            "fleet.salt=7", "cache.scope=cell", "cache.cell_clusters=3",
            "regions.east.fabric.zone_layout=round_robin", "rung=bundled"});
  REQUIRE_MESSAGE(other.ok(), (other.ok() ? "" : other.error().text()));
  CHECK(other->scenario.failures.enabled);
  CHECK(other->scenario.assumptions.gpu_hour.count == 2);
  CHECK(other->scenario.fleet.salt == 7);
  CHECK(other->scenario.cache.scope == Scope::kCell);
  CHECK(other->scenario.cache.cell_clusters == 3);
  CHECK(other->scenario.regions.at("east").fabric.zone_layout == ZoneLayout::kRoundRobin);
  CHECK(other->scenario.rung == "bundled");
  has(set_error("failures.nod.mtbf=3d"), "did you mean \"node\"?");
  has(set_error("failures.node.mtfb=3d"), "did you mean \"mtbf\"?");
  has(set_error("failures.node.repair=0s"), "is too small; allowed 1s to 365d");
  has(set_error("assumptions.gpu_hour=3"), "has no unit (want e.g. \"3USD/h\")");
  has(set_error("assumptions.write_amplification=0.5"), "is too small");
  has(set_error("fleet.representatives=0"), "is too small");
  has(set_error("rung=bundle"), "did you mean \"bundled\"?");
  has(set_error("cache.scope=clustre"), "did you mean \"cluster\"?");
  has(set_error("cache.membership.detct=1s"), "did you mean \"detect\"?");
}
