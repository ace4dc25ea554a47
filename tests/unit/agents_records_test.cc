#include "insight/agents/records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/score.h"
#include "insight/agents/behaviours.h"
#include "insight/agents/catalogue.h"
#include "insight/agents/pseudonyms.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

Conversation Talk(const std::vector<std::pair<Speaker, std::string>>& turns) {
  Conversation conversation;
  double at = 0;
  for (const auto& [speaker, text] : turns) {
    Turn turn;
    turn.speaker = speaker;
    turn.text = text;
    turn.at = at;
    at += 10;
    conversation.turns.push_back(turn);
  }
  return conversation;
}

double RecordsFigure(const Conversation& conversation, Behaviour behaviour) {
  return static_cast<double>(Behave(conversation)[static_cast<std::size_t>(behaviour)]);
}

constexpr Speaker kRecordsAgent = Speaker::kAgent, kCustomer = Speaker::kCustomer,
                  kBot = Speaker::kBot;

TEST(Behaviours, OfOneConversation) {
  const Conversation talk =
      Talk({{kBot, "I'm sorry, please hold. Does it work now?"},
            {kCustomer, "My parcel is lost. Is anything else open?"},
            {kRecordsAgent, "I\u2019m sorry to hear that. Your order number?"},
            {kCustomer, "12"},
            {kRecordsAgent, "ONE MOMENT, I'll put you through"},
            {kRecordsAgent, "Could you try it now?"}});
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kAcknowledges), 1);
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kApologises), 1);
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kHolds), 1);
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kTransfers), 1);
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kChecks), 1);
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kCloses), 0) << "only the customer said it";
  EXPECT_EQ(RecordsFigure(talk, Behaviour::kAsksAgain), 0);
  EXPECT_NEAR(RecordsFigure(talk, Behaviour::kAnswerSeconds), std::log(11.0), 1e-6);
  EXPECT_NEAR(RecordsFigure(talk, Behaviour::kQuestions), 2.0 / 3, 1e-6);
  EXPECT_NEAR(RecordsFigure(talk, Behaviour::kWords), (8 + 6 + 5) / 3.0, 1e-6);
}

TEST(Behaviours, AWordInsideAnotherIsNone) {
  EXPECT_EQ(RecordsFigure(Talk({{kCustomer, "x"}, {kRecordsAgent, "The household on paper."}}),
                          Behaviour::kHolds),
            0);
}

TEST(Behaviours, AskingTwiceForDetails) {
  EXPECT_EQ(RecordsFigure(Talk({{kCustomer, "x"},
                                {kRecordsAgent, "What is your order number?"},
                                {kCustomer, "12"},
                                {kRecordsAgent, "Can you give me the order number"}}),
                          Behaviour::kAsksAgain),
            1);
}

TEST(Behaviours, ALateAcknowledgementIsNone) {
  EXPECT_EQ(RecordsFigure(Talk({{kCustomer, "x"},
                                {kRecordsAgent, "a"},
                                {kRecordsAgent, "b"},
                                {kRecordsAgent, "I understand"}}),
                          Behaviour::kAcknowledges),
            0);
}

TEST(Behaviours, WithoutAnAgentNothingIsKnown) {
  EXPECT_TRUE(std::isnan(RecordsFigure(Talk({{kCustomer, "x"}}), Behaviour::kChecks)));
  EXPECT_TRUE(std::isnan(RecordsFigure(Talk({{kRecordsAgent, "x"}}), Behaviour::kAnswerSeconds)));
}

std::string Call(const std::string& id, const std::string& agent) {
  return R"({"id":")" + id + R"(","agent_id":")" + agent +
         R"(","problem_type":"p","started_at":"2026-01-05T09:30:00Z","turns":[]})" + "\n";
}

std::string RecordsScored(const std::string& id, double entry, double exit) {
  Score score;
  score.id = id;
  score.entry = entry;
  score.exit = exit;
  score.delta = exit - entry;
  score.p_satisfied = 0.5;
  score.model = "m";
  return ToJsonLine(score) + "\n";
}

TEST(Outcomes, OfAScore) {
  Score score;
  score.entry = 0.25;
  score.exit = 0.75;
  score.delta = 0.5;
  score.p_satisfied = 0.875;
  for (const double state : {0.25, 0.5, 0.75}) score.turns.push_back({0, kCustomer, state, 0});
  EXPECT_EQ(OutcomeOf(score, "delta"), 0.5);
  EXPECT_EQ(OutcomeOf(score, "exit"), 0.75);
  EXPECT_EQ(OutcomeOf(score, "p_satisfied"), 0.875);
  EXPECT_EQ(OutcomeOf(score, "arc"), (0.5 + 0.75) / 2 - 0.25);
  score.turns.resize(1);
  EXPECT_EQ(OutcomeOf(score, "arc"), 0);
}

TEST(AgentRecords, AreJoinedInAnyOrder) {
  const TemporaryFolder folder;
  const std::string data =
      folder.Put("data", Call("a", "x") + Call("b", "") + Call("c", "y") + Call("d", "x"));
  const std::string scores =
      folder.Put("scores", RecordsScored("c", 0.5, 0.25) + RecordsScored("a", 0.25, 1) +
                               RecordsScored("b", 0, 0) + RecordsScored("z", 0, 1));
  const AgentRecords records = ReadAgentRecords(data, scores, {}, {});
  EXPECT_EQ(records.agents, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(records.id(0), "a");
  EXPECT_EQ(records.id(1), "c");
  EXPECT_EQ(records.outcome, (std::vector<double>{0.75, -0.25}));
  EXPECT_EQ(records.entry, (std::vector<double>{0.25, 0.5}));
  EXPECT_EQ(records.conversations, 4);
  EXPECT_EQ(records.without_agent, 1);
  EXPECT_EQ(records.without_score, 1);
  EXPECT_EQ(records.without_conversation, 1);
}

TEST(AgentRecords, RefuseAScoreTwiceAndNothingToJoin) {
  const TemporaryFolder folder;
  const std::string data = folder.Put("data", Call("a", "x"));
  const auto message = [&](const std::string& scores) {
    try {
      ReadAgentRecords(data, folder.Put("scores", scores), {}, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message(RecordsScored("a", 0, 0) + RecordsScored("a", 0, 0)), HasSubstr("accepted"))
      << "the second waits for nobody";
  EXPECT_THAT(message(RecordsScored("b", 0, 0) + RecordsScored("b", 0, 0)),
              HasSubstr("found \"b\" again"));
  EXPECT_THAT(message(RecordsScored("b", 0, 0)), HasSubstr("has an agent and a score"));
  EXPECT_THAT(message("{}\n"), HasSubstr("scores:1"));
}

TEST(Catalogue, TheProblemsOwnLessonsComeFirst) {
  const TemporaryFolder folder;
  const LessonCatalogue catalogue = ReadCatalogue(folder.Put("lessons.json", R"({
    "format":"arcsat-lessons","version":1,"lessons":[
      {"id":"1","title":"A","behaviour":"checks"},
      {"id":"2","title":"B","behaviour":"checks","problem_type":"billing","text":"t"},
      {"id":"3","title":"C","problem_type":"billing"}]})"));
  const auto titles = [&](const char* problem, const char* behaviour) {
    std::string text;
    for (const Lesson* lesson : catalogue.For(problem, behaviour)) text += lesson->title;
    return text;
  };
  EXPECT_EQ(titles("billing", "checks"), "B");
  EXPECT_EQ(titles("refund", "checks"), "A");
  EXPECT_EQ(titles("billing", "*"), "C");
  EXPECT_EQ(titles("refund", "*"), "");
}

TEST(Catalogue, RefusesWhatIsWrong) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& lessons) {
    try {
      ReadCatalogue(folder.Put(
          "c", R"({"format":"arcsat-lessons","version":1,"lessons":[)" + lessons + "]}"));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message(R"({"id":"1","title":"A"})"), "accepted");
  EXPECT_THAT(message(R"({"id":"1"})"), HasSubstr("title"));
  EXPECT_THAT(message(R"({"id":"1","title":"A","behaviour":"sings"})"), HasSubstr("sings"));
  EXPECT_THAT(message(R"({"id":"1","title":"A","colour":"red"})"), HasSubstr("colour"));
  EXPECT_THAT(message(R"({"id":"1","title":"A"},{"id":"1","title":"B"})"), HasSubstr("once"));
}

TEST(Pseudonyms, StayTheSameAndAreNotTheIds) {
  const TemporaryFolder folder;
  const std::string path = (folder / "key.json").string();
  const auto first = Pseudonyms(path, {"anna", "bert"});
  EXPECT_NE(first[0], first[1]);
  for (const std::string& name : first) EXPECT_THAT(name, HasSubstr("agent 000"));
  const auto later = Pseudonyms(path, {"bert", "carl", "anna"});
  EXPECT_EQ(later[0], first[1]);
  EXPECT_EQ(later[1], "agent 0003");
  EXPECT_EQ(later[2], first[0]);
  const auto permissions = std::filesystem::status(path).permissions();
  EXPECT_EQ(permissions & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
            std::filesystem::perms::none);
}

}  // namespace
}  // namespace arcsat
