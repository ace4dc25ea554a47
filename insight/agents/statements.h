#pragma once

#include <span>
#include <string>
#include <vector>

#include "eval/bootstrap.h"
#include "insight/agents/mixed_model.h"
#include "insight/agents/options.h"

namespace arcsat {

/// What is said of an agent, over all problems or at one.
enum class Statement {
  kTooFew,    ///< fewer conversations than a statement needs
  kNone,      ///< not told apart from the team
  kGap,       ///< below the team by more than the margin
  kStrength,  ///< above it by more than the margin
};
const char* Name(Statement statement);  ///< "too few", "none", "gap", "strength"

/// A distance from the team with what it rests on.
struct Standing {
  int n = 0;               ///< conversations
  double effect = 0;       ///< as predicted: shrunken towards the team by how little is known
  double error = 0;        ///< root of the prediction error variance
  Interval interval;       ///< normal, of the configured level
  double p_above = 0.5;    ///< chance that the effect is above 0
  double p_gap = 0;        ///< chance that it is below -margin
  double p_strength = 0;   ///< chance that it is above margin
  double p_value_gap = 0;  ///< one-sided, of "not below the team", from the unshrunken distance
  double p_value_strength = 0;  ///< the same of "not above"
  Statement statement = Statement::kTooFew;
};

/// P(Z <= z) of a standard normal.
double NormalCdf(double z);

/// The standing of a predicted effect, its statement still kTooFew or kNone by `enough`. `prior` is
/// the effect's variance before the data: where a predictor shrinks by prior / (prior + noise), it
/// and its error give back the distance and the noise that it was made from.
Standing MakeStanding(const Predicted& predicted, double prior, int n, int enough,
                      const AgentsOptions& options);

/// Turns kNone into kGap and kStrength where that can be stated: gaps (and, on their own,
/// strengths) are taken from the surest on, as long as the mean chance of being wrong (the local
/// false discovery rates' running mean, which is the posterior expected false discovery rate:
/// Newton et al. 2004, Müller et al. 2004) stays at or below options.fdr and each has
/// options.certainty. That rate is as good as the normal prior is; where most agents do not differ
/// at all and a few do by much, the prior is too wide for the many, and statements would be too
/// many. So Benjamini and Hochberg's rule (1995) on the p-values without a prior must allow each,
/// too, at the same rate.
void StateAll(std::span<Standing*> standings, const AgentsOptions& options);

}  // namespace arcsat
