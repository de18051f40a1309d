#include "sim/validation/ladder_scenario.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "policies/base/math.hpp"
#include "policies/base/rng.hpp"

namespace fleetcache::validation {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr double kSharedData = 0.4;  // of second and third jobs that read the first one's data
constexpr double kStepsLeast = 50;   // of each job: fewer, and it matters which one a loss hits
constexpr double kObjectsLeast = 8;  // in the cache of one node
constexpr double kBlocksLeast = 40;
constexpr double kBlock = 64 * 70'272;  // bytes of KV of 64 tokens
constexpr double kCheckpoints = 5;      // of one job
constexpr double kWithService = 0.5;
constexpr double kWithLoss = 1.0 / 3;
constexpr double kColdMost = 2;  // empty caches ask for so many times the origin's capacity

struct Job {
  std::uint32_t region = 0, nodes = 0, dataset = 0, per_step = 1, prefetch = 2;
  double compute_s = 1, cv = 0;
  std::uint64_t checkpoint = 0;  // bytes
  double reads_per_s() const { return nodes * per_step / compute_s; }
};

struct Data {
  std::uint64_t objects = 0, object = 0;
  std::string home;  // empty: a copy in every region
  bool used = true;
};

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string bytes(double value) {
  return std::to_string(static_cast<std::uint64_t>(std::max(1.0, value))) + "B";
}

std::string rate(double bytes_per_s) { return bytes(bytes_per_s) + "/s"; }

std::string seconds(double s) {
  return std::to_string(static_cast<std::int64_t>(std::llround(s * 1000))) + "ms";
}

class Draw {
 public:
  Draw(std::uint64_t seed, std::uint64_t index, const LadderSize& size)
      : size_(size), rng_(seed, "validation/ladder", index), seed_(seed), index_(index) {}

  LadderScenario make() {
    draw_jobs();
    draw_cache();
    draw_origin();
    LadderScenario out;
    out.text = "{\n" + head() + regions() + links() + cache() + datasets() + workloads() +
               events() + tail() + "}\n";
    out.summary = summary();
    return out;
  }

 private:
  double between(double low, double high) { return low + (high - low) * rng_.uniform(); }
  /// Every power as likely.
  double powers(double low, double high) {
    return low * portable_exp(portable_log(high / low) * rng_.uniform());
  }
  bool chance(double p) { return rng_.uniform() < p; }
  template <class T, std::size_t n>
  const T& one_of(const std::array<T, n>& choices) {
    return choices[rng_.below(n)];
  }

  void draw_jobs() {
    regions_ = 1 + static_cast<std::uint32_t>(rng_.below(3));
    nodes_ = static_cast<std::uint32_t>(powers(size_.nodes_min, size_.nodes_max));
    const auto jobs = 1 + static_cast<std::uint32_t>(rng_.below(3));
    double all = 0;
    for (std::uint32_t j = 0; j < jobs; ++j) {
      jobs_.push_back(draw_job(j, nodes_ / jobs));
      all += jobs_.back().reads_per_s();
    }
    const double epochs = between(3, 5);
    double longest_s = 0;
    for (const Job& job : jobs_) longest_s = std::max(longest_s, job.compute_s);
    horizon_s_ = std::clamp(size_.reads / all, kStepsLeast * longest_s, 600.0);
    std::vector<double> reads(jobs, 0);
    for (const Job& job : jobs_) reads[job.dataset] += job.reads_per_s() * horizon_s_;
    for (std::uint32_t j = 0; j < jobs; ++j) {
      Data data;
      data.object = static_cast<std::uint64_t>(powers(1, 64)) * kMiB;
      data.objects = static_cast<std::uint64_t>(std::max(64.0, reads[j] / epochs));
      if (regions_ > 1 && chance(0.5)) data.home = region_name(0);
      data.used = reads[j] > 0;
      data_.push_back(data);
      if (chance(0.4)) {
        const double part = between(0.5, 4) * static_cast<double>(data.object);
        jobs_[j].checkpoint = static_cast<std::uint64_t>(part) * jobs_[j].nodes;
      }
    }
    serves_ = chance(kWithService);
    servers_ = 4 + static_cast<std::uint32_t>(rng_.below(13));
  }

  Job draw_job(std::uint32_t j, std::uint32_t nodes) {
    Job job;
    job.region = static_cast<std::uint32_t>(rng_.below(regions_));
    job.nodes = nodes;
    job.compute_s = std::round(10 * between(1, 4)) / 10;
    job.per_step = 1 + static_cast<std::uint32_t>(rng_.below(
                           static_cast<std::uint64_t>(std::clamp(size_.burst / nodes, 1.0, 6.0))));
    job.prefetch = 1 + static_cast<std::uint32_t>(rng_.below(4));
    job.cv = chance(0.5) ? between(0, 0.1) : 0;
    job.dataset = j > 0 && chance(kSharedData) ? 0 : j;
    return job;
  }

  void draw_cache() {
    static constexpr std::array<const char*, 8> kScopes = {"node",   "rack",   "pod",    "cluster",
                                                           "region", "region", "global", "region"};
    static constexpr std::array<const char*, 8> kPolicies = {
        "lru", "s3fifo", "sieve", "pinned", "wtinylfu", "arc", "slru", "random"};
    static constexpr std::array<const char*, 4> kPlacements = {"rendezvous", "ring", "maglev",
                                                               "jump"};
    scope_ = one_of(kScopes);
    policy_ = one_of(kPolicies);
    placement_ = one_of(kPlacements);
    share_ = between(0.1, 1.2);
    dram_ = chance(0.5);
    single_flight_ = chance(0.8);
    per_rack_ = 8U << rng_.below(2);
    racks_per_pod_ = 4U << rng_.below(2);
    static constexpr std::array<double, 3> kNics = {5e9, 10e9, 20e9};
    static constexpr std::array<double, 3> kOversubscriptions = {1, 2, 4};
    nic_ = one_of(kNics);
    rack_oversubscription_ = one_of(kOversubscriptions);
    pod_oversubscription_ = one_of(kOversubscriptions);
  }

  /// Share of its reads that a job of `nodes` misses when the caches that it reaches are full.
  double missed(std::uint32_t nodes) const {
    double reached = nodes;
    if (scope_ == "node") reached = 1;
    if (scope_ == "rack") reached = per_rack_;
    if (scope_ == "pod") reached = per_rack_ * racks_per_pod_;
    if (scope_ == "cluster") reached = cluster_nodes();
    return std::max(0.05, 1 - share_ * std::min(1.0, reached / nodes));
  }

  void draw_origin() {
    demand_.assign(regions_, 0);
    capacity_.assign(regions_, 0);
    requests_.assign(regions_, 0);
    written_.assign(regions_, 0);
    load_ = between(0.3, 1.1);
    for (const Job& job : jobs_) {
      const Data& data = data_[job.dataset];
      const std::uint32_t from = data.home.empty() ? job.region : 0;
      const double wanted = job.reads_per_s() * static_cast<double>(data.object);
      demand_[from] += wanted;
      capacity_[from] += wanted * std::max(missed(job.nodes) / load_, 1 / kColdMost);
      // All nodes read ahead at once at the start; a client that is refused six times waits for a
      // minute, and such a minute decides a short run.
      const double start = static_cast<double>(job.nodes) * job.per_step * (job.prefetch + 1);
      requests_[from] += std::max(2.5 * job.reads_per_s(), start / 2);
      const double parts = job.checkpoint > 0 ? job.nodes : 0;
      requests_[job.region] += parts;
      written_[job.region] += static_cast<double>(job.checkpoint);
    }
    bifrost_ = chance(0.4);
    if (chance(kWithLoss)) loss_ = chance(0.5) ? "rack" : "node";
  }

  std::uint32_t cluster_nodes() const { return std::max(4 * per_rack_, nodes_ / 3); }

  static std::string region_name(std::uint32_t r) { return "r" + std::to_string(r); }

  std::uint32_t claimed(std::uint32_t region) const {
    std::uint32_t nodes = 0;
    for (const Job& job : jobs_) nodes += job.region == region ? job.nodes : 0;
    return std::max(nodes, per_rack_);
  }

  std::string head() const {
    char text[400];
    std::snprintf(text, sizeof text,
                  "\"schema_version\": 1, \"name\": \"ladder-%llu-%llu\", \"seed\": %llu,\n"
                  "\"description\": \"drawn scenario\", \"rung\": \"exact\",\n"
                  "\"time\": {\"horizon\": \"%s\", \"warmup\": \"%s\"},\n",
                  static_cast<unsigned long long>(seed_), static_cast<unsigned long long>(index_),
                  static_cast<unsigned long long>(1 + seed_ * 1000 + index_),
                  seconds(horizon_s_).c_str(), seconds(horizon_s_ / 2).c_str());
    return text;
  }

  std::string pool(const char* role, std::uint32_t nodes) const {
    return "{\"role\": \"" + std::string(role) + "\", \"nodes\": " + std::to_string(nodes) +
           ", \"sku\": {\"extends\": \"preset:gb300-4gpu\", \"nic\": \"" + rate(nic_) + "\"}}";
  }

  std::string regions() const {
    std::string out = "\"regions\": {";
    for (std::uint32_t r = 0; r < regions_; ++r) {
      out += (r > 0 ? ",\n" : "\n") + ("\"" + region_name(r) + "\": {\"pools\": {\"train\": ") +
             pool("train", claimed(r));
      if (r == 0 && serves_) out += ", \"infer\": " + pool("infer", servers_);
      out += "},\n\"fabric\": {\"nodes_per_rack\": " + std::to_string(per_rack_) +
             ", \"racks_per_pod\": " + std::to_string(racks_per_pod_) +
             ", \"rack_oversubscription\": " + number(rack_oversubscription_) +
             ", \"pod_oversubscription\": " + number(pod_oversubscription_) +
             ", \"cluster_nodes\": " + std::to_string(cluster_nodes()) + "},\n";
      const double capacity = std::max(capacity_[r], 2e8);  // some regions only serve or wait
      const double calls = std::max(1000.0, requests_[r]);
      // A checkpoint takes a quarter of the time between two.
      const double writes = std::max(2e8, written_[r] * 4 * kCheckpoints / horizon_s_);
      out +=
          "\"blob\": {\"extends\": \"preset:standard-large-region\", \"accounts\": 2, "
          "\"egress\": \"" +
          rate(capacity / 2) + "\", \"ingress\": \"" + rate(writes / 2) + "\", \"requests\": \"" +
          number(std::round(calls / 2)) + "/s\"},\n" +
          "\"bifrost\": {\"extends\": \"preset:bifrost-assumed\", \"stamp\": \"" + rate(capacity) +
          "\"}}";
    }
    return out + "},\n";
  }

  std::string links() const {
    std::string out = "\"links\": [";
    const char* comma = "";
    for (std::uint32_t a = 0; a < regions_; ++a) {
      for (std::uint32_t b = a + 1; b < regions_; ++b) {
        out += comma + ("{\"between\": [\"" + region_name(a) + "\", \"" + region_name(b)) +
               "\"], \"bandwidth\": \"" + rate(std::max(2e8, 1.5 * demand_[0])) +
               "\", \"rtt\": \"" + std::to_string(20 + 15 * b) + "ms\", \"stream\": \"200MB/s\"}";
        comma = ", ";
      }
    }
    return out + "],\n";
  }

  std::string cache() const {
    double all = 0, nodes = 0;
    for (const Data& data : data_)
      all += data.used ? static_cast<double>(data.objects * data.object) : 0;
    for (const Job& job : jobs_) nodes += job.nodes;
    // A node caches its share of the data, some objects and some blocks at least; a scope narrower
    // than the region holds less.
    double least = kBlocksLeast * kBlock;
    for (const Data& data : data_) {
      least = std::max(least, kObjectsLeast * static_cast<double>(data.object));
    }
    const double each = std::max(least, share_ * all / nodes);
    const std::string tail = "\", \"eviction\": \"" + policy_ + "\"}";
    std::string out = "\"cache\": {\"scope\": \"" + scope_ + "\", \"placement\": \"" + placement_ +
                      "\", \"single_flight\": " + (single_flight_ ? "true" : "false") +
                      ", \"tiers\": {";
    if (dram_)
      out += "\"dram\": {\"medium\": \"dram\", \"capacity\": \"" +
             bytes(std::max(least / 2, each / 8)) + tail + ", ";
    return out + "\"nvme\": {\"medium\": \"nvme\", \"capacity\": \"" + bytes(each) + tail +
           "}},\n" + "\"origin\": {\"path\": \"" + (bifrost_ ? "bifrost" : "fe") + "\"},\n";
  }

  std::string datasets() const {
    std::string out = "\"datasets\": {";
    for (std::size_t d = 0; d < data_.size(); ++d) {
      const Data& data = data_[d];
      out += (d > 0 ? ", " : "") + ("\"d" + std::to_string(d)) + "\": {\"size\": \"" +
             bytes(static_cast<double>(data.objects * data.object)) + "\", \"object\": \"" +
             std::to_string(data.object) + "B\", \"region\": \"" + data.home + "\"}";
    }
    return out + "},\n";
  }

  std::string workloads() const {
    std::string out = "\"workloads\": {";
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      const Job& job = jobs_[j];
      const std::uint64_t step = job.per_step * data_[job.dataset].object;
      out += (j > 0 ? ",\n" : "\n") + ("\"job" + std::to_string(j)) +
             "\": {\"kind\": \"train\", \"region\": \"" + region_name(job.region) +
             "\", \"pool\": \"train\", \"nodes\": " + std::to_string(job.nodes) +
             ", \"dataset\": \"d" + std::to_string(job.dataset) + "\", \"bytes_per_step\": \"" +
             std::to_string(step) + "B\", \"compute\": \"" + seconds(job.compute_s) +
             "\", \"compute_cv\": " + number(job.cv) +
             ", \"prefetch\": " + std::to_string(job.prefetch);
      if (job.checkpoint > 0) {
        out += ", \"checkpoint\": {\"size\": \"" + std::to_string(job.checkpoint) +
               "B\", \"every\": \"" + seconds(horizon_s_ / kCheckpoints) +
               "\", \"stall\": \"300ms\"}";
      }
      out += "}";
    }
    if (serves_) {
      // A fifth of what the servers can prefill without any hit.
      const double per_s = 0.2 * servers_ * 16e3 / 4000;
      out +=
          ",\n\"chat\": {\"kind\": \"infer\", \"region\": \"r0\", \"pool\": \"infer\", "
          "\"nodes\": " +
          std::to_string(servers_) + ", \"requests\": {\"rate\": \"" + number(per_s) +
          "/s\", \"cv\": 1.2, \"prompt_tokens\": 4000, \"output_tokens\": 300, \"prefixes\": 40, "
          "\"shared_fraction\": 0.4, \"turns\": 3, \"think\": \"10s\"}, "
          "\"block_tokens\": 64, \"kv_bytes_per_token\": \"70272B\", \"prefill_tokens\": "
          "\"16k/s\"}";
    }
    return out + "},\n";
  }

  std::string events() const {
    if (loss_.empty()) return "";
    const std::string at = loss_ + ":" + region_name(jobs_[0].region) + "/train/1";
    return "\"events\": [{\"at\": \"" + seconds(horizon_s_ * 0.6) + "\", \"fail\": \"" + at +
           "\", \"for\": \"" + seconds(horizon_s_ / 8) + "\"}],\n";
  }

  /// Named so that every rung gives their error.
  static std::string tail() {
    return "\"slo\": {\"origin.read_mean\": \"< 1h\", \"origin.read_p99\": \"< 1h\"}\n";
  }

  std::string summary() const {
    std::string out = std::to_string(regions_) + " region" + (regions_ > 1 ? "s, " : ", ");
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      const Job& job = jobs_[j];
      out += std::to_string(job.nodes) + "x" + std::to_string(job.per_step) + "x" +
             std::to_string(data_[job.dataset].object / kMiB) + " MiB/" + number(job.compute_s) +
             " s, ";
    }
    if (serves_) out += "chat " + std::to_string(servers_) + ", ";
    out += scope_ + " " + policy_ + " " + number(std::round(100 * share_) / 100) +
           (dram_ ? " dram+nvme, " : ", ") + (bifrost_ ? "bifrost" : "fe") + " load " +
           number(std::round(100 * load_) / 100);
    return out + (loss_.empty() ? "" : ", " + loss_ + " loss");
  }

  LadderSize size_;
  Rng rng_;
  std::uint64_t seed_, index_;
  std::uint32_t regions_ = 1, nodes_ = 64, servers_ = 0, per_rack_ = 16, racks_per_pod_ = 8;
  std::vector<Job> jobs_;
  std::vector<Data> data_;
  std::string scope_, policy_, placement_, loss_;
  double share_ = 0, load_ = 1, nic_ = 0, horizon_s_ = 60;
  double rack_oversubscription_ = 1, pod_oversubscription_ = 1;
  bool serves_ = false, dram_ = false, single_flight_ = true, bifrost_ = false;
  std::vector<double> demand_, capacity_, requests_, written_;  // by region, of its origin
};

}  // namespace

LadderScenario ladder_scenario(std::uint64_t seed, std::uint64_t index, const LadderSize& size) {
  return Draw(seed, index, size).make();
}

}  // namespace fleetcache::validation
