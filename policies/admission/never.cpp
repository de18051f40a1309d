// For a tier that is filled by hand, and as the floor of every comparison.
#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

struct Never : Rule {
  static constexpr std::string_view kSource = "folklore";
  static Decision decide(Block<State>, TimePoint, const Request&, const Load&) {
    return Decision::kBypass;
  }
};

}  // namespace

constexpr AdmissionOps never_ops = make_ops<Never>();

}  // namespace fleetcache::admission
