#pragma once

#include "data/random.h"

namespace arcsat {

/// Chance that an answer is asked for and given, factor by factor. It depends on the answer itself,
/// so what responders say differs from what everybody thinks, and no weighting by what is visible
/// removes all of the difference.
struct ResponseTraits {
  int score = 5;           ///< 1..5, what they would answer
  bool voice = false;      ///< telephone: fewer answer
  int turns = 10;          ///< a long conversation leaves less patience for a survey
  bool escalated = false;  ///< escalated cases are mostly not asked
};

/// Chance of being asked, 0..1.
double OfferChance(const ResponseTraits& traits);

/// Chance of an answer once asked, 0..1. `bias` says how far the answer itself counts: 0 not at
/// all (response depends on what can be seen alone), 1 fully. `share` is the overall share of
/// answered surveys aimed at (asked or not); exact to about a tenth of it in the simulator's
/// population, below a share of about 0.5, beyond which chances saturate at 1.
double AnswerChance(const ResponseTraits& traits, double share, double bias);

/// The survey answer, 1..5, of a customer who leaves in state `exit`: 1 + 4 * exit and a little
/// noise, rounded; so satisfied (4 or 5) means a state above 0.625, but for the noise.
int DrawScore(double exit, Random* random);

/// About normal, mean 0 and deviation 1: a sum of uniforms, the same bits on every platform.
double RoughNormal(Random* random);

}  // namespace arcsat
