#include "tests/decisions/bindings.hpp"

#include "tests/decisions/core_host.hpp"

namespace fleetcache::golden {
namespace {

/// Passes every call on but the last.
class Stateless : public Host {
 public:
  explicit Stateless(std::unique_ptr<Host> host) : host_(std::move(host)) {}
  bool access(TimePoint now, ObjectId id, std::int64_t next_access) override {
    return host_->access(now, id, next_access);
  }
  void miss(TimePoint now, const Item& item) override { host_->miss(now, item); }
  bool admit(TimePoint now, const Item& item, Ids& victims) override {
    return host_->admit(now, item, victims);
  }
  bool erase(TimePoint now, ObjectId id) override { return host_->erase(now, id); }
  bool pin(ObjectId id, bool on) override { return host_->pin(id, on); }
  void reserve(TimePoint now, std::uint64_t seed, std::uint32_t max_scan, std::size_t most,
               Ids& victims) override {
    host_->reserve(now, seed, max_scan, most, victims);
  }
  void settle(TimePoint now, const Ids& reserved, std::size_t commits) override {
    host_->settle(now, reserved, commits);
  }
  void expire(TimePoint now, std::size_t most, Ids& victims) override {
    host_->expire(now, most, victims);
  }
  std::uint64_t resize(std::uint64_t capacity) override { return host_->resize(capacity); }
  std::uint64_t used() const override { return host_->used(); }
  std::uint64_t state_hash() const override { return 0; }

 private:
  std::unique_ptr<Host> host_;
};

}  // namespace

std::unique_ptr<Host> make_tenant_host(const std::string& policy, const eviction::Config& config,
                                       const std::string&) {
  return std::make_unique<CoreHost<eviction::TenantCache>>(
      eviction::TenantCache::create(policy, config, 1).value());
}

std::unique_ptr<Host> make_logged_host(const std::string& policy, const eviction::Config& config,
                                       const std::string&) {
  log::Origin origin;
  origin.policy = policy;
  origin.config = config;
  const log::Sink sink = [](const void*, std::size_t) { return true; };
  return std::make_unique<CoreHost<log::LoggedCache>>(
      log::LoggedCache::create(origin, sink).value());
}

MakeHost without_state(const MakeHost& make) {
  return [make](const std::string& policy, const eviction::Config& config,
                const std::string& trace) -> std::unique_ptr<Host> {
    std::unique_ptr<Host> host = make(policy, config, trace);
    if (host == nullptr) return host;
    return std::make_unique<Stateless>(std::move(host));
  };
}

}  // namespace fleetcache::golden
