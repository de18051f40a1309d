/// From any trace that we read to a trace file of our own, in constant memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/base/result.hpp"
#include "sim/traces/reader.hpp"
#include "sim/traces/siphash.hpp"

namespace fleetcache::traces {

/// Replaces ids and names by keyed hashes: the same key gives the same ones, in every file.
///
/// Ids and parents become SipHash-2-4 of themselves. Tenants are numbered anew from 1 in the order
/// of their requests, and named "t" and 16 hexadecimal digits. Sizes, times, order, classes (with
/// their names) and how often and together things are asked for stay, and can tell much: this is no
/// protection against somebody who knows part of the trace.
class Anonymiser {
 public:
  /// Fails ("--anonymise") for a key of less than 16 bytes: short ones can be found by trying.
  static Result<Anonymiser> create(std::string_view key);

  /// `names` are the tenants of the input so far. Fails when there are too many tenants.
  Status apply(std::span<Request> requests, const std::vector<std::string>& names);
  const std::vector<std::string>& tenants() const { return tenants_; }

  std::uint64_t id(std::uint64_t id) const;
  std::string tenant(std::string_view name) const;

 private:
  explicit Anonymiser(const SipKey& key) : key_(key) {}

  SipKey key_;
  std::vector<std::string> tenants_;
  std::map<std::uint32_t, std::uint32_t> numbers_;  ///< of the input's tenants
};

/// A size for all requests of a class of a trace that has none.
struct ClassBytes {
  std::string name;  ///< of TraceInfo::classes, or a number
  std::uint64_t bytes = 1;
};

struct ImportSpec {
  std::string output = "-";
  bool overwrite = false;
  std::optional<Anonymiser> anonymiser;
  std::vector<ClassBytes> class_bytes;
  const std::atomic<bool>* stop = nullptr;         ///< ends the import early, with no file
  std::function<void(double)> progress = nullptr;  ///< the share done, when the size is known
};

struct ImportReport {
  TraceInfo info;  ///< of the input, with its notes
  std::uint64_t requests = 0;
  std::uint64_t reads = 0, writes = 0, deletes = 0;
  std::uint64_t bytes = 0;  ///< requested; saturates
  std::uint64_t file_bytes = 0;
  std::uint64_t tenants = 0;
  std::int64_t first_ns = 0, last_ns = 0;
  std::uint64_t backward = 0;  ///< requests earlier than the one before
  bool stopped = false;
};

/// Reads `reader` to its end and writes an fctrace file (fctrace.hpp). After an error, or when it
/// was stopped, no file is left; what went to standard output lacks the part that ends it, so that
/// readers refuse it. A trace without requests is an error. Memory: about 20 MB, and the names of
/// tenants and classes.
Result<ImportReport> import_trace(TraceReader& reader, ImportSpec spec);

}  // namespace fleetcache::traces
