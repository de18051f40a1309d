// The toy node under the conformance suite.
//     toy_host [--json] [--list] [CASE]        the sound node
//     toy_host --fault NAME [CASE]             one with a planted fault
//     toy_host --small                         the node, declaring the required calls alone
//     toy_host --no-call                       declares pins and has no call for them: exit code 2
//     toy_host --each-fault                    each fault must be caught by a case
//     toy_host --list-faults
#include <cstdio>
#include <cstring>

#include "tests/conformance/toy_node.hpp"

namespace toy {
namespace {

Node& node(void* context) { return *static_cast<Node*>(context); }

Object object_of(const fcp_conform_object* in) {
  Object object;
  object.key = {in->tenant, in->id};
  object.charge = in->charge;
  object.expires_ns = in->expires_ns;
  if (in->has_parent != 0) object.parent = in->parent;
  if (in->has_mate != 0) object.mate = in->mate;
  object.body.assign(static_cast<const char*>(in->body), in->body_bytes);
  return object;
}

std::int32_t get(void* context, std::uint32_t tenant, std::uint64_t id, void* out,
                 std::uint64_t capacity, std::uint64_t* bytes) {
  std::string body;
  const std::int32_t status = node(context).get({tenant, id}, body);
  *bytes = body.size();
  if (status == FCP_CONFORM_OK) {
    std::memcpy(out, body.data(), body.size() < capacity ? body.size() : capacity);
  }
  return status;
}

std::int64_t resident(void* context, fcp_conform_entry* out, std::uint64_t capacity) {
  const std::vector<fcp_conform_entry> all = node(context).resident();
  for (std::size_t k = 0; k < all.size() && k < capacity; ++k) out[k] = all[k];
  return static_cast<std::int64_t>(all.size());
}

void set_required_calls(fcp_conform_host& host) {
  host.reset = [](void* c, const fcp_conform_config* config) { return node(c).reset(*config); };
  host.get = get;
  host.put = [](void* c, const fcp_conform_object* o) { return node(c).put(object_of(o)); };
  host.erase = [](void* c, uint32_t tenant, uint64_t id) { return node(c).erase({tenant, id}); };
  host.pin = [](void* c, uint32_t tenant, uint64_t id) { return node(c).pin({tenant, id}); };
  host.unpin = [](void* c, uint32_t tenant, uint64_t id) { return node(c).unpin({tenant, id}); };
  host.advance = [](void* c, int64_t delta_ns) { return node(c).advance(delta_ns); };
  host.now = [](void* c) { return node(c).now(); };
  host.resident = resident;
  host.used = [](void* c) { return node(c).used(); };
  host.drain = [](void* c, fcp_conform_event* out, uint64_t capacity) {
    return static_cast<int64_t>(node(c).drain(out, capacity));
  };
  host.stats = [](void* c, fcp_conform_stats* out) { return node(c).stats(*out); };
}

void set_phase_calls(fcp_conform_host& host) {
  host.evict_begin = [](void* c, fcp_conform_entry* out, uint64_t count) {
    return static_cast<int64_t>(node(c).evict_begin(out, count));
  };
  host.evict_end = [](void* c, int32_t succeeded) { return node(c).evict_end(succeeded != 0); };
  host.fill_begin = [](void* c, const fcp_conform_object* o, uint64_t* ticket) {
    return node(c).fill_begin(object_of(o), *ticket);
  };
  host.fill_end = [](void* c, uint64_t ticket, int32_t succeeded) {
    return node(c).fill_end(ticket, succeeded != 0);
  };
  host.touch_later = [](void* c, uint32_t tenant, uint64_t id) {
    return node(c).touch_later({tenant, id});
  };
  host.touch_flush = [](void* c) { return node(c).touch_flush(); };
}

void set_other_calls(fcp_conform_host& host) {
  host.set_capacity = [](void* c, uint64_t capacity) { return node(c).set_capacity(capacity); };
  host.set_param = [](void* c, const char* key, const char* value) {
    return node(c).set_param(key, value);
  };
  host.save = [](void* c, uint64_t* bytes) { return node(c).save(*bytes); };
  host.restart = [](void* c, const fcp_conform_damage* damage) { return node(c).restart(*damage); };
  host.set_members = [](void* c, uint64_t epoch, const fcp_conform_member* list, uint32_t count) {
    return node(c).set_members(epoch, list, count);
  };
  host.lookup = [](void* c, uint64_t epoch, uint64_t key, uint64_t* owners, uint32_t count) {
    return node(c).lookup(epoch, key, owners, count);
  };
  host.plugin = [](void* c, const fcp_plugin* plugin, uint64_t* golden) {
    return node(c).plugin(plugin, golden);
  };
}

std::vector<const char*> policy_names() {
  std::vector<const char*> names;
  fcp_policy_info info = FCP_INIT(fcp_policy_info);
  for (std::uint32_t k = 0; fcp_policy_at(FCP_EVICTION, k, &info) == FCP_OK; ++k) {
    names.push_back(info.name);
  }
  return names;
}

fcp_conform_host host_of(Node& node) {
  static const std::vector<const char*> policies = policy_names();
  fcp_conform_host host = {};
  host.struct_size = sizeof host;
  host.capabilities = FCP_CONFORM_ALL;
  host.context = &node;
  host.name = "toy host";
  host.policies = policies.data();
  host.policy_count = static_cast<std::uint32_t>(policies.size());
  host.param_policy = "s3fifo-2024-12";
  host.param_key = "small_ratio";
  host.param_values[0] = "0.1";
  host.param_values[1] = "0.8";
  set_required_calls(host);
  set_phase_calls(host);
  set_other_calls(host);
  return host;
}

/// As a host with the required calls and no other, and one policy.
void declare_nothing(fcp_conform_host& host) {
  fcp_conform_host small = {};
  small.struct_size = host.struct_size;
  small.context = host.context;
  small.name = "small host";
  static const char* const kFifo[] = {"fifo"};
  small.policies = kFifo;
  small.policy_count = 1;
  small.reset = host.reset;
  small.get = host.get;
  small.put = host.put;
  small.resident = host.resident;
  small.used = host.used;
  host = small;
}

const FaultInfo* find_fault(const char* name) {
  for (const FaultInfo& fault : faults()) {
    if (std::strcmp(fault.name, name) == 0) return &fault;
  }
  return nullptr;
}

void collect(void* context, const fcp_conform_result* result) {
  if (result->verdict != FCP_CONFORM_FAIL) return;
  static_cast<std::vector<std::string>*>(context)->emplace_back(result->name);
}

std::vector<std::string> failed_cases(Fault fault, const std::string& snapshot) {
  // One policy of each kind: a fault of the host does not wait for a certain order.
  static const char* const kFew[] = {"lru", "fifo", "s3fifo-2024-12", "slru", "random", "pinned"};
  Node node(fault, snapshot);
  fcp_conform_host host = host_of(node);
  host.policies = kFew;
  host.policy_count = 6;
  std::vector<std::string> cases;
  fcp_conform_run(&host, nullptr, collect, &cases, nullptr, nullptr, 0);
  return cases;
}

/// 0 when every fault is caught, and the sound node passes in the same process, before and after.
int each_fault(const std::string& snapshot) {
  int missed = 0;
  const bool sound_before = failed_cases(Fault::kNone, snapshot).empty();
  for (const FaultInfo& fault : faults()) {
    const std::vector<std::string> cases = failed_cases(fault.fault, snapshot);
    missed += cases.empty() ? 1 : 0;
    std::printf("%s %s (%s): %zu %s", cases.empty() ? "MISSED" : "caught", fault.name, fault.what,
                cases.size(), cases.size() == 1 ? "case" : "cases");
    for (std::size_t k = 0; k < cases.size(); ++k) {
      std::printf("%s%s", k == 0 ? ": " : ", ", cases[k].c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  const bool sound = sound_before && failed_cases(Fault::kNone, snapshot).empty();
  std::printf("%zu faults, %d missed; the sound node %s\n", faults().size(), missed,
              sound ? "passes before and after" : "FAILS");
  std::remove(snapshot.c_str());
  return missed == 0 && sound ? 0 : 1;
}

int list_faults() {
  for (const FaultInfo& fault : faults()) std::printf("%s: %s\n", fault.name, fault.what);
  return 0;
}

}  // namespace
}  // namespace toy

int main(int argc, char** argv) {
  std::string snapshot = "toy_host.snapshot";
  toy::Fault fault = toy::Fault::kNone;
  std::vector<char*> rest = {argv[0]};
  bool each = false;
  bool small = false;
  bool no_call = false;
  for (int k = 1; k < argc; ++k) {
    const bool more = k + 1 < argc;
    if (std::strcmp(argv[k], "--snapshot") == 0 && more) {
      snapshot = argv[++k];
    } else if (std::strcmp(argv[k], "--fault") == 0 && more) {
      const toy::FaultInfo* found = toy::find_fault(argv[++k]);
      if (found == nullptr) return std::fprintf(stderr, "no fault named %s\n", argv[k]), 2;
      fault = found->fault;
    } else if (std::strcmp(argv[k], "--each-fault") == 0) {
      each = true;
    } else if (std::strcmp(argv[k], "--small") == 0) {
      small = true;
    } else if (std::strcmp(argv[k], "--no-call") == 0) {
      no_call = true;
    } else if (std::strcmp(argv[k], "--list-faults") == 0) {
      return toy::list_faults();
    } else {
      rest.push_back(argv[k]);
    }
  }
  if (each) return toy::each_fault(snapshot);
  toy::Node node(fault, snapshot);
  fcp_conform_host host = toy::host_of(node);
  if (small) toy::declare_nothing(host);
  if (no_call) host.pin = nullptr;
  const int code = fcp_conform_main(&host, static_cast<int>(rest.size()), rest.data());
  std::remove(snapshot.c_str());
  return code;
}
