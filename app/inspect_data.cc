#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "app/inspect.h"
#include "app/table.h"
#include "configs/text.h"
#include "data/corpus.h"
#include "data/files.h"
#include "data/score.h"

namespace arcsat {
namespace {

constexpr std::size_t kNamesShown = 6;
constexpr std::size_t kNamesKept = 100'000;  // of agents, problem types: beyond it, only the first

/// Everything counted while a conversations file streams by.
struct Census {
  std::int64_t conversations = 0, turns = 0, customer_turns = 0, no_customer = 0;
  std::int64_t offered = 0, answered = 0, labelled = 0, satisfied = 0, rated_turns = 0;
  std::int64_t timed = 0, escalated = 0;
  std::map<std::string, std::int64_t> channels, languages, problems, agents;
  std::map<double, std::int64_t> answers;
  std::string first_start, last_start;
  std::vector<double> turn_counts, turn_bytes;
  std::vector<std::string> shown;

  void Add(const Conversation& conversation, const InspectOptions& options);
};

void Count(const std::string& name, std::map<std::string, std::int64_t>* counts) {
  if (!name.empty() && (counts->size() < kNamesKept || counts->count(name) > 0)) ++(*counts)[name];
}

void Census::Add(const Conversation& conversation, const InspectOptions& options) {
  ++conversations;
  std::int64_t customers = 0;
  double bytes = 0;
  for (const Turn& turn : conversation.turns) {
    if (turn.speaker == Speaker::kCustomer) ++customers;
    if (!turn.satisfaction.empty()) ++rated_turns;
    bytes += static_cast<double>(turn.text.size());
  }
  if (customers == 0) ++no_customer;
  customer_turns += customers;
  turns += static_cast<std::int64_t>(conversation.turns.size());
  turn_counts.push_back(static_cast<double>(conversation.turns.size()));
  turn_bytes.push_back(bytes);
  if (!conversation.turns.empty() && conversation.turns.front().at) ++timed;
  if (conversation.escalated.value_or(false)) ++escalated;
  Count(conversation.channel ? Name(*conversation.channel) : "", &channels);
  Count(conversation.language, &languages);
  Count(conversation.problem_type, &problems);
  Count(conversation.agent_id, &agents);
  const std::string& start = conversation.started_at;
  if (!start.empty()) {  // ISO 8601 in UTC sorts as text
    if (first_start.empty() || start < first_start) first_start = start;
    last_start = std::max(last_start, start);
  }
  if (conversation.survey && conversation.survey->offered) {
    ++offered;
    if (conversation.survey->score) {
      ++answered;
      ++answers[*conversation.survey->score];
    }
  }
  if (const auto label = Satisfied(conversation, options.survey)) {
    ++labelled;
    satisfied += *label ? 1 : 0;
  }
  if (static_cast<int>(shown.size()) < options.show) shown.push_back(Transcript(conversation));
}

std::vector<std::pair<std::string, std::int64_t>> Largest(
    const std::map<std::string, std::int64_t>& counts) {
  std::vector<std::pair<std::string, std::int64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::string Row(const std::string& name, const std::string& value) {
  return fmt::format("  {:<18}{}\n", name, value);
}

/// "billing 120, delivery 80, … (12 in all)"; nothing where none is known.
std::string Names(const std::string& name, const std::map<std::string, std::int64_t>& counts) {
  if (counts.empty()) return "";
  std::string text;
  std::size_t i = 0;
  for (const auto& [value, count] : Largest(counts)) {
    if (i++ == kNamesShown) break;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", value, Thousands(count));
  }
  if (counts.size() > kNamesShown) text += fmt::format(", … ({} in all)", counts.size());
  return Row(name, text);
}

std::string Spread(const std::vector<double>& sorted) {
  return fmt::format(
      "median {}, 90% have at most {}, longest {}", Thousands(std::llround(Quantile(sorted, 0.5))),
      Thousands(std::llround(Quantile(sorted, 0.9))), Thousands(std::llround(Quantile(sorted, 1))));
}

Json SpreadJson(const std::vector<double>& sorted) {
  return {{"min", Quantile(sorted, 0)},
          {"median", Quantile(sorted, 0.5)},
          {"p90", Quantile(sorted, 0.9)},
          {"max", Quantile(sorted, 1)}};
}

Json Ratio(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return nullptr;
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string CensusText(const Census& census, const ReadReport& report, const std::string& path,
                       const InspectOptions& options) {
  std::string text = path + "\n";
  text += Row("conversations", Thousands(census.conversations));
  if (report.skipped > 0) text += Row("left out", Thousands(report.skipped));
  for (const std::string& reason : report.reasons) text += "    " + reason + "\n";
  text += Names("channels", census.channels) + Names("languages", census.languages);
  text += Names("problem types", census.problems);
  text += Names("agents", census.agents);
  if (!census.first_start.empty()) {
    text += Row("time", census.first_start + " to " + census.last_start);
  }
  text += Row("turns", fmt::format("{} ({} of customers); {}", Thousands(census.turns),
                                   Thousands(census.customer_turns), Spread(census.turn_counts)));
  text += Row("bytes of text", Spread(census.turn_bytes));
  if (census.no_customer > 0) text += Row("no customer turn", Thousands(census.no_customer));
  if (census.rated_turns > 0) text += Row("rated turns", Thousands(census.rated_turns));
  const auto part = [](std::int64_t count) { return static_cast<double>(count); };
  text += Row("survey", fmt::format("offered {}, answered {} ({})", Thousands(census.offered),
                                    Thousands(census.answered),
                                    Percent(part(census.answered), part(census.offered))));
  if (!census.answers.empty() && census.answers.size() <= 11) {
    std::string answers;
    for (const auto& [answer, count] : census.answers) {
      answers += fmt::format("{}{}: {}", answers.empty() ? "" : ", ", answer, Thousands(count));
    }
    text += Row("answers", answers);
  }
  text += Row("satisfied", fmt::format("{} of {} labelled ({}), by {}", Thousands(census.satisfied),
                                       Thousands(census.labelled),
                                       Percent(part(census.satisfied), part(census.labelled)),
                                       options.survey.target));
  for (const std::string& transcript : census.shown) text += "\n" + transcript;
  return text;
}

Json CensusJson(const Census& census, const ReadReport& report, const std::string& path,
                const InspectOptions& options) {
  return {{"kind", "conversations"},
          {"path", path},
          {"conversations", census.conversations},
          {"skipped", report.skipped},
          {"reasons", report.reasons},
          {"channels", census.channels},
          {"languages", census.languages},
          {"problem_types", census.problems},
          {"agents", census.agents.size()},
          {"timed", census.timed},
          {"escalated", census.escalated},
          {"turns", census.turns},
          {"customer_turns", census.customer_turns},
          {"without_customer", census.no_customer},
          {"rated_turns", census.rated_turns},
          {"turns_per_conversation", SpreadJson(census.turn_counts)},
          {"bytes_per_conversation", SpreadJson(census.turn_bytes)},
          {"survey",
           {{"offered", census.offered},
            {"answered", census.answered},
            {"response_rate", Ratio(census.answered, census.offered)}}},
          {"target", options.survey.target},
          {"labelled", census.labelled},
          {"satisfied", census.satisfied},
          {"base_rate", Ratio(census.satisfied, census.labelled)}};
}

}  // namespace

double Quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const double rank = std::ceil(q * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

Inspection InspectConversations(const std::string& path, const InspectOptions& options) {
  Census census;
  const ReadReport report =
      ForEachConversation(path, {.skip_bad = options.skip_bad},
                          [&](Conversation&& conversation) { census.Add(conversation, options); });
  std::sort(census.turn_counts.begin(), census.turn_counts.end());
  std::sort(census.turn_bytes.begin(), census.turn_bytes.end());
  return {CensusText(census, report, path, options), CensusJson(census, report, path, options)};
}

Inspection InspectScores(const std::string& path, const InspectOptions& options) {
  std::vector<double> entry, exit, delta, chance;
  std::map<std::string, std::int64_t> models;
  std::string shown;
  LineReader lines(path);
  for (std::string line; lines.Next(&line);) {
    if (Trim(line).empty()) continue;
    const Score score = ParseScore(line, lines.place());
    entry.push_back(score.entry);
    exit.push_back(score.exit);
    delta.push_back(score.delta);
    chance.push_back(score.p_satisfied);
    Count(score.model, &models);
    if (static_cast<int>(entry.size()) > options.show) continue;
    shown += fmt::format("\n{}  entry {:.2f}  exit {:.2f}  delta {:+.2f}  P(satisfied) {:.2f}\n",
                         score.id, score.entry, score.exit, score.delta, score.p_satisfied);
    for (const ScoredTurn& turn : score.turns) {
      shown += fmt::format("  turn {:<4} state {:.2f}  outlook {:.2f}\n", turn.index, turn.state,
                           turn.outlook);
    }
  }
  std::vector<std::vector<std::string>> rows = {{"", "mean", "10%", "median", "90%"}};
  Json json = {{"kind", "scores"}, {"path", path}, {"scores", entry.size()}, {"models", models}};
  const auto add = [&](const char* name, std::vector<double>* values) {
    std::sort(values->begin(), values->end());
    double sum = 0;
    for (const double value : *values) sum += value;
    const double mean = values->empty() ? 0 : sum / static_cast<double>(values->size());
    std::vector<std::string> row = {name, fmt::format("{:.3f}", mean)};
    for (const double q : {0.1, 0.5, 0.9})
      row.push_back(fmt::format("{:.3f}", Quantile(*values, q)));
    rows.push_back(row);
    json[name] = {{"mean", mean},
                  {"p10", Quantile(*values, 0.1)},
                  {"median", Quantile(*values, 0.5)},
                  {"p90", Quantile(*values, 0.9)}};
  };
  add("entry", &entry);
  add("exit", &exit);
  add("delta", &delta);
  add("p_satisfied", &chance);
  return {path + "\n" + Row("scores", Thousands(static_cast<long long>(entry.size()))) +
              Names("models", models) + "\n" + Table(rows) + shown,
          json};
}

}  // namespace arcsat
