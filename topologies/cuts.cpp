#include "topologies/cuts.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <limits>

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

constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max() / 1024;

// The tree of links as a graph: one vertex per NIC, disk, rack, pod, core, WAN side, account and
// origin path.
class CutGraph {
 public:
  // The graph is made with its final size: copying one trips a false warning in Boost 1.74.
  explicit CutGraph(const Fleet& fleet)
      : fleet_(fleet),
        rack0_(2 * Vertex{fleet.node_count()}),  // node n: DRAM at n, its disks at nodes + n
        pod0_(rack0_ + fleet.rack_count()),
        core0_(pod0_ + fleet.pod_count()),
        wan0_(core0_ + fleet.region_count()),
        path0_(wan0_ + 2 * Vertex{fleet.region_count()}),  // WAN: a leaving and an arriving side
        account0_(path0_ + 2 * Vertex{fleet.region_count()}),  // path: front end and stamp
        source_(account0_ + account_count(fleet)),
        sink_(source_ + 1),
        graph_(sink_ + 1) {
    Vertex next = account0_;
    for (const RegionSpec& r : fleet.regions()) {
      first_account_.push_back(next);
      next += r.accounts;
    }
    add_nodes();
    add_fabric();
    add_origins();
    add_wan();
  }

  Vertex vertex(Endpoint e) const {
    switch (e.kind) {
      case Endpoint::Kind::kDram:
        return e.id;
      case Endpoint::Kind::kNvme:
        return fleet_.node_count() + e.id;
      case Endpoint::Kind::kAccount:
        return first_account_[e.region] + e.id;
      case Endpoint::Kind::kStamp:
        return path0_ + 2 * e.region + 1;
    }
    return source_;
  }

  void add_ends(const std::vector<Endpoint>& sources, const std::vector<Endpoint>& sinks) {
    for (const Endpoint e : sources) add_edge(source_, vertex(e), kUnlimited, kNoLink);
    for (const Endpoint e : sinks) add_edge(vertex(e), sink_, kUnlimited, kNoLink);
  }

  Cut solve() {
    const std::int64_t flow = boost::push_relabel_max_flow(graph_, source_, sink_);
    Cut cut;
    cut.flow = BytesPerSecond(static_cast<double>(flow));
    const std::vector<char> reached = reachable();
    for (const auto& [edge, link] : edges_)
      if (link != kNoLink && reached[boost::source(edge, graph_)] &&
          !reached[boost::target(edge, graph_)])
        cut.links.push_back(link);
    std::sort(cut.links.begin(), cut.links.end());
    return cut;
  }

 private:
  void add_edge(Vertex a, Vertex b, std::int64_t capacity, LinkIndex link) {
    const auto forward = boost::add_edge(a, b, graph_).first;
    const auto backward = boost::add_edge(b, a, graph_).first;
    auto capacities = boost::get(boost::edge_capacity, graph_);
    auto reverse = boost::get(boost::edge_reverse, graph_);
    capacities[forward] = capacity;
    capacities[backward] = 0;
    reverse[forward] = backward;
    reverse[backward] = forward;
    edges_.emplace_back(forward, link);
  }
  void add_link(Vertex a, Vertex b, LinkIndex link) {
    if (link != kNoLink)
      add_edge(a, b, static_cast<std::int64_t>(fleet_.capacity(link).count), link);
  }

  void add_nodes() {
    for (std::uint32_t n = 0; n < fleet_.node_count(); ++n) {
      add_link(n, rack0_ + fleet_.rack_of(n), fleet_.nic_up(n));
      add_link(rack0_ + fleet_.rack_of(n), n, fleet_.nic_down(n));
      add_link(fleet_.node_count() + n, n, fleet_.nvme_read(n));
      add_link(n, fleet_.node_count() + n, fleet_.nvme_write(n));
    }
  }
  void add_fabric() {
    for (std::uint32_t rack = 0; rack < fleet_.rack_count(); ++rack) {
      const std::uint32_t pod = fleet_.pod_of(fleet_.nodes_of_rack(rack).first);
      add_link(rack0_ + rack, pod0_ + pod, fleet_.tor_up(rack));
      add_link(pod0_ + pod, rack0_ + rack, fleet_.tor_down(rack));
    }
    for (std::uint32_t pod = 0; pod < fleet_.pod_count(); ++pod) {
      const std::uint32_t region = fleet_.region_of(fleet_.nodes_of_pod(pod).first);
      add_link(pod0_ + pod, core0_ + region, fleet_.pod_up(pod));
      add_link(core0_ + region, pod0_ + pod, fleet_.pod_down(pod));
    }
  }
  void add_origins() {
    for (std::uint32_t r = 0; r < fleet_.region_count(); ++r) {
      const Vertex front_end = path0_ + 2 * r;
      if (fleet_.front_end(r) == kNoLink)
        add_edge(front_end, core0_ + r, kUnlimited, kNoLink);
      else
        add_link(front_end, core0_ + r, fleet_.front_end(r));
      add_link(front_end + 1, core0_ + r, fleet_.stamp(r));
      for (std::uint32_t a = 0; a < fleet_.regions()[r].accounts; ++a) {
        add_link(first_account_[r] + a, front_end, fleet_.account_egress(r, a));
        add_link(core0_ + r, first_account_[r] + a, fleet_.account_ingress(r, a));
      }
    }
  }
  void add_wan() {
    for (std::uint32_t a = 0; a < fleet_.region_count(); ++a) {
      add_link(core0_ + a, wan0_ + 2 * a, fleet_.core_up(a));
      add_link(wan0_ + 2 * a + 1, core0_ + a, fleet_.core_down(a));
      for (std::uint32_t b = 0; b < fleet_.region_count(); ++b)
        if (a != b) add_link(wan0_ + 2 * a, wan0_ + 2 * b + 1, fleet_.wan(a, b));
    }
  }

  // Vertices that the source still reaches through residual capacity.
  std::vector<char> reachable() const {
    const auto residual = boost::get(boost::edge_residual_capacity, graph_);
    std::vector<char> seen(boost::num_vertices(graph_), 0);
    std::vector<Vertex> todo{source_};
    seen[source_] = 1;
    while (!todo.empty()) {
      const Vertex v = todo.back();
      todo.pop_back();
      for (auto [it, end] = boost::out_edges(v, graph_); it != end; ++it) {
        const Vertex w = boost::target(*it, graph_);
        if (residual[*it] <= 0 || seen[w]) continue;
        seen[w] = 1;
        todo.push_back(w);
      }
    }
    return seen;
  }

  static Vertex account_count(const Fleet& fleet) {
    Vertex n = 0;
    for (const RegionSpec& r : fleet.regions()) n += r.accounts;
    return n;
  }

  const Fleet& fleet_;
  Vertex rack0_, pod0_, core0_, wan0_, path0_, account0_, source_, sink_;
  Graph graph_;
  std::vector<Vertex> first_account_;
  std::vector<std::pair<Traits::edge_descriptor, LinkIndex>> edges_;
};

}  // namespace

Result<Cut> min_cut(const Fleet& fleet, const std::vector<Endpoint>& sources,
                    const std::vector<Endpoint>& sinks) {
  if (fleet.node_count() > kCutNodesMax)
    return Error{"", "a cut of " + std::to_string(fleet.node_count()) + " nodes is above " +
                         std::to_string(kCutNodesMax)};
  if (sources.empty() || sinks.empty()) return Error{"", "a cut needs sources and sinks"};
  CutGraph graph(fleet);
  for (const Endpoint s : sources)
    for (const Endpoint t : sinks)
      if (graph.vertex(s) == graph.vertex(t))
        return Error{"", "an end is on both sides of the cut"};
  graph.add_ends(sources, sinks);
  return graph.solve();
}

}  // namespace fleetcache::topologies
