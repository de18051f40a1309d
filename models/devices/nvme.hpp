/// A local NVMe device: queue depth, mixed bandwidth, wear.
#pragma once

#include <cstdint>

#include "policies/base/units.hpp"

namespace fleetcache::models {

/// Internal parallelism of a device: `channels` reads are served at once, each in `media`.
struct NvmeQueue {
  std::uint32_t channels = 0;
  Duration media;
};

/// channels = IOPS x media, the parallelism that a data sheet's random-read figure implies.
std::uint32_t nvme_channels(PerSecond read_iops, Duration media);
/// X(q) = min(q, n) / t: reads a second with `outstanding` reads in flight. Checked by: V23.
PerSecond nvme_throughput(const NvmeQueue& queue, std::uint32_t outstanding);
/// q / X(q): time of one read at that depth (Little). Requires: outstanding >= 1.
Duration nvme_latency(const NvmeQueue& queue, std::uint32_t outstanding);

/// Total bandwidth when a share `write_share` of the bytes are writes: 1 / ((1 - f)/R + kappa f/W).
/// `kappa` in [1, 3]: how much more than its own time a write takes from the shared controller (1 =
/// none). Checked by: V24.
BytesPerSecond nvme_mixed_bandwidth(BytesPerSecond read, BytesPerSecond write, double write_share,
                                    double kappa = 1);

/// Bytes that a device may take in its life: capacity x drive writes per day x 365 x years.
double nvme_total_bytes_written(Bytes capacity, double drive_writes_per_day, double years = 5);
/// Years until then at a constant host write rate: TBW / (rate x write amplification). Infinite at
/// rate 0. Checked by: V25.
double nvme_life_years(double total_bytes_written, BytesPerSecond host_writes,
                       double write_amplification);
/// The write rate that lasts `years`.
BytesPerSecond nvme_write_budget(double total_bytes_written, double years,
                                 double write_amplification);

}  // namespace fleetcache::models
