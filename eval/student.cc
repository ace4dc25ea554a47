#include "eval/student.h"

#include <algorithm>
#include <cmath>

#include "eval/special.h"

namespace arcsat {
namespace {

// The continued fraction of the incomplete beta function I_x(a, b), for x < (a + 1) / (a + b + 2).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return fraction;
}

// log |Gamma(x)|; std::lgamma writes a global sign and is no thread's friend.
double LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

}  // namespace

double StudentCdf(double t, double degrees) {
  const double tail = IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
  return t > 0 ? 1 - tail : tail;
}

double StudentQuantile(double p, double degrees) {
  if (degrees >= 1e6) return NormalQuantile(p);
  if (p == 0.5) return 0;
  // By symmetry in the lower tail, where StudentCdf keeps its digits.
  const double tail = std::min(p, 1 - p);
  double low = -1, high = 0;
  while (StudentCdf(low, degrees) > tail) {
    high = low;
    low *= 2;
  }
  for (int i = 0; i < 200 && high - low > 1e-14 * std::abs(low); ++i) {
    const double middle = (low + high) / 2;
    (StudentCdf(middle, degrees) > tail ? high : low) = middle;
  }
  const double t = (low + high) / 2;
  return p < 0.5 ? t : -t;
}

}  // namespace arcsat
