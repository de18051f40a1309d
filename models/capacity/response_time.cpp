#include "models/capacity/response_time.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/numeric.hpp"
#include "models/queueing/erlang.hpp"
#include "policies/base/check.hpp"

namespace fleetcache::models {

QueueAnswer allen_cunneen(const QueueSpec& spec, double horizon_s) {
  FLEETCACHE_CHECK(spec.servers >= 1, "a station without servers");
  QueueAnswer out;
  const double offered = spec.arrival_rate * spec.service_s;
  out.utilization = offered / spec.servers;
  if (offered <= 0) return out;
  if (out.utilization >= 1) {
    out.wait_probability = 1;
    out.wait_mean_s = (out.utilization - 1) / 2 * horizon_s;
    return out;
  }
  out.wait_probability = erlang_c(spec.servers, offered);
  out.wait_mean_s = out.wait_probability * spec.service_s / (spec.servers - offered) *
                    (spec.arrival_cv2 + spec.service_cv2) / 2;
  return out;
}

double response_quantile(const QueueSpec& spec, const QueueAnswer& queue, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "a quantile outside (0, 1)");
  constexpr int kPoints = 100;
  const double sigma2 = log_one_plus(spec.service_cv2);
  const double sigma = std::sqrt(sigma2);
  const double median = spec.service_s * portable_exp(-sigma2 / 2);
  std::vector<double> service(kPoints);
  for (int i = 0; i < kPoints; ++i)
    service[i] = median * portable_exp(sigma * normal_quantile((i + 0.5) / kPoints));
  const double wait_if_any =
      queue.wait_probability > 0 ? queue.wait_mean_s / queue.wait_probability : 0;
  const auto at_most = [&](double x) {
    double sum = 0;
    for (const double s : service) {
      if (s > x) break;
      const double tail =
          wait_if_any > 0 ? queue.wait_probability * portable_exp(-(x - s) / wait_if_any) : 0;
      sum += 1 - tail;
    }
    return sum / kPoints;
  };
  const double high = service.back() + 40 * wait_if_any + 1e-9;
  const double target = std::min(p, 1 - 0.5 / kPoints);
  double low = 0;
  double top = high;
  while (top - low > 1e-5 * top) {
    const double middle = low + (top - low) / 2;
    (at_most(middle) < target ? low : top) = middle;
  }
  return top;
}

}  // namespace fleetcache::models
