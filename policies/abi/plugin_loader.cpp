// The only file of policies/ that opens files and shared libraries: a target of its own.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "policies/abi/abi.hpp"
#include "policies/abi/fcp_plugin_loader.h"
#include "policies/abi/sha256.hpp"

namespace fleetcache::abi {
namespace {

class File {
 public:
  explicit File(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0 && !kept_) ::close(fd_);
  }
  bool is_open() const { return fd_ >= 0; }
  /// Leaves it open for good.
  void keep() { kept_ = true; }
  int number() const { return fd_; }
  /// SHA-256 in hexadecimal; empty when the file cannot be read.
  std::string sum() const {
    Sha256 sha;
    unsigned char bytes[65536];
    for (;;) {
      const ssize_t count = ::read(fd_, bytes, sizeof bytes);
      if (count < 0) return {};
      if (count == 0) break;
      sha.add(bytes, static_cast<std::size_t>(count));
    }
    std::string text;
    for (const unsigned char byte : sha.finish()) {
      text += "0123456789abcdef"[byte >> 4U];
      text += "0123456789abcdef"[byte & 15U];
    }
    return text;
  }

 private:
  int fd_;
  bool kept_ = false;
};

class Library {
 public:
  explicit Library(const std::string& path)
      : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle_ != nullptr) ::dlclose(handle_);
  }
  bool is_open() const { return handle_ != nullptr; }
  fcp_plugin_query query() const {
    return reinterpret_cast<fcp_plugin_query>(::dlsym(handle_, FCP_PLUGIN_QUERY));
  }
  void keep() { handle_ = nullptr; }

 private:
  void* handle_;
};

bool same_sum(const char* listed, const std::string& sum) {
  const std::string_view text(listed == nullptr ? "" : listed);
  return text.size() == sum.size() &&
         std::equal(text.begin(), text.end(), sum.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

fcp_status load(fcp_registry* registry, const std::string& path, const fcp_load_options& options,
                const Message& message) {
  File file(path.c_str());
  if (!file.is_open()) return message.fail(FCP_E_IO, path + ": cannot be opened");
  if (options.allowed != nullptr) {
    const std::string sum = file.sum();
    if (sum.empty()) return message.fail(FCP_E_IO, path + ": cannot be read");
    const bool listed = std::any_of(options.allowed, options.allowed + options.allowed_count,
                                    [&](const char* each) { return same_sum(each, sum); });
    if (!listed) {
      return message.fail(FCP_E_REFUSED, path + ": its SHA-256 " + sum + " is not on the list");
    }
  }
  // By its open file, so that what was summed up is what is loaded.
  Library library("/proc/self/fd/" + std::to_string(file.number()));
  if (!library.is_open()) {
    const char* why = ::dlerror();
    return message.fail(FCP_E_IO, path + ": " + (why == nullptr ? "cannot be loaded" : why));
  }
  // The loader knows the library by this number, even after dlclose where it holds unique symbols:
  // another file must never get it.
  file.keep();
  const fcp_plugin_query query = library.query();
  if (query == nullptr) {
    return message.fail(FCP_E_VERSION, path + ": has no function " FCP_PLUGIN_QUERY);
  }
  const std::uint32_t version = fcp_version();
  const fcp_plugin* plugin = query(version >> 16U, version & 0xffffU);
  if (plugin == nullptr) {
    return message.fail(FCP_E_VERSION, path + ": has no plugin for this version of the interface");
  }
  char why[512] = "";
  const fcp_status status = fcp_registry_add(registry, plugin, why, sizeof why);
  if (status != FCP_OK) return message.fail(status, path + ": " + why);
  library.keep();
  return FCP_OK;
}

}  // namespace
}  // namespace fleetcache::abi

using namespace fleetcache;

extern "C" {

fcp_status fcp_plugin_load(fcp_registry* registry, const char* path,
                           const fcp_load_options* options, char* message,
                           size_t message_bytes) noexcept {
  const abi::Message text(message, message_bytes);
  if (registry == nullptr || path == nullptr) return text.fail(FCP_E_INVALID, "a NULL");
  fcp_load_options whole = {};
  if (options != nullptr && !abi::read_struct(options, sizeof whole, whole)) {
    return text.fail(FCP_E_VERSION, "options: have a size that this library does not know");
  }
  return abi::guarded(text, [&] { return abi::load(registry, path, whole, text); });
}

fcp_status fcp_file_sha256(const char* path, char out[65]) noexcept {
  if (path == nullptr || out == nullptr) return FCP_E_INVALID;
  return abi::guarded(abi::Message(nullptr, 0), [&] {
    const abi::File file(path);
    const std::string sum = file.is_open() ? file.sum() : std::string();
    if (sum.empty()) return FCP_E_IO;
    sum.copy(out, sum.size());
    out[sum.size()] = '\0';
    return FCP_OK;
  });
}

}  // extern "C"
