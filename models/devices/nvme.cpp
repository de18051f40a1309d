#include "models/devices/nvme.hpp"

#include <algorithm>
#include <limits>

#include "policies/base/check.hpp"

namespace fleetcache::models {
namespace {

constexpr double kDaysPerYear = 365;
constexpr double kSecondsPerYear = kDaysPerYear * 86'400;

}  // namespace

std::uint32_t nvme_channels(PerSecond read_iops, Duration media) {
  const double parallel = read_iops.count * to_seconds(media);
  return std::max(1U, static_cast<std::uint32_t>(parallel + 0.5));
}

PerSecond nvme_throughput(const NvmeQueue& queue, std::uint32_t outstanding) {
  FLEETCACHE_CHECK(queue.channels > 0 && queue.media.count > 0, "a device without channels");
  return PerSecond(std::min(outstanding, queue.channels) / to_seconds(queue.media));
}

Duration nvme_latency(const NvmeQueue& queue, std::uint32_t outstanding) {
  FLEETCACHE_CHECK(outstanding >= 1, "the latency of no read");
  return from_seconds(outstanding / nvme_throughput(queue, outstanding).count);
}

BytesPerSecond nvme_mixed_bandwidth(BytesPerSecond read, BytesPerSecond write, double write_share,
                                    double kappa) {
  FLEETCACHE_CHECK(write_share >= 0 && write_share <= 1, "a share outside [0, 1]");
  FLEETCACHE_CHECK(read.count > 0 && write.count > 0 && kappa > 0, "a device without bandwidth");
  return BytesPerSecond(1 / ((1 - write_share) / read.count + kappa * write_share / write.count));
}

double nvme_total_bytes_written(Bytes capacity, double drive_writes_per_day, double years) {
  return static_cast<double>(capacity.count) * drive_writes_per_day * kDaysPerYear * years;
}

double nvme_life_years(double total_bytes_written, BytesPerSecond host_writes,
                       double write_amplification) {
  if (host_writes.count <= 0) return std::numeric_limits<double>::infinity();
  return total_bytes_written / (host_writes.count * write_amplification * kSecondsPerYear);
}

BytesPerSecond nvme_write_budget(double total_bytes_written, double years,
                                 double write_amplification) {
  return BytesPerSecond(total_bytes_written / (years * kSecondsPerYear * write_amplification));
}

}  // namespace fleetcache::models
