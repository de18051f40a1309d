#include "policies/admission/registry.hpp"

namespace fleetcache::admission {
namespace {

class Always : public Policy {
 public:
  bool admit(TimePoint, const Request&) override { return true; }
};

}  // namespace

std::unique_ptr<Policy> make_always(std::uint64_t) { return std::make_unique<Always>(); }

}  // namespace fleetcache::admission
