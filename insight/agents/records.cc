#include "insight/agents/records.h"

#include <fmt/format.h>

#include <limits>
#include <unordered_map>

#include "data/error.h"
#include "data/files.h"
#include "data/score.h"
#include "data/timestamp.h"

namespace arcsat {
namespace {

struct ScoreFigures {
  double entry = 0, outcome = 0, satisfied = 0;
};

/// The scores of a file, each given out once, read no further than needed.
class ScoreFile {
 public:
  ScoreFile(const std::string& path, const AgentsOptions& options, const ReadOptions& read)
      : lines_(path), options_(options), read_(read) {}

  /// False where the file has no score of that id, or has given it out.
  bool Take(const std::string& id, ScoreFigures* figures) {
    for (;;) {
      const auto found = waiting_.find(id);
      if (found != waiting_.end()) {
        *figures = found->second;
        waiting_.erase(found);
        return true;
      }
      if (!Next()) return false;
    }
  }

  /// Reads what is left, so that a broken or doubled line there is not passed over.
  std::int64_t Rest() {
    while (Next()) {
    }
    return static_cast<std::int64_t>(waiting_.size());
  }

  const ReadReport& report() const { return report_; }

 private:
  bool Next() {
    for (std::string line; lines_.Next(&line);) {
      if (IsBlank(line)) continue;
      try {
        Keep(ParseScore(line, lines_.place()));
      } catch (const Error& error) {
        if (!read_.skip_bad) throw;
        report_.Skip(error.what());
        continue;
      }
      ++report_.read;
      return true;
    }
    return false;
  }

  void Keep(const Score& score) {
    const double outcome = OutcomeOf(score, options_.outcome);
    if (!waiting_.emplace(score.id, ScoreFigures{score.entry, outcome, score.p_satisfied}).second) {
      throw Error({lines_.place() + ": id", fmt::format("found \"{}\" again", score.id),
                   "expected every id once", "score each conversation once"});
    }
  }

  LineReader lines_;
  const AgentsOptions& options_;
  const ReadOptions read_;
  std::unordered_map<std::string, ScoreFigures> waiting_;
  ReadReport report_;
};

class Codes {
 public:
  explicit Codes(std::vector<std::string>* names) : names_(names) {}
  int operator()(const std::string& name) {
    const auto [place, fresh] = codes_.try_emplace(name, static_cast<int>(names_->size()));
    if (fresh) names_->push_back(name);
    return place->second;
  }

 private:
  std::vector<std::string>* names_;
  std::unordered_map<std::string, int> codes_;
};

void Append(const Conversation& conversation, const ScoreFigures& figures, int agent, int problem,
            AgentRecords* records) {
  const auto time = ParseTimestamp(conversation.started_at);
  records->AddId(conversation.id);
  records->agent.push_back(agent);
  records->problem.push_back(problem);
  records->channel.push_back(conversation.channel ? static_cast<std::int8_t>(*conversation.channel)
                                                  : std::int8_t{-1});
  records->started.push_back(time.value_or(std::numeric_limits<double>::quiet_NaN()));
  records->entry.push_back(figures.entry);
  records->outcome.push_back(figures.outcome);
  records->satisfied.push_back(figures.satisfied);
  records->behaviour.push_back(Behave(conversation));
}

}  // namespace

double OutcomeOf(const Score& score, const std::string& outcome) {
  if (outcome == "exit") return score.exit;
  if (outcome == "p_satisfied") return score.p_satisfied;
  if (outcome == "delta") return score.delta;
  if (score.turns.size() < 2) return 0;
  double sum = 0;
  for (std::size_t i = 1; i < score.turns.size(); ++i) sum += score.turns[i].state;
  return sum / static_cast<double>(score.turns.size() - 1) - score.entry;
}

std::string_view AgentRecords::id(std::size_t i) const {
  const std::uint64_t begin = i == 0 ? 0 : id_ends_[i - 1];
  return std::string_view(ids_).substr(begin, id_ends_[i] - begin);
}

void AgentRecords::AddId(std::string_view id) {
  ids_ += id;
  id_ends_.push_back(ids_.size());
}

AgentRecords ReadAgentRecords(const std::string& data, const std::string& scores,
                              const AgentsOptions& options, const ReadOptions& read,
                              const std::function<void(std::int64_t)>& progress) {
  AgentRecords records;
  ScoreFile score_file(scores, options, read);
  Codes agents(&records.agents), problems(&records.problems);
  records.read = ForEachConversation(data, read, [&](Conversation&& conversation) {
    if (++records.conversations % 1000 == 0 && progress) progress(records.conversations);
    ScoreFigures figures;
    if (!score_file.Take(conversation.id, &figures)) {
      ++records.without_score;
      return;
    }
    if (conversation.agent_id.empty()) {
      ++records.without_agent;
      return;
    }
    const std::string& type = conversation.problem_type;
    const int problem = problems(type.empty() ? "(none)" : type);
    Append(conversation, figures, agents(conversation.agent_id), problem, &records);
  });
  records.without_conversation = score_file.Rest();
  records.scores_read = score_file.report();
  if (records.size() == 0) {
    throw Error({data,
                 fmt::format("none of {} conversations has an agent and a score ({} have no score)",
                             records.conversations, records.without_score),
                 fmt::format("expected agent_id, and a score of the same id in {}", scores),
                 fmt::format("arcsat score --data {} --out {}", data, scores)});
  }
  return records;
}

}  // namespace arcsat
