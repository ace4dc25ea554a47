#include "train/lexical_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "eval/logistic.h"
#include "eval/sparse_logistic.h"
#include "model/arc_model.h"
#include "model/scorer.h"

namespace arcsat {
namespace {

constexpr double kPenalties[] = {0.1, 0.3, 1, 3, 10};
constexpr double kShares[] = {0, 0.25, 0.5, 0.75, 1, 1.5, 2};

using Conversations = std::vector<std::shared_ptr<const EncodedConversation>>;

/// The features that get a weight: a column each, and what a conversation that has one counts.
struct WordColumns {
  std::unordered_map<std::int64_t, int> of;
  std::vector<std::int64_t> feature;
  std::vector<double> idf;
};

WordColumns CountColumns(const Conversations& conversations, std::int64_t vocabulary, int least) {
  std::unordered_map<std::int64_t, int> counts;
  for (const auto& conversation : conversations) {
    ForEachLexicalFeature(*conversation, vocabulary,
                          [&](std::size_t, std::int64_t feature, bool first) {
                            if (first) ++counts[feature];
                          });
  }
  WordColumns columns;
  for (const auto& [feature, count] : counts) {
    if (count >= least) columns.feature.push_back(feature);
  }
  std::sort(columns.feature.begin(), columns.feature.end());
  const double n = static_cast<double>(conversations.size());
  for (const std::int64_t feature : columns.feature) {
    columns.of[feature] = static_cast<int>(columns.idf.size());
    columns.idf.push_back(std::log((1 + n) / (1 + counts[feature])) + 1);
  }
  return columns;
}

SparseItems MakeItems(const Conversations& conversations, std::int64_t vocabulary,
                      const WordColumns& columns) {
  const auto n = static_cast<Eigen::Index>(conversations.size());
  SparseItems items{SparseRows(n, static_cast<Eigen::Index>(columns.feature.size())),
                    Eigen::VectorXd(n), Eigen::VectorXd(n)};
  std::vector<Eigen::Triplet<double>> entries;
  for (Eigen::Index i = 0; i < n; ++i) {
    const EncodedConversation& conversation = *conversations[static_cast<std::size_t>(i)];
    std::vector<int> present;
    double said = 0;
    ForEachLexicalFeature(conversation, vocabulary,
                          [&](std::size_t, std::int64_t feature, bool first) {
                            said += 1;
                            const auto found = columns.of.find(feature);
                            if (first && found != columns.of.end())
                              present.push_back(found->second);
                          });
    for (const int column : present) {
      entries.emplace_back(static_cast<int>(i), column,
                           columns.idf[static_cast<std::size_t>(column)] / std::sqrt(said));
    }
    items.y(i) = conversation.satisfied > 0.5F ? 1 : 0;
    items.weight(i) = conversation.weight;
  }
  items.x.setFromTriplets(entries.begin(), entries.end());
  return items;
}

/// At most `most` of those with an answer, evenly.
Conversations Answered(const TrainingSet& all, int most) {
  const LabelCounts labels = all.labels();
  const std::int64_t answered = labels.satisfied + labels.dissatisfied;
  const std::int64_t count = std::min(answered, std::int64_t{most});
  Conversations chosen;
  std::int64_t seen = 0;
  for (std::int64_t i = 0; i < all.size() && std::ssize(chosen) < count; ++i) {
    if (all.Answer(i) < 0) continue;
    if (seen++ == std::ssize(chosen) * answered / count) chosen.push_back(all.Get(i));
  }
  return chosen;
}

bool EnoughOfBoth(const Conversations& conversations, int folds) {
  const auto yes = std::count_if(conversations.begin(), conversations.end(),
                                 [](const auto& c) { return c->satisfied > 0.5F; });
  return yes >= folds && static_cast<std::ptrdiff_t>(conversations.size()) - yes >= folds;
}

}  // namespace

std::optional<LexicalFit> FitLexical(const TrainingSet& conversations, std::int64_t vocabulary,
                                     const LexicalOptions& options) {
  const auto answered = Answered(conversations, options.most);
  if (!EnoughOfBoth(answered, options.folds)) return std::nullopt;
  const WordColumns columns = CountColumns(answered, vocabulary, options.min_conversations);
  if (columns.feature.empty()) return std::nullopt;
  const SparseItems items = MakeItems(answered, vocabulary, columns);
  const std::vector<double> losses =
      CrossValidatePenalties(items, kPenalties, options.folds, options.seed);
  const auto best = std::min_element(losses.begin(), losses.end());
  LexicalFit fit;
  fit.inverse_penalty = kPenalties[best - losses.begin()];
  fit.log_loss = *best;
  fit.conversations = static_cast<int>(answered.size());
  fit.features = static_cast<std::int64_t>(columns.feature.size());
  fit.entries = static_cast<std::int64_t>(items.x.nonZeros());
  const SparseLogistic learned = FitSparseLogistic(items, fit.inverse_penalty);
  fit.model.vocabulary = vocabulary;
  fit.model.bias = learned.bias;
  fit.model.weight.assign(static_cast<std::size_t>(LexicalFeatureCount(vocabulary)), 0);
  for (std::size_t i = 0; i < columns.feature.size(); ++i) {
    fit.model.weight[static_cast<std::size_t>(columns.feature[i])] =
        static_cast<float>(columns.idf[i] * learned.weights(static_cast<Eigen::Index>(i)));
  }
  return fit;
}

std::string FitBeside(ArcModel* model, const TrainingSet& train,
                      const std::vector<EncodedConversation>& validation,
                      const LexicalOptions& options) {
  model->SetLexical(std::nullopt);
  auto fit = FitLexical(train, model->encoder().config().vocabulary, options);
  if (!fit) return "words beside the network: too few answers to fit them";
  std::vector<double> network, lexical, satisfied;
  const std::vector<RawScore> scores = Scorer(*model).Score(validation);
  for (std::size_t c = 0; c < validation.size(); ++c) {
    if (validation[c].satisfied < 0 || validation[c].turns.empty()) continue;
    network.push_back(scores[c].outlook_logit);
    lexical.push_back(LexicalLogits(fit->model, validation[c]).back());
    satisfied.push_back(validation[c].satisfied > 0.5F ? 1 : 0);
  }
  fit->model.share = ChooseShare(network, lexical, satisfied);
  const std::string found = fmt::format(
      "words beside the network: {} tokens and pairs of {} conversations, C {}, log loss "
      "{:.4f} by {}-fold cross-validation; share {}",
      fit->features, fit->conversations, fit->inverse_penalty, fit->log_loss, options.folds,
      fit->model.share);
  if (fit->model.share == 0) return found + ": they do not help on the validation side";
  model->SetLexical(std::move(fit->model));
  return found;
}

double ChooseShare(const std::vector<double>& network, const std::vector<double>& lexical,
                   const std::vector<double>& satisfied) {
  const auto n = static_cast<Eigen::Index>(network.size());
  if (n == 0) return 0;
  const Eigen::VectorXd y = Eigen::Map<const Eigen::VectorXd>(satisfied.data(), n);
  if (y.minCoeff() == y.maxCoeff()) return 0;
  const Eigen::VectorXd net = Eigen::Map<const Eigen::VectorXd>(network.data(), n);
  const Eigen::VectorXd words = Eigen::Map<const Eigen::VectorXd>(lexical.data(), n);
  double best = 0, best_likelihood = 0, alone = 0;
  for (const double share : kShares) {
    // A weak prior keeps separated answers from a slope without end.
    const double likelihood = FitLogistic(net + share * words, y, {.ridge = 0.01}).log_likelihood;
    if (share == 0) alone = best_likelihood = likelihood;
    if (likelihood > best_likelihood) {
      best = share;
      best_likelihood = likelihood;
    }
  }
  return best_likelihood - alone > 1 ? best : 0;
}

}  // namespace arcsat
