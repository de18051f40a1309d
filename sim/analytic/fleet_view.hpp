/// A scenario as the closed forms need it: pools, jobs and services with the sums that recur, in
/// place of nodes. Built once for an answer; designs vary beside it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/capacity/kv_cache.hpp"
#include "models/capacity/response_time.hpp"
#include "policies/base/result.hpp"
#include "sim/scenario/scenario.hpp"
#include "topologies/fleet.hpp"

namespace fleetcache::analytic {

/// A training job. Rates are of the whole job in bytes a second.
struct JobView {
  const scenario::TrainingJob* job = nullptr;
  const scenario::Dataset* dataset = nullptr;
  std::uint32_t pool = 0;    ///< index in FleetView::pools
  std::uint32_t region = 0;  ///< where it runs
  std::uint32_t home = 0;    ///< region whose Blob holds the data set
  double nodes = 0;
  double gpus = 0;
  double wanted = 0;             ///< demand when never stalled
  double object = 0;             ///< bytes of one read
  double reads_per_step = 0;     ///< of one node
  std::uint32_t first_node = 0;  ///< its nodes are this one and those that follow
};

/// Reads of one node that are under way at most, its demand scaled by a factor.
double readahead_reads(const JobView& job, double demand);

struct ServiceView {
  const scenario::InferenceService* service = nullptr;
  std::uint32_t pool = 0;
  std::uint32_t region = 0;
  bool synthetic = true;  ///< false: the requests are a trace, which this rung does not read
  double block_bytes = 0;
  models::KvSessionSpec spec;  ///< of the requests, when synthetic
  models::KvDemand demand;     ///< at demand factor 1
};

/// What one of the service's nodes is asked: arrivals and slots, the service time left open.
models::QueueSpec arrivals_of(const ServiceView& service);

/// Nodes of one VM size in one region; copies are shared inside a pool only.
struct PoolView {
  std::uint32_t region = 0;
  std::string name;  ///< "eastus2.train"
  const scenario::NodePool* pool = nullptr;
  const topologies::Pool* fabric = nullptr;
  double nodes = 0;
  double domain_nodes = 0;  ///< that share copies, by the cache's scope
  std::vector<std::uint32_t> jobs, services;
};

struct FleetView {
  const scenario::Scenario* scenario = nullptr;
  topologies::Fleet fleet;
  std::vector<const scenario::Region*> regions;  ///< in name order, as in the fleet
  std::vector<PoolView> pools;                   ///< as in the fleet
  std::vector<JobView> jobs;                     ///< in name order
  std::vector<ServiceView> services;             ///< in name order

  const std::string& region_name(std::uint32_t region) const { return regions[region]->name; }
};

/// Fails where the scenario does not hold together (a job on an unknown pool or data set, more
/// nodes than a pool has, a compute time of 0). The scenario must outlive the view.
/// Cost: O(nodes), about a millisecond for 100,000.
Result<FleetView> view_of(const scenario::Scenario& scenario);

/// The same scenario with something else bought: what a regime map varies.
struct Design {
  double demand = 1;  ///< factor on bytes per step of every job, compute time unchanged
  double nvme = 1;    ///< factor on the capacity of every cache tier
  bool cache = true;
  scenario::OriginPath path = scenario::OriginPath::kFrontEnd;
  std::uint32_t accounts = 0;  ///< in every region; 0: as the scenario says
  double stamp = 1;            ///< factor on every region's stamp
  // What errors of an answer are told by:
  double hits_off = 0;  ///< hit ratios moved by so many of their stated errors, -1..1
  double origin = 1;    ///< factor on what an origin's way gives
};
Design design_of(const scenario::Scenario& scenario);

/// Pool of the home region whose cache hands a job that runs elsewhere what its own lacks (scope
/// global); Fleet::kNone: there is none.
std::uint32_t handing_pool(const FleetView& view, const Design& design, const JobView& job);

/// So many epochs that another changes nothing.
constexpr std::uint32_t kSettled = 1'000'000;

/// What a job is at, at some instant of a run.
struct JobMoment {
  double progress = 1;              ///< of its first epoch that it has read; 1: that epoch is over
  bool away = false;                ///< stands still: nodes lost, or reading a checkpoint
  bool restoring = false;           ///< the latter
  std::uint32_t epochs = kSettled;  ///< that are over
  double copies = 1;                ///< of those that it would hit, still there
};
/// By job. Empty: all at work and past their first epochs, the steady state.
using Moment = std::vector<JobMoment>;
/// All jobs at work, `progress` of their first epochs read.
Moment first_epoch(const FleetView& view, double progress);
bool is_away(const Moment& moment, std::size_t job);
bool is_restoring(const Moment& moment, std::size_t job);
double progress_of(const Moment& moment, std::size_t job);
std::uint32_t epochs_of(const Moment& moment, std::size_t job);
double copies_of(const Moment& moment, std::size_t job);

}  // namespace fleetcache::analytic
