#include "data/simulator/world.h"

#include "data/random.h"
#include "data/simulator/problems.h"
#include "fmt/format.h"

namespace arcsat {
namespace {

// One stream a question, so that a new question changes no old answer.
enum : std::uint64_t { kSkillStream = 101, kGapStream = 102, kCourtesyStream = 103 };

Random Stream(const SimulateOptions& options, std::uint64_t stream, int agent) {
  return Random(MixSeed(options.seed, stream, static_cast<std::uint64_t>(agent) + 1));
}

}  // namespace

std::string AgentId(int agent) { return fmt::format("a-{:02}", agent + 1); }

bool HasGap(const SimulateOptions& options, int agent, int problem) {
  Random random = Stream(options, kGapStream, agent);
  if (!random.Chance(options.gap_share)) return false;
  const auto types = static_cast<std::uint64_t>(Problems().size());
  const std::uint64_t first = random.Below(types);
  const std::uint64_t second = random.Chance(0.5) ? random.Below(types) : first;
  return static_cast<std::uint64_t>(problem) == first ||
         static_cast<std::uint64_t>(problem) == second;
}

double AgentSkill(const SimulateOptions& options, int agent, int problem) {
  Random random = Stream(options, kSkillStream, agent);
  const double base = 0.55 + 0.35 * random.Uniform();
  double own = 0;
  for (int i = 0; i <= problem; ++i) own = random.Uniform();
  if (HasGap(options, agent, problem)) return 0.02 + 0.13 * own;
  return base + 0.2 * (own - 0.5);
}

double AgentCourtesy(const SimulateOptions& options, int agent) {
  return Stream(options, kCourtesyStream, agent).Uniform();
}

Json WorldTruth(const SimulateOptions& options) {
  Validate(options);
  Json world = {{"seed", options.seed}, {"response_share", options.response_share}};
  for (const ProblemType& problem : Problems()) {
    world["problem_types"].push_back(std::string(problem.name));
  }
  world["agents"] = Json::array();
  for (int agent = 0; agent < options.agents; ++agent) {
    Json skills = Json::object();
    Json gaps = Json::array();
    for (std::size_t i = 0; i < Problems().size(); ++i) {
      const std::string name(Problems()[i].name);
      skills[name] = AgentSkill(options, agent, static_cast<int>(i));
      if (HasGap(options, agent, static_cast<int>(i))) gaps.push_back(name);
    }
    world["agents"].push_back({{"id", AgentId(agent)},
                               {"courtesy", AgentCourtesy(options, agent)},
                               {"skill", skills},
                               {"gaps", gaps}});
  }
  return world;
}

}  // namespace arcsat
