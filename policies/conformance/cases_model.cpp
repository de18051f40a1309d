// The resident set after each request is the model's.
#include "policies/conformance/cases.hpp"
#include "policies/conformance/model.hpp"

namespace fleetcache::conformance {
namespace {

struct Mix {
  const char* policy;
  bool one_size;
  bool erases = false;
  bool pins = false;
  int requests = 1500;
};

class Trial {
 public:
  Trial(Host& host, const Mix& mix)
      : host_(host), mix_(mix), model_(1000, std::string(mix.policy) == "lru") {}

  std::string run() {
    Setup setup;
    setup.policy = mix_.policy;
    host_.reset(setup);
    for (int k = 0; k < mix_.requests; ++k) {
      step();
      host_.want_resident(model_.ids(), "step " + std::to_string(k));
      compare_victims(k);
    }
    expect(hits_ > 100 && victims_ > 100, "the trace was too tame to tell anything");
    host_.check();
    return count_of(hits_, "hit") + " and " + count_of(victims_, "victim") + ", the model's";
  }

 private:
  void step() {
    const std::uint64_t what = draw_.below(100);
    const Id id = draw_.skewed(64);
    if (mix_.erases && what < 8) {
      const std::int32_t status = host_.erase(id);
      expect((status == FCP_CONFORM_OK) == model_.erase(id),
             "erase " + std::to_string(id) + " answered " + status_text(status));
    } else if (mix_.pins && what < 10 && pins_.size() < 5) {
      const std::int32_t status = host_.pin(id);
      const bool there = model_.pin(id);
      expect((status == FCP_CONFORM_OK) == there,
             "pin " + std::to_string(id) + " answered " + status_text(status));
      if (there) pins_.push_back(id);
    } else if (mix_.pins && what < 20 && !pins_.empty()) {
      host_.want(host_.unpin(pins_.front()), {FCP_CONFORM_OK}, "unpin");
      model_.unpin(pins_.front());
      pins_.erase(pins_.begin());
    } else {
      request(id);
    }
  }

  void request(Id id) {
    const std::uint64_t charge = mix_.one_size ? 40 : 1 + (id * 37) % 170;
    const bool hit = host_.get(id) == FCP_CONFORM_OK;
    expect(hit == model_.get(id), std::string(hit ? "a hit" : "a miss") + " of " +
                                      std::to_string(id) + " that is none in the model");
    hits_ += hit ? 1 : 0;
    if (hit) return;
    const std::int32_t status = host_.put(id, charge);
    const std::int32_t right = model_.put(id, charge);
    expect(status == right, "put " + std::to_string(id) + " answered " + status_text(status) +
                                ", the model " + status_text(right));
  }

  void compare_victims(int k) {
    const std::vector<Id> right = model_.take_victims();
    victims_ += right.size();
    if (!host_.can(FCP_CONFORM_LOG)) return;
    std::vector<Id> seen;
    for (const fcp_conform_event& event : host_.drain()) {
      if (event.kind == FCP_CONFORM_EVICTED) seen.push_back(event.id);
    }
    expect(seen == right, "step " + std::to_string(k) + ": other victims, or in another order");
  }

  Host& host_;
  Mix mix_;
  Model model_;
  Draw draw_{77};
  std::vector<Id> pins_;
  std::uint64_t hits_ = 0;
  std::uint64_t victims_ = 0;
};

std::string lru_one_size(Host& host) { return Trial(host, {"lru", true}).run(); }
std::string lru_sizes(Host& host) { return Trial(host, {"lru", false}).run(); }
std::string lru_erases(Host& host) { return Trial(host, {"lru", false, true}).run(); }
std::string lru_pins(Host& host) { return Trial(host, {"lru", true, false, true}).run(); }
std::string fifo_one_size(Host& host) { return Trial(host, {"fifo", true}).run(); }
std::string fifo_sizes(Host& host) { return Trial(host, {"fifo", false}).run(); }
std::string fifo_erases(Host& host) { return Trial(host, {"fifo", false, true}).run(); }

}  // namespace

Cases model_cases() {
  const char* const what = "after each request the resident set of a naive model";
  return {
      {"lru_one_size", what, 0, Needs::kLru, lru_one_size},
      {"lru_sizes", what, 0, Needs::kLru, lru_sizes},
      {"lru_erases", what, FCP_CONFORM_ERASE, Needs::kLru, lru_erases},
      {"lru_pins", what, FCP_CONFORM_PIN, Needs::kLru, lru_pins},
      {"fifo_one_size", what, 0, Needs::kFifo, fifo_one_size},
      {"fifo_sizes", what, 0, Needs::kFifo, fifo_sizes},
      {"fifo_erases", what, FCP_CONFORM_ERASE, Needs::kFifo, fifo_erases},
  };
}

}  // namespace fleetcache::conformance
