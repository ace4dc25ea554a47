#include <fmt/format.h>

#include <algorithm>

#include "eval/evaluation.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr const char* kEvaluationFormat = "arcsat-evaluation";
constexpr int kEvaluationVersion = 1;

using TextRows = std::vector<std::vector<std::string>>;

Json SlicesJson(const std::vector<Slice>& slices, const std::vector<std::string>& classes) {
  Json array = Json::array();
  for (const Slice& slice : slices) {
    Json shares = Json::object();
    for (std::size_t c = 0; c < classes.size(); ++c) shares[classes[c]] = slice.shares[c];
    array.push_back({{"by", slice.by},
                     {"value", slice.value},
                     {"n", slice.n},
                     {"conversations", slice.conversations},
                     {"shares", shares},
                     {"figures", ToJson(slice.figures)},
                     {"majority", ToJson(slice.majority)}});
  }
  return array;
}

std::string Text(const Figure& figure) {
  if (!figure.value) return "-";
  if (!figure.interval) return fmt::format("{:.3f}", *figure.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", *figure.value, figure.interval->low,
                     figure.interval->high);
}

const Figure* Find(const std::vector<Figure>& figures, const std::string& name) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& figure) { return figure.name == name; });
  return found == figures.end() ? nullptr : &*found;
}

std::string TextOf(const std::vector<Figure>& figures, const std::string& name) {
  const Figure* figure = Find(figures, name);
  return figure ? Text(*figure) : "";
}

// Columns a terminal shows: bytes of UTF-8 that begin a character.
std::size_t Width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Aligned(const TextRows& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], Width(row[c]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      line += row[c] + std::string(widths[c] - Width(row[c]) + 2, ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// Everything together: one line a figure, the majority class beside it.
std::string Overall(const Slice& slice) {
  TextRows rows = {{"", "model", "majority class"}};
  for (const Figure& figure : slice.figures) {
    std::string text = Text(figure);
    if (!figure.value) text += fmt::format(" ({})", figure.reason);
    rows.push_back({figure.name, text, TextOf(slice.majority, figure.name)});
  }
  return Aligned(rows);
}

std::string Groups(const std::vector<Slice>& slices, const std::string& top_class,
                   const std::vector<std::string>& names) {
  std::string text, by;
  TextRows rows;
  const auto flush = [&] {
    if (!rows.empty()) text += "\n" + Aligned(rows);
  };
  for (std::size_t s = 1; s < slices.size(); ++s) {
    const Slice& slice = slices[s];
    if (slice.by != by) {
      flush();
      by = slice.by;
      rows = {{"by " + by, "n", top_class, "majority"}};
      rows.front().insert(rows.front().end(), names.begin(), names.end());
    }
    rows.push_back({slice.value, fmt::format("{}", slice.n),
                    fmt::format("{:.3f}", slice.shares.back()),
                    fmt::format("{:.3f}", *slice.majority.front().value)});
    for (const std::string& name : names) rows.back().push_back(TextOf(slice.figures, name));
  }
  flush();
  return text;
}

}  // namespace

Json ToJson(const std::vector<Figure>& figures) {
  Json object = Json::object();
  for (const Figure& figure : figures) {
    Json entry = {{"value", NumberJson(figure.value)}, {"interval", IntervalJson(figure.interval)}};
    if (!figure.value) entry["reason"] = figure.reason;
    object[figure.name] = std::move(entry);
  }
  return object;
}

Json ToJson(const Evaluation& evaluation) {
  const EvaluationOptions& options = evaluation.options;
  Json json = {{"format", kEvaluationFormat},
               {"version", kEvaluationVersion},
               {"options",
                {{"threshold", options.threshold},
                 {"bins", options.bins},
                 {"rating_rule", options.classes.rule},
                 {"state_low", options.classes.low},
                 {"state_high", options.classes.high},
                 {"state_sign", options.classes.sign},
                 {"resamples", options.bootstrap.resamples},
                 {"level", options.bootstrap.level},
                 {"seed", options.bootstrap.seed}}}};
  if (!evaluation.survey.empty()) {
    json["survey"] = SlicesJson(evaluation.survey, {"dissatisfied", "satisfied"});
  }
  if (!evaluation.turns.empty()) {
    json["turns"] = SlicesJson(evaluation.turns, {"negative", "neutral", "positive"});
  }
  return json;
}

std::string ToTable(const Evaluation& evaluation) {
  std::string text;
  const double percent = 100 * evaluation.options.bootstrap.level;
  if (!evaluation.survey.empty()) {
    const Slice& all = evaluation.survey.front();
    text += fmt::format("Survey: {} conversations, {:.1f}% satisfied, {:g}% intervals\n", all.n,
                        100 * all.shares.back(), percent);
    text += Overall(all) +
            Groups(evaluation.survey, "satisfied", {"accuracy", "balanced_accuracy", "roc_auc"});
  }
  if (!evaluation.turns.empty()) {
    const Slice& all = evaluation.turns.front();
    if (!text.empty()) text += "\n";
    text += fmt::format(
        "Rated turns: {} in {} conversations, {:.1f}% negative, {:.1f}% neutral, {:.1f}% positive, "
        "{:g}% intervals\n",
        all.n, all.conversations, 100 * all.shares[0], 100 * all.shares[1], 100 * all.shares[2],
        percent);
    text += Overall(all) +
            Groups(evaluation.turns, "positive", {"accuracy", "uar", "sign_accuracy", "spearman"});
  }
  return text;
}

}  // namespace arcsat
