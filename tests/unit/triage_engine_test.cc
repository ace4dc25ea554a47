#include "insight/triage/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/random.h"
#include "tests/unit/triage_test_support.h"

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TriageOptions EngineRules() {
  TriageOptions rules;
  rules.outlook = 0.3;
  rules.fall = 0.4;
  rules.from_turn = 2;
  return rules;
}

std::vector<std::string> Drain(TriageEngine* engine) {
  std::vector<std::string> alerts;
  while (engine->due() > 0) {
    for (const Alert& alert : engine->Round().alerts) alerts.push_back(ToJson(alert).dump());
  }
  return alerts;
}

std::vector<std::string> Names(const std::vector<std::string>& alerts) {
  std::vector<std::string> names;
  for (const std::string& alert : alerts) names.push_back(Json::parse(alert).at("alert"));
  return names;
}

TEST(TriageEngine, RaisesEachReasonOnceAtTheTurnWhereItFirstHeld) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  EXPECT_EQ(engine.Take(Said("c", 0, "0.8"), 0), Taken::kNew);
  EXPECT_EQ(engine.Take(Said("c", 1, "0.6"), 1), Taken::kNew);
  EXPECT_THAT(Drain(&engine), IsEmpty());
  engine.Take(Said("c", 2, "0.35"), 2);  // 0.45 below entry: a fall, but no poor outlook yet
  const auto fall = Drain(&engine);
  ASSERT_THAT(Names(fall), ElementsAre("c/fall"));
  const Json alert = Json::parse(fall[0]);
  EXPECT_EQ(alert["i"], 2);
  EXPECT_EQ(alert["at"], 20);
  EXPECT_DOUBLE_EQ(alert["chance"], 0.65);
  EXPECT_EQ(alert["why"].dump(),
            R"([{"i":2,"fall":0.25,"state":0.35},{"i":1,"fall":0.2,"state":0.6}])");
  EXPECT_EQ(alert["says"], "The state fell from 0.80 to 0.35: by 0.25 at turn 3, 0.20 at turn 2.");
  engine.Take(Said("c", 3, "0.2"), 3);
  engine.Take(Said("c", 4, "0.1"), 3);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/outlook"));
  engine.Take(Ended("c", 5), 4);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/ended"));
  EXPECT_EQ(engine.open(), 0U);
  EXPECT_THAT(scorer.forgotten, ElementsAre("c"));
}

TEST(TriageEngine, AThresholdIsReachedByEqualFigures) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  engine.Take(Said("c", 0, "0.5"), 0);
  engine.Take(Said("c", 1, "0.3"), 0);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/outlook"));
}

TEST(TriageEngine, TheFirstTurnsAreNotLookedAt) {
  WordScorer scorer;
  TriageOptions rules = EngineRules();
  rules.from_turn = 3;
  TriageEngine engine(&scorer, rules);
  engine.Take(Said("c", 0, "0.1"), 0);
  engine.Take(Said("c", 1, "0.1"), 0);
  engine.Take(Said("c", 2, "0.9"), 0);
  EXPECT_THAT(Drain(&engine), IsEmpty());
  engine.Take(Ended("c", 3), 0);
  EXPECT_THAT(Drain(&engine), IsEmpty());  // it ended well
}

TEST(TriageEngine, RepeatedConflictingAndLateEventsAreToldApart) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  engine.Take(Said("c", 0, "0.8"), 0);
  EXPECT_EQ(engine.Take(Said("c", 0, "0.8"), 0), Taken::kRepeated);
  TurnEvent other = Said("c", 0, "0.1");
  other.event = "another";
  EXPECT_EQ(engine.Take(other, 0), Taken::kConflict);
  engine.Take(Said("c", 3, "0.8"), 0);  // waits
  EXPECT_EQ(engine.Take(Said("c", 3, "0.8"), 0), Taken::kRepeated);
  engine.Take(Ended("c", 1), 0);
  EXPECT_EQ(engine.Take(Ended("c", 1), 0), Taken::kRepeated);
  EXPECT_EQ(engine.Take(Said("c", 1, "0.1"), 0), Taken::kAfterEnd);
  Drain(&engine);
  EXPECT_EQ(engine.Take(Said("c", 1, "0.1"), 0), Taken::kAfterEnd);
  EXPECT_EQ(engine.Take(Said("d", 2000, "0.1"), 0), Taken::kTooMany);
  EXPECT_EQ(engine.taken(), 3);
}

TEST(TriageEngine, AnEarlyTurnWaitsForThoseBeforeIt) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  engine.Take(Said("c", 0, "0.8"), 0);
  engine.Take(Said("c", 2, "0.1"), 0);
  Drain(&engine);
  EXPECT_THAT(scorer.kept["c"], ElementsAre(0));
  engine.Tick(29);
  EXPECT_EQ(engine.due(), 0U);
  engine.Take(Said("c", 1, "0.7"), 29);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/fall", "c/outlook"));
  EXPECT_THAT(scorer.kept["c"], ElementsAre(0, 1));
}

TEST(TriageEngine, AGapIsGivenUpAndFilledWhenTheTurnComesAfterAll) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  engine.Take(Said("c", 0, "0.8"), 0);
  engine.Take(Said("c", 2, "0.7"), 0);
  Drain(&engine);
  engine.Tick(30);
  EXPECT_THAT(Drain(&engine), IsEmpty());
  EXPECT_EQ(engine.Take(Said("c", 1, "0.2"), 40), Taken::kNew);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/fall", "c/outlook"));
  EXPECT_THAT(scorer.kept["c"], ElementsAre(0, 1, 1));  // anew from the late turn on
}

TEST(TriageEngine, AConversationWithoutATurnForLongCountsAsEnded) {
  WordScorer scorer;
  TriageOptions rules = EngineRules();
  rules.idle_minutes = 1;
  TriageEngine engine(&scorer, rules);
  engine.Take(Said("old", 0, "0.1"), 0);
  engine.Take(Said("new", 0, "0.1"), 30);
  Drain(&engine);
  engine.Tick(60);
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("old/ended"));
  EXPECT_EQ(engine.open(), 1U);
}

TEST(TriageEngine, OnlyACustomersTurnOrTheEndIsScored) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  TurnEvent agent = Said("c", 0, "hello");
  agent.turn->speaker = Speaker::kAgent;
  engine.Take(agent, 0);
  EXPECT_EQ(engine.due(), 0U);
  engine.Take(Said("c", 1, "0.4"), 0);
  EXPECT_EQ(engine.due(), 1U);
}

TEST(TriageEngine, NoCustomerNoAlert) {
  WordScorer scorer;
  TriageOptions rules = EngineRules();
  rules.outlook = 1;
  TriageEngine engine(&scorer, rules);
  engine.Take(Ended("c", 0), 0);
  EXPECT_THAT(Drain(&engine), IsEmpty());
}

TEST(TriageEngine, AnAlertKnowsOnlyWhatWasToldByItsTurn) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  TurnEvent first = Said("c", 0, "0.8"), second = Said("c", 1, "0.1"), third = Said("c", 2, "0.1");
  first.channel = Channel::kVoice;
  second.agent_id = "a-1";
  third.agent_id = "a-2";
  third.problem_type = "billing";
  third.channel = Channel::kChat;
  for (const TurnEvent& event : {third, first, second}) engine.Take(event, 0);
  const Json alert = Json::parse(Drain(&engine).at(0));
  EXPECT_EQ(alert["agent_id"], "a-1");
  EXPECT_EQ(alert["channel"], "voice");
  EXPECT_FALSE(alert.contains("problem_type"));
}

// What an undisturbed run, one event after the other, says.
std::vector<std::string> InOrder(const std::vector<TurnEvent>& events) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  std::vector<std::string> alerts;
  for (const TurnEvent& event : events) {
    engine.Take(event, 0);
    for (std::string& alert : Drain(&engine)) alerts.push_back(std::move(alert));
  }
  std::sort(alerts.begin(), alerts.end());
  return alerts;
}

TEST(TriageEngine, AlertsDoNotDependOnOrderRepetitionOrBatches) {
  Random random(7);
  for (int replicate = 0; replicate < 200; ++replicate) {
    std::vector<TurnEvent> events;
    for (int c = 0; c < 5; ++c) {
      const std::string id = "c" + std::to_string(c);
      const int turns = 1 + static_cast<int>(random.Below(12));
      for (int i = 0; i < turns; ++i) {
        events.push_back(Said(id, i, std::to_string(random.Uniform() * 0.9 + 0.05)));
        if (random.Chance(0.4)) events.back().turn->speaker = Speaker::kAgent;
        if (random.Chance(0.2)) events.back().agent_id = "a" + std::to_string(i);
      }
      if (random.Chance(0.7)) events.push_back(Ended(id, turns));
    }
    const auto expected = InOrder(events);
    random.Shuffle(&events);
    WordScorer scorer;
    TriageOptions rules = EngineRules();
    rules.round = 1 + static_cast<int>(random.Below(4));
    TriageEngine engine(&scorer, rules);
    std::vector<std::string> alerts;
    for (std::size_t i = 0; i < events.size(); ++i) {
      engine.Take(events[i], 0);
      if (random.Chance(0.2)) engine.Take(events[random.Below(i + 1)], 0);
      if (!random.Chance(0.3) || engine.due() == 0) continue;
      for (const Alert& alert : engine.Round().alerts) alerts.push_back(ToJson(alert).dump());
    }
    for (std::string& alert : Drain(&engine)) alerts.push_back(std::move(alert));
    std::sort(alerts.begin(), alerts.end());
    ASSERT_EQ(alerts, expected) << replicate;
    ASSERT_LE(scorer.largest, static_cast<std::size_t>(rules.round));
  }
}

TEST(TriageEngine, WhatWasRaisedBeforeARestartIsNotRaisedAgain) {
  WordScorer scorer;
  TriageEngine engine(&scorer, EngineRules());
  engine.Take(Said("c", 0, "0.8"), 0);
  engine.Take(Said("c", 1, "0.1"), 0);
  engine.Raised("c", AlertReason::kFall);
  engine.Over("gone");
  EXPECT_THAT(Names(Drain(&engine)), ElementsAre("c/outlook"));
  EXPECT_EQ(engine.Take(Said("gone", 0, "0.1"), 0), Taken::kAfterEnd);
}

TEST(LowestChance, IsBelowTheThresholdExactlyWhereAnOutlookAlertIsRaised) {
  Random random(3);
  for (int replicate = 0; replicate < 2000; ++replicate) {
    Conversation c;
    const int turns = static_cast<int>(random.Below(6));
    for (int i = 0; i < turns; ++i) {
      c.turns.push_back({Speaker::kCustomer, std::to_string(random.Uniform()), {}, {}, {}});
    }
    TriageOptions rules = EngineRules();
    rules.outlook = random.Uniform();
    rules.fall = 1;  // never
    rules.from_turn = 1 + static_cast<int>(random.Below(3));
    Score score = WordScorer::ScoreWords(c);
    score.p_satisfied = random.Uniform();
    const auto lowest = LowestChance(score, rules);
    ASSERT_EQ(lowest.has_value(), turns > 0);
    ASSERT_EQ(!Judge(score, true, rules).empty(), lowest && *lowest <= rules.outlook);
  }
}

}  // namespace
}  // namespace arcsat
