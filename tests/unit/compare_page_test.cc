#include "eval/report/compare/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/report/columns.h"
#include "eval/report/compare/words.h"

namespace arcsat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Score PagedScored(const std::string& id, double p) {
  Score score;
  score.id = id;
  score.entry = 0.25;
  score.exit = p;
  score.delta = p - 0.25;
  score.p_satisfied = p;
  score.turns = {{0, Speaker::kCustomer, 0.25, 0.5}, {2, Speaker::kCustomer, p, p}};
  return score;
}

/// Conversations with these answers, and each version's chances of them.
ComparePage Page(const std::vector<bool>& answers, const std::vector<std::vector<double>>& chances,
                 CompareOptions options = {}) {
  options.bootstrap.resamples = 100;
  ComparePage page;
  page.title = "test";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    page.items.push_back({"c-" + std::to_string(i), answers[i], i % 2 == 0 ? "chat" : "voice",
                          "billing", 4 + static_cast<int>(i)});
  }
  for (std::size_t v = 0; v < chances.size(); ++v) {
    CompareVersion version;
    version.label = std::string(1, static_cast<char>('A' + v));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      version.scores.push_back(PagedScored(page.items[i].id, chances[v][i]));
    }
    page.versions.push_back(std::move(version));
  }
  page.comparison = Compare(page.items, page.versions, options);
  page.json = ToJson(page.comparison);
  for (std::size_t v = 0; v < chances.size(); ++v) {
    page.json["versions"][v]["path"] = "runs/" + std::string(1, static_cast<char>('a' + v));
  }
  return page;
}

/// `n` conversations, all satisfied; a version that is right in the first `right` of them.
std::vector<double> RightIn(std::size_t n, std::size_t right) {
  std::vector<double> chances(n, 0.125);
  std::fill(chances.begin(), chances.begin() + static_cast<std::ptrdiff_t>(right), 0.875);
  return chances;
}

ComparePage PageOf(std::size_t n, std::size_t first, std::size_t other,
                   const CompareOptions& options = {}) {
  return Page(std::vector<bool>(n, true), {RightIn(n, first), RightIn(n, other)}, options);
}

TEST(CompareWords, SayWhetherTheVersionMayTakeThePlace) {
  const ComparePage better = PageOf(400, 360, 396);
  const PairWords words = Words(better.comparison, 0, {});
  EXPECT_EQ(words.headline, "B passes: it can take A's place");
  EXPECT_THAT(words.text, StartsWith("B is right in 99.0% of 400 conversations, A in 90.0%: 9.0 "
                                     "points more, and chance alone hardly explains that (95% "
                                     "interval +"));
  ASSERT_EQ(words.findings.size(), 4u);
  EXPECT_EQ(words.findings[0].label, "Accuracy of 0.9 or more");
  EXPECT_EQ(words.findings[0].result, "met");
  EXPECT_EQ(words.findings[0].standing, FindingStanding::kGood);
  EXPECT_THAT(words.findings[0].text, StartsWith("B's accuracy is 0.990 ["));
  EXPECT_EQ(words.findings[1].label, "Nowhere worse by more than 0.02");
  EXPECT_EQ(words.findings[2].result, "36 mended, 0 spoilt");
  EXPECT_EQ(words.findings[2].standing, FindingStanding::kGood);
  EXPECT_EQ(words.findings[3].standing, FindingStanding::kUnknown);
}

TEST(CompareWords, TellAFailureFromALoss) {
  EXPECT_EQ(Words(PageOf(400, 200, 220).comparison, 0, {}).headline,
            "B fails: it is not good enough");
  CompareOptions lenient;
  lenient.at_least = 0.5;
  const PairWords lost = Words(PageOf(400, 390, 330, lenient).comparison, 0, {});
  EXPECT_EQ(lost.headline, "B fails: it got worse than A");
  EXPECT_THAT(lost.text, HasSubstr("15.0 points fewer"));
  EXPECT_EQ(lost.findings[2].standing, FindingStanding::kBad);
  EXPECT_EQ(Words(PageOf(40, 37, 37).comparison, 0, {}).headline,
            "Not enough conversations to decide about B");
}

TEST(CompareWords, TakeNoSmallDifferenceForSure) {
  const PairWords words = Words(PageOf(400, 380, 382).comparison, 0, {});
  EXPECT_THAT(words.text, HasSubstr("That difference may be chance (+0.5 points"));
  EXPECT_EQ(words.findings[2].standing, FindingStanding::kOpen);
  EXPECT_THAT(Words(PageOf(400, 380, 380).comparison, 0, {}).text,
              HasSubstr("they decide every one alike"));
}

TEST(CompareWords, CallEqualWhatIsEqual) {
  const ComparePage page =
      Page({true, true, true, true}, {{0.9, 0.1, 0.9, 0.9}, {0.1, 0.9, 0.9, 0.9}});
  EXPECT_THAT(
      Words(page.comparison, 0, {}).text,
      StartsWith("A and B are right equally often, in 75.0% of 4 conversations (difference: "
                 "95% interval −"));
}

TEST(CompareWords, NameTheColumnThatMovedMost) {
  const ComparePage page = PageOf(100, 90, 95);
  const DriftReport drift{
      "A's training data",
      "B's training data",
      200,
      100,
      {MeasureDrift("length", {"1-8", "9-16"}, {100, 100}, {50, 50}),
       MeasureDrift("problem_type", {"billing", "delivery"}, {100, 100}, {90, 10})}};
  const Finding moved = Words(page.comparison, 0, {drift}).findings[3];
  EXPECT_EQ(moved.result, "problem type moved");
  EXPECT_EQ(moved.standing, FindingStanding::kOpen);
  EXPECT_THAT(moved.text, HasSubstr("large drift, in 40.0% of the conversations"));
  DriftReport elsewhere = drift;
  elsewhere.to = "the data compared on";
  EXPECT_EQ(Words(page.comparison, 0, {elsewhere}).findings[3].result, "not compared");
}

TEST(ShortNames, AreNoLongerThanTellsThemApart) {
  EXPECT_THAT(ShortNames({"/x/runs/td6", "/x/runs/lex/"}), ElementsAre("td6", "lex"));
  EXPECT_THAT(ShortNames({"runs/a/model", "runs/b/model"}), ElementsAre("a/model", "b/model"));
  EXPECT_THAT(ShortNames({"same", "same"}), ElementsAre("same", "same"));
  EXPECT_THAT(ShortNames({"a.jsonl", "./x/a.jsonl"}), ElementsAre("a.jsonl", "x/a.jsonl"));
}

TEST(ComparePayload, CountsWhoIsRightByAnswer) {
  // Answers y y n n n; A right in 1st, 3rd; B right in 1st, 2nd, 5th.
  const ComparePage page = Page({true, true, false, false, false},
                                {{0.9, 0.1, 0.1, 0.9, 0.9}, {0.8, 0.7, 0.6, 0.99, 0.0}});
  const Json json = MakeComparePayload(page, {});
  const Json& right = json["pairs"][0]["right"];  // none, A, B, both
  EXPECT_EQ(right["satisfied"], Json::parse("[0, 0, 1, 1]"));
  EXPECT_EQ(right["dissatisfied"], Json::parse("[1, 1, 1, 0]"));
  EXPECT_EQ(json["pairs"][0]["mended"], 2);
  EXPECT_EQ(json["pairs"][0]["spoilt"], 1);
  int all = 0;
  for (const Json& cell : json["pairs"][0]["grid"]["counts"]) {
    all += cell[2].get<int>() + cell[3].get<int>();
    EXPECT_LT(cell[0].get<int>(), json["pairs"][0]["grid"]["cells"].get<int>());
  }
  EXPECT_EQ(all, 5);
  EXPECT_FALSE(json["pairs"][0].contains("flips")) << "the list of conversations has them";
}

TEST(ComparePayload, ListsBothSidesOfEveryConversation) {
  ComparePage page = Page({true, false}, {{0.9, 0.1}, {0.4, 0.3}});
  page.transcripts[1] = {{Speaker::kCustomer, "hello"}, {Speaker::kAgent, "yes?"}};
  const Json json = MakeComparePayload(page, {});
  const Json& list = json["conversations"];
  EXPECT_EQ(list["id"], Json::parse(R"(["c-0", "c-1"])"));
  EXPECT_EQ(list["answer"], Json::parse("[1, 0]"));
  EXPECT_EQ(list["scores"][0]["p"], Json::parse("[900, 100]"));
  EXPECT_EQ(list["scores"][1]["p"], Json::parse("[400, 300]"));
  EXPECT_EQ(list["scores"][1]["arcs"][0], PackArc({{0, 0.25, 0.5}, {2, 0.4, 0.4}}, 99));
  EXPECT_EQ(list["texts"], Json::parse(R"({"1": [[0, "hello"], [1, "yes?"]]})"));
  EXPECT_EQ(json["versions"][1]["name"], "b");
  EXPECT_EQ(json["verdict"]["pairs"][0]["findings"].size(), 4u);
}

TEST(ComparePayload, SaysOfEveryGroupWhatTheRuleSays) {
  CompareOptions options;
  options.min_slice = 30;
  ComparePage page = PageOf(80, 78, 40, options);  // B fails in both channels, of 40 each
  const Json json = MakeComparePayload(page, {});
  for (const Json& slice : json["slices"]) {
    const std::string outcome = slice["outcomes"].dump();
    if (slice["by"] == "channel") {
      EXPECT_EQ(outcome, R"(["fail"])");
    } else if (slice["n"] < 30) {
      EXPECT_EQ(outcome, "[null]");
    }
  }
}

TEST(ComparePayload, KeepsTheFlippedOnesOfManyConversations) {
  ComparePage page = PageOf(200, 100, 110);
  ListOptions options;
  options.conversations = 20;
  const Json list = MakeComparePayload(page, options)["conversations"];
  EXPECT_EQ(list["total"], 200);
  ASSERT_EQ(list["id"].size(), 20u);
  for (int i = 100; i < 110; ++i) {
    EXPECT_THAT(list["id"], ::testing::Contains(Json("c-" + std::to_string(i))));
  }
  // A conversation with words goes before all others, and its words stay with it.
  page.transcripts[150] = {{Speaker::kCustomer, "kept"}};
  options.conversations = 1;
  const Json one = MakeComparePayload(page, options)["conversations"];
  EXPECT_EQ(one["id"], Json::parse(R"(["c-150"])"));
  EXPECT_EQ(one["texts"]["0"][0][1], "kept");
}

TEST(ChooseCompared, TakesMendedSpoiltAndMovedInTurns) {
  //                          mended          spoilt     alike, moved
  const ComparePage page = Page({true, true, true, true, true, true},
                                {{0.4, 0.1, 0.9, 0.6, 0.9, 0.7}, {0.6, 0.9, 0.2, 0.4, 0.6, 0.7}});
  EXPECT_THAT(ChooseCompared(page.items, page.versions, 3), ElementsAre(1, 2, 4));
  EXPECT_THAT(ChooseCompared(page.items, page.versions, 5), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ChooseCompared(page.items, page.versions, 99), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_TRUE(ChooseCompared(page.items, page.versions, 0).empty());
}

TEST(RenderComparePage, HoldsTheTextsEscaped) {
  ComparePage page = Page({true, false}, {{0.9, 0.1}, {0.4, 0.3}});
  page.title = "</script><img src=x>";
  page.transcripts[0] = {{Speaker::kCustomer, "<b>\u2028&"}};
  const std::string html = RenderComparePage(page);
  EXPECT_THAT(html, Not(HasSubstr("<img src=x>")));
  EXPECT_THAT(html, HasSubstr("\\u003cb\\u003e\\u2028\\u0026"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
}

}  // namespace
}  // namespace arcsat
