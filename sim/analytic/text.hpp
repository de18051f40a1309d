/// Numbers as a reader wants them in a table: three digits and a unit.
#pragma once

#include <string>

namespace fleetcache::analytic {

std::string percent(double ratio);          ///< 0.1234 -> "12.3 %"
std::string digits(double x);               ///< three significant digits: "0.0123", "45.6", "1,230"
std::string count(double n);                ///< a whole number: "27", "1,230"
std::string bits_per_second(double bytes);  ///< bytes a second -> "12.3 Tbps"
std::string bytes_per_second(double bytes);             ///< "12.3 MB/s"
std::string amount(double x, const std::string& unit);  ///< in "B/s" or "1/s"
std::string byte_count(double bytes);                   ///< "12.3 PB"
std::string seconds(double s);                          ///< "12.3 ms", "4.5 min"
std::string dollars(double usd);                        ///< "12.3 M$"

}  // namespace fleetcache::analytic
