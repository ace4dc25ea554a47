#include "train/validation.h"

#include <cmath>

#include "data/error.h"
#include "eval/metrics.h"
#include "model/scorer.h"
#include "train/processes.h"

namespace arcsat {
namespace {

std::optional<double> Finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// The outlook's logit of each conversation, followed by the state at each of its turns (0 where
/// the customer does not speak). Each process scores its share.
std::vector<double> Tell(const ArcModel& model,
                         const std::vector<EncodedConversation>& conversations,
                         Processes& processes) {
  std::vector<EncodedConversation> own;
  std::vector<std::size_t> places;  // of the logits
  std::size_t size = 0;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    if (c % static_cast<std::size_t>(processes.size()) ==
        static_cast<std::size_t>(processes.rank())) {
      own.push_back(conversations[c]);
      places.push_back(size);
    }
    size += 1 + conversations[c].turns.size();
  }
  std::vector<double> told(size, 0.0);
  const std::vector<RawScore> scores = Scorer(model).Score(own);
  for (std::size_t c = 0; c < own.size(); ++c) {
    told[places[c]] = scores[c].outlook_logit;
    for (const RawTurn& turn : scores[c].turns) {
      told[places[c] + 1 + static_cast<std::size_t>(turn.index)] = turn.state;
    }
  }
  return processes.Sum(std::move(told));
}

}  // namespace

Validation Validate(const ArcModel& model, const std::vector<EncodedConversation>& conversations,
                    Processes& processes) {
  const std::vector<double> told = Tell(model, conversations, processes);
  std::vector<double> p, states, ratings;
  std::vector<int> y;
  double error = 0;
  std::size_t place = 0;
  for (const EncodedConversation& conversation : conversations) {
    const double logit = told[place++];
    if (conversation.satisfied >= 0) {
      p.push_back(1 / (1 + std::exp(-logit)));
      y.push_back(conversation.satisfied > 0.5F ? 1 : 0);
    }
    for (const EncodedTurn& turn : conversation.turns) {
      const double state = told[place++];
      if (turn.rating < 0 || turn.speaker != Speaker::kCustomer) continue;
      states.push_back(state);
      ratings.push_back(turn.rating);
      error += std::abs(state - turn.rating);
    }
  }
  Validation out;
  out.surveyed = static_cast<std::int64_t>(p.size());
  out.rated = static_cast<std::int64_t>(ratings.size());
  if (!p.empty()) {
    out.log_loss = Finite(LogLoss(p, y));
    out.accuracy = Finite(Accuracy(p, y));
    out.auc = Finite(RocAuc(p, y));
  }
  if (!ratings.empty()) {
    out.state_error = Finite(error / static_cast<double>(ratings.size()));
    out.state_rank = Finite(Spearman(states, ratings));
  }
  return out;
}

double Selection(const Validation& v, const std::string& select) {
  if (select == "state" && v.state_error) return *v.state_error;
  if (select == "rank" && v.state_rank) return -*v.state_rank;
  if (select == "accuracy" && v.accuracy) return -*v.accuracy;
  if (select == "auc" && v.auc) return -*v.auc;
  if (v.log_loss) return *v.log_loss;
  if (v.state_error) return *v.state_error;
  throw Error({"validation data", "no conversation has a survey answer or a rated turn",
               "expected at least one label to choose the best model by",
               "give labelled conversations with --validation"});
}

Json ToJson(const Validation& v) {
  Json json = v.masked > 0 ? Json{{"masked", v.masked}}
                           : Json{{"surveyed", v.surveyed}, {"rated", v.rated}};
  const auto put = [&](const char* name, const std::optional<double>& value) {
    if (value) json[name] = *value;
  };
  put("log_loss", v.log_loss);
  put("accuracy", v.accuracy);
  put("auc", v.auc);
  put("state_error", v.state_error);
  put("state_rank", v.state_rank);
  put("masked_loss", v.masked_loss);
  put("masked_accuracy", v.masked_accuracy);
  return json;
}

}  // namespace arcsat
