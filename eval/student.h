#pragma once

namespace arcsat {

/// P(T <= t) of Student's distribution with `degrees` > 0 (any real number) of freedom, by the
/// regularised incomplete beta function's continued fraction (Lentz; Numerical Recipes 6.4);
/// relative error of the tail near 1e-13.
double StudentCdf(double t, double degrees);

/// t with P(T <= t) = p, for 0 < p < 1. StudentQuantile(0.975, 10) = 2.228139; of a million degrees
/// and more it is the normal distribution's.
double StudentQuantile(double p, double degrees);

}  // namespace arcsat
