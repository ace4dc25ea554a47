#include "data/training_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/files.h"

namespace arcsat {

std::int64_t TokensOfLast(const EncodedConversation& conversation, int turns) {
  const std::size_t count = conversation.turns.size();
  std::int64_t tokens = 0;
  for (std::size_t t = count - std::min(count, static_cast<std::size_t>(turns)); t < count; ++t) {
    tokens += static_cast<std::int64_t>(conversation.turns[t].tokens->size());
  }
  return tokens;
}

std::shared_ptr<const EncodedConversation> InMemoryConversations::Get(std::int64_t i) const {
  return {std::shared_ptr<void>(), &At(i)};  // nobody's to free
}

std::int64_t InMemoryConversations::Tokens(std::int64_t i, int turns) const {
  return TokensOfLast(At(i), turns);
}

namespace {

int AnswerTo(const EncodedConversation& conversation) {
  return conversation.satisfied < 0 ? -1 : conversation.satisfied > 0.5F ? 1 : 0;
}

}  // namespace

LabelCounts CountLabels(const std::vector<EncodedConversation>& conversations) {
  LabelCounts counts;
  for (const EncodedConversation& conversation : conversations) {
    if (AnswerTo(conversation) == 1) ++counts.satisfied;
    if (AnswerTo(conversation) == 0) ++counts.dissatisfied;
    if (conversation.guess >= 0) ++counts.guessed;
    const auto rated = [](const EncodedTurn& turn) { return turn.rating >= 0; };
    if (std::any_of(conversation.turns.begin(), conversation.turns.end(), rated)) ++counts.rated;
  }
  return counts;
}

LabelCounts operator+(const LabelCounts& a, const LabelCounts& b) {
  return {a.satisfied + b.satisfied, a.dissatisfied + b.dissatisfied, a.rated + b.rated,
          a.guessed + b.guessed};
}

int InMemoryConversations::Answer(std::int64_t i) const { return AnswerTo(At(i)); }

void InMemoryConversations::Weigh(double dissatisfied, double satisfied) {
  for (EncodedConversation& conversation : all_) {
    if (conversation.satisfied < 0) continue;
    conversation.weight *=
        static_cast<float>(conversation.satisfied > 0.5F ? satisfied : dissatisfied);
  }
}

std::string FingerprintOf(const TrainingSet& set, const std::function<void()>& on_part) {
  constexpr std::int64_t kPart = 1024;
  Sha256Sum sum;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    const auto conversation = set.Get(i);
    const EncodedConversation& c = *conversation;
    std::string turns;
    for (const auto& turn : c.turns) {
      const auto& ids = *turn.tokens;
      turns += fmt::format("{} {} {}\n", static_cast<int>(turn.speaker), turn.rating, ids.size());
      turns.append(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(ids[0]));
    }
    sum.Update(
        fmt::format("{}\t{}\t{}\t{}\t{}\n", c.id, c.satisfied, c.survey, c.weight, Sha256(turns)));
    if (c.guess >= 0) sum.Update(fmt::format("{}\n", c.guess));
    if (on_part && i % kPart == 0) on_part();
  }
  return sum.Finish();
}

void JoinedSets::Add(std::unique_ptr<TrainingSet> set) {
  size_ += set->size();
  sets_.push_back(std::move(set));
}

const TrainingSet& JoinedSets::SetOf(std::int64_t* i) const {
  auto set = sets_.begin();
  while (*i >= (*set)->size()) *i -= (*set++)->size();
  return **set;
}

std::shared_ptr<const EncodedConversation> JoinedSets::Get(std::int64_t i) const {
  const TrainingSet& set = SetOf(&i);
  return set.Get(i);
}

std::int64_t JoinedSets::Tokens(std::int64_t i, int turns) const {
  const TrainingSet& set = SetOf(&i);
  return set.Tokens(i, turns);
}

int JoinedSets::Answer(std::int64_t i) const {
  const TrainingSet& set = SetOf(&i);
  return set.Answer(i);
}

LabelCounts JoinedSets::labels() const {
  LabelCounts all;
  for (const auto& set : sets_) all = all + set->labels();
  return all;
}

void JoinedSets::Weigh(double dissatisfied, double satisfied) {
  for (const auto& set : sets_) set->Weigh(dissatisfied, satisfied);
}

std::string JoinedSets::Joined(std::string (TrainingSet::*text)() const) const {
  if (sets_.size() == 1) return (sets_.front().get()->*text)();
  std::string all;
  for (const auto& set : sets_) all += (set.get()->*text)() + "\n";
  return Sha256(all);
}

void StoredFiles::Weigh(double dissatisfied, double satisfied) {
  fingerprint_.clear();
  JoinedSets::Weigh(dissatisfied, satisfied);
}

std::string StoredFiles::Fingerprint() const {
  return fingerprint_.empty() ? FingerprintOf(*this) : fingerprint_;
}

void StoredFiles::TakeFingerprint(const std::function<void()>& on_part) {
  fingerprint_ = FingerprintOf(*this, on_part);
}

}  // namespace arcsat
