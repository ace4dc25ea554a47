#pragma once

#include <limits>

namespace arcsat {

/// A figure that the data do not give.
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// P(X > x) of a chi-square variable with `degrees` >= 1 degrees of freedom; 1 for x <= 0, NaN for
/// NaN. The regularised upper incomplete gamma function Q(degrees/2, x/2), by its series below
/// a + 1 and by Lentz's continued fraction above (Numerical Recipes 6.2); relative error near
/// 1e-14.
double ChiSquareSurvival(double x, int degrees);

/// z with P(Z <= z) = p of a standard normal, for 0 < p < 1. NormalQuantile(0.975) = 1.959964.
double NormalQuantile(double p);

/// 1 / (1 + exp(-x)), without overflow.
double Sigmoid(double x);

/// log(p / (1 - p)) of p clipped to [clip, 1 - clip].
double Logit(double p, double clip);

}  // namespace arcsat
