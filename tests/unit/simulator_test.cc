#include "data/simulator/simulate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "data/error.h"
#include "data/simulator/clock.h"
#include "data/simulator/manner.h"
#include "data/simulator/phrases.h"
#include "data/simulator/problems.h"
#include "data/simulator/response.h"
#include "data/simulator/story.h"
#include "data/simulator/world.h"

namespace arcsat {
namespace {

constexpr Speaker kCustomer = Speaker::kCustomer;
constexpr Speaker kSimulatedAgent = Speaker::kAgent;

const Json& Truth(const Conversation& c) { return c.attributes.at("truth"); }
bool Satisfied(const Conversation& c) { return Truth(c).at("satisfied").get<bool>(); }
bool SimulatedAnswered(const Conversation& c) { return c.survey->score.has_value(); }

std::vector<Conversation> Many(std::int64_t n, const SimulateOptions& options = {}) {
  std::vector<Conversation> all;
  for (std::int64_t i = 0; i < n; ++i) all.push_back(Simulate(options, i));
  return all;
}

/// Share of `all` for which `holds`, among those for which `counts`.
template <class Holds, class Counts>
double Share(const std::vector<Conversation>& all, Holds holds, Counts counts) {
  double hits = 0, total = 0;
  for (const Conversation& c : all) {
    if (!counts(c)) continue;
    total += 1;
    hits += holds(c) ? 1 : 0;
  }
  return hits / total;
}
bool Everybody(const Conversation&) { return true; }

TEST(SimulatorStates, OrderDecides) {
  const std::vector<Event> heals = {
      {kCustomer, Act::kOpen}, {kSimulatedAgent, Act::kTransfer}, {kCustomer, Act::kWorks}};
  EXPECT_NEAR(States(heals, 0.5, 1.0).at(0), 0.5, 1e-12);
  EXPECT_NEAR(States(heals, 0.5, 1.0).at(1), 0.86, 1e-12);

  const std::vector<Event> falls = {{kCustomer, Act::kWorks}, {kCustomer, Act::kFails}};
  EXPECT_NEAR(States(falls, 0.5, 1.0).at(0), 0.8696, 1e-12);
  EXPECT_NEAR(States(falls, 0.5, 1.0).at(1), 0.269312, 1e-12);
  const std::vector<Event> rises = {{kCustomer, Act::kFails}, {kCustomer, Act::kWorks}};
  EXPECT_NEAR(States(rises, 0.5, 1.0).at(1), 0.81968, 1e-12);

  const std::vector<Event> sorry_after = {{kCustomer, Act::kAnswerAgain},
                                          {kSimulatedAgent, Act::kApologise},
                                          {kCustomer, Act::kAccept}};
  const std::vector<Event> sorry_before = {{kSimulatedAgent, Act::kApologise},
                                           {kCustomer, Act::kAnswerAgain},
                                           {kCustomer, Act::kAccept}};
  EXPECT_NEAR(States(sorry_after, 0.5, 1.0).back(), 0.4076, 1e-12);
  EXPECT_NEAR(States(sorry_before, 0.5, 1.0).back(), 0.395, 1e-12);
}

TEST(SimulatorStates, WaitingCostsAndPoliteWordsDoNot) {
  const std::vector<Event> waits = {{kCustomer, Act::kOpen}, {kCustomer, Act::kAccept, false, 600}};
  EXPECT_NEAR(States(waits, 0.8, 1.0).at(1), 0.6, 1e-12);
  const std::vector<Event> neutral = {{kCustomer, Act::kOpen},
                                      {kSimulatedAgent, Act::kFarewell},
                                      {kCustomer, Act::kIfAgain},
                                      {kCustomer, Act::kWhenDone},
                                      {kCustomer, Act::kClose, true}};
  EXPECT_EQ(States(neutral, 0.4, 1.1), (std::vector<double>{0.4, 0.4, 0.4}));
  // An apology cannot spoil a good mood.
  const std::vector<Event> sorry = {{kSimulatedAgent, Act::kApologise}, {kCustomer, Act::kAccept}};
  EXPECT_NEAR(States(sorry, 0.9, 1.0).at(0), 0.9, 1e-12);
}

TEST(SimulatorStory, EndsAsItsLastOutcomeSays) {
  Random random(5);
  int resolved = 0;
  for (int i = 0; i < 4000; ++i) {
    const StoryTraits traits{random.Uniform(), random.Chance(0.4), random.Chance(0.5),
                             random.Uniform(), random.Uniform()};
    const Story story = TellStory(traits, &random);
    std::size_t turns = 0;
    bool last_good = false;
    for (const Event& event : story.events) {
      turns += event.joined ? 0U : 1U;
      switch (event.act) {
        case Act::kWorks:
        case Act::kWorksAfterFail:
        case Act::kYes:
        case Act::kGrant:
          last_good = true;
          break;
        case Act::kFails:
        case Act::kFailsAfterWorks:
        case Act::kNo:
        case Act::kRefuse:
          last_good = false;
          break;
        default:
          break;
      }
    }
    EXPECT_EQ(story.resolved, last_good);
    EXPECT_GE(turns, 4U);
    EXPECT_LE(turns, 40U);
    resolved += story.resolved ? 1 : 0;
  }
  EXPECT_GT(resolved, 2000);
  EXPECT_LT(resolved, 3600);
}

TEST(SimulatorPhrases, EveryActHasManyAndEverySlotIsFilled) {
  for (int act = 0; act <= static_cast<int>(Act::kFarewell); ++act) {
    const bool bot =
        static_cast<Act>(act) == Act::kBotGreet || static_cast<Act>(act) == Act::kBotConnect;
    EXPECT_GE(Phrases(static_cast<Act>(act)).size(), bot ? 3U : 8U) << act;
  }
  std::set<std::string_view> names;
  for (const ProblemType& problem : Problems()) {
    names.insert(problem.name);
    EXPECT_GE(problem.openings.size(), 6U) << problem.name;
    EXPECT_GE(problem.works.size(), 7U) << problem.name;
    EXPECT_EQ(problem.works.size(), problem.fails.size()) << problem.name;
  }
  EXPECT_GE(names.size(), 12U);
  EXPECT_EQ(names.size(), Problems().size());
  for (const Conversation& c : Many(1000)) {
    for (const Turn& turn : c.turns) {
      EXPECT_FALSE(turn.text.empty()) << c.id;
      EXPECT_EQ(turn.text.find_first_of("{}"), std::string::npos) << turn.text;
    }
  }
}

TEST(Simulate, SameIndexSameRecordAndALongerRunBeginsWithTheShorter) {
  SimulateOptions shorter, longer;
  shorter.conversations = 10;
  longer.conversations = 100000;
  std::set<std::string> lines;
  for (std::int64_t i = 0; i < 50; ++i) {
    const std::string line = ToJsonLine(Simulate(shorter, 49 - i));
    EXPECT_EQ(line, ToJsonLine(Simulate(longer, 49 - i)));
    lines.insert(line);
  }
  EXPECT_EQ(lines.size(), 50U);
  SimulateOptions other;
  other.seed = 2;
  EXPECT_NE(ToJsonLine(Simulate(shorter, 3)), ToJsonLine(Simulate(other, 3)));
}

TEST(Simulate, IsAValidRecord) {
  for (const Conversation& c : Many(400)) {
    const std::string line = ToJsonLine(c);  // throws on broken UTF-8
    const Conversation back = ParseConversation(line, "simulated:1");
    EXPECT_EQ(ToJsonLine(back), line);
    ASSERT_FALSE(c.turns.empty());
    double before = 0;
    for (const Turn& turn : c.turns) {
      EXPECT_GE(turn.at.value(), before) << c.id;
      before = *turn.at;
    }
    EXPECT_EQ(c.started_at.substr(0, 5), "2026-");
    const auto customer = std::count_if(c.turns.begin(), c.turns.end(), [](const Turn& turn) {
      return turn.speaker == Speaker::kCustomer;
    });
    EXPECT_EQ(Truth(c).at("states").size(), static_cast<std::size_t>(customer)) << c.id;
    EXPECT_EQ(Truth(c).at("exit"), Truth(c).at("states").back());
    EXPECT_EQ(Truth(c).at("entry"), Truth(c).at("states").front());
    EXPECT_TRUE(c.survey->offered || !SimulatedAnswered(c));
    EXPECT_EQ(c.survey->score.value_or(Truth(c).at("score").get<double>()),
              Truth(c).at("score").get<double>());
    EXPECT_EQ(Satisfied(c), Truth(c).at("score").get<int>() >= 4);
  }
}

TEST(Simulate, SharesAreAsStated) {
  const auto all = Many(3000);
  const auto voice = [](const Conversation& c) { return c.channel == Channel::kVoice; };
  const double satisfied = Share(all, Satisfied, Everybody);
  const double responders = Share(all, Satisfied, SimulatedAnswered);
  EXPECT_NEAR(Share(all, voice, Everybody), 0.40, 0.03);
  EXPECT_NEAR(Share(all, SimulatedAnswered, Everybody), 0.09, 0.02);
  EXPECT_GT(satisfied, 0.70);
  EXPECT_LT(satisfied, 0.78);
  EXPECT_GT(responders, satisfied + 0.08);
  std::set<std::string> customers;
  for (const Conversation& c : all) customers.insert(c.customer_id);
  EXPECT_LT(customers.size(), 2700U);
  EXPECT_GT(customers.size(), 2300U);
}

TEST(Simulate, PropensityIsTheChanceOfAnAnswer) {
  SimulateOptions options;
  options.response_share = 0.3;
  const auto all = Many(6000, options);
  double weighted = 0, weights = 0;
  std::array<double, 6> expected{}, seen{};
  for (const Conversation& c : all) {
    const double propensity = Truth(c).at("propensity").get<double>();
    const auto score = Truth(c).at("score").get<std::size_t>();
    expected[score] += propensity;
    if (!SimulatedAnswered(c)) continue;
    seen[score] += 1;
    weights += 1 / propensity;
    weighted += Satisfied(c) ? 1 / propensity : 0;
  }
  for (std::size_t score = 1; score <= 5; ++score) {
    EXPECT_NEAR(seen[score], expected[score], 4 * std::sqrt(expected[score])) << score;
  }
  // Weighting by the known chance gives the population back; the plain mean does not.
  const double truth = Share(all, Satisfied, Everybody);
  EXPECT_NEAR(weighted / weights, truth, 0.035);
  EXPECT_GT(Share(all, Satisfied, SimulatedAnswered), truth + 0.08);
}

TEST(Simulate, WithoutBiasRespondersAreLikeEverybodyOfTheirKind) {
  SimulateOptions options;
  options.response_share = 0.5;
  options.response_bias = 0;
  const auto all = Many(4000, options);
  const auto asked = [](const Conversation& c) { return c.survey->offered; };
  EXPECT_NEAR(Share(all, Satisfied, SimulatedAnswered), Share(all, Satisfied, asked), 0.035);
}

TEST(Simulate, ExitStateExplainsTheScore) {
  const auto all = Many(3000);
  double agree = 0, resolved = 0;
  for (const Conversation& c : all) {
    const double exit = Truth(c).at("exit").get<double>();
    EXPECT_GE(exit, 0.0);
    EXPECT_LE(exit, 1.0);
    agree += (exit > 0.625) == Satisfied(c) ? 1 : 0;
    resolved += Truth(c).at("resolved").get<bool>() == Satisfied(c) ? 1 : 0;
  }
  EXPECT_GT(agree / 3000, 0.94);
  EXPECT_LT(agree / 3000, 0.99);  // people are not thermometers
  EXPECT_GT(resolved / 3000, 0.93);
}

TEST(Simulate, ThanksAndCursesSayLittle) {
  const auto all = Many(4000);
  const auto says = [](const char* word) {
    return [word](const Conversation& c) {
      // The first turn: later ones are more numerous where more went wrong.
      const auto first = std::find_if(c.turns.begin(), c.turns.end(), [](const Turn& turn) {
        return turn.speaker == Speaker::kCustomer;
      });
      return first->text.find(word) != std::string::npos;
    };
  };
  const auto unsatisfied = [](const Conversation& c) { return !Satisfied(c); };
  for (const char* word : {"hank", "damn"}) {
    const double happy = Share(all, says(word), Satisfied);
    EXPECT_GT(happy, 0.005) << word;
    EXPECT_NEAR(happy, Share(all, says(word), unsatisfied), 0.03) << word;
  }
}

TEST(Simulate, PlantedGapsShow) {
  const SimulateOptions options;
  const Json world = WorldTruth(options);
  ASSERT_EQ(world.at("agents").size(), 40U);
  std::set<std::pair<std::string, std::string>> gaps;
  for (const Json& agent : world.at("agents")) {
    for (const Json& gap : agent.at("gaps")) {
      gaps.emplace(agent.at("id").get<std::string>(), gap.get<std::string>());
      EXPECT_LT(agent.at("skill").at(gap.get<std::string>()).get<double>(), 0.15);
    }
  }
  EXPECT_GE(gaps.size(), 15U);
  const auto in_gap = [&](const Conversation& c) {
    return gaps.contains({c.agent_id, c.problem_type});
  };
  const auto elsewhere = [&](const Conversation& c) { return !in_gap(c); };
  const auto all = Many(6000);
  EXPECT_LT(Share(all, Satisfied, in_gap), Share(all, Satisfied, elsewhere) - 0.15);
}

TEST(Simulate, RefusesOptionsOutOfRange) {
  const auto message = [](const SimulateOptions& options) -> std::string {
    try {
      Simulate(options, 0);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  SimulateOptions options;
  options.agents = 0;
  EXPECT_NE(message(options).find("simulate.agents"), std::string::npos);
  options = {};
  options.response_share = 1.5;
  EXPECT_NE(message(options).find("simulate.response_share"), std::string::npos);
  EXPECT_NE(message(options).find("1.5"), std::string::npos);
  options = {};
  options.voice_share = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(message(options).find("simulate.voice_share"), std::string::npos);
  options = {};
  options.word_error_low = 0.3;
  EXPECT_NE(message(options).find("simulate.word_error_low"), std::string::npos);
  options = {};
  options.conversations = 0;
  EXPECT_NE(message(options).find("simulate.conversations"), std::string::npos);
  EXPECT_THROW(Simulate({}, -1), UsageError);
  EXPECT_THROW(WorldTruth({.conversations = 1, .agents = 20000}), UsageError);
}

TEST(SimulatorResponse, FollowsItsFactors) {
  const ResponseTraits chat{.score = 5, .voice = false, .turns = 8, .escalated = false};
  EXPECT_NEAR(AnswerChance(chat, 0.09, 1.0), 0.09 * 1.28 * 1.15 * 1.15 / 0.872, 1e-12);
  const ResponseTraits low{.score = 2, .voice = true, .turns = 30, .escalated = true};
  EXPECT_NEAR(AnswerChance(low, 0.09, 1.0), 0.09 * 0.5 * 0.75 * 0.75 / 0.872, 1e-12);
  EXPECT_NEAR(AnswerChance(low, 0.09, 0.0), 0.09 * 0.75 * 0.75 / 0.872, 1e-12);
  EXPECT_EQ(AnswerChance(chat, 1.0, 1.0), 1.0);
  EXPECT_EQ(AnswerChance(chat, 0.0, 1.0), 0.0);
  EXPECT_EQ(OfferChance(chat), 0.97);
  EXPECT_EQ(OfferChance(low), 0.35);
}

TEST(SimulatorClock, TimeStamps) {
  constexpr std::int64_t kDay = 86400;
  EXPECT_EQ(TimeStamp(0), "2026-01-01T00:00:00Z");
  EXPECT_EQ(TimeStamp(59 * kDay - 1), "2026-02-28T23:59:59Z");
  EXPECT_EQ(TimeStamp(59 * kDay), "2026-03-01T00:00:00Z");
  EXPECT_EQ(TimeStamp(365 * kDay), "2027-01-01T00:00:00Z");
  EXPECT_EQ(TimeStamp((2 * 365 + 59) * kDay), "2028-02-29T00:00:00Z");
}

TEST(SimulatorClock, WaitsCanBeSeen) {
  std::vector<Turn> turns(3);
  for (Turn& turn : turns) turn.text = "one two three";
  turns[1].speaker = Speaker::kAgent;
  Random random(3);
  SetTimes(Channel::kVoice, {0, 120, 0}, &random, &turns);
  EXPECT_EQ(*turns[0].at, 0.0);
  EXPECT_GT(*turns[1].at, 121.0);
  EXPECT_LT(*turns[1].at, 123.0);
  EXPECT_LT(*turns[2].at - *turns[1].at, 3.0);
}

TEST(SimulatorManner, TypingKeepsUtf8Whole) {
  const Manner slips{Manner::Tone::kPlain, 0, 1.0, true, true};
  Random random(9);
  for (int i = 0; i < 300; ++i) {
    const std::string text = Type("Zoë wartet seit März auf die Überweisung", slips, &random);
    EXPECT_NO_THROW(Json(text).dump()) << text;
    EXPECT_NE(text.find("ë"), std::string::npos);
  }
  EXPECT_EQ(Capitalise("one. two... three? four"), "One. Two... three? Four");
}

}  // namespace
}  // namespace arcsat
