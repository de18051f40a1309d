/// Elementary functions from IEEE add, multiply, divide and bit operations only: the same bits on
/// every machine, which the C library does not promise (its log and exp differ with the processor).
#pragma once

namespace fleetcache {

/// Natural logarithm. Requires: x > 0 and finite. Relative error below 1e-15 away from 1.
double portable_log(double x);
/// e^x for |x| < 700; saturates to 0 or to the largest double outside. Relative error below 1e-14.
double portable_exp(double x);
/// Quantile of the standard normal, Wichura's AS 241 (PPND16). Requires: 0 < p < 1.
double normal_quantile(double p);

}  // namespace fleetcache
