#include "eval/report/compare/page.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "eval/evaluation.h"
#include "eval/report/assets.h"
#include "eval/report/columns.h"
#include "eval/report/compare/words.h"
#include "eval/report/page.h"
#include "eval/report_json.h"

namespace arcsat {
namespace {

constexpr int kGrid = 20;                   // cells of the chart of chances, a side
constexpr std::size_t kMostScores = 40000;  // listed, of all versions together

using Items = std::vector<CompareItem>;
using Versions = std::vector<CompareVersion>;

bool Right(const CompareItem& item, const CompareVersion& version, std::size_t i) {
  return (version.scores[i].p_satisfied >= version.threshold) == item.y;
}

double Apart(const Versions& versions, std::size_t other, std::size_t i) {
  return std::abs(versions[other].scores[i].p_satisfied - versions[0].scores[i].p_satisfied);
}

Json VerdictJson(const ComparePage& page) {
  Json pairs = Json::array();
  for (std::size_t pair = 0; pair < page.comparison.pairs.size(); ++pair) {
    const PairWords words = Words(page.comparison, pair, page.drift);
    Json findings = Json::array();
    for (const Finding& finding : words.findings) findings.push_back(ToJson(finding));
    pairs.push_back({{"outcome", Name(page.comparison.pairs[pair].verdict.outcome)},
                     {"headline", words.headline},
                     {"text", words.text},
                     {"findings", std::move(findings)}});
  }
  return {{"outcome", Name(page.comparison.verdict.outcome)}, {"pairs", std::move(pairs)}};
}

Json VersionsJson(const ComparePage& page) {
  Json versions = page.json.at("versions");
  std::vector<std::string> paths;
  for (const Json& version : versions) paths.push_back(version.value("path", ""));
  const std::vector<std::string> names = ShortNames(paths);
  for (std::size_t v = 0; v < names.size(); ++v) {
    versions[v]["name"] = CutText(names[v], kReportNameBytes);
  }
  return versions;
}

// The groups, each with what it says of "not worse" for every later version.
Json SlicesJson(const ComparePage& page) {
  Json slices = page.json.at("slices");
  for (std::size_t s = 0; s < slices.size(); ++s) {
    slices[s]["outcomes"] = Json::array();
    for (std::size_t pair = 0; pair < page.comparison.pairs.size(); ++pair) {
      const auto outcome = JudgeGroup(page.comparison.slices[s], pair, page.comparison.options);
      slices[s]["outcomes"].push_back(outcome ? Json(Name(*outcome)) : Json());
    }
  }
  return slices;
}

// How many conversations both, one or none gets right, by answer; and where both chances lie:
// [cell of the first, cell of the other, dissatisfied, satisfied], 0 to kGrid - 1.
Json PairJson(const ComparePage& page, std::size_t pair) {
  std::array<std::array<int, 4>, 2> right{};  // by answer: none, first, other, both
  std::map<std::pair<int, int>, std::array<int, 2>> cells;
  const CompareVersion& first = page.versions[0];
  const CompareVersion& other = page.versions[pair + 1];
  const auto cell = [](double p) { return std::clamp(static_cast<int>(p * kGrid), 0, kGrid - 1); };
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    const CompareItem& item = page.items[i];
    const std::size_t answer = item.y ? 1 : 0;
    ++right[answer][(Right(item, first, i) ? 1 : 0) + (Right(item, other, i) ? 2 : 0)];
    ++cells[{cell(first.scores[i].p_satisfied), cell(other.scores[i].p_satisfied)}][answer];
  }
  Json grid = Json::array();
  for (const auto& [at, counts] : cells) {
    grid.push_back({at.first, at.second, counts[0], counts[1]});
  }
  Json json = page.json.at("pairs")[pair];
  json.erase("flips");  // the list of conversations has them
  json.erase("shifts");
  json["right"] = {{"dissatisfied", right[0]}, {"satisfied", right[1]}};
  json["grid"] = {{"cells", kGrid}, {"counts", std::move(grid)}};
  return json;
}

// Those with words first, then those that a version decides otherwise than the first, then others.
std::vector<std::size_t> Listed(const ComparePage& page, const ListOptions& options) {
  std::vector<std::vector<std::size_t>> ranks(3);
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    const bool first = Right(page.items[i], page.versions[0], i);
    bool flipped = false;
    for (const CompareVersion& version : page.versions) {
      flipped = flipped || Right(page.items[i], version, i) != first;
    }
    ranks[page.transcripts.contains(i) ? 0 : flipped ? 1 : 2].push_back(i);
  }
  const std::size_t most = kMostScores / page.versions.size();
  return TakeByRank(ranks, std::min(options.conversations, static_cast<int>(most)));
}

// One version's side of the listed conversations, column by column.
Json ScoresJson(const CompareVersion& version, const std::vector<std::size_t>& listed,
                std::size_t points) {
  Json chance = Json::array(), entry = chance, exit = chance, arcs = chance;
  for (const std::size_t i : listed) {
    const Score& score = version.scores[i];
    chance.push_back(Thousandths(score.p_satisfied));
    entry.push_back(Thousandths(score.entry));
    exit.push_back(Thousandths(score.exit));
    std::vector<ReportState> states;
    for (const ScoredTurn& turn : score.turns) {
      states.push_back({turn.index, turn.state, turn.outlook});
    }
    arcs.push_back(PackArc(states, points));
  }
  return {{"p", chance}, {"entry", entry}, {"exit", exit}, {"arcs", arcs}};
}

Json ConversationsJson(const ComparePage& page, const ListOptions& options) {
  const std::vector<std::size_t> listed = Listed(page, options);
  std::vector<std::size_t> lengths;
  CodedColumn channel, problem, length;
  Transcripts texts(options);
  Json id = Json::array(), turns = id, answer = id, scores = id;
  for (std::size_t row = 0; row < listed.size(); ++row) {
    const CompareItem& item = page.items[listed[row]];
    id.push_back(CutText(item.id, kReportNameBytes));
    channel.Add(item.channel);
    problem.Add(item.problem_type);
    length.Add(LengthGroup(item.turns));
    turns.push_back(item.turns);
    answer.push_back(item.y ? 1 : 0);
    const auto transcript = page.transcripts.find(listed[row]);
    if (transcript != page.transcripts.end()) texts.Add(row, transcript->second);
    for (const CompareVersion& version : page.versions) {
      lengths.push_back(version.scores[listed[row]].turns.size());
    }
  }
  const std::size_t points = PointsThatFit(lengths, options.arc_bytes);
  const bool thinned =
      std::any_of(lengths.begin(), lengths.end(), [&](std::size_t each) { return each > points; });
  for (const CompareVersion& version : page.versions) {
    scores.push_back(ScoresJson(version, listed, points));
  }
  return {{"total", page.items.size()},
          {"points", thinned ? Json(points) : Json()},
          {"id", id},
          {"channel", channel.ToJson()},
          {"problem_type", problem.ToJson()},
          {"length", length.ToJson()},
          {"turns", turns},
          {"answer", answer},
          {"scores", scores},
          {"texts", texts.ToJson()}};
}

}  // namespace

Json MakeComparePayload(const ComparePage& page, const ListOptions& options) {
  Json json = {{"title", page.title},
               {"program", page.program},
               {"made_at", page.made_at},
               {"verdict", VerdictJson(page)}};
  for (const char* key : {"options", "data", "target", "notes", "drift"}) {
    if (page.json.contains(key)) json[key] = Rounded(page.json.at(key), 5);
  }
  json["versions"] = Rounded(VersionsJson(page), 5);
  json["slices"] = Rounded(SlicesJson(page), 5);
  json["pairs"] = Json::array();
  for (std::size_t pair = 0; pair < page.comparison.pairs.size(); ++pair) {
    json["pairs"].push_back(Rounded(PairJson(page, pair), 5));
  }
  json["conversations"] = ConversationsJson(page, options);
  return json;
}

std::string RenderComparePage(const ComparePage& page, const ListOptions& options) {
  return RenderPage({"arcsat comparison", "the JSON or the Markdown summary of arcsat compare",
                     assets::CompareStyle(), assets::CompareScript(),
                     MakeComparePayload(page, options)});
}

std::vector<std::size_t> ChooseCompared(const Items& items, const Versions& versions, int count) {
  std::vector<std::vector<std::size_t>> orders;
  for (std::size_t other = 1; other < versions.size(); ++other) {
    std::array<std::vector<std::size_t>, 3> kinds;  // mended, spoilt, decided alike
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool before = Right(items[i], versions[0], i),
                 after = Right(items[i], versions[other], i);
      kinds[before == after ? 2 : before ? 1 : 0].push_back(i);
    }
    for (auto& kind : kinds) {
      std::stable_sort(kind.begin(), kind.end(), [&](std::size_t a, std::size_t b) {
        return Apart(versions, other, a) > Apart(versions, other, b);
      });
      orders.push_back(std::move(kind));
    }
  }
  return TakeInTurns(orders, count);
}

}  // namespace arcsat
