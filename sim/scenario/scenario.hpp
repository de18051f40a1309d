/// A scenario in typed form: what `world` simulates and `analytic` computes. Files become this in
/// `loader.hpp`; names and units are checked there, so a Scenario that exists is well-formed.
/// Every container is sorted by name: the order of entities in a file never matters.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "policies/base/units.hpp"

namespace fleetcache::scenario {

/// One VM size: what a node has. Rates are of one node.
struct NodeSku {
  std::string name;
  std::uint32_t gpus = 0;  ///< 0: a CPU node
  Bytes dram;
  BytesPerSecond nic;  ///< front-end, each direction
  Bytes nvme;          ///< raw capacity of all local disks
  BytesPerSecond nvme_read;
  BytesPerSecond nvme_write;
  Duration nvme_latency;               ///< media time of one read
  std::uint32_t nvme_queue_depth = 0;  ///< reads in service at once
  double nvme_dwpd = 0;                ///< drive writes per day over five years
};

enum class Role : std::uint8_t { kTrain, kInfer, kCpu };

struct NodePool {
  std::string name;
  Role role = Role::kTrain;
  std::uint32_t nodes = 0;
  NodeSku sku;
};

/// Which racks of a pool share a zone: consecutive ones, or every zones-th.
enum class ZoneLayout : std::uint8_t { kBlocks, kRoundRobin };

/// Racks, pods and the links above them. Oversubscription is how often the links below exceed it.
struct Fabric {
  std::uint32_t nodes_per_rack = 0;
  std::uint32_t racks_per_pod = 0;
  double rack_oversubscription = 1;  ///< ToR uplink = nodes_per_rack * nic / this
  double pod_oversubscription = 1;   ///< pod uplink = racks_per_pod * ToR uplink / this
  Duration rtt_rack;
  Duration rtt_pod;
  Duration rtt_region;
  Duration lookup;          ///< software time of one remote cache request
  std::uint32_t zones = 1;  ///< availability zones over which the racks of each pool are spread
  ZoneLayout zone_layout = ZoneLayout::kBlocks;
  std::uint32_t cluster_nodes = 5000;  ///< most nodes of one AKS cluster
};

/// Log-normal latency by its median and 99th percentile.
struct LatencyLaw {
  Duration p50;
  Duration p99;
};

struct RetryPolicy {
  std::uint32_t retries = 0;  ///< after the first attempt
  Duration base;              ///< first back-off; doubles each time
  Duration cap;
  bool jitter = false;  ///< full jitter: uniform in [0, back-off)
};

/// The classic Blob path of one region.
struct BlobFrontEnd {
  std::uint32_t accounts = 0;
  PerSecond requests;       ///< per account
  double burst_s = 1;       ///< token bucket depth in seconds of the rate
  BytesPerSecond egress;    ///< per account
  BytesPerSecond ingress;   ///< per account
  Bytes capacity;           ///< per account
  PerSecond blob_requests;  ///< per blob
  BytesPerSecond stream;    ///< one GET or PUT stream
  LatencyLaw first_byte;
  BytesPerSecond fleet_egress;  ///< front-end fleet of the region, all accounts; 0 = not a limit
  RetryPolicy retry;
};

/// Direct read that bypasses the front-end and table layers (all assumed: nothing is public).
struct Bifrost {
  BytesPerSecond stamp;  ///< throughput of the region's stamps to direct readers
  BytesPerSecond stream;
  LatencyLaw first_byte;
  Duration plan_time;       ///< one read plan from the plan service
  Duration plan_lease;      ///< how long a node may reuse it
  PerSecond plan_requests;  ///< plan service capacity
  double eligible = 1;      ///< share of objects that can be read directly
  double fallback = 0;      ///< probability that a direct read ends at the front end after all
};

/// Follow-on to Bifrost: nothing is public; by default a factor on capacity and latency.
struct DeltaZero {
  double capacity_factor = 1;
  double latency_factor = 1;
};

enum class OriginPath : std::uint8_t { kFrontEnd, kBifrost, kDeltaZero };

struct Origin {
  OriginPath path = OriginPath::kFrontEnd;
};

struct Region {
  std::string name;
  std::map<std::string, NodePool> pools;
  Fabric fabric;
  BlobFrontEnd blob;
  Bifrost bifrost;
  DeltaZero deltazero;
};

struct WanLink {
  std::string from, to;  ///< region names, from < to; both directions alike
  BytesPerSecond bandwidth;
  Duration rtt;
  BytesPerSecond stream;  ///< window / RTT of one transfer
  Money per_gb;
};

enum class Medium : std::uint8_t { kDram, kNvme };
/// The nodes that share copies. kCluster: one AKS cluster; kCell: Cache::cell_clusters of them;
/// what other clusters hold is out of reach. kGlobal also reads other regions' caches before the
/// origin.
enum class Scope : std::uint8_t { kNode, kRack, kPod, kCluster, kCell, kRegion, kGlobal };
/// Who holds the metadata: every owner node its own instance, or one instance over the pooled
/// capacity.
enum class Index : std::uint8_t { kPerNode, kPooled };
/// When a missed object becomes visible: when its bytes are there, or at the instant of the miss.
enum class Fill : std::uint8_t { kTimed, kInstant };
/// When a hit refreshes its entry: when the bytes were delivered, or when the request arrives.
enum class Touch : std::uint8_t { kDelivery, kArrival };

struct CacheTier {
  Medium medium = Medium::kNvme;
  Bytes capacity;        ///< of one node (Index::kPerNode) or of the whole scope (Index::kPooled)
  std::string eviction;  ///< name in eviction_policies.def
  std::map<std::string, std::string> parameters;
  std::string admission;  ///< name in admission_policies.def
  std::string name;       ///< as in the file, for tables
};

/// How nodes learn of a loss. Keys move at its detection; until then readers ask the lost owner,
/// wait for `timeout` and go to the origin. All zero: everybody knows at once.
struct Membership {
  Duration detect;   ///< from a failure until every reader knows
  Duration timeout;  ///< wait for an owner that does not answer
  Duration rejoin;   ///< from the end of a repair until the node owns keys again
};

struct Cache {
  bool enabled = true;
  Scope scope = Scope::kRegion;
  std::uint32_t cell_clusters = 1;  ///< Scope::kCell: AKS clusters that share copies
  Membership membership;
  Index index = Index::kPerNode;
  Fill fill = Fill::kTimed;
  Touch touch = Touch::kDelivery;
  bool single_flight = true;  ///< concurrent misses of one object wait for one origin read
  std::string placement;      ///< name in placement_policies.def
  std::uint32_t virtual_nodes = 128;
  std::vector<CacheTier> tiers;  ///< fastest first
};

/// A training data set in one or more regions' origin.
struct Dataset {
  std::string name;
  Bytes size;
  Bytes object;        ///< unit of reading and caching
  std::string region;  ///< home: whose Blob holds it; empty = a copy in the Blob of every region
};

struct Checkpoint {
  Bytes size;      ///< of the whole job; 0 = none
  Duration every;  ///< of wall time
  Duration stall;  ///< time that training stands still to copy state (asynchronous), else the write
  bool asynchronous = true;
  bool restore_at_start = false;  ///< read one checkpoint before step 1
};

struct TrainingJob {
  std::string name;
  std::string region;
  std::string pool;
  std::uint32_t nodes = 0;
  std::string dataset;
  Bytes bytes_per_step;        ///< read by one node in one step
  Duration compute;            ///< of one step, exposed communication included
  double compute_cv = 0;       ///< log-normal jitter of the slowest rank's compute time
  std::uint32_t prefetch = 2;  ///< steps read ahead
  std::uint32_t steps = 0;     ///< 0: until the horizon
  bool shuffle = true;         ///< a fresh permutation each epoch; false: the same order
  Checkpoint checkpoint;
};

/// Requests of an inference service: a trace, or synthetic ones.
struct Arrivals {
  std::string trace;  ///< path of a Mooncake JSONL file (.zst allowed); empty: synthetic
  PerSecond rate;
  double cv = 1;                    ///< of inter-arrival times (1 = Poisson)
  std::uint32_t prompt_tokens = 0;  ///< mean
  std::uint32_t output_tokens = 0;  ///< mean
  std::uint32_t prefixes = 0;       ///< distinct shared prefixes
  double prefix_zipf = 1;           ///< popularity exponent
  double shared_fraction = 0;       ///< mean share of a prompt that is its shared prefix
  double turns = 1;                 ///< mean turns of a session; the next turn extends the prompt
  Duration think;                   ///< mean time between turns
};

struct InferenceService {
  std::string name;
  std::string region;
  std::string pool;
  std::uint32_t nodes = 0;
  Arrivals arrivals;
  std::uint32_t block_tokens = 512;
  Bytes kv_bytes_per_token;
  PerSecond prefill_tokens;      ///< tokens a second one node prefills
  double prefill_quadratic = 0;  ///< seconds per (context tokens)^2, the attention part
  std::uint32_t prefill_slots = 1;
};

struct Objective {
  std::string metric;
  bool less_than = true;
  double limit = 0;  ///< in the metric's unit (seconds, ratio, bytes/s)
};

enum class EventKind : std::uint8_t {
  kFailNode,
  kFailRack,
  kThrottleOrigin,  ///< accounts and stamp of a region keep `factor` of their read throughput
  kFailDrive,       ///< the NVMe copies of one node are gone; the node stays up
  kFailTor,         ///< a rack's switch: copies stay, out of reach
  kFailPod,
  kFailZone,
  kFailRegion,       ///< every node, and the region's origin
  kThrottleAccount,  ///< `factor` 0: lost
  kThrottleLink,     ///< the WAN links between `region` and `other`
  kDrainNode,
  kDrainRack,
  kDrainPod,
  kDrainZone,
  kUpgrade,    ///< a pool, `fraction` of its nodes at a time
  kColdStart,  ///< every cache of a pool or region is empty
  kPrestage,   ///< what a pool's caches miss of a dataset is copied into them
};

/// Something that happens to the fleet at a time.
struct FleetEvent {
  Duration at;
  EventKind kind = EventKind::kFailNode;
  std::string region;
  std::uint32_t index = 0;      ///< node, rack, pod, zone or account, from 0
  Duration lasts;               ///< 0: until the end
  double factor = 0;            ///< kThrottle...: share of capacity left, 0..1
  std::string pool = {};        ///< `index` counts within it; empty: within the region
  std::string other = {};       ///< kThrottleLink: the region at the other end
  double fraction = 0;          ///< kUpgrade: share of the pool that is away at once, > 0
  Duration each = {};           ///< kUpgrade: time that one node is away
  bool keeps_nvme = false;      ///< kUpgrade, kDrain...: nodes come back with their NVMe copies
  std::string dataset = {};     ///< kPrestage
  BytesPerSecond rate = {};     ///< kPrestage: most bytes a second from the origin; 0: no limit
  std::uint32_t in_flight = 0;  ///< kPrestage: objects copied at once
  std::uint32_t position = 0;   ///< in events[] of the document, for messages
};

/// Independent failures of one kind of thing: exponential times to failure and repair.
struct FailureLaw {
  Duration mtbf;  ///< of one; 0: never (nodes: by Assumptions::gpu_failure_rate)
  Duration repair;
};

struct Failures {
  bool enabled = false;
  FailureLaw node, drive, tor, rack;
};

/// Figures that closed forms and failure laws need and no other section holds.
struct Assumptions {
  PerSecond gpu_failure_rate{4.74e-4 / 86400};  ///< of one accelerator
  double write_amplification = 1.1;
  std::uint32_t checkpoints_kept = 2;  ///< of a job, in the accounts
  Money gpu_hour{3};                   ///< USD
};

/// How the fleet rung samples.
struct FleetRung {
  std::uint32_t samples_per_step = 256;  ///< reads drawn for one synchronous step
  std::uint32_t representatives = 32;    ///< nodes simulated for each class
  std::uint32_t owner_strata = 16;       ///< groups of owners whose copies are pooled
  bool step_over = true;                 ///< skip stretches in which nothing changes
  std::uint64_t salt = 0;                ///< chooses the sampled keys
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  Duration horizon;
  Duration warmup;
  std::string rung;  ///< exact, bundled, fleet, analytic or auto
  std::map<std::string, Region> regions;
  std::vector<WanLink> links;  ///< sorted by (from, to)
  Cache cache;
  Origin origin;
  std::map<std::string, Dataset> datasets;
  std::map<std::string, TrainingJob> training;
  std::map<std::string, InferenceService> inference;
  std::vector<FleetEvent> events;  ///< sorted by (at, kind, region, pool, index, ...)
  Failures failures;
  Assumptions assumptions;
  FleetRung fleet;
  std::vector<Objective> objectives;  ///< sorted by metric
  /// Other settings of the same scenario to simulate beside it: name -> {path, value} overrides.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> variants;
  /// What a scale model does not show, printed with every answer.
  std::vector<std::string> not_scaled;
};

}  // namespace fleetcache::scenario
