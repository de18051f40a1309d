#include "sim/world/step_readers.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include "models/workload/permutation.hpp"
#include "policies/base/check.hpp"
#include "policies/base/hash.hpp"
#include "sim/world/object_id.hpp"

namespace fleetcache::world {
namespace {

__extension__ using Wide = unsigned __int128;

// How fast the share of reads that go to the origin is forgotten: by a fifth each step.
constexpr double kFade = 0.8;

bool from_origin(probes::Tier tier) {
  return tier == probes::Tier::kFrontEnd || tier == probes::Tier::kBifrost ||
         tier == probes::Tier::kDeltaZero;
}

}  // namespace

std::uint64_t ReadPlan::objects_for(std::uint64_t steps) const {
  return static_cast<std::uint64_t>((Wide{bytes_per_step} * steps + object_bytes - 1) /
                                    object_bytes);
}

std::uint64_t ReadPlan::step_of(std::uint64_t nth) const {
  return static_cast<std::uint64_t>(Wide{nth} * object_bytes / bytes_per_step);
}

StepReaders::StepReaders(ReaderContext context)
    : context_(std::move(context)),
      slow_rng_(context_.scenario->seed, "train/slowest/" + context_.job->name) {
  const scenario::TrainingJob& job = *context_.job;
  const scenario::Dataset& dataset = context_.scenario->datasets.at(job.dataset);
  plan_ = {job.bytes_per_step.count, dataset.object.count};
  burst_ = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(plan_.bytes_per_step / plan_.object_bytes, 1, 4096));
  objects_ = std::max<std::uint64_t>(1, dataset.size.count / dataset.object.count);
  order_seed_ = mix64(context_.scenario->seed ^ hash_name("train/order/" + job.name));
  namespace_ = hash_name("dataset/" + dataset.name);
  home_ = context_.platform->region_id(dataset.region.empty() ? job.region : dataset.region);
}

ReadRequest StepReaders::request(std::uint64_t object, NodeId reader) const {
  ReadRequest request;
  request.object = object_id(namespace_, object);
  request.bytes = plan_.object_bytes;
  request.reader = reader;
  request.home = home_;
  request.traffic = probes::TrafficClass::kDataset;
  request.weight = weight_;
  request.keys = keys_;
  request.burst = burst_;
  return request;
}

void StepReaders::read_ahead(TimePoint now, std::uint64_t steps) {
  ask_until(now, steps);
  for (; asked_steps_ < steps; ++asked_steps_) {
    if (weight_ > 1) ask_slowest(now, asked_steps_);
  }
}

void StepReaders::expect(std::uint64_t step) {
  expected_ = step;
  use_up(step);
  recent_reads_ *= kFade;
  recent_origin_ *= kFade;
}

bool StepReaders::ready() const {
  return (slow_.empty() || slow_.begin()->first > expected_) && arrived();
}

void StepReaders::restart(std::uint64_t step) {
  ++generation_;
  slow_.clear();
  asked_steps_ = step;
  expected_ = step;
  rewind(step);
}

void StepReaders::step_over(TimePoint now, std::uint64_t steps) {
  play(now, plan_.objects_for(over_ + steps) - plan_.objects_for(over_));
  over_ += steps;
}

void StepReaders::ask_slowest(TimePoint now, std::uint64_t step) {
  const std::uint64_t each = plan_.objects_for(step + 1) - plan_.objects_for(step);
  if (each == 0) return;
  const double share = recent_reads_ > 0 ? recent_origin_ / recent_reads_ : 1.0;
  const double reads = static_cast<double>(each) * context_.job->nodes * share;
  const double u = slow_rng_.uniform();
  if (reads <= 0 || (reads < 1 && u >= reads)) return;
  // Of less than one expected read, the one that there is falls under `reads` uniformly.
  const double p = std::clamp(reads < 1 ? u / reads : u, 1e-12, 1 - 1e-12);
  slow_[step] = context_.path->slowest_first_byte(home_, std::max(1.0, reads), p);
  read_slowly(now, step, slow_[step]);
}

void StepReaders::read_slowly(TimePoint now, std::uint64_t step, Duration first_byte) {
  const std::uint64_t draw = mix64(order_seed_ ^ mix64(step));
  const auto member = static_cast<std::uint32_t>(draw % context_.job->nodes);
  ReadRequest slow = request(draw % objects_, context_.first + member);
  slow.weight = slow.keys = 1;
  context_.path->slow_read(now, slow, first_byte, this, tagged(kSlow | step));
}

void StepReaders::on_event(TimePoint now, std::uint32_t, std::uint64_t tag) {
  if ((tag >> kTagBits) != (generation_ & kGenerationMask)) return;
  const std::uint64_t n = tag & ((std::uint64_t{1} << kTagBits) - 1);
  if ((n & kSlow) == 0) return ask(now, n);
  read_slowly(now, n & ~kSlow, slow_.at(n & ~kSlow));
}

void StepReaders::on_read_done(TimePoint now, std::uint64_t tag, bool ok, probes::Tier tier) {
  const std::uint64_t n = tag & ((std::uint64_t{1} << kTagBits) - 1);
  const bool slow = (n & kSlow) != 0;
  if (ok && !slow) bytes_read_ += plan_.object_bytes * weight_;
  if ((tag >> kTagBits) != (generation_ & kGenerationMask)) return;
  if (!ok) {
    // The client gave up: the loader asks again after the longest back-off.
    context_.collector->count("train.reissued_reads", slow ? 0 : weight_);
    context_.queue->push(now + context_.platform->region(home_).blob.retry.cap, this, 0, tag);
    return;
  }
  if (slow) {
    slow_.erase(n & ~kSlow);
  } else {
    ++played_;
    recent_reads_ += 1;
    if (from_origin(tier)) recent_origin_ += 1;
    delivered(n);
  }
  context_.arrived(now);
}

namespace {

/// All reads of some nodes; each node stands for as many as its weight.
class MemberReaders final : public StepReaders {
 public:
  explicit MemberReaders(ReaderContext context)
      : StepReaders(std::move(context)), members_(context_.sample.members.size()) {
    weight_ = context_.sample.member_weight;
    const std::uint64_t window = plan_.objects_for(context_.job->prefetch + 2) + 2;
    for (Member& member : members_) member.there.assign(window, 0);
    use_up(0);
  }

  std::uint64_t object(std::uint64_t n, bool) const override { return request(n, 0).object; }
  std::uint64_t sample_size() const override { return 0; }
  std::uint64_t positions() const override {
    return (members_[0].issued + skipped_) * context_.job->nodes;
  }

 private:
  struct Member {
    std::uint64_t issued = 0;         // objects asked for so far
    std::uint64_t arrived = 0;        // objects that arrived without a gap before them
    std::vector<std::uint8_t> there;  // ring over the read-ahead window: which arrived early
  };
  static constexpr std::uint64_t kMemberShift = 33;

  void ask_until(TimePoint now, std::uint64_t steps) override {
    const std::uint64_t limit = plan_.objects_for(steps);
    for (std::uint64_t m = 0; m < members_.size(); ++m) {
      while (members_[m].issued < limit) ask(now, (m << kMemberShift) | members_[m].issued++);
    }
  }
  void use_up(std::uint64_t step) override {
    needed_ = plan_.objects_for(step + 1);
    ready_ = static_cast<std::size_t>(
        std::count_if(members_.begin(), members_.end(),
                      [this](const Member& m) { return m.arrived >= needed_; }));
  }
  bool arrived() const override { return ready_ == members_.size(); }
  void rewind(std::uint64_t step) override {
    for (Member& member : members_) {
      member.issued = member.arrived = plan_.objects_for(step);
      std::fill(member.there.begin(), member.there.end(), 0);
    }
    use_up(step);
  }
  ReadRequest nth_read(std::uint64_t member, std::uint64_t nth) const {
    const std::uint32_t node = context_.sample.members[member];
    const std::uint64_t position = (nth + skipped_) * context_.job->nodes + node;
    const std::uint64_t epoch = context_.job->shuffle ? position / objects_ : 0;
    const models::EpochOrder order(order_seed_, objects_, epoch);
    return request(order[position % objects_], context_.first + node);
  }
  void ask(TimePoint now, std::uint64_t n) override {
    read(now, nth_read(n >> kMemberShift, n & ((std::uint64_t{1} << kMemberShift) - 1)), n);
  }
  void delivered(std::uint64_t n) override {
    Member& member = members_[n >> kMemberShift];
    const std::uint64_t nth = n & ((std::uint64_t{1} << kMemberShift) - 1);
    const bool was_ready = member.arrived >= needed_;
    member.there[nth % member.there.size()] = 1;
    while (member.arrived < member.issued && member.there[member.arrived % member.there.size()]) {
      member.there[member.arrived++ % member.there.size()] = 0;
    }
    if (!was_ready && member.arrived >= needed_) ++ready_;
  }
  void play(TimePoint now, std::uint64_t objects) override {
    for (std::uint64_t i = 0; i < objects; ++i) {
      for (std::uint64_t m = 0; m < members_.size(); ++m) {
        show(now, nth_read(m, members_[m].issued + i));
      }
    }
    skipped_ += objects;
  }

  std::vector<Member> members_;
  std::uint64_t needed_ = 0;   // objects of every member
  std::size_t ready_ = 0;      // members that have them
  std::uint64_t skipped_ = 0;  // objects of every member that were stepped over
};

/// The reads of a sample of the keys, whoever's turn they are: of the objects of an epoch one in
/// `weight` is played, at the positions 0, weight, 2 weight, ... of the shuffled order.
class KeyReaders final : public StepReaders {
 public:
  explicit KeyReaders(ReaderContext context) : StepReaders(std::move(context)) {
    weight_ = keys_ = context_.sample.key_weight;
    sampled_ = std::max<std::uint64_t>(1, objects_ / weight_);
    order_seed_ ^= mix64(context_.salt + 1);
  }

  std::uint64_t positions() const override { return (asked_ + skipped_) * weight_; }
  std::uint64_t object(std::uint64_t n, bool in_sample) const override {
    return request((in_sample ? n : sampled_ + n) + (context_.salt << 32), 0).object;
  }
  std::uint64_t sample_size() const override { return weight_ > 1 ? sampled_ : 0; }

 private:
  void ask_until(TimePoint now, std::uint64_t steps) override {
    const Wide positions = Wide{plan_.objects_for(steps)} * context_.job->nodes;
    const auto limit = static_cast<std::uint64_t>((positions + weight_ - 1) / weight_);
    for (; asked_ < limit; ++asked_) {
      const std::uint64_t step = step_of(asked_);
      if (pending_.size() <= step - first_) pending_.resize(step - first_ + 1, 0);
      ++pending_[step - first_];
      ask(now, asked_);
    }
  }
  std::uint64_t step_of(std::uint64_t k) const {
    return plan_.step_of(static_cast<std::uint64_t>(Wide{k} * weight_ / context_.job->nodes));
  }
  void use_up(std::uint64_t step) override {
    for (; first_ < step; ++first_) {
      if (!pending_.empty()) pending_.pop_front();
    }
  }
  bool arrived() const override { return pending_.empty() || pending_.front() == 0; }
  void rewind(std::uint64_t step) override {
    pending_.clear();
    first_ = step;
    const Wide positions = Wide{plan_.objects_for(step)} * context_.job->nodes;
    asked_ = static_cast<std::uint64_t>((positions + weight_ - 1) / weight_);
  }
  ReadRequest kth_read(std::uint64_t k) const {
    const std::uint64_t at = k + skipped_;
    const std::uint64_t epoch = context_.job->shuffle ? at / sampled_ : 0;
    const models::EpochOrder order(order_seed_, sampled_, epoch);
    // Any of the positions that this one stands for: nodes of a job take turns.
    const std::uint64_t position = at * weight_ + mix64(order_seed_ + at) % weight_;
    const auto member = static_cast<std::uint32_t>(position % context_.job->nodes);
    return request(order[at % sampled_] + (context_.salt << 32), context_.first + member);
  }
  void ask(TimePoint now, std::uint64_t k) override { read(now, kth_read(k), k); }
  void delivered(std::uint64_t k) override { --pending_[step_of(k) - first_]; }
  void play(TimePoint now, std::uint64_t objects) override {
    over_positions_ += Wide{objects} * context_.job->nodes;
    const auto until = static_cast<std::uint64_t>(over_positions_ / weight_);
    for (; skipped_ < until; ++skipped_) show(now, kth_read(asked_));
  }

  std::uint64_t sampled_ = 1;          // keys
  std::uint64_t asked_ = 0;            // reads asked for
  std::uint64_t skipped_ = 0;          // reads stepped over
  Wide over_positions_ = 0;            // positions stepped over
  std::uint64_t first_ = 0;            // step of pending_[0]
  std::deque<std::uint32_t> pending_;  // by step: reads under way
};

}  // namespace

std::unique_ptr<StepReaders> make_step_readers(ReaderContext context) {
  if (context.sample.members.empty()) return std::make_unique<KeyReaders>(std::move(context));
  return std::make_unique<MemberReaders>(std::move(context));
}

}  // namespace fleetcache::world
