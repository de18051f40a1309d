#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

struct Always : Rule {
  static constexpr std::string_view kSource = "folklore";
  static Decision decide(Block<State>, TimePoint, const Request&, const Load&) {
    return Decision::kAdmit;
  }
};

}  // namespace

constexpr AdmissionOps always_ops = make_ops<Always>();

}  // namespace fleetcache::admission
