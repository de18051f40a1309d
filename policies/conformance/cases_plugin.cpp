// Plugins that a host must not run, and one that it may: a FIFO of our own.
#include <cstring>

#include "fcp_plugin.h"
#include "policies/conformance/cases.hpp"

namespace fleetcache::conformance {
namespace {

/// A list through the slots, numbered from 1, so that all zero is an empty one.
struct Ends {
  std::uint32_t oldest, newest;
};
struct Links {
  std::uint32_t older, newer;
};

Ends& ends(const fcp_plugin_view* view) { return *static_cast<Ends*>(view->head); }
Links& links(const fcp_plugin_view* view, std::uint32_t number) {
  return static_cast<Links*>(view->entries_state)[number - 1];
}

void configure(std::uint32_t, std::uint64_t, const fcp_param_reader*, void*,
               fcp_plugin_shape* out) {
  out->entry_bytes = sizeof(Links);
  out->shared_bytes = 0;
}

void insert(const fcp_plugin_view* view, std::uint32_t slot, const fcp_entry*) {
  Ends& list = ends(view);
  links(view, slot + 1) = {list.newest, 0};
  if (list.newest != 0) links(view, list.newest).newer = slot + 1;
  if (list.oldest == 0) list.oldest = slot + 1;
  list.newest = slot + 1;
}

void hit(const fcp_plugin_view*, std::uint32_t, std::int64_t) {}

std::uint32_t candidate(const fcp_plugin_view* view, void* cursor, const fcp_entry*) {
  Links at = {};  // the number last named, and whether one was
  std::memcpy(&at, cursor, sizeof at);
  const std::uint32_t next = at.newer == 0 ? ends(view).oldest : links(view, at.older).newer;
  if (next == 0) return FCP_NO_SLOT;
  at = {next, 1};
  std::memcpy(cursor, &at, sizeof at);
  return next - 1;
}

void remove(const fcp_plugin_view* view, std::uint32_t slot) {
  Ends& list = ends(view);
  const Links gone = links(view, slot + 1);
  (gone.older != 0 ? links(view, gone.older).newer : list.oldest) = gone.newer;
  (gone.newer != 0 ? links(view, gone.newer).older : list.newest) = gone.older;
}

std::uint64_t digest(const fcp_plugin_view* view) {
  std::uint64_t sum = 1469598103934665603ULL;
  for (std::uint32_t n = ends(view).oldest; n != 0; n = links(view, n).newer) {
    sum = (sum ^ n) * 1099511628211ULL;
  }
  return sum;
}

fcp_eviction_table table() {
  fcp_eviction_table made = {};
  made.struct_size = sizeof made;
  made.configure = configure;
  made.insert = insert;
  made.hit = hit;
  made.candidate = candidate;
  made.evict = remove;
  made.erase = remove;
  made.digest = digest;
  return made;
}

const fcp_eviction_table kFifo = table();

fcp_plugin plugin(const char* name) {
  fcp_plugin made = {};
  made.struct_size = sizeof made;
  made.abi_major = FCP_VERSION_MAJOR;
  made.abi_minor = FCP_VERSION_MINOR;
  made.version = 1;
  made.name = name;
  made.summary = "evicts the oldest insertion";
  made.source = "folklore";
  made.eviction = &kFifo;
  return made;
}

std::uint64_t golden_of(Host& host, const fcp_plugin& sound) {
  std::uint64_t golden = 0;
  host.want(host.calls().plugin(host.calls().context, &sound, &golden), {FCP_CONFORM_OK},
            "self-test of a sound plugin");
  return golden;
}

std::int32_t load(Host& host, const fcp_plugin& made) {
  return host.calls().plugin(host.calls().context, &made, nullptr);
}

std::string sound_plugin(Host& host) {
  host.reset({});
  // What a host loads stays loaded.
  static fcp_plugin made = plugin("conform-fifo");
  made.golden = golden_of(host, made);
  host.want(load(host, made), {FCP_CONFORM_OK}, "load of a sound plugin");
  Setup setup;
  setup.policy = made.name;
  host.reset(setup);
  for (Id id = 1; id <= 10; ++id) host.must_put(id, 100);
  host.want(host.get(1), {FCP_CONFORM_OK}, "get 1");
  host.must_put(11, 100);
  host.want_resident({2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "after a hit of the oldest");
  host.check();
  host.check_bodies();
  return "loaded, and it decides";
}

std::string refused(Host& host, fcp_plugin made, const std::string& what) {
  host.reset({});
  const std::int32_t status = load(host, made);
  host.want(status, {FCP_CONFORM_REFUSED}, "load of a plugin " + what);
  host.must_put(1, 100);
  host.check();
  return "REFUSED";
}

std::string wrong_major(Host& host) {
  fcp_plugin made = plugin("conform-major");
  made.golden = golden_of(host, made);
  made.abi_major = FCP_VERSION_MAJOR + 1;
  return refused(host, made, "of the next major version");
}

std::string short_struct(Host& host) {
  fcp_plugin made = plugin("conform-short");
  made.golden = golden_of(host, made);
  made.struct_size = offsetof(fcp_plugin, golden);
  return refused(host, made, "whose struct ends too early");
}

std::string wrong_golden(Host& host) {
  fcp_plugin made = plugin("conform-golden");
  made.golden = golden_of(host, made) ^ 1;
  return refused(host, made, "that decides otherwise than at its author's");
}

std::string no_functions(Host& host) {
  static fcp_eviction_table lacking = table();
  lacking.candidate = nullptr;
  fcp_plugin made = plugin("conform-lacking");
  made.eviction = &lacking;
  return refused(host, made, "without a function that names candidates");
}

}  // namespace

Cases plugin_cases() {
  const Needs any = Needs::kAnyPolicy;
  const std::uint32_t plugins = FCP_CONFORM_PLUGINS;
  return {
      {"sound_plugin", "a plugin that is what it says is loaded and decides", plugins, any,
       sound_plugin},
      {"wrong_major", "REFUSED for another major version", plugins, any, wrong_major},
      {"short_struct", "REFUSED for a struct that is too short", plugins, any, short_struct},
      {"wrong_golden", "REFUSED for another digest of decisions", plugins, any, wrong_golden},
      {"no_functions", "REFUSED for a missing function", plugins, any, no_functions},
  };
}

}  // namespace fleetcache::conformance
