#include "eval/turn_classes.h"

#include <algorithm>
#include <set>

namespace arcsat {
namespace {

constexpr std::size_t kMinRatings = 20;
constexpr double kMiddle = 3;
// A mean of ratings that is 3 but for rounding.
constexpr double kRatingRounding = 1e-9;

struct Rated {
  double state = 0;
  int rating_class = 0;
};

// Half-way between the states on both sides of place `i` of a sorted list.
double CutAt(const std::vector<Rated>& sorted, std::size_t i) {
  if (i == 0) return 0;
  if (i == sorted.size()) return 1;
  return (sorted[i - 1].state + sorted[i].state) / 2;
}

bool IsCut(const std::vector<Rated>& sorted, std::size_t i) {
  return i == 0 || i == sorted.size() || sorted[i - 1].state < sorted[i].state;
}

// Both cuts in one pass: the best lower cut for an upper one at `i` is the best so far, as what a
// lower cut adds (negatives below it less neutrals below it) does not depend on the upper one.
void FitCuts(const std::vector<Rated>& sorted, TurnClasses* classes) {
  std::vector<long> below(3, 0);
  long positives = 0;
  for (const Rated& item : sorted) positives += item.rating_class == 2 ? 1 : 0;
  long best = -1, best_lower = -1;
  std::size_t low = 0, best_low = 0, best_high = 0;
  bool any_lower = false;
  for (std::size_t i = 0; i <= sorted.size(); ++i) {
    if (IsCut(sorted, i)) {
      const long lower = below[0] - below[1];
      if (!any_lower || lower > best_lower) {
        any_lower = true;
        best_lower = lower;
        low = i;
      }
      const long right = best_lower + below[1] + positives - below[2];
      if (right > best) {
        best = right;
        best_low = low;
        best_high = i;
      }
    }
    if (i < sorted.size()) ++below[static_cast<std::size_t>(sorted[i].rating_class)];
  }
  classes->low = CutAt(sorted, best_low);
  classes->high = CutAt(sorted, best_high);
}

double FitSign(const std::vector<Rated>& sorted) {
  std::vector<Rated> decided;
  std::copy_if(sorted.begin(), sorted.end(), std::back_inserter(decided),
               [](const Rated& item) { return item.rating_class != 1; });
  long gain = 0, best = 0;  // negatives below the cut less positives below it
  std::size_t cut = 0;
  for (std::size_t i = 1; i <= decided.size(); ++i) {
    gain += decided[i - 1].rating_class == 0 ? 1 : -1;
    if (IsCut(decided, i) && gain > best) {
      best = gain;
      cut = i;
    }
  }
  return CutAt(decided, cut);
}

}  // namespace

int RatingClass(double rating, const std::string& rule) {
  if (rule == "rounded") return rating < kMiddle - 0.5 ? 0 : rating < kMiddle + 0.5 ? 1 : 2;
  return rating < kMiddle - kRatingRounding ? 0 : rating <= kMiddle + kRatingRounding ? 1 : 2;
}

int StateClass(double state, const TurnClasses& classes) {
  return state < classes.low ? 0 : state < classes.high ? 1 : 2;
}

TurnClasses FitTurnClasses(std::span<const double> states, std::span<const double> ratings,
                           const std::string& rule) {
  std::vector<Rated> sorted;
  std::set<int> present;
  for (std::size_t i = 0; i < states.size(); ++i) {
    sorted.push_back({states[i], RatingClass(ratings[i], rule)});
    present.insert(sorted.back().rating_class);
  }
  TurnClasses classes;
  classes.rule = rule;
  if (sorted.size() < kMinRatings || present.size() < 2) return classes;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Rated& a, const Rated& b) { return a.state < b.state; });
  classes.turns = static_cast<int>(sorted.size());
  FitCuts(sorted, &classes);
  if (present.count(0) > 0 && present.count(2) > 0) classes.sign = FitSign(sorted);
  return classes;
}

}  // namespace arcsat
