#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "policies/admission/registry.hpp"
#include "policies/base/crc32c.hpp"

namespace fleetcache::admission {
namespace {

/// The head of a block for a configuration: everything but the memory itself.
Result<PolicyState> plan(std::string_view policy, const Config& config) {
  const PolicyInfo* info = find_policy(policy);
  if (info == nullptr) {
    std::string known;
    for (const PolicyInfo& each : policies()) {
      known += known.empty() ? "" : ", ";
      known += each.name;
    }
    return Error{"admission policy",
                 "\"" + std::string(policy) + "\" is unknown; there are " + known};
  }
  PolicyState head;
  head.policy = static_cast<std::uint32_t>(info - policies().data());
  head.seed = config.seed;
  head.entries = config.entries;
  ParamReader reader(info->name, config.params);
  const Status configured = ops_at(head.policy).configure(head, reader);
  const Status read = reader.finish();
  if (!read) return read.error();
  if (!configured) return configured.error();
  head.bytes = sizeof(PolicyState) + ops_at(head.policy).words(head) * 8;
  return head;
}

/// Zeroed words with a head.
PolicyState* allocate(const PolicyState& head) {
  void* memory = std::calloc(1, static_cast<std::size_t>(head.bytes));
  return memory == nullptr ? nullptr : new (memory) PolicyState(head);
}

Error no_memory(std::uint64_t bytes) {
  return Error{"admission", "no memory for " + std::to_string(bytes) + " bytes of state"};
}

// A snapshot: Header | the block, in the byte order and layout of this build | u32 CRC-32C of the
// block.
constexpr std::uint64_t kMagic = 0x31534d4443414c46ULL;  // "FLACDMS1", little-endian

struct Header {
  std::uint64_t magic;
  std::uint64_t bytes;  ///< of the block
  std::uint32_t head_bytes;
  std::uint32_t version;  ///< of the policy
  char policy[32];
  std::uint32_t unused;
  std::uint32_t crc;  ///< of what stands before it
};
static_assert(sizeof(Header) == 64);

std::uint32_t header_crc(const Header& header) { return crc32c(&header, offsetof(Header, crc)); }

Error damaged(std::string what) { return Error{"snapshot", std::move(what)}; }

/// The policy that a sound header names; null and `why` otherwise.
const PolicyInfo* policy_of(const Header& header, std::string& why) {
  if (header.magic != kMagic) {
    why = "is not one of an admission policy in this format";
  } else if (header.crc != header_crc(header)) {
    why = "is damaged: the CRC-32C of its header is wrong";
  } else if (header.head_bytes != sizeof(PolicyState) || header.bytes < sizeof(PolicyState)) {
    why = "is of another format";
  }
  if (!why.empty()) return nullptr;
  const char* end = std::find(header.policy, header.policy + sizeof header.policy, '\0');
  const std::string_view name(header.policy, static_cast<std::size_t>(end - header.policy));
  const PolicyInfo* info = find_policy(name);
  if (info == nullptr) {
    why = "is of an unknown policy \"" + std::string(name) + "\"";
  } else if (info->version != header.version) {
    why = "is of version " + std::to_string(header.version) + " of " + std::string(name) +
          ", this is version " + std::to_string(info->version);
    info = nullptr;
  }
  return info;
}

}  // namespace

Result<std::size_t> Policy::memory_bytes(std::string_view policy, const Config& config) {
  const Result<PolicyState> planned = plan(policy, config);
  if (!planned) return planned.error();
  return static_cast<std::size_t>(planned->bytes);
}

Result<Policy> Policy::create(std::string_view policy, const Config& config) {
  const Result<PolicyState> planned = plan(policy, config);
  if (!planned) return planned.error();
  PolicyState* head = allocate(*planned);
  if (head == nullptr) return no_memory(planned->bytes);
  const AdmissionOps& ops = ops_at(head->policy);
  ops.start(head);
  return Policy(head, &ops, true);
}

Result<Policy> Policy::create_in(void* memory, std::size_t bytes, std::string_view policy,
                                 const Config& config) {
  const Result<PolicyState> planned = plan(policy, config);
  if (!planned) return planned.error();
  if (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % alignof(PolicyState) != 0) {
    return Error{"memory", "must be aligned to 8 bytes"};
  }
  if (bytes < planned->bytes) {
    return Error{"memory", "has " + std::to_string(bytes) + " bytes where " +
                               std::to_string(planned->bytes) + " are needed"};
  }
  std::memset(memory, 0, static_cast<std::size_t>(planned->bytes));
  auto* head = new (memory) PolicyState(*planned);
  const AdmissionOps& ops = ops_at(head->policy);
  ops.start(head);
  return Policy(head, &ops, false);
}

Result<Policy> create(std::string_view policy, std::uint64_t seed) {
  Config config;
  config.seed = seed;
  return Policy::create(policy, config);
}

Policy::Policy(Policy&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)), ops_(other.ops_), owned_(other.owned_) {}

Policy& Policy::operator=(Policy&& other) noexcept {
  std::swap(state_, other.state_);
  std::swap(ops_, other.ops_);
  std::swap(owned_, other.owned_);
  return *this;
}

Policy::~Policy() {
  if (owned_) std::free(state_);
}

void Policy::seen(TimePoint now, const Request& request, bool hit) {
  if (now > state_->now) state_->now = now;
  ++state_->stats.seen;
  ops_->seen(state_, state_->now, request, hit);
}

Decision Policy::decide(TimePoint now, const Request& request, const Load& load) {
  if (now > state_->now) state_->now = now;
  const Decision decision = ops_->decide(state_, state_->now, request, load);
  Stats& stats = state_->stats;
  ++stats.decided;
  stats.admitted += decision == Decision::kAdmit ? 1 : 0;
  stats.rejected += decision == Decision::kReject ? 1 : 0;
  stats.bypassed += decision == Decision::kBypass ? 1 : 0;
  stats.deferred += decision == Decision::kDefer ? 1 : 0;
  (decision == Decision::kAdmit ? stats.admitted_bytes : stats.refused_bytes) += request.charge;
  return decision;
}

void Policy::outcome(TimePoint now, const Request& request, bool reused) {
  if (now > state_->now) state_->now = now;
  ++(reused ? state_->stats.reused : state_->stats.dead);
  ops_->outcome(state_, state_->now, request, reused);
}

std::uint32_t Policy::odds_ppm(std::uint64_t charge) const {
  return ops_->odds_ppm(state_, charge);
}

const Stats& Policy::stats() const { return state_->stats; }

const PolicyInfo& Policy::policy() const { return policies()[state_->policy]; }

std::uint64_t Policy::state_hash() const {
  // The block without its statistics and its place in the list; no padding in it is ever written.
  Digest digest;
  const auto* bytes = reinterpret_cast<const unsigned char*>(state_);
  digest.add(hash_name(policy().name));
  digest.add(state_->seed);
  digest.add(state_->draws);
  digest.add(static_cast<std::uint64_t>(state_->now.ns));
  for (std::uint64_t at = offsetof(PolicyState, rule); at < state_->bytes; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    digest.add(word);
  }
  return digest.value();
}

bool Policy::save(const Writer& write) const {
  Header header{};
  header.magic = kMagic;
  header.bytes = state_->bytes;
  header.head_bytes = sizeof(PolicyState);
  header.version = policy().version;
  const std::string_view name = policy().name;
  std::memcpy(header.policy, name.data(), std::min(name.size(), sizeof header.policy));
  header.crc = header_crc(header);
  const auto bytes = static_cast<std::size_t>(state_->bytes);
  const std::uint32_t crc = crc32c(state_, bytes);
  return write(&header, sizeof header) && write(state_, bytes) && write(&crc, sizeof crc);
}

Result<Policy> Policy::restore(const Reader& read) {
  Header header{};
  if (!read(&header, sizeof header)) return damaged("is truncated");
  std::string why;
  const PolicyInfo* info = policy_of(header, why);
  if (info == nullptr) return damaged(why);
  PolicyState empty;
  empty.bytes = header.bytes;
  PolicyState* head = allocate(empty);
  if (head == nullptr) return no_memory(header.bytes);
  const auto position = static_cast<std::uint32_t>(info - policies().data());
  Policy policy(head, &ops_at(position), true);
  const auto bytes = static_cast<std::size_t>(header.bytes);
  std::uint32_t crc = 0;
  if (!read(head, bytes) || !read(&crc, sizeof crc)) return damaged("is truncated");
  if (crc != crc32c(head, bytes)) return damaged("is damaged: its CRC-32C is wrong");
  head->policy = position;
  if (head->bytes != header.bytes ||
      head->bytes != sizeof(PolicyState) + policy.ops_->words(*head) * 8) {
    return damaged("is damaged: its sizes disagree");
  }
  return policy;
}

}  // namespace fleetcache::admission
