#include "sim/traces/log_file.hpp"

#include <cstring>
#include <filesystem>
#include <vector>

#include "sim/traces/new_file.hpp"
#include "sim/traces/replay_cells.hpp"

namespace fleetcache::traces {
namespace {

constexpr std::size_t kBlock = 65536;
constexpr std::uint32_t kDefaultEntries = 1U << 22;

/// Bytes of a source in pieces of any size.
class Pieces {
 public:
  explicit Pieces(ByteSource& source) : source_(source) {}
  bool read(void* out, std::size_t count) {
    auto* to = static_cast<std::byte*>(out);
    while (count > 0) {
      if (at_ == block_.size()) {
        auto next = source_.next();
        if (!next) fault_ = next.error();
        if (!next || next->empty()) return false;
        block_ = *next;
        at_ = 0;
      }
      const std::size_t some = std::min(count, block_.size() - at_);
      std::memcpy(to, block_.data() + at_, some);
      at_ += some;
      to += some;
      count -= some;
    }
    return true;
  }
  const Error& fault() const { return fault_; }

 private:
  ByteSource& source_;
  std::span<const std::byte> block_;
  std::size_t at_ = 0;
  Error fault_;
};

/// A request as a replay tells it: with parents and kinds where the policy is told of them.
class Teller {
 public:
  Teller(const RecordSpec& spec, const log::LoggedCache& cache)
      : spec_(spec), cache_(cache), chains_(spec.origin.tenants) {}

  eviction::Meta meta(const Request& r) {
    const std::uint32_t tenant = r.tenant % spec_.origin.tenants;
    const std::uint64_t charge = spec_.unit_size ? 1 : r.size;
    const auto find = [&](std::uint64_t id) { return cache_.find(tenant, id); };
    eviction::Meta meta = chains_[tenant].meta(find, r, charge);
    meta.tenant = tenant;
    return meta;
  }

 private:
  const RecordSpec& spec_;
  const log::LoggedCache& cache_;
  std::vector<Chain> chains_;  ///< one a tenant
};

}  // namespace

Result<RecordReport> record_log(const std::string& path, const ReadOptions& options,
                                const RecordSpec& spec, const std::string& output) {
  auto reader = open_trace(path, options);
  if (!reader) return reader.error();
  if (!spec.overwrite && std::filesystem::exists(output)) {
    return Error{output, "exists already; --overwrite replaces it"};
  }
  log::Origin origin = spec.origin;
  const eviction::PolicyInfo* info = eviction::find_policy(origin.policy);
  if (info != nullptr && info->needs_next_access && !(*reader)->info().has_next) {
    return Error{path, "says nothing of next accesses, and " + origin.policy +
                           " decides by them: a log is written in one pass"};
  }
  if (info != nullptr && (*reader)->info().has_links) origin.config.features |= info->uses & kTold;
  NewFile file(output);
  const Status opened = file.create();
  if (!opened) return opened.error();
  RecordReport report;
  Status written = Nothing{};
  const auto sink = [&](const void* bytes, std::size_t count) {
    report.bytes += count;
    if (written) written = file.write(bytes, count);
    return written.ok();
  };
  if (origin.config.max_entries == 0) origin.config.max_entries = kDefaultEntries;
  auto cache = log::LoggedCache::create(origin, sink);
  if (!written) return written.error();
  if (!cache) return cache.error();
  Teller teller(spec, *cache);
  std::vector<Request> block(kBlock);
  while (true) {
    const auto count = (*reader)->read(block);
    if (!count) return count.error();
    if (*count == 0) break;
    for (std::size_t k = 0; k < *count; ++k) {
      const Request& request = block[k];
      if (request.size == 0 && request.op != Op::kDelete) continue;
      if (request.op == Op::kDelete) {
        cache->erase({request.time_ns}, cache->find(request.tenant % origin.tenants, request.id));
        continue;
      }
      ++report.requests;
      report.hits += cache->request({request.time_ns}, teller.meta(request)) ? 1 : 0;
    }
    if (!written) return written.error();
    if (spec.stop != nullptr && spec.stop->load())
      return Error{path, "interrupted: no log written"};
    const std::uint64_t size = (*reader)->size();
    if (spec.progress && size > 0) {
      spec.progress(static_cast<double>((*reader)->consumed()) / static_cast<double>(size));
    }
  }
  cache->finish();
  if (!written) return written.error();
  const Status kept = file.publish(spec.overwrite);
  if (!kept) return kept.error();
  report.records = cache->records();
  report.outputs_hash = cache->hashes().outputs.value();
  return report;
}

Result<log::LogReport> replay_log_file(const std::string& path,
                                       const std::function<void(double done)>& progress) {
  auto source = ByteSource::open(path);
  if (!source) return source.error();
  Pieces pieces(*source);
  std::uint64_t calls = 0;
  auto report = log::replay_log([&](void* out, std::size_t count) {
    if (progress && (++calls & 0xffff) == 0 && source->size() > 0) {
      progress(static_cast<double>(source->consumed()) / static_cast<double>(source->size()));
    }
    return pieces.read(out, count);
  });
  if (!pieces.fault().where.empty()) return pieces.fault();
  if (!report) return Error{path, report.error().text()};
  return report;
}

}  // namespace fleetcache::traces
