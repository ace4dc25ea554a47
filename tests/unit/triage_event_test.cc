#include "insight/triage/event.h"

#include <gtest/gtest.h>

#include "data/error.h"
#include "data/json.h"
#include "insight/triage/line_tail.h"
#include "insight/triage/study.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

const char kTurn[] =
    R"({"event":"e-1","conversation":"c-1","i":3,"speaker":"customer","text":"where?","at":12.4,)"
    R"("ended":true,"channel":"chat","agent_id":"a-17","problem_type":"billing"})";

TEST(TurnEvent, ReadsAndWritesEveryField) {
  const TurnEvent event = ParseTurnEvent(kTurn, "x:1");
  EXPECT_EQ(event.event, "e-1");
  EXPECT_EQ(event.conversation, "c-1");
  EXPECT_EQ(event.place, 3);
  EXPECT_EQ(event.turn->speaker, Speaker::kCustomer);
  EXPECT_EQ(event.turn->text, "where?");
  EXPECT_EQ(event.turn->at, 12.4);
  EXPECT_TRUE(event.ended);
  EXPECT_EQ(event.channel, Channel::kChat);
  EXPECT_EQ(event.agent_id, "a-17");
  EXPECT_EQ(ToJsonLine(event), ToJsonLine(ParseTurnEvent(ToJsonLine(event), "y:1")));
}

TEST(TurnEvent, AnEndNeedsNoWords) {
  const TurnEvent event =
      ParseTurnEvent(R"({"event":"e","conversation":"c","i":4,"ended":true,"at":null})", "x:1");
  EXPECT_FALSE(event.turn);
  EXPECT_TRUE(event.ended);
}

TEST(TurnEvent, RefusesWhatTheSchemaRefuses) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([1])", "an event"},
      {R"({"conversation":"c","i":0,"speaker":"bot","text":""})", "event"},
      {R"({"event":"e","i":0,"speaker":"bot","text":""})", "conversation"},
      {R"({"event":"e","conversation":"c","speaker":"bot","text":""})", "i"},
      {R"({"event":"","conversation":"c","i":0,"speaker":"bot","text":""})", "event"},
      {R"({"event":"e","conversation":"c","i":-1,"speaker":"bot","text":""})", "found -1"},
      {R"({"event":"e","conversation":"c","i":1.5,"speaker":"bot","text":""})", "found 1.5"},
      {R"({"event":"e","conversation":"c","i":1000000,"speaker":"bot","text":""})", "1000000"},
      {R"({"event":"e","conversation":"c","i":0,"speaker":"boss","text":""})", "boss"},
      {R"({"event":"e","conversation":"c","i":0,"speaker":"bot"})", "text"},
      {R"({"event":"e","conversation":"c","i":0,"text":"x"})", "speaker"},
      {R"({"event":"e","conversation":"c","i":0})", "speaker"},
      {R"({"event":"e","conversation":"c","i":0,"ended":"yes"})", "yes"},
      {R"({"event":"e","conversation":"c","i":0,"speaker":"bot","text":"","at":-1})", "-1"},
      {R"({"event":"e","conversation":"c","i":0,"speaker":"bot","text":"","channel":"fax"})",
       "fax"},
      {R"({"event":"e","conversation":"c","i":0,"ended":true,"started_at":"soon"})", "soon"},
  };
  for (const auto& [line, says] : cases) {
    try {
      ParseTurnEvent(line, "x:7");
      ADD_FAILURE() << line;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(says), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("x:7"), std::string::npos) << error.what();
    }
  }
}

TEST(LineTail, GivesWholeLinesAsAFileGrows) {
  TemporaryFolder folder;
  const std::string path = folder.Put("f", "one\r\ntwo\nthr");
  LineTail tail(path, true);
  std::string line;
  ASSERT_EQ(tail.Next(0.01, &line), LineTail::kLine);
  EXPECT_EQ(line, "one");
  ASSERT_EQ(tail.Next(0.01, &line), LineTail::kLine);
  EXPECT_EQ(line, "two");
  EXPECT_EQ(tail.place(), path + ":2");
  EXPECT_EQ(tail.Next(0.01, &line), LineTail::kNothing);
  std::ofstream(path, std::ios::app) << "ee\n";
  ASSERT_EQ(tail.Next(0.01, &line), LineTail::kLine);
  EXPECT_EQ(line, "three");
  std::ofstream(folder / "g") << "new\n";  // another file takes its place
  std::filesystem::rename(folder / "g", path);
  EXPECT_EQ(tail.Next(0.01, &line), LineTail::kNothing);
  ASSERT_EQ(tail.Next(0.01, &line), LineTail::kLine);
  EXPECT_EQ(line, "new");
}

TEST(LineTail, EndsWithWhatStandsBehindTheLastNewline) {
  TemporaryFolder folder;
  LineTail tail(folder.Put("f", "one\ntwo"), false);
  std::string line;
  ASSERT_EQ(tail.Next(0.01, &line), LineTail::kLine);
  LineTail::Got got;
  while ((got = tail.Next(0.01, &line)) == LineTail::kNothing) {
  }
  ASSERT_EQ(got, LineTail::kLine);
  EXPECT_EQ(line, "two");
  EXPECT_EQ(tail.Next(0.01, &line), LineTail::kEnd);
}

TEST(LineTail, RefusesALineWithoutAnEnd) {
  TemporaryFolder folder;
  LineTail tail(folder.Put("f", std::string(100, 'x')), false, 50);
  std::string line;
  EXPECT_THROW(while (tail.Next(0.01, &line) != LineTail::kEnd){}, Error);
}

TEST(Thresholds, ComeBackAsTheyWere) {
  Thresholds t{"abc", 0.123456789012345, 0.4, 2, {{"by", "promise"}, {"data", {{"answered", 3}}}}};
  const Thresholds back = ParseThresholds(ToJson(t).dump(), "t.json");
  EXPECT_EQ(ToJson(back), ToJson(t));
  TriageOptions rules;
  UseThresholds(back, "abc", "t.json", &rules);
  EXPECT_EQ(rules.outlook, 0.123456789012345);
  EXPECT_THROW(UseThresholds(back, "other", "t.json", &rules), Error);
  EXPECT_THROW(ParseThresholds("{}", "t.json"), Error);
  Json broken = ToJson(t);
  broken["outlook"] = 1.5;
  EXPECT_THROW(ParseThresholds(broken.dump(), "t.json"), Error);
}

}  // namespace
}  // namespace arcsat
