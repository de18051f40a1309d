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

namespace {

// A service time and the probability of its neighbourhood.
struct ServicePoint {
  double s = 0, weight = 0;
};

// Mid-points of equal shares, ten times finer in each decade of the tail.
std::vector<ServicePoint> service_points(double mean_s, double cv2) {
  constexpr int kPerDecade = 30;
  const double sigma2 = log_one_plus(cv2);
  const double sigma = std::sqrt(sigma2);
  const double median = mean_s * portable_exp(-sigma2 / 2);
  std::vector<ServicePoint> points;
  double from = 0, left = 1;
  for (int decade = 0; decade < 4; ++decade) {
    const double width = decade == 3 ? left : 0.9 * left;
    for (int i = 0; i < kPerDecade; ++i) {
      const double p = from + width * (i + 0.5) / kPerDecade;
      points.push_back({median * portable_exp(sigma * normal_quantile(p)), width / kPerDecade});
    }
    from += width;
    left -= width;
  }
  return points;
}

}  // namespace

double wait_quantile(const QueueAnswer& queue, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "a quantile outside (0, 1)");
  if (1 - p >= queue.wait_probability) return 0;
  return queue.wait_mean_s / queue.wait_probability *
         portable_log(queue.wait_probability / (1 - p));
}

double response_quantile(const QueueSpec& spec, const QueueAnswer& queue, double p) {
  FLEETCACHE_CHECK(p > 0 && p < 1, "a quantile outside (0, 1)");
  const std::vector<ServicePoint> service = service_points(spec.service_s, spec.service_cv2);
  const double wait_if_any =
      queue.wait_probability > 0 ? queue.wait_mean_s / queue.wait_probability : 0;
  const auto at_most = [&](double x) {
    double sum = 0;
    for (const ServicePoint& point : service) {
      if (point.s > x) break;
      const double tail =
          wait_if_any > 0 ? queue.wait_probability * portable_exp(-(x - point.s) / wait_if_any) : 0;
      sum += point.weight * (1 - tail);
    }
    return sum;
  };
  double low = 0, high = service.back().s + 40 * wait_if_any + 1e-9;
  while (high - low > 1e-5 * high) {
    const double middle = low + (high - low) / 2;
    (at_most(middle) < p ? low : high) = middle;
  }
  return high;
}

}  // namespace fleetcache::models
