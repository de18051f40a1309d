#include "sim/analytic/phases.hpp"

#include <cmath>
#include <limits>

#include "models/capacity/shared_epochs.hpp"

namespace fleetcache::analytic {

namespace {

// What a job has seen of its first epoch, slice by slice.
struct FirstEpoch {
  double seconds = 0, goodput_s = 0, stall_s = 0, hit = 0;
};

void add_slice(const JobView& job, const JobAnswer& a, double share, FirstEpoch& epoch) {
  // Bytes a second that get through, stalls and checkpoints included.
  const double pace = a.wanted * a.goodput;
  const double slice = pace > 0 ? share * static_cast<double>(job.dataset->size.count) / pace
                                : std::numeric_limits<double>::infinity();
  epoch.hit += share * a.hits.hit;
  epoch.seconds += slice;
  epoch.goodput_s += std::isfinite(slice) ? slice * a.goodput : 0;
  epoch.stall_s += std::isfinite(slice) ? slice * a.stall : 0;
}

std::vector<FirstEpoch> first_epochs(const FleetView& view, const Design& design,
                                     const Answer& start, EpochLaw& law, Parts parts) {
  std::vector<FirstEpoch> epochs(view.jobs.size());
  bool shared = false;
  for (const JobAnswer& a : start.job) shared = shared || a.hits.readers > 1;
  const int slices = shared && design.cache ? kFirstEpochSlices : 1;
  for (int i = 0; i < slices; ++i) {
    Moment moment;
    for (const JobAnswer& a : start.job)
      moment.push_back({.progress = models::epoch_part_progress(a.hits.readers, 1.0 * i / slices,
                                                                (i + 1.0) / slices),
                        .epochs = 0});
    const Answer answer = slices == 1 ? start : evaluate(view, design, moment, law, parts);
    for (std::size_t j = 0; j < epochs.size(); ++j)
      add_slice(view.jobs[j], answer.job[j], 1.0 / slices, epochs[j]);
  }
  return epochs;
}

}  // namespace

Phases evaluate_phases(const FleetView& view, const Design& design, EpochLaw& law, Parts parts) {
  Phases p;
  p.steady = evaluate(view, design, law, parts);
  p.first =
      design.cache ? evaluate(view, design, first_epoch(view, 0), law, Parts::kTraining) : p.steady;
  const std::vector<FirstEpoch> epochs = first_epochs(view, design, p.first, law, Parts::kTraining);
  for (std::size_t j = 0; j < view.jobs.size(); ++j) {
    const FirstEpoch& e = epochs[j];
    const bool ends = std::isfinite(e.seconds) && e.seconds > 0;
    p.first_hit.push_back(e.hit);
    p.first_goodput.push_back(ends ? e.goodput_s / e.seconds : p.first.job[j].goodput);
    p.first_stall.push_back(ends ? e.stall_s / e.seconds : p.first.job[j].stall);
  }
  return p;
}

}  // namespace fleetcache::analytic
