#include "eval/alarm_threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/error.h"

namespace arcsat {
namespace {

constexpr double kSumRounding = 1e-12;  // of sums of weights

/// Most misses among n that show a share of at most promise.miss; -1 where none does.
int AllowedMisses(int n, const MissPromise& promise) {
  int k = -1;
  while (BinomialCdf(k + 1, n, promise.miss) <= 1 - promise.confidence) ++k;
  return k;
}

/// Fewest answers of which no miss at all shows the promise.
int FewestAnswers(const MissPromise& promise) {
  return static_cast<int>(
      std::ceil(std::log(1 - promise.confidence) / std::log(1 - promise.miss) - kSumRounding));
}

[[noreturn]] void RefuseFew(double answers, const char* kind, const MissPromise& promise) {
  throw Error({"the calibration answers",
               fmt::format("{} unsatisfied{} cannot show that at most {:g}% are missed",
                           std::floor(answers), kind, 100 * promise.miss),
               fmt::format("expected at least {} of them for a confidence of {:g}%",
                           FewestAnswers(promise), 100 * promise.confidence),
               "give more answered conversations, or promise less"});
}

/// Unsatisfied answers at one threshold.
struct Missed {
  double share = 0;    ///< weighted, of those above the threshold
  double answers = 0;  ///< unweighted ones that would say as much of that share
};

/// `above` and `above_squares` are sums over the missed of weights and of their squares.
Missed At(double above, double above_squares, double all, double all_squares) {
  Missed out;
  out.share = above / all;
  out.answers = all * all / all_squares;  // Kish
  if (above <= 0 || above >= all) return out;
  // The linearised variance of the weighted share: heavy answers among the missed make it large.
  const double p = out.share;
  const double sum = above_squares * (1 - p) * (1 - p) + (all_squares - above_squares) * p * p;
  out.answers = std::min(out.answers, p * (1 - p) * all * all / sum);
  return out;
}

int Whole(double answers) { return static_cast<int>(answers * (1 + kSumRounding)); }

int Misses(const Missed& missed) {
  const int n = Whole(missed.answers);
  return static_cast<int>(std::ceil(missed.share * n * (1 - kSumRounding)));
}

/// Goes down the chances of the unsatisfied, highest first, while the promise is shown.
PromiseBasis Basis(std::vector<AlarmItem> unsatisfied, const char* kind,
                   const MissPromise& promise) {
  std::sort(unsatisfied.begin(), unsatisfied.end(),
            [](const AlarmItem& a, const AlarmItem& b) { return a.chance > b.chance; });
  double all = 0, all_squares = 0, above = 0, above_squares = 0;
  for (const AlarmItem& item : unsatisfied) {
    all += item.weight;
    all_squares += item.weight * item.weight;
  }
  PromiseBasis basis;
  bool shown = false;
  for (std::size_t i = 0; i < unsatisfied.size(); ++i) {
    const AlarmItem& item = unsatisfied[i];
    if (i == 0 || item.chance < unsatisfied[i - 1].chance) {  // of equal ones all are alarms
      const Missed missed = At(above, above_squares, all, all_squares);
      if (BinomialCdf(Misses(missed), Whole(missed.answers), promise.miss) >
          1 - promise.confidence) {
        break;
      }
      shown = true;
      basis.threshold = item.chance;
    }
    above += item.weight;
    above_squares += item.weight * item.weight;
  }
  if (!shown) RefuseFew(unsatisfied.empty() ? 0 : all * all / all_squares, kind, promise);
  return basis;
}

/// What the basis says at the threshold that is taken, which may be higher than its own.
void Describe(const std::vector<AlarmItem>& unsatisfied, double threshold,
              const MissPromise& promise, PromiseBasis* basis) {
  double all = 0, all_squares = 0, above = 0, above_squares = 0;
  for (const AlarmItem& item : unsatisfied) {
    const double square = item.weight * item.weight;
    all += item.weight;
    all_squares += square;
    if (item.chance <= threshold) continue;
    above += item.weight;
    above_squares += square;
  }
  const Missed missed = At(above, above_squares, all, all_squares);
  basis->missed = missed.share;
  basis->answers = missed.answers;
  basis->allowed = AllowedMisses(Whole(missed.answers), promise);
  basis->limit = BinomialUpperLimit(Misses(missed), Whole(missed.answers), promise.confidence);
}

}  // namespace

double BinomialCdf(int k, int n, double p) {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  double sum = 0;
  for (int j = 0; j <= k; ++j) {
    sum += std::exp(std::lgamma(n + 1.0) - std::lgamma(j + 1.0) - std::lgamma(n - j + 1.0) +
                    j * std::log(p) + (n - j) * std::log1p(-p));
  }
  return std::min(sum, 1.0);
}

double BinomialUpperLimit(int k, int n, double confidence) {
  if (k >= n) return 1;
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (BinomialCdf(k, n, middle) > 1 - confidence ? low : high) = middle;
  }
  return high;
}

PromisedThreshold KeepPromise(std::span<const AlarmItem> items, const MissPromise& promise) {
  if (!(promise.miss > 0 && promise.miss < 1 && promise.confidence > 0 && promise.confidence < 1)) {
    throw UsageError({"the promise",
                      fmt::format("found {:g} and {:g}", promise.miss, promise.confidence),
                      "expected a share and a confidence between 0 and 1", ""});
  }
  PromisedThreshold out;
  out.answers = static_cast<int>(items.size());
  std::vector<AlarmItem> weighted, plain;
  for (const AlarmItem& item : items) {
    if (!item.unsatisfied) continue;
    weighted.push_back(item);
    plain.push_back({item.chance, true, 1});
  }
  out.unsatisfied = static_cast<int>(plain.size());
  out.answered = Basis(plain, "", promise);
  out.threshold = out.answered.threshold;
  const bool differ = std::any_of(weighted.begin(), weighted.end(), [&](const AlarmItem& item) {
    return item.weight != weighted.front().weight;
  });
  if (differ) {
    out.everyone = Basis(weighted, " (effectively, after weighting)", promise);
    out.threshold = std::max(out.threshold, out.everyone->threshold);
    Describe(weighted, out.threshold, promise, &*out.everyone);
  }
  Describe(plain, out.threshold, promise, &out.answered);
  return out;
}

std::optional<double> KeepBudget(std::vector<double> chances, int forced, double budget) {
  if (forced > budget) return std::nullopt;
  std::sort(chances.begin(), chances.end());
  const auto room = static_cast<std::size_t>(budget - forced);
  if (room >= chances.size()) return 1.0;
  // Ties with the first that does not fit do not fit either.
  std::size_t last = room;
  while (last > 0 && chances[last - 1] == chances[room]) --last;
  return last == 0 ? -1.0 : chances[last - 1];
}

}  // namespace arcsat
