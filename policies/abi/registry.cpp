// Which plugins are accepted.
#include "policies/abi/registry.hpp"

#include <algorithm>

#include "policies/abi/abi.hpp"

namespace fleetcache::abi {

const eviction::ExternalPolicy* find_external(const fcp_registry* registry, const char* name) {
  if (registry == nullptr || name == nullptr) return nullptr;
  for (const Plugin& plugin : registry->plugins) {
    if (plugin.name == name) return &plugin.external;
  }
  return nullptr;
}

namespace {

constexpr std::size_t kLongestName = 47;  // what a snapshot's header has room for

bool is_name(const char* name) {
  if (name == nullptr) return false;
  const std::string_view text(name);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string version_text(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

/// Versions and sizes, before anything else of the plugin is looked at.
fcp_status check_versions(const fcp_plugin& plugin, const Message& message) {
  if (plugin.struct_size < sizeof(fcp_plugin)) {
    return message.fail(FCP_E_VERSION, "plugin: its struct has " +
                                           std::to_string(plugin.struct_size) + " bytes where " +
                                           std::to_string(sizeof(fcp_plugin)) + " are needed");
  }
  if (plugin.abi_major != FCP_VERSION_MAJOR || plugin.abi_minor > FCP_VERSION_MINOR) {
    return message.fail(FCP_E_VERSION, "plugin: it was built for version " +
                                           version_text(plugin.abi_major, plugin.abi_minor) +
                                           " of the interface; this is " +
                                           version_text(FCP_VERSION_MAJOR, FCP_VERSION_MINOR));
  }
  if (plugin.eviction == nullptr) return message.fail(FCP_E_INVALID, "plugin: has no policy");
  if (plugin.eviction->struct_size < sizeof(fcp_eviction_table)) {
    return message.fail(FCP_E_VERSION,
                        "plugin: its table has " + std::to_string(plugin.eviction->struct_size) +
                            " bytes where " + std::to_string(sizeof(fcp_eviction_table)) +
                            " are needed");
  }
  return FCP_OK;
}

fcp_status check_contents(const fcp_plugin& plugin, const Message& message) {
  if (!is_name(plugin.name)) {
    return message.fail(FCP_E_INVALID, "plugin: its name must be of a-z, 0-9 and -, at most 47");
  }
  const fcp_eviction_table& t = *plugin.eviction;
  if (t.configure == nullptr || t.insert == nullptr || t.hit == nullptr || t.candidate == nullptr ||
      t.evict == nullptr || t.erase == nullptr || t.digest == nullptr) {
    return message.fail(FCP_E_INVALID,
                        "plugin " + std::string(plugin.name) + ": its table lacks a function");
  }
  return FCP_OK;
}

void fill(Plugin& made, const fcp_plugin& plugin) {
  made.name = plugin.name;
  made.summary = plugin.summary == nullptr ? "" : plugin.summary;
  made.source = plugin.source == nullptr ? "" : plugin.source;
  made.table = *plugin.eviction;
  made.external.info.name = made.name;
  made.external.info.summary = made.summary;
  made.external.info.source = made.source;
  made.external.info.version = plugin.version;
  made.external.ops = &plugin_ops();
  made.external.context = &made;
}

std::string hex(std::uint64_t number) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(number >> shift) & 15U];
  return text;
}

/// All checks but the name's and the golden digest's.
fcp_status try_out(const fcp_plugin& plugin, Plugin& made, std::uint64_t& digest,
                   const Message& message) {
  fcp_status status = check_versions(plugin, message);
  if (status == FCP_OK) status = check_contents(plugin, message);
  if (status != FCP_OK) return status;
  fill(made, plugin);
  const std::string fault = self_test(made.external, digest);
  if (fault.empty()) return FCP_OK;
  return message.fail(FCP_E_SELF_TEST, "plugin " + made.name + ": its self-test failed: " + fault);
}

fcp_status add(fcp_registry& registry, const fcp_plugin& plugin, const Message& message) {
  fcp_status status = check_versions(plugin, message);
  if (status == FCP_OK) status = check_contents(plugin, message);
  if (status != FCP_OK) return status;
  if (eviction::find_policy(plugin.name) != nullptr ||
      find_external(&registry, plugin.name) != nullptr) {
    return message.fail(FCP_E_EXISTS, "plugin " + std::string(plugin.name) + ": its name is taken");
  }
  Plugin& made = registry.plugins.emplace_back();
  std::uint64_t digest = 0;
  status = try_out(plugin, made, digest, message);
  if (status == FCP_OK && digest != plugin.golden) {
    status = message.fail(FCP_E_SELF_TEST, "plugin " + made.name + ": its decisions here give " +
                                               hex(digest) + ", its author's gave " +
                                               hex(plugin.golden));
  }
  if (status != FCP_OK) registry.plugins.pop_back();
  return status;
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_registry_create(fcp_registry** out) noexcept {
  if (out == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    *out = new fcp_registry();
    return FCP_OK;
  });
}

void fcp_registry_destroy(fcp_registry* registry) noexcept { delete registry; }

fcp_status fcp_registry_add(fcp_registry* registry, const fcp_plugin* plugin, char* message,
                            size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (registry == nullptr || plugin == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  return abi::guarded(text, [&] { return abi::add(*registry, *plugin, text); });
}

fcp_status fcp_registry_at(const fcp_registry* registry, uint32_t position,
                           fcp_policy_info* out) noexcept {
  if (registry == nullptr || out == nullptr) return FCP_E_INVALID;
  if (position >= registry->plugins.size()) return FCP_E_NOT_FOUND;
  const abi::Plugin& plugin = registry->plugins[position];
  const fcp_policy_info info = {sizeof info, plugin.external.info.version, plugin.name.c_str(),
                                plugin.summary.c_str(), plugin.source.c_str()};
  return abi::write_struct(info, sizeof info, out) ? FCP_OK : FCP_E_VERSION;
}

fcp_status fcp_plugin_self_test(const fcp_plugin* plugin, uint64_t* golden, char* message,
                                size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (plugin == nullptr || golden == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  return abi::guarded(text, [&] {
    abi::Plugin made;
    return abi::try_out(*plugin, made, *golden, text);
  });
}

}  // extern "C"
