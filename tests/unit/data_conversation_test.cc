#include "data/conversation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "data/score.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> FixtureLines(const std::string& name) {
  std::istringstream in(Slurp(Fixture(name)));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Conversation, EveryFieldIsRead) {
  const Conversation c = ParseConversation(FixtureLines("conversations.jsonl").at(0), "f:1");
  EXPECT_EQ(c.id, "c-1");
  EXPECT_EQ(c.channel, Channel::kChat);
  EXPECT_EQ(c.started_at, "2026-01-05T09:30:00Z");
  EXPECT_EQ(c.language, "en");
  EXPECT_EQ(c.agent_id, "a-17");
  EXPECT_EQ(c.customer_id, "u-3");
  EXPECT_EQ(c.problem_type, "billing");
  EXPECT_EQ(c.team, "emea");
  ASSERT_EQ(c.turns.size(), 3U);
  EXPECT_EQ(c.turns[0].speaker, Speaker::kCustomer);
  EXPECT_EQ(c.turns[1].speaker, Speaker::kAgent);
  EXPECT_EQ(c.turns[1].text, "Let me look into it.");
  EXPECT_EQ(c.turns[1].at, 12.4);
  EXPECT_EQ(c.turns[2].satisfaction, (std::vector<double>{4, 4.5}));
  ASSERT_TRUE(c.survey);
  EXPECT_TRUE(c.survey->offered);
  EXPECT_EQ(c.survey->score, 4);
  EXPECT_EQ(c.survey->scale_low, 1);
  EXPECT_EQ(c.survey->scale_high, 5);
  EXPECT_EQ(c.survey->answered_at, "2026-01-05T10:00:00+01:00");
  EXPECT_EQ(c.escalated, false);
  EXPECT_EQ(c.attributes.dump(), R"({"tier":2,"tags":["vip",null]})");
}

TEST(Conversation, WhatIsMissingStaysEmpty) {
  const Conversation c = ParseConversation(R"({"id":"x","turns":[]})", "f:1");
  EXPECT_FALSE(c.channel);
  EXPECT_FALSE(c.survey);
  EXPECT_FALSE(c.escalated);
  EXPECT_TRUE(c.turns.empty());
  EXPECT_TRUE(c.started_at.empty());
  EXPECT_EQ(ToJsonLine(c), R"({"id":"x","turns":[]})");
}

TEST(Conversation, RoundTripKeepsEverything) {
  // The first and the last are in the writer's own order, so they come back byte for byte.
  const std::vector<std::string> lines = FixtureLines("conversations.jsonl");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(ToJsonLine(ParseConversation(lines[0], "f")), lines[0]);
  EXPECT_EQ(ToJsonLine(ParseConversation(lines[4], "f")), lines[4]);
  for (const std::string& line : lines) {
    const std::string once = ToJsonLine(ParseConversation(line, "f"));
    EXPECT_EQ(ToJsonLine(ParseConversation(once, "f")), once);
  }
}

TEST(Conversation, UnknownFieldsKeepTheirOrderAndIntegersStayIntegers) {
  const std::string line =
      R"({"zz":1,"id":"x","aa":{"q":1,"b":2.5},"turns":[{"k":3,"speaker":"bot","at":3,"text":""}]})";
  EXPECT_EQ(ToJsonLine(ParseConversation(line, "f")),
            R"({"id":"x","turns":[{"speaker":"bot","text":"","at":3,"k":3}],"zz":1,)"
            R"("aa":{"q":1,"b":2.5}})");
}

TEST(Conversation, NulByteAndUnicodeSurvive) {
  const Conversation c = ParseConversation(FixtureLines("conversations.jsonl").at(2), "f:3");
  EXPECT_EQ(c.turns[1].text, "naïve café 漢字 🙂 \0 end"s);
  EXPECT_EQ(ParseConversation(ToJsonLine(c), "f").turns[1].text, c.turns[1].text);
}

TEST(Conversation, NulByteAfterTheRecordIsRefused) {
  const Problem problem =
      ProblemOf([] { ParseConversation("{\"id\":\"x\",\"turns\":[]}\0{"s, "f:2"); });
  EXPECT_EQ(problem.found, "found a NUL byte");
}

TEST(Conversation, BrokenFixturesAreRefusedWithPlaceAndRemedy) {
  const std::vector<std::string> lines = FixtureLines("broken_conversations.jsonl");
  ASSERT_EQ(lines.size(), 30U);
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    const Problem problem = ProblemOf([&] { ParseConversation(line, "calls.jsonl:17"); });
    EXPECT_EQ(problem.place.rfind("calls.jsonl:17", 0), 0U);
    EXPECT_FALSE(problem.found.empty());
    EXPECT_FALSE(problem.expected.empty());
    EXPECT_NE(problem.remedy.find("--skip-bad"), std::string::npos);
  }
}

TEST(Conversation, ScoreOutsideItsScaleNamesTheScale) {
  const Problem problem = ProblemOf([] {
    ParseConversation(R"({"id":"x","turns":[],"survey":{"score":9,"scale":[1,5]}})", "f:2");
  });
  EXPECT_EQ(problem.place, "f:2: survey.score");
  EXPECT_EQ(problem.found, "found 9");
  EXPECT_EQ(problem.expected, "expected a number from 1 to 5, the survey's scale");
}

TEST(Conversation, ScaleHasToAscend) {
  for (const char* scale : {"[5,1]", "[3,3]"}) {
    const std::string line =
        std::string(R"({"id":"x","turns":[],"survey":{"scale":)") + scale + "}}";
    const Problem problem = ProblemOf([&] { ParseConversation(line, "f:2"); });
    EXPECT_EQ(problem.place, "f:2: survey.scale");
    EXPECT_EQ(problem.found, std::string("found ") + scale);
  }
}

TEST(Conversation, TurnFieldsAreNamedByIndex) {
  const Problem problem = ProblemOf([] {
    ParseConversation(
        R"({"id":"x","turns":[{"speaker":"bot","text":""},{"speaker":"bot","text":7}]})", "f:2");
  });
  EXPECT_EQ(problem.place, "f:2: turns[1].text");
  EXPECT_EQ(problem.found, "found 7");
}

TEST(Json, BrokenTextIsRefused) {
  const std::vector<std::string> broken = {
      "",
      R"({"id":"x","turns":[)",                         // half a line
      R"({"id":"x","turns":[]} x)",                     // something after the value
      R"({"id":"x","turns":[]}{"id":"y","turns":[]})",  // two values on a line
      "{\"id\":\"\xC3\x28\",\"turns\":[]}",             // a broken sequence
      "{\"id\":\"\xED\xA0\x80\",\"turns\":[]}",         // a surrogate in UTF-8
      "{\"id\":\"\xC0\x80\",\"turns\":[]}",             // an overlong form
      "{\"id\":\"\xF5\x80\x80\x80\",\"turns\":[]}",     // beyond U+10FFFF
      "{\"id\":\"x\xE2\x82",                            // cut in a character
      R"({"id":"\ud800","turns":[]})",                  // half a surrogate pair
      R"({"id":"x","turns":[],"n":NaN})",
      R"({"id":"x","turns":[],"n":1e999})",
      R"({"id":"x","turns":[],"n":123456789012345678901})",  // would come back changed
      R"({"id":"x","id":"y","turns":[]})",
      R"({"id":"x","turns":[],"attributes":{"a":1,"b":2,"a":3}})",
  };
  for (const std::string& line : broken) {
    SCOPED_TRACE(line);
    EXPECT_EQ(ProblemOf([&] { ParseConversation(line, "f:9"); }).place, "f:9");
  }
}

TEST(Json, DuplicateAmongManyKeysIsFound) {
  std::string line = R"({"id":"x","turns":[])";
  for (int i = 0; i < 100000; ++i) line += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_EQ(ParseConversation(line + "}", "f").extra.size(), 100000U);
  const Problem problem = ProblemOf([&] { ParseConversation(line + ",\"k500\":1}", "f"); });
  EXPECT_EQ(problem.found, "found the key \"k500\" twice in one object");
}

TEST(Json, NestingIsBounded) {
  const auto nested = [](int depth) {
    const auto n = static_cast<std::size_t>(depth);
    return R"({"id":"x","turns":[],"deep":)" + std::string(n, '[') + std::string(n, ']') + "}";
  };
  EXPECT_NO_THROW(ToJsonLine(ParseConversation(nested(99), "f")));
  EXPECT_EQ(ProblemOf([&] { ParseConversation(nested(100), "f"); }).found,
            "found values nested more than 100 deep");
  EXPECT_EQ(ProblemOf([&] { ParseConversation(nested(10000), "f"); }).found,
            "found values nested more than 100 deep");
  EXPECT_THROW(ParseConversation(std::string(3000000, '['), "f"), Error);
}

TEST(Conversation, TextThatIsNotUtf8IsNotWritten) {
  Conversation c;
  c.id = "x";
  c.turns.emplace_back().text = "\xFF";
  EXPECT_EQ(ProblemOf([&] { ToJsonLine(c); }).place, "conversation x");
}

TEST(Conversation, LongTurnsAndManyTurnsAreRead) {
  Conversation c;
  c.id = "x";
  c.turns.emplace_back().text = std::string(1 << 20, 'a');
  for (int i = 0; i < 100000; ++i) c.turns.emplace_back().text = "b";
  const Conversation back = ParseConversation(ToJsonLine(c), "f");
  ASSERT_EQ(back.turns.size(), 100001U);
  EXPECT_EQ(back.turns[0].text.size(), std::size_t{1} << 20);
}

TEST(Score, RoundTrip) {
  const std::vector<std::string> lines = FixtureLines("scores.jsonl");
  ASSERT_EQ(lines.size(), 2U);
  for (const std::string& line : lines) EXPECT_EQ(ToJsonLine(ParseScore(line, "f")), line);
  const Score score = ParseScore(lines[0], "f");
  EXPECT_EQ(score.delta, 0.42);
  EXPECT_EQ(score.interval, std::make_pair(0.79, 0.93));
  EXPECT_EQ(score.csat, 4.3);
  EXPECT_EQ(score.boxes, (std::vector<double>{0.02, 0.03, 0.05, 0.43, 0.47}));
  EXPECT_EQ(score.set->level, 0.9);
  EXPECT_EQ(score.set->answers, (std::vector<double>{4, 5}));
  EXPECT_FALSE(ParseScore(lines[1], "f").set->scale);
  ASSERT_EQ(score.turns.size(), 2U);
  EXPECT_EQ(score.turns[1].index, 2);
  EXPECT_EQ(score.turns[1].outlook, 0.88);
  EXPECT_FALSE(ParseScore(lines[1], "f").interval);
  EXPECT_FALSE(ParseScore(lines[1], "f").csat);
  EXPECT_TRUE(ParseScore(lines[1], "f").boxes.empty());
}

TEST(Score, BrokenFixturesAreRefused) {
  const std::vector<std::string> lines = FixtureLines("broken_scores.jsonl");
  ASSERT_EQ(lines.size(), 13U);
  for (const std::string& line : lines) {
    SCOPED_TRACE(line);
    EXPECT_EQ(ProblemOf([&] { ParseScore(line, "s:3"); }).place.rfind("s:3", 0), 0U);
  }
  EXPECT_THROW(ParseScore(R"({"id":"c-1","entry":0.4,"exit":0.8,"delta":0.4,"p_satisfied":0.9,)"
                          R"("interval":[0.9,0.1],"turns":[],"model":"m"})",
                          "f"),
               Error);
  EXPECT_THROW(ParseScore(R"({"id":"c-1","entry":0.4,"exit":0.8,"delta":0.4,"p_satisfied":0.9,)"
                          R"("boxes":[0.5,0.4],"turns":[],"model":"m"})",
                          "f"),
               Error);
  for (const char* set :
       {"[4]", R"({"answers":[4]})", R"({"level":0.9})", R"({"level":2,"answers":[]})",
        R"({"level":0.9,"satisfied":[2]})", R"({"level":0.9,"answers":["4"]})"}) {
    const std::string line = fmt::format(
        R"({{"id":"c","entry":0,"exit":0,"delta":0,"p_satisfied":1,"set":{},"turns":[],"model":"m"}})",
        set);
    EXPECT_THROW(ParseScore(line, "f"), Error) << set;
  }
}

}  // namespace
}  // namespace arcsat
