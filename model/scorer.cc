#include "model/scorer.h"

#include <algorithm>
#include <tuple>

namespace arcsat {
namespace {

struct Piece {
  Segment segment;
  std::size_t owner;
  int warm_up;  // turns in front that are computed only for what follows them
  std::int64_t tokens;
};

/// Cuts a conversation into segments of at most `most` new turns, each with the `field` turns in
/// front that it depends on.
void Cut(const EncodedConversation& conversation, std::size_t owner, int most, int field,
         std::vector<Piece>* pieces) {
  const int turns = static_cast<int>(conversation.turns.size());
  for (int begin = 0; begin < turns; begin += most) {
    const int warm_up = std::min(begin, field);
    const Segment segment{&conversation, begin - warm_up, std::min(most, turns - begin) + warm_up};
    pieces->push_back({segment, owner, warm_up, TokensOf(segment)});
  }
}

}  // namespace

Scorer::Scorer(const ArcModel& model, const ScorerOptions& options)
    : model_(model), options_(options) {}

void Scorer::ScoreSegments(const std::vector<Segment>& segments,
                           const std::vector<std::size_t>& owners, const std::vector<int>& warm_up,
                           std::vector<RawScore>* scores) const {
  const RaggedBatch batch = To(MakeBatch(segments), model_.device());
  const ArcOutput output = model_.Forward(batch, /*training=*/false);
  // In double precision: near 1, a float would lose the distance to it, which calibration needs.
  const auto state = ArcModel::ExpectedState(output.state.to(torch::kCPU, torch::kFloat64));
  const auto outlook = output.outlook.to(torch::kCPU, torch::kFloat64);
  const double* states = state.data_ptr<double>();
  const double* outlooks = outlook.data_ptr<double>();
  for (std::size_t s = 0; s < segments.size(); ++s) {
    RawScore& score = (*scores)[owners[s]];
    for (int i = 0; i < segments[s].count; ++i, ++states, ++outlooks) {
      if (i < warm_up[s]) continue;
      const int index = segments[s].first + i;
      const Speaker speaker =
          segments[s].conversation->turns[static_cast<std::size_t>(index)].speaker;
      score.outlook_logit = *outlooks;
      if (speaker == Speaker::kCustomer) {
        score.turns.push_back({index, speaker, *states, *outlooks});
      }
    }
  }
}

std::vector<RawScore> Scorer::Score(const std::vector<EncodedConversation>& conversations,
                                    const std::function<void(std::size_t)>& progress) const {
  torch::NoGradGuard no_grad;
  std::vector<RawScore> scores(conversations.size());
  std::vector<Piece> pieces;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    scores[c].id = conversations[c].id;
    Cut(conversations[c], c, options_.segment_turns, model_.receptive_field(), &pieces);
  }
  // Like lengths together; the segments of one conversation must stay in their order.
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    const auto key = [](const Piece& p) {
      return std::tuple(p.segment.conversation->tokens, p.owner, p.segment.first + p.warm_up);
    };
    return key(a) < key(b);
  });
  for (std::size_t begin = 0; begin < pieces.size();) {
    std::vector<Segment> segments;
    std::vector<std::size_t> owners;
    std::vector<int> warm_up;
    std::int64_t tokens = 0;
    std::size_t end = begin;
    while (end < pieces.size() &&
           (end == begin || tokens + pieces[end].tokens <= options_.batch_tokens)) {
      tokens += pieces[end].tokens;
      segments.push_back(pieces[end].segment);
      owners.push_back(pieces[end].owner);
      warm_up.push_back(pieces[end].warm_up);
      ++end;
    }
    ScoreSegments(segments, owners, warm_up, &scores);
    begin = end;
    if (progress) progress(begin * conversations.size() / pieces.size());
  }
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    const std::vector<double> shift = OutlookShift(model_, conversations[c]);
    if (shift.empty()) continue;
    scores[c].outlook_logit += shift.back();
    for (RawTurn& turn : scores[c].turns) {
      turn.outlook_logit += shift[static_cast<std::size_t>(turn.index)];
    }
  }
  return scores;
}

}  // namespace arcsat
