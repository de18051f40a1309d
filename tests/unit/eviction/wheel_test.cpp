// The timing wheel against a sorted list: what is over comes out, all of it, in the order of ticks.
#include "policies/eviction/wheel.hpp"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "tests/contract/traces.hpp"

using namespace fleetcache;
using namespace fleetcache::eviction;
using namespace fleetcache::testing;

namespace {

struct Timed {
  std::int64_t expires = 0;
  std::uint64_t turn = 0;  ///< its tick, or the wheel's own when that was later
};

class Clockwork {
 public:
  explicit Clockwork(std::uint64_t seed) : cache_(make()), random_(seed) {}

  void step() {
    jump();
    for (std::uint64_t k = random_.below(6); k > 0; --k) add();
    if (random_.below(4) == 0) change();
    if (random_.below(3) != 0) expire();
    REQUIRE(cache_.audit() == "");
  }

 private:
  static Cache make() {
    Config config = unit_config(300);
    config.features = kTtl;
    return make_cache("fifo", config);
  }
  static std::uint64_t tick(std::int64_t ns) {
    return static_cast<std::uint64_t>(ns) >> kTickShift;
  }
  /// Any order of magnitude from a nanosecond to a century.
  std::int64_t span() {
    return static_cast<std::int64_t>(random_.next() >> (2 + random_.below(61)));
  }

  void jump() {
    const std::int64_t step = random_.below(3) == 0 ? span() >> random_.below(30) : 1;
    if (now_ < (std::int64_t{1} << 62) - step) now_ += step;
  }
  void set(ObjectId id, std::int64_t expires) {
    const std::uint64_t turn = tick(expires) > wheel_ ? tick(expires) : wheel_;
    model_[id] = {expires, turn};
  }
  void add() {
    if (model_.size() == 300) return;
    Meta meta = one(++ids_);
    meta.expires = TimePoint{random_.below(8) == 0 ? now_ / 2 + 1 : now_ + span() / 2 + 1};
    REQUIRE(static_cast<bool>(cache_.admit({0}, meta)));  // time 0: the search moves no wheel
    set(meta.id, meta.expires.ns);
  }
  void change() {
    if (model_.empty()) return;
    const ObjectId id = model_.begin()->first;
    const std::int64_t expires = now_ + span() / 2 + 1;
    CHECK(cache_.set_expiry(cache_.find(id), TimePoint{expires}));
    set(id, expires);
  }
  void expire() {
    std::vector<Victim> out(random_.below(40) + 1);
    const std::size_t room = out.size();
    out.resize(cache_.expire(TimePoint{now_}, out.data(), room));
    if (tick(now_) > wheel_) wheel_ = tick(now_);
    std::uint64_t turn = 0;
    for (const Victim& v : out) {
      REQUIRE(model_.count(v.id) == 1);
      CHECK(model_[v.id].expires <= now_);
      CHECK(model_[v.id].turn >= turn);
      turn = model_[v.id].turn;
      cache_.commit(TimePoint{now_}, &v.handle, 1);
      model_.erase(v.id);
    }
    for (const auto& [id, timed] : model_) {
      if (timed.expires > now_) continue;
      CHECK(out.size() == room);  // all that is over, but for lack of room
      CHECK(timed.turn >= turn);  // and then the latest are left
    }
    expired_ += out.size();
  }

  Cache cache_;
  SplitMix random_;
  std::map<ObjectId, Timed> model_;
  std::int64_t now_ = 0;
  std::uint64_t wheel_ = 0;
  ObjectId ids_ = 0;

 public:
  std::size_t expired_ = 0;
};

}  // namespace

TEST_CASE("what is over comes out of the wheel in order and complete, over nanoseconds and years") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    Clockwork clockwork(seed);
    for (int k = 0; k < 400; ++k) clockwork.step();
    CHECK(clockwork.expired_ > 100);
  }
}

TEST_CASE("one entry at every level of the wheel comes out at its nanosecond, by any jump") {
  for (std::uint32_t bit = 0; bit < 62; ++bit) {
    CAPTURE(bit);
    const std::int64_t expires = (std::int64_t{1} << bit) + 5;
    for (const std::int64_t via : {std::int64_t{0}, expires / 3, expires / 2, expires - 1}) {
      Config config = unit_config(4);
      config.features = kTtl;
      Cache cache = make_cache("lru", config);
      Meta meta = one(1);
      meta.expires = TimePoint{expires};
      cache.admit({0}, meta);
      Victim victim;
      CHECK(cache.expire({via}, &victim, 1) == 0);
      CHECK(cache.expire({expires - 1}, &victim, 1) == 0);
      CHECK(cache.expire({expires}, &victim, 1) == 1);
      CHECK(cache.audit() == "");
    }
  }
}

TEST_CASE("time may stand still or run backwards without harm") {
  Config config = unit_config(4);
  config.features = kTtl;
  Cache cache = make_cache("lru", config);
  Meta meta = one(1);
  meta.expires = TimePoint{1000};
  cache.admit({0}, meta);
  Victim victim;
  CHECK(cache.expire({999}, &victim, 1) == 0);
  CHECK(cache.expire({1}, &victim, 1) == 0);
  CHECK(cache.expire({-5}, &victim, 1) == 0);
  CHECK(cache.expire({1000}, &victim, 1) == 1);
  cache.abort({1000}, &victim.handle, 1);
  CHECK(cache.expire({999}, &victim, 1) == 0);
  CHECK(cache.set_expiry(cache.find(1), TimePoint{}));
  CHECK(cache.expire({1LL << 61}, &victim, 1) == 0);  // never
  CHECK(cache.audit() == "");
}
