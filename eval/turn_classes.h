#pragma once

#include <span>
#include <string>
#include <vector>

namespace arcsat {

/// What counts as a negative, neutral and positive turn: for ratings a rule, for states the cuts
/// that agree best with it.
struct TurnClasses {
  std::string rule = "middle";  ///< of ratings on 1..5, see RatingClass
  double low = 0.375;           ///< a state below is negative
  double high = 0.625;          ///< a state from here on is positive; >= low
  double sign = 0.5;            ///< where nobody may say neutral: positive from here on
  int turns = 0;                ///< rated turns that the cuts were fitted on; 0: as they come
};

inline const std::vector<std::string> kRatingRules = {"middle", "rounded"};

/// 0 negative, 1 neutral, 2 positive of a rating on 1..5, or the mean of several. "middle": below,
/// at and above 3, so that neutral is what the annotators balance on. "rounded": rounded half up to
/// a whole rating first, so that 2.5 to 3.4 is neutral.
int RatingClass(double rating, const std::string& rule);

/// The same of a calibrated state on 0..1.
int StateClass(double state, const TurnClasses& classes);

/// The cuts with the most states in their rating's class (`sign`: among ratings that are not
/// neutral), each half-way between two states; of several the lowest. The default cuts, with
/// `turns` 0, where there are fewer than 20 ratings or all are of one class. `states` and `ratings`
/// go together.
TurnClasses FitTurnClasses(std::span<const double> states, std::span<const double> ratings,
                           const std::string& rule);

}  // namespace arcsat
