#include "app/compare_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/inspect.h"
#include "app/table.h"
#include "configs/text.h"
#include "eval/report/compare/words.h"
#include "eval/report/markdown.h"

namespace arcsat {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// A heading, sentences, and a table whose first row is its heading; each may be missing.
struct Section {
  std::string heading;
  std::vector<std::string> lines;
  Rows rows;
};

constexpr std::size_t kFlipsShown = 10;
constexpr std::size_t kLongestWord = 48;

/// Words from outside, on one line and no longer than a cell.
std::string Cell(const std::string& text) {
  std::string line = Shorten(Printable(text), kLongestWord);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string Shown(const char* format, std::optional<double> value,
                  const std::optional<Interval>& interval) {
  if (!value) return "-";
  std::string text = fmt::format(fmt::runtime(format), *value);
  if (!interval) return text;
  return fmt::format("{} [{}, {}]", text, fmt::format(fmt::runtime(format), interval->low),
                     fmt::format(fmt::runtime(format), interval->high));
}

std::string Shown(const Figure& figure) { return Shown("{:.3f}", figure.value, figure.interval); }

std::string Shown(const Difference& difference) {
  return Shown("{:+.3f}", difference.value, difference.interval);
}

std::string ShownP(const std::optional<double>& p) {
  if (!p) return "-";
  return *p < 0.0001 ? "<0.0001" : fmt::format("{:.2g}", *p);
}

std::string GroupWords(const ComparedSlice& slice) {
  return fmt::format("{} {}", slice.by == "problem_type" ? "problem type" : slice.by,
                     Cell(slice.value));
}

Section Heading(const CompareReport& report) {
  const Comparison& c = report.comparison;
  const ComparedSlice& all = c.slices.front();
  Section section;
  section.lines.push_back(
      fmt::format("{} conversations with an answer, {} satisfied; {:g}% intervals",
                  Thousands(all.n), Percent(all.satisfied, 1), 100 * c.options.bootstrap.level));
  for (std::size_t v = 0; v < report.versions.size(); ++v) {
    const VersionScores& version = report.versions[v];
    section.lines.push_back(
        fmt::format("{}: {} ({}{}{}, satisfied from {:.3f})", c.labels[v], Printable(version.path),
                    version.kind, version.model.empty() ? "" : " " + Cell(version.model),
                    version.calibrated ? "" : ", not calibrated", version.threshold));
  }
  for (const std::string& note : report.notes) {
    section.lines.push_back(fmt::format("note: {}", Printable(note)));
  }
  return section;
}

Section Overall(const Comparison& c, std::size_t pair) {
  const ComparedPair& two = c.pairs[pair];
  const ComparedSlice& all = c.slices.front();
  Section section;
  section.heading = fmt::format("{} against {}", two.other, two.first);
  section.rows = {{"", two.first, two.other, fmt::format("{} - {}", two.other, two.first), "p"}};
  for (std::size_t f = 0; f < all.figures[0].size(); ++f) {
    const Difference& difference = all.differences[pair][f];
    section.rows.push_back({FigureWords(difference.name), Shown(all.figures[0][f]),
                            Shown(all.figures[pair + 1][f]), Shown(difference),
                            ShownP(difference.p)});
  }
  return section;
}

// `brief`: only the groups that are judged, the others counted.
Section ByGroup(const Comparison& c, std::size_t pair, bool brief) {
  const ComparedPair& two = c.pairs[pair];
  Section section;
  section.heading = fmt::format("By group: {}", FigureWords(c.options.figure));
  section.rows = {{"", "n", two.first, two.other, fmt::format("{} - {}", two.other, two.first), "p",
                   "p (Holm)"}};
  std::size_t left_out = 0;
  for (std::size_t s = 1; s < c.slices.size(); ++s) {
    const ComparedSlice& slice = c.slices[s];
    if (brief && slice.n < c.options.min_slice) {
      ++left_out;
      continue;
    }
    const auto& differences = slice.differences[pair];
    const auto named = std::find_if(differences.begin(), differences.end(),
                                    [&](const auto& d) { return d.name == c.options.figure; });
    const std::size_t f = static_cast<std::size_t>(named - differences.begin());
    section.rows.push_back({GroupWords(slice), Thousands(slice.n),
                            Shown("{:.3f}", slice.figures[0][f].value, {}),
                            Shown("{:.3f}", slice.figures[pair + 1][f].value, {}), Shown(*named),
                            ShownP(named->p), ShownP(named->p_holm)});
  }
  if (!brief) {
    section.lines.push_back(
        fmt::format("Groups of fewer than {} conversations are not judged (p (Holm) is \"-\").",
                    c.options.min_slice));
  } else if (left_out > 0) {
    section.lines.push_back(fmt::format("{} groups of fewer than {} conversations are left out.",
                                        left_out, c.options.min_slice));
  }
  if (section.rows.size() == 1) section.rows.clear();
  return section;
}

std::string Change(const Flip& flip) {
  if (flip.first_right == flip.other_right) return flip.other_right ? "right" : "wrong";
  return flip.other_right ? "mended" : "spoilt";
}

Section Flips(const ComparedPair& pair, int all) {
  Section section;
  section.heading = "What flipped";
  section.lines.push_back(fmt::format(
      "{} of {} conversations are decided otherwise: {} mended, {} spoilt (McNemar, {}: "
      "p {})",
      Thousands(pair.mended + pair.spoilt), Thousands(all), Thousands(pair.mended),
      Thousands(pair.spoilt), pair.mcnemar.method, ShownP(pair.mcnemar.p_value)));
  if (pair.flips.empty()) return section;
  section.rows = {{"conversation", "answer", "p in " + pair.first, "p in " + pair.other,
                   "arc in " + pair.first, "in " + pair.other, ""}};
  for (std::size_t i = 0; i < std::min(pair.flips.size(), kFlipsShown); ++i) {
    const Flip& flip = pair.flips[i];
    const auto arc = [](const Score& score) {
      return fmt::format("{:.2f} → {:.2f}", score.entry, score.exit);
    };
    section.rows.push_back({Cell(flip.item.id), flip.item.y ? "satisfied" : "dissatisfied",
                            fmt::format("{:.3f}", flip.first.p_satisfied),
                            fmt::format("{:.3f}", flip.other.p_satisfied), arc(flip.first),
                            arc(flip.other), Change(flip)});
  }
  return section;
}

Section Drift(const DriftReport& drift) {
  Section section;
  section.heading = fmt::format("Drift from {} to {}", drift.from, drift.to);
  section.lines.push_back(
      fmt::format("{} and {} conversations", Thousands(drift.before), Thousands(drift.after)));
  section.rows = {{"", "PSI", "by chance", "total variation", "p (Holm)", "drift"}};
  for (const ColumnDrift& column : drift.columns) {
    section.rows.push_back(
        {column.name == "problem_type" ? "problem type" : column.name,
         fmt::format("{:.3f}", column.psi), fmt::format("{:.3f}", column.psi_by_chance),
         fmt::format("{:.3f}", column.total_variation), ShownP(column.p_holm), column.size});
  }
  return section;
}

std::vector<Section> Sections(const CompareReport& report, bool brief) {
  const Comparison& c = report.comparison;
  std::vector<Section> sections = {Heading(report)};
  for (std::size_t pair = 0; pair < c.pairs.size(); ++pair) {
    sections.push_back(Overall(c, pair));
    sections.push_back(ByGroup(c, pair, brief));
    sections.push_back(Flips(c.pairs[pair], c.slices.front().n));
  }
  return sections;
}

void Replace(const std::string& what, const std::string& by, std::string* text) {
  for (std::size_t at = 0; (at = text->find(what, at)) != std::string::npos; at += by.size()) {
    text->replace(at, what.size(), by);
  }
}

/// Markdown, HTML, mentions and links are all taken for the words they are.
std::string Escaped(const std::string& text) {
  std::string escaped = PlainMarkdown(text);
  Replace("://", "&#58;//", &escaped);  // no bare address becomes a link
  Replace("www.", "www&#46;", &escaped);
  return escaped;
}

std::string MarkdownTable(const Rows& rows) {
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const std::string& cell : rows[r]) text += fmt::format("| {} ", Escaped(cell));
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t i = 0; i < rows[r].size(); ++i) text += i == 0 ? "| --- " : "| ---: ";
    text += "|\n";
  }
  return text;
}

std::string Markdown(const Section& section) {
  std::string text;
  if (!section.heading.empty()) text += fmt::format("\n## {}\n", Escaped(section.heading));
  if (!section.lines.empty()) text += "\n";
  for (const std::string& line : section.lines) {
    text += fmt::format("{}{}\n", section.heading.empty() ? "- " : "", Escaped(line));
  }
  if (!section.rows.empty()) text += "\n" + MarkdownTable(section.rows);
  return text;
}

std::string VerdictLine(const ComparedPair& pair) { return Printable(pair.verdict.text); }

}  // namespace

std::string CompareText(const CompareReport& report) {
  std::string text;
  std::vector<Section> sections = Sections(report, false);
  for (const DriftReport& drift : report.drift) sections.push_back(Drift(drift));
  for (const Section& section : sections) {
    if (!text.empty()) text += "\n";
    if (!section.heading.empty()) text += section.heading + "\n";
    for (const std::string& line : section.lines) text += line + "\n";
    if (!section.rows.empty()) text += Table(section.rows);
  }
  text += fmt::format("\nVerdict: {}\n", Name(report.comparison.verdict.outcome));
  for (const ComparedPair& pair : report.comparison.pairs) {
    text += fmt::format("{}\n", VerdictLine(pair));
  }
  return text;
}

std::string CompareMarkdown(const CompareReport& report) {
  std::string text =
      fmt::format("# Comparison of versions: {}\n\n", Name(report.comparison.verdict.outcome));
  for (std::size_t pair = 0; pair < report.comparison.pairs.size(); ++pair) {
    const PairWords words = Words(report.comparison, pair, report.drift);
    text += fmt::format("**{}.** {}\n\n", Escaped(words.headline), Escaped(words.text));
    for (const Finding& finding : words.findings) {
      text += fmt::format("- {} **{}: {}.** {}\n", MarkdownSign(finding.standing),
                          Escaped(finding.label), Escaped(finding.result),
                          Escaped(Printable(finding.text)));
    }
    text += "\n";
  }
  for (const Section& section : Sections(report, true)) text += Markdown(section);
  if (report.drift.empty()) return text;
  text += "\n<details>\n<summary>Drift between the data</summary>\n";
  for (const DriftReport& drift : report.drift) text += Markdown(Drift(drift));
  text += "\n</details>\n";
  return text;
}

}  // namespace arcsat
