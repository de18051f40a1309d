#include "topologies/aggregate.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <cmath>
#include <initializer_list>

namespace fleetcache::topologies {

namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using Graph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<
        boost::edge_capacity_t, std::int64_t,
        boost::property<boost::edge_residual_capacity_t, std::int64_t,
                        boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;
using Vertex = std::size_t;

constexpr double kMost = 9007199254740992.0;  // 2^53: sums of loads stay whole numbers
constexpr std::int64_t kUnlimited = std::int64_t{1} << 58;

std::int64_t whole(BytesPerSecond rate) {
  return static_cast<std::int64_t>(std::clamp(rate.count, 0.0, kMost));
}

// Vertices of a region, then of a pool: down to its nodes, and up from its copies.
enum RegionVertex : std::uint8_t { kAccounts, kFrontEnd, kStampOut, kCore, kOut, kIn, kRegionSize };
enum PoolVertex : std::uint8_t {
  kPods,
  kRacks,
  kNodes,
  kCopies,
  kRacksUp,
  kPodsUp,
  kCoreUp,
  kDisks,
  kDisksOut,
  kPoolSize
};

class Classes {
 public:
  explicit Classes(const Fleet& fleet, std::size_t loads)
      : fleet_(fleet),
        pool0_(fleet.region_count() * Vertex{kRegionSize}),
        load0_(pool0_ + fleet.pools().size() * Vertex{kPoolSize}),
        source_(load0_ + loads),
        sink_(source_ + 1),
        graph_(sink_ + 1) {
    for (std::uint32_t r = 0; r < fleet.region_count(); ++r) add_region(r);
    for (std::uint32_t p = 0; p < fleet.pools().size(); ++p) add_pool(p);
  }

  void add(const OriginLoad& o) {
    supply(region(o.region, kAccounts), o.front_end);
    supply(region(o.region, kStampOut), o.direct);
    supply(region(o.region, kCore), o.copies);
  }

  void add(const PoolLoad& load, std::size_t number) {
    const std::uint32_t p = load.pool;
    const BytesPerSecond up = load.from_rack + load.from_pod + load.from_region;
    // Down: copies of other racks and pods enter where they turn.
    supply(pool(p, kRacks), load.from_rack);
    supply(pool(p, kPods), load.from_pod);
    supply(region(fleet_.pools()[p].region, kCore), load.from_region);
    const Vertex reader = load0_ + number;
    const bool limited = load.own_limit.count > 0;
    edge(pool(p, kNodes), reader, limited ? whole(load.own_limit) : kUnlimited,
         limited ? load.name : std::string());
    into_nodes_.push_back(demand(reader, load.origin + up));
    // Up, to the same places; disks beside.
    supply(pool(p, kCopies), up);
    demand(pool(p, kRacksUp), load.from_rack);
    demand(pool(p, kPodsUp), load.from_pod);
    demand(pool(p, kCoreUp), load.from_region);
    supply(pool(p, kDisks), load.nvme_read);
    demand(pool(p, kDisksOut), load.nvme_read);
  }

  ClassCut solve() {
    ClassCut cut;
    const std::int64_t flow = boost::push_relabel_max_flow(graph_, source_, sink_);
    const auto capacity = boost::get(boost::edge_capacity, graph_);
    const auto residual = boost::get(boost::edge_residual_capacity, graph_);
    std::int64_t wanted = 0, arrived = 0;
    for (const Traits::edge_descriptor e : into_nodes_) {
      wanted += capacity[e];
      arrived += capacity[e] - residual[e];
    }
    cut.wanted = BytesPerSecond(static_cast<double>(wanted));
    cut.flow = BytesPerSecond(static_cast<double>(arrived));
    // Loads and capacities are rounded down one by one: a byte for each edge is no shortage.
    cut.fits = flow + static_cast<std::int64_t>(edges_.size()) + wanted_ / 1'000'000'000 >= wanted_;
    if (cut.fits) return cut;
    const std::vector<char> reaches = reaching_sink();
    for (const auto& [e, name] : edges_)
      if (!name.empty() && !reaches[boost::source(e, graph_)] && reaches[boost::target(e, graph_)])
        cut.edges.push_back({name, BytesPerSecond(static_cast<double>(capacity[e]))});
    std::sort(cut.edges.begin(), cut.edges.end(),
              [](const CutEdge& a, const CutEdge& b) { return a.name < b.name; });
    return cut;
  }

 private:
  Vertex pool(std::uint32_t p, PoolVertex v) const { return pool0_ + p * Vertex{kPoolSize} + v; }
  Vertex region(std::uint32_t r, RegionVertex v) const { return r * Vertex{kRegionSize} + v; }

  Traits::edge_descriptor edge(Vertex a, Vertex b, std::int64_t capacity, const std::string& name) {
    const auto forward = boost::add_edge(a, b, graph_).first;
    const auto backward = boost::add_edge(b, a, graph_).first;
    const auto capacities = boost::get(boost::edge_capacity, graph_);
    const auto reverse = boost::get(boost::edge_reverse, graph_);
    capacities[forward] = capacity;
    capacities[backward] = 0;
    reverse[forward] = backward;
    reverse[backward] = forward;
    edges_.emplace_back(forward, name);
    return forward;
  }
  void supply(Vertex at, BytesPerSecond rate) { edge(source_, at, whole(rate), ""); }
  Traits::edge_descriptor demand(Vertex at, BytesPerSecond rate) {
    wanted_ += whole(rate);
    return edge(at, sink_, whole(rate), "");
  }

  void add_region(std::uint32_t r) {
    const RegionSpec& spec = fleet_.regions()[r];
    const std::int64_t accounts = whole(BytesPerSecond(spec.accounts * spec.account_egress.count));
    edge(region(r, kAccounts), region(r, kFrontEnd), accounts, "blob_egress." + spec.name);
    edge(region(r, kFrontEnd), region(r, kCore),
         spec.fleet_egress.count > 0 ? whole(spec.fleet_egress) : kUnlimited,
         spec.fleet_egress.count > 0 ? "front_end_fleet." + spec.name : "");
    edge(region(r, kStampOut), region(r, kCore), whole(spec.stamp), "direct_stamp." + spec.name);
    edge(region(r, kCore), region(r, kOut), whole(fleet_.capacity(fleet_.core_up(r))),
         "core_up." + spec.name);
    edge(region(r, kIn), region(r, kCore), whole(fleet_.capacity(fleet_.core_down(r))),
         "core_down." + spec.name);
    for (std::uint32_t to = 0; to < fleet_.region_count(); ++to) {
      const LinkIndex wan = to == r ? kNoLink : fleet_.wan(r, to);
      if (wan == kNoLink) continue;
      edge(region(r, kOut), region(to, kIn), whole(fleet_.capacity(wan)),
           "wan." + spec.name + "-" + fleet_.regions()[to].name);
    }
  }
  void add_pool(std::uint32_t p) {
    const Pool& pool_spec = fleet_.pools()[p];
    const std::string name = fleet_.regions()[pool_spec.region].name + "." + pool_spec.name;
    const std::int64_t pods = whole(pool_intake(pool_spec, Distance::kPod));
    const std::int64_t racks = whole(pool_intake(pool_spec, Distance::kRack));
    const std::int64_t nodes = whole(pool_intake(pool_spec, Distance::kNode));
    edge(region(pool_spec.region, kCore), pool(p, kPods), pods, "pod_down." + name);
    edge(pool(p, kPods), pool(p, kRacks), racks, "tor_down." + name);
    edge(pool(p, kRacks), pool(p, kNodes), nodes, "nic_down." + name);
    edge(pool(p, kCopies), pool(p, kRacksUp), nodes, "nic_up." + name);
    edge(pool(p, kRacksUp), pool(p, kPodsUp), racks, "tor_up." + name);
    edge(pool(p, kPodsUp), pool(p, kCoreUp), pods, "pod_up." + name);
    const BytesPerSecond disks(pool_spec.nodes * pool_spec.nvme_read.count);
    edge(pool(p, kDisks), pool(p, kDisksOut), whole(disks), "nvme_read." + name);
  }

  // Vertices from which the sink is still reached through residual capacity.
  std::vector<char> reaching_sink() const {
    const auto residual = boost::get(boost::edge_residual_capacity, graph_);
    const auto reverse = boost::get(boost::edge_reverse, graph_);
    std::vector<char> seen(boost::num_vertices(graph_), 0);
    std::vector<Vertex> todo{sink_};
    seen[sink_] = 1;
    while (!todo.empty()) {
      const Vertex v = todo.back();
      todo.pop_back();
      for (auto [it, end] = boost::out_edges(v, graph_); it != end; ++it) {
        const Vertex w = boost::target(*it, graph_);
        if (seen[w] || residual[reverse[*it]] <= 0) continue;
        seen[w] = 1;
        todo.push_back(w);
      }
    }
    return seen;
  }

  const Fleet& fleet_;
  Vertex pool0_, load0_, source_, sink_;
  Graph graph_;
  std::int64_t wanted_ = 0;
  std::vector<std::pair<Traits::edge_descriptor, std::string>> edges_;
  std::vector<Traits::edge_descriptor> into_nodes_;
};

Status in_range(const Fleet& fleet, const ClassLoads& loads) {
  const auto fine = [](std::initializer_list<BytesPerSecond> rates) {
    return std::all_of(rates.begin(), rates.end(),
                       [](BytesPerSecond r) { return r.count >= 0 && r.count < kMost; });
  };
  for (const OriginLoad& o : loads.origin)
    if (o.region >= fleet.region_count() || !fine({o.front_end, o.direct, o.copies}))
      return Error{"", "a load of an unknown region, or out of range"};
  for (const PoolLoad& p : loads.pool)
    if (p.pool >= fleet.pools().size() ||
        !fine({p.origin, p.from_rack, p.from_pod, p.from_region, p.nvme_read, p.own_limit}))
      return Error{"", "a load of an unknown pool, or out of range"};
  return Nothing{};
}

}  // namespace

BytesPerSecond pool_intake(const Pool& pool, Distance level) {
  const double nic = pool.nic.count, tor = pool.tor.count;
  if (level == Distance::kNode) return BytesPerSecond(pool.nodes * nic);
  const auto racks_of = [&](double nodes) {
    const double whole_racks = std::floor(nodes / pool.nodes_per_rack);
    return whole_racks * tor + std::min(tor, (nodes - whole_racks * pool.nodes_per_rack) * nic);
  };
  if (level == Distance::kRack) return BytesPerSecond(racks_of(pool.nodes));
  const double pod_nodes = static_cast<double>(pool.nodes_per_rack) * pool.racks_per_pod;
  const double whole_pods = std::floor(pool.nodes / pod_nodes);
  return BytesPerSecond(whole_pods * pool.pod.count +
                        std::min(pool.pod.count, racks_of(pool.nodes - whole_pods * pod_nodes)));
}

Result<ClassCut> class_cut(const Fleet& fleet, const ClassLoads& loads) {
  if (Status s = in_range(fleet, loads); !s) return s.error();
  Classes classes(fleet, loads.pool.size());
  for (const OriginLoad& o : loads.origin) classes.add(o);
  for (std::size_t i = 0; i < loads.pool.size(); ++i) classes.add(loads.pool[i], i);
  return classes.solve();
}

}  // namespace fleetcache::topologies
