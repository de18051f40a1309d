// Every run checks its own books. These tests break an engine on purpose and see the books not
// balance.
#include <doctest/doctest.h>

#include "tests/unit/world/forked_run.hpp"
#include "tests/unit/world/tiny_fleet.hpp"

using namespace fleetcache;
using namespace fleetcache::world;

namespace {

/// Passes everything on to a real engine; the faults below override one call each.
class Passing : public engine::FlowEngine {
 public:
  engine::LinkId add_link(std::string_view name, BytesPerSecond capacity,
                          engine::LinkKind kind) override {
    return inner_->add_link(name, capacity, kind);
  }
  void set_capacity(engine::LinkId link, BytesPerSecond capacity) override {
    inner_->set_capacity(link, capacity);
  }
  void start(Bytes bytes, std::span<const engine::LinkId> route, engine::FlowListener* listener,
             std::uint64_t tag, double weight) override {
    inner_->start(bytes, route, listener, tag, weight);
  }
  void run(engine::EventQueue& queue, TimePoint horizon,
           const std::function<bool()>& stop) override {
    inner_->run(queue, horizon, stop);
  }
  std::uint64_t link_bytes(engine::LinkId link) const override { return inner_->link_bytes(link); }
  BytesPerSecond link_usage(engine::LinkId link) const override { return inner_->link_usage(link); }
  BytesPerSecond link_capacity(engine::LinkId link) const override {
    return inner_->link_capacity(link);
  }
  const engine::FlowStats& stats() const override { return inner_->stats(); }

 protected:
  std::unique_ptr<engine::FlowEngine> inner_ = engine::make_simgrid_engine();
};

/// Loses the tenth transfer.
class DropsOne : public Passing {
 public:
  void start(Bytes bytes, std::span<const engine::LinkId> route, engine::FlowListener* listener,
             std::uint64_t tag, double weight) override {
    if (++started_ != 10) Passing::start(bytes, route, listener, tag, weight);
  }

 private:
  int started_ = 0;
};

/// Moves one byte more than was asked for, once.
class OneByteTooMany : public Passing {
 public:
  void start(Bytes bytes, std::span<const engine::LinkId> route, engine::FlowListener* listener,
             std::uint64_t tag, double weight) override {
    Passing::start(++started_ == 10 ? bytes + Bytes(1) : bytes, route, listener, tag, weight);
  }

 private:
  int started_ = 0;
};

/// Delivers the end of the tenth transfer twice.
class EndsTwice : public Passing, private engine::FlowListener {
 public:
  void start(Bytes bytes, std::span<const engine::LinkId> route, engine::FlowListener* listener,
             std::uint64_t tag, double weight) override {
    if (++started_ != 10) return Passing::start(bytes, route, listener, tag, weight);
    listener_ = listener;
    Passing::start(bytes, route, this, tag, weight);
  }

 private:
  void on_flow_done(TimePoint now, std::uint64_t tag) override {
    listener_->on_flow_done(now, tag);
    listener_->on_flow_done(now, tag);
  }
  int started_ = 0;
  engine::FlowListener* listener_ = nullptr;
};

template <class Engine>
Outcome run_on() {
  RunOptions options;
  options.make_engine = [] { return std::make_unique<Engine>(); };
  return run_forked(tiny_training(4, 1000, 50), options);
}

}  // namespace

TEST_CASE("a sound engine balances the books") { CHECK(run_on<Passing>().broken == ""); }

TEST_CASE("a dropped transfer breaks the count of live flows") {
  CHECK(run_on<DropsOne>().broken.find("operations in transfer = live flows") != std::string::npos);
}

TEST_CASE("a byte too many breaks the origin's books") {
  CHECK(run_on<OneByteTooMany>().broken.find("bytes read from the origin") != std::string::npos);
}

TEST_CASE("a transfer that ends twice stops the run") {
  CHECK(run_on<EndsTwice>().error.find("died") != std::string::npos);
}
