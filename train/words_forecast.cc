#include "train/words_forecast.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "model/arc_model.h"
#include "model/scorer.h"
#include "train/lexical_fit.h"
#include "train/roughener.h"

namespace arcsat {
namespace {

constexpr std::int64_t kFirstFit = 64;         // conversations; each fit has twice as many
constexpr double kEnough = 2;                  // seconds: a fit that takes so long tells of larger
constexpr std::int64_t kMostRoughened = 2048;  // conversations
constexpr std::size_t kMostScored = 64, kScoredAtOnce = 8;
constexpr double kLeastPower = 1, kUsualPower = 1.3, kMostPower = 1.6;
// Of a fit at its peak, when a fold's matrix is made: the whole has 12 bytes an entry; the fold,
// for four entries in five, 12 for itself, 12 on the way there, and 16 in a list. A feature stands
// in two hash tables, and in some vectors of the solver.
constexpr double kEntryBytes = 45, kFeatureBytes = 170;

class FitClock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// Some of the conversations as the words are fitted on them, and what all of them would take.
struct HeardSome {
  InMemoryConversations some;
  double seconds = 0, bytes = 0;
};

HeardSome HearSome(const TrainingSet& train, Roughener* roughener) {
  const std::int64_t count = std::min(train.size(), kMostRoughened);
  const FitClock watch;
  std::vector<EncodedConversation> some;
  double bytes = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto written = train.Get(i * train.size() / count);
    const auto heard = roughener->Of(*written, Roughener::kAfterwards);
    some.push_back(heard ? *heard : *written);
    bytes += static_cast<double>(sizeof(EncodedConversation) +
                                 some.back().turns.size() * sizeof(EncodedTurn));
    if (heard) bytes += static_cast<double>(heard->tokens) * sizeof(std::int32_t);
  }
  const double times =
      static_cast<double>(train.size()) / static_cast<double>(std::max<std::int64_t>(1, count));
  return {InMemoryConversations(std::move(some)), watch.seconds() * times, bytes * times};
}

struct Fits {
  std::vector<TimedFit> timed;
  double entries = 0, features = 0;  ///< of the last
};

/// Fits of growing size, until one takes long enough or has all conversations with an answer.
Fits FitSome(const TrainingSet& train, std::int64_t vocabulary, LexicalOptions options) {
  const LabelCounts labels = train.labels();
  const std::int64_t all =
      std::min<std::int64_t>(labels.satisfied + labels.dissatisfied, options.most);
  Fits fits;
  for (std::int64_t size = kFirstFit;; size *= 2) {
    options.most = static_cast<int>(std::min(size, all));
    const FitClock watch;
    const std::optional<LexicalFit> fit = FitLexical(train, vocabulary, options);
    const double seconds = watch.seconds();
    if (fit) {
      fits.timed.push_back({static_cast<double>(fit->conversations), seconds});
      fits.entries = static_cast<double>(fit->entries);
      fits.features = static_cast<double>(fit->features);
    }
    if (size >= all || seconds >= kEnough) return fits;
  }
}

/// Seconds until all of `validation` is scored, as some of it tells.
double ScoringSeconds(const ArcModel& model, const std::vector<EncodedConversation>& validation) {
  const std::vector<EncodedConversation> some = EveryNth(validation, kMostScored);
  const Scorer scorer(model);
  const FitClock watch;
  double tokens = 0;
  for (std::size_t i = 0; i < some.size() && watch.seconds() < kEnough; i += kScoredAtOnce) {
    const auto begin = some.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + std::min<std::ptrdiff_t>(kScoredAtOnce, some.end() - begin);
    const std::vector<EncodedConversation> few(begin, end);
    scorer.Score(few);
    tokens += TokensIn(few);
  }
  return tokens > 0 ? watch.seconds() / tokens * TokensIn(validation) : 0;
}

}  // namespace

void ForecastWords(ArcModel* model, const TrainingSet& train,
                   const std::vector<EncodedConversation>& validation,
                   const LexicalOptions& options, Roughener* roughener, Forecast* forecast) {
  model->To(torch::kCPU);
  model->SetLexical(std::nullopt);
  const std::int64_t vocabulary = model->encoder().config().vocabulary;
  std::optional<HeardSome> heard;
  if (roughener != nullptr) heard.emplace(HearSome(train, roughener));
  const Fits fits =
      FitSome(heard ? static_cast<const TrainingSet&>(heard->some) : train, vocabulary, options);
  if (fits.timed.empty()) return;  // too few answers to fit any
  const LabelCounts labels = train.labels();
  const double all = static_cast<double>(
      std::min<std::int64_t>(labels.satisfied + labels.dissatisfied, options.most));
  forecast->words_seconds = FitSeconds(fits.timed, all) + ScoringSeconds(*model, validation);
  if (heard) forecast->words_seconds += heard->seconds;
  if (forecast->gpu) return;
  const double times = all / fits.timed.back().conversations;
  const double features =
      std::min(fits.features * times, static_cast<double>(LexicalFeatureCount(vocabulary)));
  forecast->memory_bytes += kEntryBytes * fits.entries * times + kFeatureBytes * features;
  if (heard) forecast->memory_bytes += heard->bytes;
}

double FitSeconds(const std::vector<TimedFit>& timed, double all) {
  if (timed.empty()) return 0;
  const TimedFit& last = timed.back();
  const TimedFit& before = timed[timed.size() - std::min<std::size_t>(timed.size(), 2)];
  double power = kUsualPower;
  if (before.conversations < last.conversations && before.seconds > 0) {
    power = std::clamp(std::log(last.seconds / before.seconds) /
                           std::log(last.conversations / before.conversations),
                       kLeastPower, kMostPower);
  }
  return last.seconds * std::pow(std::max(1.0, all / last.conversations), power);
}

}  // namespace arcsat
