#include "eval/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "eval/report/json_view.h"
#include "eval/report/report.h"
#include "eval/report/verdict.h"

namespace arcsat {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// The first row is the head; the first column is text, the others are figures.
std::string Table(const Rows& rows) {
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const std::string& cell : rows[r]) text += "| " + cell + " ";
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t c = 0; c < rows[r].size(); ++c) text += c == 0 ? "| :-- " : "| --: ";
    text += "|\n";
  }
  return rows.size() > 1 ? text + "\n" : "";
}

std::string Cell(const Estimate& estimate) {
  if (!estimate.value) return "–";
  if (!estimate.interval) return fmt::format("{:.3f}", *estimate.value);
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", *estimate.value, estimate.interval->low,
                     estimate.interval->high);
}

std::string FiguresTable(const Json& evaluation, const char* slices, const char* title) {
  const Json& all = Overall(evaluation, slices);
  const Json* figures = Find(all, {"figures"});
  if (!figures) return "";
  Rows rows = {{title, "model", "commonest class"}};
  for (const auto& [name, figure] : figures->items()) {
    rows.push_back({CodeCell(name), Cell(FindEstimate(figure, {})),
                    Cell(FindEstimate(all, {"majority", name.c_str()}))});
  }
  return Table(rows);
}

// One line of the answer on the survey's own scale.
std::string AnswersLine(const Json& evaluation) {
  const Json* csat = Find(evaluation, {"answers", "csat"});
  if (!csat) return "";
  std::string text = fmt::format(
      "**Answer on the survey's scale**, {} answers: mean absolute error {}, bias {}, skill {}",
      Count(FindNumber(*csat, {"n"}).value_or(0)), Cell(FindEstimate(*csat, {"figures", "mae"})),
      Cell(FindEstimate(*csat, {"figures", "bias"})),
      Cell(FindEstimate(*csat, {"figures", "skill"})));
  if (const Json* boxes = Find(evaluation, {"answers", "boxes", "figures"})) {
    text +=
        fmt::format("; ranked probability score {}, likeliest box right {}",
                    Cell(FindEstimate(*boxes, {"rps"})), Cell(FindEstimate(*boxes, {"accuracy"})));
  }
  return text + "\n\n";
}

std::string Population(const Json& evaluation) {
  const Json* overall = Find(evaluation, {"population", "overall"});
  if (!overall) return "";
  Rows rows = {{"Population CSAT", "share satisfied"}};
  for (const char* way : {"measured", "reweighted", "prediction_powered"}) {
    std::string name = way;
    std::replace(name.begin(), name.end(), '_', '-');
    rows.push_back({name, Cell(FindEstimate(*overall, {way}))});
  }
  if (const auto truth = FindNumber(*overall, {"truth"})) {
    rows.push_back({"truth (simulated)", fmt::format("{:.3f}", *truth)});
  }
  return Table(rows);
}

std::string Tests(const Json& evaluation) {
  Rows rows = {{"Does the transition matter?", "coefficient", "p"}};
  for (const Json& test : FindArray(evaluation, {"claim", "tests"})) {
    const auto p = FindNumber(test, {"p_value"});
    rows.push_back({CodeCell(FindText(test, {"name"})),
                    Cell({FindNumber(test, {"coefficient"}), FindInterval(test, {"interval"})}),
                    !p            ? "–"
                    : *p < 0.0001 ? "< 0.0001"
                                  : fmt::format("{:.4f}", *p)});
  }
  return Table(rows);
}

// The slices with the lowest accuracy: where a reviewer looks first.
std::string WeakestSlices(const Json& evaluation) {
  constexpr std::size_t kShown = 8;
  std::vector<const Json*> slices;
  for (const Json& slice : FindArray(evaluation, {"survey"})) {
    const auto value = FindNumber(slice, {"figures", "accuracy", "value"});
    if (value && FindText(slice, {"by"}) != "all") slices.push_back(&slice);
  }
  const auto accuracy = [](const Json* slice) {
    return *FindNumber(*slice, {"figures", "accuracy", "value"});
  };
  std::stable_sort(slices.begin(), slices.end(),
                   [&](const Json* a, const Json* b) { return accuracy(a) < accuracy(b); });
  const std::string title = fmt::format("Slice ({} of {}, the weakest first)",
                                        std::min(kShown, slices.size()), slices.size());
  Rows rows = {{title, "n", "accuracy", "commonest class"}};
  for (std::size_t i = 0; i < std::min(kShown, slices.size()); ++i) {
    const Json& slice = *slices[i];
    rows.push_back({CodeCell(FindText(slice, {"by"}) + ": " + FindText(slice, {"value"})),
                    Count(FindNumber(slice, {"n"}).value_or(0)),
                    Cell(FindEstimate(slice, {"figures", "accuracy"})),
                    Cell(FindEstimate(slice, {"majority", "accuracy"}))});
  }
  return Table(rows);
}

std::string Notes(const Json& evaluation) {
  std::string text;
  for (const Json& note : FindArray(evaluation, {"notes"})) {
    if (note.is_string()) text += "- " + CodeSpan(note.get<std::string>()) + "\n";
  }
  return text.empty() ? "" : "**Not in this evaluation**\n\n" + text + "\n";
}

std::string Origin(const ReportData& data) {
  std::vector<std::string> parts;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parts.push_back(fmt::format("{} {}", name, CodeSpan(value)));
  };
  add("model", FindText(data.evaluation, {"model"}));
  add("target", FindText(data.evaluation, {"target"}));
  add("data", FindText(data.evaluation, {"data", "path"}));
  add("SHA-256", FindText(data.evaluation, {"data", "sha256"}).substr(0, 12));
  add("by", data.program);
  add("at", data.made_at);
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : " · ") + part;
  return text.empty() ? "" : "<sub>" + text + "</sub>\n";
}

}  // namespace

std::string CodeSpan(std::string_view text) {
  std::string body;
  std::size_t run = 0, longest = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    body += control ? ' ' : c;
  }
  if (body.find_first_not_of(' ') == std::string::npos) return "–";
  // One space each side is taken off again where both are there, so a text keeps its own.
  const bool pad =
      body.front() == '`' || body.back() == '`' || (body.front() == ' ' && body.back() == ' ');
  const std::string fence(longest + 1, '`'), space = pad ? " " : "";
  return fence + space + body + space + fence;
}

std::string CodeCell(std::string_view text) {
  std::string cell;
  for (const char c : CodeSpan(text)) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string PlainMarkdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_{}[]<>#|~&!";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // Addresses become links, and @name a mention, without any mark of Markdown.
    const bool address = (c == ':' && text.substr(i, 3) == "://") ||
                         (c == '.' && i >= 3 && text.substr(i - 3, 3) == "www");
    if (c == '@') {
      result += "@<!-- -->";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += ' ';
    } else {
      if (address || kSpecial.find(c) != std::string_view::npos) result += '\\';
      result += c;
    }
  }
  return result;
}

const char* MarkdownSign(FindingStanding standing) {
  switch (standing) {
    case FindingStanding::kGood:
      return "✅";
    case FindingStanding::kOpen:
      return "🟡";
    case FindingStanding::kBad:
      return "❌";
    case FindingStanding::kFact:
      return "🔵";
    case FindingStanding::kUnknown:
      break;
  }
  return "⚪";
}

std::string RenderMarkdown(const ReportData& data, const ReportOptions& options) {
  const Verdict verdict = Judge(data.evaluation, options);
  std::string text = "### " + PlainMarkdown(verdict.headline) + "\n\n";
  if (!data.title.empty()) text += CodeSpan(data.title) + "\n\n";
  for (const Finding& finding : verdict.findings) {
    text += fmt::format("- {} **{}: {}.** {}\n", MarkdownSign(finding.standing), finding.label,
                        finding.result, PlainMarkdown(finding.text));
  }
  text += "\n" + FiguresTable(data.evaluation, "survey", "Answered conversations") +
          AnswersLine(data.evaluation) + Population(data.evaluation) + Tests(data.evaluation) +
          WeakestSlices(data.evaluation) + FiguresTable(data.evaluation, "turns", "Rated turns") +
          Notes(data.evaluation) + Origin(data);
  return text;
}

}  // namespace arcsat
