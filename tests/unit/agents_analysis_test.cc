// The whole way on made-up records whose truth is planted.
#include "insight/agents/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data/random.h"
#include "insight/agents/output.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

constexpr double kDay = 86400;

/// Agents 0 and 1 fall short at problem 2; agents 2 to 5 are strong there and check more often.
AgentRecords Planted(int agents, int each, std::uint64_t seed) {
  AgentRecords records;
  Random random(seed);
  records.problems = {"a", "b", "c"};
  for (int agent = 0; agent < agents; ++agent) {
    records.agents.push_back("agent-" + std::to_string(agent));
    for (int i = 0; i < each * 3; ++i) {
      const int problem = i % 3;
      const bool strong = problem == 2 && agent >= 2 && agent < 6;
      const double entry = 0.2 + 0.4 * random.Uniform();
      double outcome = 0.3 - 0.5 * (entry - 0.4) + 0.15 * random.Normal();
      if (problem == 2 && agent < 2) outcome -= 0.3;
      if (strong) outcome += 0.25;
      records.AddId("c" + std::to_string(records.size()));
      records.agent.push_back(agent);
      records.problem.push_back(problem);
      records.channel.push_back(static_cast<std::int8_t>(i % 2));
      records.started.push_back(1.7e9 + 180 * kDay * random.Uniform());
      records.entry.push_back(entry);
      records.outcome.push_back(outcome);
      records.satisfied.push_back(0.5 + 0.5 * outcome);
      BehaviourFigures figures{};
      figures[static_cast<std::size_t>(Behaviour::kChecks)] =
          random.Chance(strong ? 0.9 : 0.3) ? 1.0F : 0.0F;
      figures[static_cast<std::size_t>(Behaviour::kThanks)] = random.Chance(0.5) ? 1.0F : 0.0F;
      records.behaviour.push_back(figures);
    }
  }
  records.conversations = static_cast<std::int64_t>(records.size());
  return records;
}

LessonCatalogue Catalogue() {
  LessonCatalogue catalogue;
  catalogue.lessons.push_back({"l1", "Checking", "*", "checks", ""});
  return catalogue;
}

class PlantedGaps : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    records_ = new AgentRecords(Planted(30, 40, 5));
    catalogue_ = new LessonCatalogue(Catalogue());
    analysis_ = new AgentsAnalysis(AnalyseAgents(*records_, *catalogue_, {}, {}));
  }
  static const AgentRecords* records_;
  static const LessonCatalogue* catalogue_;
  static const AgentsAnalysis* analysis_;
};
const AgentRecords* PlantedGaps::records_ = nullptr;
const LessonCatalogue* PlantedGaps::catalogue_ = nullptr;
const AgentsAnalysis* PlantedGaps::analysis_ = nullptr;

// A model of normal effects on two kinds of agents: false statements may be a few more than the
// stated rate, so it is held over many worlds and with some room.
TEST(PlantedGapsOfManyWorlds, AreFoundAndFewOthers) {
  int gaps = 0, strengths = 0, false_gaps = 0, false_strengths = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const AgentRecords records = Planted(30, 40, seed);
    for (const PairStanding& pair : AnalyseAgents(records, {}, {}, {}).pairs) {
      const bool short_of = pair.problem == 2 && pair.agent < 2;
      const bool strong = pair.problem == 2 && pair.agent >= 2 && pair.agent < 6;
      if (pair.standing.statement == Statement::kGap) ++(short_of ? gaps : false_gaps);
      if (pair.standing.statement == Statement::kStrength) ++(strong ? strengths : false_strengths);
    }
  }
  EXPECT_EQ(gaps, 20 * 2);
  EXPECT_EQ(strengths, 20 * 4);
  EXPECT_LE(false_gaps, 0.15 * (gaps + false_gaps));
  EXPECT_LE(false_strengths, 0.15 * (strengths + false_strengths));
}

TEST_F(PlantedGaps, CostWhatTheSlopeSays) {
  EXPECT_NEAR(analysis_->satisfied_slope, 0.5, 1e-6);
  const PairStanding& gap = analysis_->pairs[2];
  EXPECT_EQ(gap.standing.n, 40);
  EXPECT_NEAR(gap.cost, -40 * 0.5 * gap.standing.effect, 1e-6);
  EXPECT_NEAR(gap.cost, 40 * 0.5 * 0.3, 1.5);
}

TEST_F(PlantedGaps, LeadToWhatStrongAgentsDo) {
  ASSERT_GE(analysis_->paths.size(), 2U);
  const PathStep& step = analysis_->paths[0].steps.at(0);
  ASSERT_EQ(step.behaviours.size(), 1U) << "thanks differ by chance only";
  EXPECT_EQ(step.behaviours[0].difference->behaviour, Behaviour::kChecks);
  EXPECT_NEAR(step.behaviours[0].difference->strong.value, 0.9, 0.08);
  EXPECT_NEAR(step.behaviours[0].own.value, 0.3, 0.2);
  ASSERT_EQ(step.behaviours[0].lessons.size(), 1U);
  EXPECT_EQ(step.behaviours[0].lessons[0]->title, "Checking");
  EXPECT_EQ(step.examples.size(), 3U);
  for (const std::size_t i : step.examples) {
    EXPECT_EQ(records_->problem[i], 2);
    EXPECT_GE(records_->agent[i], 2);
    EXPECT_LT(records_->agent[i], 6);
  }
  EXPECT_GE(step.coach, 2);
  EXPECT_LT(step.coach, 6);
}

TEST_F(PlantedGaps, AreWrittenWithNothingThatComputes) {
  const AgentNames name = [](int agent) {
    return agent == 0 ? std::string("=1+1,\"x\"") : "agent " + std::to_string(agent);
  };
  const std::string csv = AgentsCsv(*analysis_, name);
  EXPECT_THAT(csv, HasSubstr("\n\"'=1+1,\"\"x\"\"\",c,40,"));
  const Json json = AgentsJson(*records_, *analysis_, name);
  EXPECT_EQ(json.at("agents").size(), 30U);
  EXPECT_EQ(json.at("data").at("used"), 3600);
  const std::string trace = TraceCsv(*records_, *analysis_, name);
  const auto stated =
      std::count_if(analysis_->pairs.begin(), analysis_->pairs.end(), [](const PairStanding& pair) {
        return pair.standing.statement == Statement::kGap ||
               pair.standing.statement == Statement::kStrength;
      });
  EXPECT_GE(stated, 6);
  EXPECT_EQ(std::count(trace.begin(), trace.end(), '\n'), 1 + stated * 40);
}

TEST(Agents, OfPureNoiseAreNotToldApart) {
  AgentRecords records = Planted(30, 20, 9);
  Random random(4);
  for (double& outcome : records.outcome) outcome = 0.2 * random.Normal();
  const AgentsAnalysis analysis = AnalyseAgents(records, {}, {}, {});
  for (const PairStanding& pair : analysis.pairs) {
    EXPECT_EQ(pair.standing.statement, Statement::kNone);
  }
  EXPECT_TRUE(analysis.paths.empty());
}

/// Agents 6 to 21 take a lesson for problem 0 half-way and rise by 0.2 afterwards.
TEST(Lessons, EffectIsTheDifferenceOfDifferences) {
  AgentRecords records = Planted(40, 60, 11);
  const double half = 1.7e9 + 90 * kDay;
  std::vector<LessonTaken> lessons;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool late = records.started[i] >= half;
    if (late) records.outcome[i] += 0.1;  // everybody's, which is not the lesson's
    if (late && records.agent[i] >= 6 && records.agent[i] < 22 && records.problem[i] == 0) {
      records.outcome[i] += 0.2;
    }
  }
  for (int agent = 6; agent < 22; ++agent) {
    lessons.push_back({"agent-" + std::to_string(agent), "a", "", half, ""});
  }
  lessons.push_back({"nobody", "a", "", half, ""});
  lessons.push_back({"agent-30", "zzz", "", half, ""});
  const LessonEffects effects = *AnalyseAgents(records, {}, lessons, {}).lessons;
  EXPECT_EQ(effects.estimated, 16);
  EXPECT_NEAR(effects.effect, 0.2, 0.04);
  ASSERT_TRUE(effects.interval);
  EXPECT_GT(effects.interval->low, 0.1);
  EXPECT_LT(effects.interval->low, 0.2);
  EXPECT_EQ(effects.method, "cluster bootstrap over agents");
  EXPECT_THAT(effects.lessons[16].reason, HasSubstr("agent"));
  EXPECT_THAT(effects.lessons[17].reason, HasSubstr("problem type"));
  EXPECT_EQ(effects.lessons[0].controls, 10);
}

}  // namespace
}  // namespace arcsat
