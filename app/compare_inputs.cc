#include "app/compare_inputs.h"

#include <fmt/format.h>

#include <unordered_set>

#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

std::string ChannelOf(const Conversation& conversation) {
  return conversation.channel ? Name(*conversation.channel) : "";
}

[[noreturn]] void RefuseTwice(const std::string& place, const std::string& id) {
  throw Error({place, fmt::format("the id \"{}\" is there twice", id), "expected every id once",
               "remove one of the two"});
}

/// Puts a score where its conversation stands.
void Take(Score&& score, const CompareData& data, VersionScores* version) {
  ++version->read;
  const auto found = data.ids.find(score.id);
  if (found == data.ids.end()) {
    ++version->unknown;
  } else if (!found->second) {
    ++version->without_answer;
  } else {
    version->scores[*found->second] = std::move(score);
  }
}

void CountMissing(VersionScores* version) {
  for (const auto& score : version->scores) version->missing += score ? 0 : 1;
}

void RefuseWithoutMatch(const VersionScores& version, const CompareData& data) {
  if (version.missing < static_cast<std::int64_t>(data.items.size())) return;
  throw Error({version.path,
               fmt::format("none of its {} scores is of one of the {} conversations with an answer "
                           "in {} ({} of unknown conversations, {} of ones without an answer)",
                           Thousands(version.read), Thousands(version.missing), data.path,
                           Thousands(version.unknown), Thousands(version.without_answer)),
               "expected scores of the same conversations, by id",
               "score that file, or name the one that was scored as --data"});
}

}  // namespace

CompareData ReadCompareData(const std::string& path, const SurveyOptions& survey,
                            const ReadOptions& read) {
  CompareData data;
  data.path = path;
  data.report = ForEachConversation(path, read, [&](Conversation&& conversation) {
    const std::optional<bool> answer = Satisfied(conversation, survey);
    const std::string channel = ChannelOf(conversation);
    const int turns = static_cast<int>(conversation.turns.size());
    data.summary.Add(channel, conversation.problem_type, turns, answer);
    std::optional<std::size_t> place;
    if (answer) place = data.items.size();
    if (!data.ids.emplace(conversation.id, place).second) RefuseTwice(path, conversation.id);
    if (!answer) return;
    data.items.push_back({conversation.id, *answer, channel, conversation.problem_type, turns});
  });
  if (data.report.read == 0) {
    throw Error({path, "holds no conversation that can be read", "expected one JSON object a line",
                 "see docs/formats.md; arcsat inspect FILE"});
  }
  if (data.items.empty()) {
    throw Error({path,
                 fmt::format("none of {} conversations has an answer", Thousands(data.report.read)),
                 "expected answers to measure against", "check --target, or arcsat inspect FILE"});
  }
  return data;
}

DataSummary Summarise(const AnsweredFile& file, const ReadOptions& read) {
  DataSummary summary;
  ForEachConversation(file.path, read, [&](Conversation&& conversation) {
    summary.Add(ChannelOf(conversation), conversation.problem_type,
                static_cast<int>(conversation.turns.size()), Satisfied(conversation, file.survey));
  });
  return summary;
}

VersionScores ReadScoreFile(const std::string& path, double threshold, const CompareData& data) {
  VersionScores version;
  version.path = path;
  version.kind = "scores";
  version.threshold = threshold;
  version.scores.resize(data.items.size());
  std::unordered_set<std::string> ids;
  LineReader lines(path);
  for (std::string line; lines.Next(&line);) {
    if (Trim(line).empty()) continue;
    Score score = ParseScore(line, lines.place());
    if (!ids.insert(score.id).second) RefuseTwice(lines.place(), score.id);
    if (version.read == 0) version.model = score.model;
    if (version.model != score.model) version.model = "several";
    Take(std::move(score), data, &version);
  }
  if (version.read == 0) {
    throw Error({path, "holds no score", "expected one JSON object a line, as arcsat score writes",
                 "see docs/formats.md; arcsat score --model MODEL --data FILE --out SCORES"});
  }
  CountMissing(&version);
  return version;
}

VersionScores ScoreWithModel(const std::string& path, const ModelVersion& model,
                             const CompareData& data, const ReadOptions& read, bool quiet) {
  VersionScores version;
  version.path = path;
  version.kind = "model";
  version.model = model.name();
  version.calibrated = model.calibrated();
  version.threshold = model.threshold();
  version.scores.resize(data.items.size());
  const auto wanted = [&](const Conversation& conversation) {
    const auto found = data.ids.find(conversation.id);
    return found != data.ids.end() && found->second.has_value();
  };
  model.ForEachScore(data.path, read, quiet, wanted,
                     [&](Score&& score) { Take(std::move(score), data, &version); });
  CountMissing(&version);
  return version;
}

std::vector<CompareVersion> Align(std::vector<VersionScores>* versions, CompareData* data) {
  for (const VersionScores& version : *versions) RefuseWithoutMatch(version, *data);
  std::vector<CompareVersion> aligned(versions->size());
  std::vector<CompareItem> kept;
  for (std::size_t v = 0; v < aligned.size(); ++v) {
    aligned[v].label = std::string(1, static_cast<char>('A' + v));
    aligned[v].threshold = (*versions)[v].threshold;
  }
  for (std::size_t i = 0; i < data->items.size(); ++i) {
    bool everywhere = true;
    for (const VersionScores& version : *versions) everywhere = everywhere && version.scores[i];
    if (!everywhere) continue;
    kept.push_back(data->items[i]);
    for (std::size_t v = 0; v < aligned.size(); ++v) {
      aligned[v].scores.push_back(std::move(*(*versions)[v].scores[i]));
    }
  }
  if (kept.empty()) {
    throw Error({data->path, "no conversation with an answer was scored by every version",
                 "expected versions that scored the same conversations",
                 "score one file with each of them"});
  }
  data->items = std::move(kept);
  return aligned;
}

}  // namespace arcsat
