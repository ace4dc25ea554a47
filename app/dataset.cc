#include "app/dataset.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "configs/progress.h"
#include "configs/text.h"
#include "data/files.h"
#include "model/scorer.h"

namespace arcsat {

namespace {

bool HasCustomer(const EncodedConversation& conversation) {
  for (const EncodedTurn& turn : conversation.turns) {
    if (turn.speaker == Speaker::kCustomer) return true;
  }
  return false;
}

void Count(const EncodedConversation& conversation, DatasetCounts* counts) {
  ++counts->conversations;
  if (!HasCustomer(conversation)) ++counts->without_customer;
  if (conversation.satisfied >= 0) {
    ++counts->surveyed;
    counts->satisfied += conversation.satisfied > 0.5F ? 1 : 0;
  }
  for (const EncodedTurn& turn : conversation.turns) counts->rated += turn.rating >= 0 ? 1 : 0;
}

/// Moves the turns' texts out.
std::shared_ptr<const std::vector<std::string>> Texts(Conversation* conversation) {
  auto texts = std::make_shared<std::vector<std::string>>();
  for (Turn& turn : conversation->turns) texts->push_back(std::move(turn.text));
  return texts;
}

/// Mean chance of satisfied by id, over the files that have it.
class Guesses {
 public:
  explicit Guesses(const std::vector<std::string>& paths) : paths_(paths) {
    for (const std::string& path : paths) {
      LineReader lines(path);
      for (std::string line; lines.Next(&line);) {
        if (Trim(line).empty()) continue;
        const Score score = ParseScore(line, lines.place());
        auto& [sum, count] = chances_[score.id];
        sum += score.p_satisfied;
        ++count;
      }
    }
  }
  float Of(const std::string& id) {
    const auto found = chances_.find(id);
    if (found == chances_.end()) return -1;
    used_ = true;
    return static_cast<float>(found->second.first / found->second.second);
  }
  /// Error where the files are of other conversations.
  void CheckUsed(const std::string& data) const {
    if (used_ || paths_.empty()) return;
    throw Error({paths_.front(), "has no score of any conversation in " + data,
                 "expected scores of the same conversations, by id",
                 fmt::format("make them: arcsat score --model RUN --data {} --out FILE", data)});
  }

 private:
  const std::vector<std::string>& paths_;
  std::unordered_map<std::string, std::pair<double, int>> chances_;
  bool used_ = false;
};

}  // namespace

std::vector<EncodedConversation> ReadDataset(const std::vector<DataSource>& sources,
                                             const LoadedModel& model, const ReadOptions& read,
                                             DatasetCounts* counts, bool texts) {
  std::vector<EncodedConversation> all;
  ConversationEncoder encoder = model.MakeEncoder();
  for (const DataSource& source : sources) {
    std::unordered_set<std::string> ids;
    Guesses guesses(source.scores);
    const ReadReport report =
        ForEachConversation(source.path, read, [&](Conversation&& conversation) {
          if (!ids.insert(conversation.id).second) {
            throw Error({source.path, fmt::format("the id \"{}\" is there twice", conversation.id),
                         "expected every conversation once", "remove one of the two"});
          }
          if (conversation.turns.empty()) {
            ++counts->empty;
            return;
          }
          all.push_back(encoder.Encode(conversation, source.survey));
          if (texts) all.back().texts = Texts(&conversation);
          all.back().weight = static_cast<float>(source.weight);
          all.back().guess = guesses.Of(conversation.id);
          Count(all.back(), counts);
        });
    counts->report.read += report.read;
    counts->report.skipped += report.skipped;
    for (const std::string& reason : report.reasons) counts->report.reasons.push_back(reason);
    if (report.read == 0) throw NothingRead(source.path);
    guesses.CheckUsed(source.path);
  }
  return all;
}

Error NothingRead(const std::string& path) {
  return Error({path, "holds no conversation that can be read", "expected one JSON object a line",
                "see docs/formats.md; arcsat inspect FILE"});
}

std::vector<EncodedConversation> Labelled(std::vector<EncodedConversation> all) {
  std::erase_if(all, [](const EncodedConversation& conversation) {
    if (conversation.satisfied >= 0 || conversation.guess >= 0) return false;
    for (const EncodedTurn& turn : conversation.turns) {
      if (turn.rating >= 0) return false;
    }
    return true;
  });
  return all;
}

ReadReport ScoreStream::Run(const std::string& path,
                            const std::function<void(const Conversation&, RawScore&&)>& use) const {
  ConversationEncoder encoder = model->MakeEncoder();
  const Scorer scorer(*model->model);
  Progress progress(label, 0, {.quiet = quiet, .unit = "conversations"});
  std::vector<Conversation> records;
  std::vector<EncodedConversation> encoded;
  std::int64_t done = 0;
  const auto flush = [&] {
    auto scores = scorer.Score(encoded);
    for (std::size_t i = 0; i < records.size(); ++i) use(records[i], std::move(scores[i]));
    done += static_cast<std::int64_t>(records.size());
    progress.Update(done);
    records.clear();
    encoded.clear();
    encoder.Trim();
  };
  const ReadReport report = ForEachConversation(path, read, [&](Conversation&& conversation) {
    if (wanted && !wanted(conversation)) return;
    encoded.push_back(encoder.Encode(conversation, model->survey));
    records.push_back(std::move(conversation));
    if (static_cast<int>(records.size()) >= window) flush();
  });
  flush();
  return report;
}

namespace {

std::optional<bool> Truth(const Conversation& conversation) {
  const auto truth = conversation.attributes.find("truth");
  if (truth == conversation.attributes.end() || !truth->is_object()) return std::nullopt;
  const auto satisfied = truth->find("satisfied");
  if (satisfied == truth->end() || !satisfied->is_boolean()) return std::nullopt;
  return satisfied->get<bool>();
}

LabelledConversation Label(const Conversation& conversation, RawScore&& raw,
                           const SurveyOptions& survey, const SurveyOptions& trained) {
  LabelledConversation item;
  item.score.satisfied = Satisfied(conversation, survey);
  item.answered_satisfied = Satisfied(conversation, trained);
  item.truth = Truth(conversation);
  if (conversation.survey) {
    item.answer = conversation.survey->score;
    item.scale_low = conversation.survey->scale_low;
    item.scale_high = conversation.survey->scale_high;
  }
  if (survey.target == "survey") item.score.answer = item.answer;
  if (trained.target != "survey") item.answer.reset();
  for (const RawTurn& turn : raw.turns) {
    const auto& ratings = conversation.turns[static_cast<std::size_t>(turn.index)].satisfaction;
    item.score.ratings.push_back(std::nullopt);
    if (ratings.empty()) continue;
    double sum = 0;
    for (const double rating : ratings) sum += rating;
    item.score.ratings.back() = sum / static_cast<double>(ratings.size());
  }
  if (conversation.channel) item.channel = Name(*conversation.channel);
  item.problem_type = conversation.problem_type;
  item.escalated = conversation.escalated;
  item.turns = static_cast<int>(conversation.turns.size());
  item.score.raw = std::move(raw);
  return item;
}

}  // namespace

std::vector<LabelledConversation> ScoreLabelled(const ScoreStream& stream, const std::string& path,
                                                const SurveyOptions& survey, ReadReport* report,
                                                Keep keep, ColumnCensus* columns) {
  std::vector<LabelledConversation> out;
  ScoreStream labelled = stream;
  if (keep == Keep::kLabelled) {
    labelled.wanted = [&survey](const Conversation& conversation) {
      return HasLabel(conversation, survey);
    };
  }
  const SurveyOptions& trained = stream.model->survey;
  *report = labelled.Run(path, [&](const Conversation& conversation, RawScore&& raw) {
    out.push_back(Label(conversation, std::move(raw), survey, trained));
    if (columns == nullptr) return;
    out.back().columns = columns->Add(conversation);
    for (const char* kept : {"channel", "problem_type"}) out.back().columns.erase(kept);
  });
  return out;
}

Calibration DemandCalibration(const LoadedModel& loaded, const std::string& model) {
  if (auto found = FindCalibration(loaded.folder)) return *std::move(found);
  throw Error({(loaded.folder / "calibration.json").string(),
               "is missing: the model is not calibrated",
               "expected a calibrated model, whose scores are honest chances",
               "arcsat calibrate --model " + model + " --data FILE"});
}

}  // namespace arcsat
