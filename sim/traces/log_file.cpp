#include "sim/traces/log_file.hpp"

#include <cstring>
#include <vector>

#include "sim/traces/new_file.hpp"

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

eviction::Meta meta_of(const Request& request, const RecordSpec& spec) {
  eviction::Meta meta;
  meta.id = request.id;
  meta.charge = spec.unit_size ? 1 : request.size;
  meta.next_access = request.next_access;
  meta.tenant = request.tenant % spec.origin.tenants;
  meta.klass = request.klass;
  return meta;
}

}  // namespace

Result<RecordReport> record_log(const std::string& path, const ReadOptions& options,
                                const RecordSpec& spec, const std::string& output) {
  auto reader = open_trace(path, options);
  if (!reader) return reader.error();
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
  log::Origin origin = spec.origin;
  if (origin.config.max_entries == 0) origin.config.max_entries = kDefaultEntries;
  auto cache = log::LoggedCache::create(origin, sink);
  if (!written) return written.error();
  if (!cache) return cache.error();
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
      report.hits += cache->request({request.time_ns}, meta_of(request, spec)) ? 1 : 0;
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
