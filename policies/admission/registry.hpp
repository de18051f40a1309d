/// How a rule plugs in (private to policies/admission). A rule is a struct of static functions over
/// a block of plain data; `make_ops` turns it into the table of plain functions that
/// admission_policies.def lists.
///
/// A rule has `struct State` (plain data, the tuning included) and
///   configure(State&, const PolicyState&, ParamReader&) -> Status    tuning; sizes of its arrays
///   words(const State&) -> u64                     64-bit words of the arrays behind the state
///   decide(Block<State>, now, request, load) -> Decision
/// and, where the defaults of `Rule` do not do, start, seen, outcome, odds_ppm, digest.
#pragma once

#include <new>
#include <type_traits>

#include "policies/admission/admission.hpp"
#include "policies/base/hash.hpp"

namespace fleetcache::admission {

constexpr std::size_t kRuleStateBytes = 1024;

/// The head of a block; the words of the rule follow it.
struct PolicyState {
  std::uint64_t bytes = 0;  ///< of the whole block
  std::uint64_t seed = 0;
  std::uint64_t draws = 0;    ///< taken from the policy's stream
  TimePoint now{};            ///< of the latest call
  std::uint32_t policy = 0;   ///< position in the registry
  std::uint32_t entries = 0;  ///< as configured
  Stats stats;
  alignas(8) unsigned char rule[kRuleStateBytes] = {};
};
static_assert(std::is_trivially_copyable_v<PolicyState>);

/// A view of one block; copied freely.
template <class State>
struct Block {
  PolicyState* head;
  State& state() const { return *std::launder(reinterpret_cast<State*>(head->rule)); }
  std::uint64_t* words() const { return reinterpret_cast<std::uint64_t*>(head + 1); }
  /// The key's own 64 bits under the policy's seed.
  std::uint64_t hash(std::uint64_t id) const { return mix64(id ^ head->seed); }
  /// The next of the policy's stream of 64 uniform bits (SplitMix64).
  std::uint64_t draw() const { return mix64(head->seed + ++head->draws * 0x9e3779b97f4a7c15ULL); }
};

/// A table of plain functions over blocks.
struct AdmissionOps {
  std::string_view source;
  const std::string_view* parameters;
  std::size_t parameter_count;
  std::uint32_t uses;
  std::uint32_t version;
  Status (*configure)(PolicyState&, ParamReader&);
  std::uint64_t (*words)(const PolicyState&);
  void (*start)(PolicyState*);
  void (*seen)(PolicyState*, TimePoint, const Request&, bool hit);
  Decision (*decide)(PolicyState*, TimePoint, const Request&, const Load&);
  void (*outcome)(PolicyState*, TimePoint, const Request&, bool reused);
  std::uint32_t (*odds_ppm)(const PolicyState*, std::uint64_t charge);
};

/// What most rules have in common.
struct Rule {
  struct State {
    std::uint64_t unused = 0;
  };
  static constexpr const std::string_view* kParameters = nullptr;
  static constexpr std::size_t kParameterCount = 0;
  static constexpr std::uint32_t kUses = 0;
  static constexpr std::uint32_t kVersion = 1;
  template <class S>
  static Status configure(S&, const PolicyState&, ParamReader&) {
    return Nothing{};
  }
  template <class S>
  static std::uint64_t words(const S&) {
    return 0;
  }
  template <class B>
  static void start(B) {}
  template <class B>
  static void seen(B, TimePoint, const Request&, bool) {}
  template <class B>
  static void outcome(B, TimePoint, const Request&, bool) {}
  template <class B>
  static std::uint32_t odds_ppm(B, std::uint64_t) {
    return 1000000;
  }
};

template <class R>
constexpr AdmissionOps make_ops() {
  using State = typename R::State;
  // No padding and no floating point: the bytes of a state are its value, saved and hashed as such.
  static_assert(std::is_trivially_copyable_v<State>);
  static_assert(std::has_unique_object_representations_v<State>);
  static_assert(sizeof(State) <= kRuleStateBytes && alignof(State) <= 8);
  return {R::kSource,
          R::kParameters,
          R::kParameterCount,
          R::kUses,
          R::kVersion,
          [](PolicyState& head, ParamReader& reader) {
            return R::configure(*new (head.rule) State(), head, reader);
          },
          [](const PolicyState& head) {
            return R::words(*std::launder(reinterpret_cast<const State*>(head.rule)));
          },
          [](PolicyState* head) { R::start(Block<State>{head}); },
          [](PolicyState* head, TimePoint now, const Request& request, bool hit) {
            R::seen(Block<State>{head}, now, request, hit);
          },
          [](PolicyState* head, TimePoint now, const Request& request, const Load& load) {
            return R::decide(Block<State>{head}, now, request, load);
          },
          [](PolicyState* head, TimePoint now, const Request& request, bool reused) {
            R::outcome(Block<State>{head}, now, request, reused);
          },
          [](const PolicyState* head, std::uint64_t charge) {
            return R::odds_ppm(Block<State>{const_cast<PolicyState*>(head)}, charge);
          }};
}

/// A default window: what the tier holds.
inline std::uint32_t entries_or_default(const PolicyState& head) {
  return head.entries != 0 ? head.entries : 65536;
}

#define ADMISSION_POLICY(ident, name, summary) extern const AdmissionOps ident##_ops;
#include "policies/admission/admission_policies.def"
#undef ADMISSION_POLICY

const AdmissionOps& ops_at(std::size_t position);

}  // namespace fleetcache::admission
