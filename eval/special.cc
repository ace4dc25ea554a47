#include "eval/special.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace arcsat {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr int kMaxTerms = 10000;

// P(a, x) by its power series; converges quickly for x < a + 1.
double LowerSeries(double a, double x) {
  double term = 1 / a;
  double sum = term;
  for (int n = 1; n < kMaxTerms && std::abs(term) > std::abs(sum) * kEpsilon; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

// Q(a, x) by the continued fraction, evaluated from the front (modified Lentz).
double UpperFraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a;
  double c = 1 / kTiny;
  double d = 1 / b;
  double h = d;
  for (int n = 1; n < kMaxTerms; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = an * d + b;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    h *= d * c;
    if (std::abs(d * c - 1) < kEpsilon) break;
  }
  return h * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

}  // namespace

double ChiSquareSurvival(double x, int degrees) {
  if (std::isnan(x) || degrees < 1) return std::numeric_limits<double>::quiet_NaN();
  if (x <= 0) return 1;
  if (std::isinf(x)) return 0;
  const double a = degrees / 2.0;
  return x / 2 < a + 1 ? 1 - LowerSeries(a, x / 2) : UpperFraction(a, x / 2);
}

double NormalQuantile(double p) {
  if (!(p > 0 && p < 1)) return std::numeric_limits<double>::quiet_NaN();
  if (p < 0.5) return -NormalQuantile(1 - p);
  // From 0 the distribution function is concave, so Newton's steps never pass the root.
  constexpr double kRootTwoPi = 2.5066282746310002;
  double z = 0;
  for (int i = 0; i < 500; ++i) {
    const double below = 0.5 * std::erfc(-z / std::sqrt(2.0));
    const double step = (p - below) * kRootTwoPi * std::exp(z * z / 2);
    z += step;
    if (std::abs(step) < 1e-14 * (1 + z)) break;
  }
  return z;
}

double Sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double Logit(double p, double clip) {
  const double clipped = std::clamp(p, clip, 1 - clip);
  return std::log(clipped / (1 - clipped));
}

}  // namespace arcsat
