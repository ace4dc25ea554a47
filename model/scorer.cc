#include "model/scorer.h"

#include <algorithm>
#include <deque>

#include "model/scoring.h"

namespace arcsat {
namespace {

struct Piece {
  Segment segment;
  std::size_t task;
  std::int64_t tokens;
};

/// Computes pieces of different tasks in one batch.
void ComputeBatch(const ArcModel& model, const std::vector<Piece>& pieces,
                  std::vector<ScoringTask>* tasks, KnownTurns* known) {
  std::vector<Segment> segments;
  std::vector<ArcMemory*> memories;
  for (const Piece& piece : pieces) {
    segments.push_back(piece.segment);
    memories.push_back((*tasks)[piece.task].memory);
  }
  // A batch remembers or does not: where nothing is to be kept, what a task would is thrown away.
  std::deque<ArcMemory> spare;
  const bool remember = std::any_of(memories.begin(), memories.end(),
                                    [](const ArcMemory* memory) { return memory != nullptr; });
  if (!remember) memories.clear();
  for (ArcMemory*& memory : memories) {
    if (memory == nullptr) memory = &spare.emplace_back();
  }
  const RaggedBatch batch = To(MakeBatch(segments), model.device());
  const ArcOutput output = model.Forward(batch, /*training=*/false, memories, known);
  // In double precision: near 1, a float would lose the distance to it, which calibration needs.
  const auto state = ArcModel::ExpectedState(output.state.to(torch::kCPU, torch::kFloat64));
  const auto outlook = output.outlook.to(torch::kCPU, torch::kFloat64);
  const double* states = state.data_ptr<double>();
  const double* outlooks = outlook.data_ptr<double>();
  for (const Piece& piece : pieces) {
    RawScore& score = *(*tasks)[piece.task].score;
    for (int i = 0; i < piece.segment.count; ++i, ++states, ++outlooks) {
      const int index = piece.segment.first + i;
      const Speaker speaker =
          piece.segment.conversation->turns[static_cast<std::size_t>(index)].speaker;
      score.outlook_logit = *outlooks;
      if (speaker == Speaker::kCustomer) {
        score.turns.push_back({index, speaker, *states, *outlooks});
      }
    }
  }
}

/// The next at most `most` turns of every task that has any left, like lengths together.
std::vector<Piece> NextPieces(std::vector<ScoringTask>* tasks, int most) {
  std::vector<Piece> pieces;
  for (std::size_t t = 0; t < tasks->size(); ++t) {
    ScoringTask& task = (*tasks)[t];
    const int left = static_cast<int>(task.conversation->turns.size()) - task.first;
    if (left <= 0) continue;
    const Segment segment{task.conversation, task.first, std::min(most, left)};
    pieces.push_back({segment, t, TokensOf(segment)});
    task.first += segment.count;
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.tokens > b.tokens; });
  return pieces;
}

}  // namespace

void ComputeScores(const ArcModel& model, const ScorerOptions& options,
                   std::vector<ScoringTask> tasks, KnownTurns* known,
                   const std::function<void(std::size_t)>& progress) {
  torch::NoGradGuard no_grad;
  const auto ended = [](const ScoringTask& task) {
    return task.first >= static_cast<int>(task.conversation->turns.size());
  };
  std::size_t done = static_cast<std::size_t>(std::count_if(tasks.begin(), tasks.end(), ended));
  // A conversation longer than a segment comes back in the next round, and has to remember.
  std::deque<ArcMemory> between;
  for (ScoringTask& task : tasks) {
    const int turns = static_cast<int>(task.conversation->turns.size()) - task.first;
    if (task.memory == nullptr && turns > options.segment_turns) {
      task.memory = &between.emplace_back();
    }
  }
  for (;;) {
    const std::vector<Piece> pieces = NextPieces(&tasks, options.segment_turns);
    if (pieces.empty()) break;
    for (std::size_t begin = 0; begin < pieces.size();) {
      std::vector<Piece> batch;
      std::int64_t tokens = 0;
      for (; begin < pieces.size(); ++begin) {
        const Piece& piece = pieces[begin];
        if (!batch.empty() && tokens + piece.tokens > options.batch_tokens) break;
        tokens += piece.tokens;
        batch.push_back(piece);
      }
      ComputeBatch(model, batch, &tasks, known);
      for (const Piece& piece : batch) done += ended(tasks[piece.task]) ? 1 : 0;
      if (progress) progress(done);
    }
  }
}

void AddWords(const ArcModel& model, const EncodedConversation& conversation, RawScore* score) {
  const std::vector<double> shift = OutlookShift(model, conversation);
  if (shift.empty()) return;
  score->outlook_logit += shift.back();
  for (RawTurn& turn : score->turns) {
    turn.outlook_logit += shift[static_cast<std::size_t>(turn.index)];
  }
}

Scorer::Scorer(const ArcModel& model, const ScorerOptions& options)
    : model_(model),
      options_(options),
      known_(std::make_unique<KnownTurns>(options.known_bytes, options.known_file)) {}

Scorer::~Scorer() = default;

std::vector<RawScore> Scorer::Score(const std::vector<EncodedConversation>& conversations,
                                    const std::function<void(std::size_t)>& progress) const {
  std::vector<RawScore> scores(conversations.size());
  std::vector<ScoringTask> tasks;
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    scores[c].id = conversations[c].id;
    tasks.push_back({&conversations[c], 0, nullptr, &scores[c]});
  }
  ComputeScores(model_, options_, std::move(tasks), known_.get(), progress);
  for (std::size_t c = 0; c < conversations.size(); ++c) {
    AddWords(model_, conversations[c], &scores[c]);
  }
  return scores;
}

}  // namespace arcsat
