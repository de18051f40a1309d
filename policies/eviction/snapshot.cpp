// Save and restore: the arena as it stands, less its pages of zeros, in the byte order and layout
// of this build of the core. A snapshot outlives a restart, not a change of the format or the
// policy.
//
//     Header | { u64 offset, u64 count, bytes }... | { u64 arena bytes, u64 0 } | u32 CRC-32C
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "policies/base/crc32c.hpp"
#include "policies/eviction/registry.hpp"

namespace fleetcache::eviction {
namespace {

constexpr std::uint64_t kMagic = 0x31504e5343464c46ULL;  // "FLFCSNP1", little-endian
constexpr std::uint64_t kPage = 4096;

struct Header {
  std::uint64_t magic;
  std::uint64_t bytes;  ///< of the arena
  std::uint32_t state_bytes;
  std::uint32_t version;  ///< of the policy
  char policy[48];
  std::uint32_t unused;
  std::uint32_t crc;  ///< of what stands before it
};
static_assert(sizeof(Header) == 80);
struct Run {
  std::uint64_t offset;
  std::uint64_t count;
};

std::uint32_t header_crc(const Header& header) { return crc32c(&header, offsetof(Header, crc)); }

/// Writes and sums up on the way.
class Out {
 public:
  explicit Out(const Writer& write) : write_(write) {}
  bool put(const void* bytes, std::size_t count) {
    crc_ = crc32c(bytes, count, crc_);
    return write_(bytes, count);
  }
  bool finish() { return write_(&crc_, sizeof crc_); }

 private:
  const Writer& write_;
  std::uint32_t crc_ = 0;
};

bool is_zero(const unsigned char* bytes, std::uint64_t count) {
  return count == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0);
}

Error damaged(std::string what) { return Error{"snapshot", std::move(what)}; }

/// Reads the runs into zeroed memory. Empty when all of it was there and the sum is right.
std::string read_runs(const Reader& read, unsigned char* arena, std::uint64_t bytes) {
  std::uint32_t crc = 0;
  for (std::uint64_t end = 0;;) {
    Run run{};
    if (!read(&run, sizeof run)) return "is truncated";
    crc = crc32c(&run, sizeof run, crc);
    if (run.count == 0 && run.offset == bytes) break;
    if (run.count == 0 || run.offset < end || run.offset > bytes ||
        run.count > bytes - run.offset) {
      return "is damaged: a run is out of range";
    }
    if (!read(arena + run.offset, static_cast<std::size_t>(run.count))) return "is truncated";
    crc = crc32c(arena + run.offset, static_cast<std::size_t>(run.count), crc);
    end = run.offset + run.count;
  }
  std::uint32_t stored = 0;
  if (!read(&stored, sizeof stored)) return "is truncated";
  return stored == crc ? std::string() : "is damaged: its CRC-32C is wrong";
}

Result<const PolicyInfo*> check_header(const Header& header, const ExternalPolicy* external) {
  if (header.magic != kMagic) return damaged("is no snapshot of this format and byte order");
  if (header.crc != header_crc(header)) return damaged("has a damaged header");
  if (header.state_bytes != sizeof(CacheState)) return damaged("is of another build of the core");
  const std::size_t length = strnlen(header.policy, sizeof header.policy);
  const std::string_view name(header.policy, length);
  const bool foreign = external != nullptr && external->info.name == name;
  const PolicyInfo* info = foreign ? &external->info : find_policy(name);
  if (info == nullptr) return damaged("is of an unknown policy");
  if (info->version != header.version) {
    return damaged("is of version " + std::to_string(header.version) + " of " +
                   std::string(info->name) + ", not " + std::to_string(info->version));
  }
  if (header.bytes < sizeof(CacheState)) return damaged("is damaged: its arena is too small");
  return info;
}

}  // namespace

bool Cache::save(const Writer& write) const {
  state_->external = nullptr;  // an address of this process
  const auto* arena = reinterpret_cast<const unsigned char*>(state_);
  const PolicyInfo& info = policy();
  Header header{};
  header.magic = kMagic;
  header.bytes = state_->bytes;
  header.state_bytes = sizeof(CacheState);
  header.version = info.version;
  std::memcpy(header.policy, info.name.data(), std::min(info.name.size(), sizeof header.policy));
  header.crc = header_crc(header);
  if (!write(&header, sizeof header)) return false;
  Out out(write);
  for (std::uint64_t at = 0; at < state_->bytes;) {
    std::uint64_t end = at;
    while (end < state_->bytes) {
      const std::uint64_t count = std::min(kPage, state_->bytes - end);
      if (is_zero(arena + end, count)) break;
      end += count;
    }
    if (end > at) {
      const Run run{at, end - at};
      if (!out.put(&run, sizeof run)) return false;
      if (!out.put(arena + at, static_cast<std::size_t>(end - at))) return false;
    }
    at = end + kPage;
  }
  const Run last{state_->bytes, 0};
  return out.put(&last, sizeof last) && out.finish();
}

Result<Cache> Cache::restore(const Reader& read, const ExternalPolicy* external) {
  Header header{};
  if (!read(&header, sizeof header)) return damaged("is truncated");
  const Result<const PolicyInfo*> info = check_header(header, external);
  if (!info) return info.error();
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> memory(std::calloc(1, static_cast<std::size_t>(header.bytes)));
  if (memory == nullptr)
    return damaged("needs " + std::to_string(header.bytes) + " bytes of memory");
  const std::string fault =
      read_runs(read, static_cast<unsigned char*>(memory.get()), header.bytes);
  if (!fault.empty()) return damaged(fault);
  auto* state = static_cast<CacheState*>(memory.get());
  if (state->bytes != header.bytes) return damaged("is damaged: its arena has another size");
  const bool foreign = external != nullptr && *info == &external->info;
  state->policy = foreign ? kExternalPolicy : static_cast<std::uint32_t>(*info - policies().data());
  state->external = nullptr;
  Cache cache(state, foreign ? external->ops : &ops_at(state->policy), foreign ? external : nullptr,
              true);
  (void)memory.release();
  return cache;
}

}  // namespace fleetcache::eviction
