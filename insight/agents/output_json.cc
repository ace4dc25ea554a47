#include <algorithm>
#include <cmath>

#include "eval/report_json.h"
#include "insight/agents/output.h"

namespace arcsat {
namespace {

using Index = Eigen::Index;

Json StandingJson(const Standing& standing) {
  return {{"n", standing.n},
          {"effect", standing.effect},
          {"standard_error", standing.error},
          {"interval", Json::array({standing.interval.low, standing.interval.high})},
          {"p_above", standing.p_above},
          {"p_below", 1 - standing.p_above},
          {"p_gap", standing.p_gap},
          {"p_strength", standing.p_strength},
          {"statement", Name(standing.statement)}};
}

/// Seconds are averaged on their logarithm and shown as seconds: a geometric mean.
double Shown(double value, Behaviour behaviour) {
  return behaviour == Behaviour::kAnswerSeconds ? std::expm1(value) : value;
}

Json FigureJson(const MeanFigure& figure, Behaviour behaviour) {
  return {{"value", Shown(figure.value, behaviour)},
          {"interval", Json::array({Shown(figure.interval.low, behaviour),
                                    Shown(figure.interval.high, behaviour)})},
          {"n", figure.n}};
}

Json LessonsJson(const std::vector<const Lesson*>& lessons) {
  Json out = Json::array();
  for (const Lesson* lesson : lessons) {
    out.push_back({{"id", lesson->id}, {"title", lesson->title}, {"text", lesson->text}});
  }
  return out;
}

class Writer {
 public:
  Writer(const AgentRecords& records, const AgentsAnalysis& analysis, const AgentNames& name)
      : records_(records), analysis_(analysis), name_(name) {}

  Json Agents() const {
    std::vector<std::vector<const PairStanding*>> pairs(analysis_.agents.size());
    std::vector<const LearningPath*> paths(analysis_.agents.size(), nullptr);
    for (const PairStanding& pair : analysis_.pairs) {
      pairs[static_cast<std::size_t>(pair.agent)].push_back(&pair);
    }
    for (const LearningPath& path : analysis_.paths) {
      paths[static_cast<std::size_t>(path.agent)] = &path;
    }
    std::vector<std::pair<std::string, std::size_t>> order;
    for (std::size_t a = 0; a < analysis_.agents.size(); ++a) {
      order.emplace_back(name_(static_cast<int>(a)), a);
    }
    std::sort(order.begin(), order.end());
    Json out = Json::array();
    for (const auto& [name, a] : order) {
      const AgentStanding& standing = analysis_.agents[a];
      Json agent = {{"agent", name},
                    {"n", standing.standing.n},
                    {"mean", standing.mean},
                    {"overall", StandingJson(standing.standing)}};
      agent["problems"] = Json::array();
      for (const PairStanding* pair : pairs[a]) agent["problems"].push_back(PairJson(*pair));
      agent["path"] = Json::array();
      if (paths[a] != nullptr) {
        for (const PathStep& step : paths[a]->steps) agent["path"].push_back(StepJson(step));
      }
      out.push_back(std::move(agent));
    }
    return out;
  }

  Json Problems() const {
    std::vector<int> n(analysis_.design.problems.size()), agents = n;
    for (const PairSums::Pair& pair : analysis_.fit->sums().pairs) {
      n[static_cast<std::size_t>(pair.problem)] += static_cast<int>(pair.n);
      ++agents[static_cast<std::size_t>(pair.problem)];
    }
    Json out = Json::array();
    for (std::size_t k = 0; k < n.size(); ++k) {
      Json problem = {
          {"problem_type", analysis_.design.problems[k]}, {"n", n[k]}, {"agents", agents[k]}};
      for (const ProblemBehaviours& here : analysis_.behaviours) {
        if (here.problem == static_cast<int>(k)) AddBehaviours(here, &problem);
      }
      out.push_back(std::move(problem));
    }
    return out;
  }

  Json Model() const {
    const MixedFit& fit = *analysis_.fit;
    const VarianceComponents& variances = fit.variances();
    const Eigen::VectorXd errors = fit.coefficient_errors();
    Json columns = Json::array();
    for (std::size_t j = 0; j < analysis_.design.names.size(); ++j) {
      columns.push_back({{"column", analysis_.design.names[j]},
                         {"coefficient", fit.coefficients()(static_cast<Index>(j))},
                         {"standard_error", errors(static_cast<Index>(j))}});
    }
    Json model = {
        {"outcome", analysis_.options.outcome},
        {"problem_effects", analysis_.options.problem},
        {"columns", columns},
        {"variance",
         {{"agent", variances.agent},
          {"agent_problem", variances.pair},
          {"problem", analysis_.options.problem == "random" ? Json(variances.problem) : Json()},
          {"residual", variances.residual}}},
        {"restricted_log_likelihood", fit.log_likelihood()},
        {"satisfied_slope", analysis_.satisfied_slope},
        {"seconds", analysis_.seconds}};
    return model;
  }

  Json Lessons() const {
    if (!analysis_.lessons) return nullptr;
    const LessonEffects& all = *analysis_.lessons;
    Json list = Json::array();
    for (const LessonEffect& effect : all.lessons) list.push_back(LessonJson(effect));
    return {{"estimated", all.estimated},
            {"effect", all.estimated > 0 ? Json(all.effect) : Json()},
            {"interval", IntervalJson(all.interval)},
            {"method", all.method},
            {"lessons", list}};
  }

 private:
  Json PairJson(const PairStanding& pair) const {
    Json out = {{"problem_type", Problem(pair.problem)}, {"mean", pair.mean}};
    out.update(StandingJson(pair.standing));
    out["satisfied_lost"] = {
        {"value", pair.cost},
        {"interval", Json::array({pair.cost_interval.low, pair.cost_interval.high})}};
    return out;
  }

  Json StepJson(const PathStep& step) const {
    Json behaviours = Json::array();
    for (const StepBehaviour& behaviour : step.behaviours) {
      const BehaviourDifference& difference = *behaviour.difference;
      const BehaviourRule& rule = BehaviourRules()[static_cast<std::size_t>(difference.behaviour)];
      behaviours.push_back({{"behaviour", rule.name},
                            {"title", rule.title},
                            {"own", FigureJson(behaviour.own, difference.behaviour)},
                            {"strong", FigureJson(difference.strong, difference.behaviour)},
                            {"lessons", LessonsJson(behaviour.lessons)}});
    }
    Json examples = Json::array();
    for (const std::size_t i : step.examples) {
      examples.push_back({{"id", std::string(records_.id(i))},
                          {"agent", name_(records_.agent[i])},
                          {"entry", records_.entry[i]},
                          {"outcome", records_.outcome[i]}});
    }
    Json out = PairJson(*step.pair);
    out["behaviours"] = behaviours;
    out["lessons"] = LessonsJson(step.lessons);
    out["examples"] = examples;
    out["coach"] = step.coach < 0 ? Json() : Json(name_(step.coach));
    return out;
  }

  void AddBehaviours(const ProblemBehaviours& here, Json* problem) const {
    Json strong = Json::array(), differences = Json::array();
    for (const int agent : here.strong) strong.push_back(name_(agent));
    for (const BehaviourDifference& difference : here.differences) {
      const Behaviour behaviour = difference.behaviour;
      const BehaviourRule& rule = BehaviourRules()[static_cast<std::size_t>(behaviour)];
      differences.push_back(
          {{"behaviour", rule.name},
           {"title", rule.title},
           {"strong", FigureJson(difference.strong, behaviour)},
           {"rest", FigureJson(difference.rest, behaviour)},
           {"difference", difference.difference},
           {"interval", Json::array({difference.interval.low, difference.interval.high})},
           {"p", difference.p},
           {"stated", difference.stated}});
    }
    (*problem)["strong"] = {{"agents", strong}, {"chosen", here.chosen}};
    (*problem)["behaviours"] = differences;
  }

  Json LessonJson(const LessonEffect& effect) const {
    // The file names agents by their ids; what is written calls them as everything else does.
    const auto& ids = records_.agents;
    const auto found = std::find(ids.begin(), ids.end(), effect.lesson.agent);
    Json out = {
        {"agent", found == ids.end() ? Json() : Json(name_(static_cast<int>(found - ids.begin())))},
        {"problem_type", effect.lesson.problem},
        {"lesson", effect.lesson.lesson},
        {"date", effect.lesson.date}};
    if (!effect.reason.empty()) {
      out["reason"] = effect.reason;
      return out;
    }
    out.update(Json{{"before", effect.before},
                    {"after", effect.after},
                    {"controls", effect.controls},
                    {"change", effect.change},
                    {"control_change", effect.control_change},
                    {"effect", effect.effect},
                    {"interval", Json::array({effect.interval.low, effect.interval.high})}});
    return out;
  }

  const std::string& Problem(int code) const {
    return analysis_.design.problems[static_cast<std::size_t>(code)];
  }

  const AgentRecords& records_;
  const AgentsAnalysis& analysis_;
  const AgentNames& name_;
};

Json OptionsJson(const AgentsOptions& o) {
  return {{"min_problem", o.min_problem},
          {"min_pair", o.min_pair},
          {"min_agent", o.min_agent},
          {"margin", o.margin},
          {"fdr", o.fdr},
          {"certainty", o.certainty},
          {"level", o.level},
          {"kinks", o.kinks},
          {"path", o.path},
          {"examples", o.examples},
          {"coaching", o.coaching},
          {"lesson_days", o.lesson_days},
          {"lesson_pair", o.lesson_pair},
          {"lesson_controls", o.lesson_controls}};
}

}  // namespace

Json AgentsJson(const AgentRecords& records, const AgentsAnalysis& analysis,
                const AgentNames& name) {
  const Writer writer(records, analysis, name);
  Json rules = Json::array();
  for (const BehaviourRule& rule : BehaviourRules()) {
    rules.push_back({{"behaviour", rule.name},
                     {"title", rule.title},
                     {"share", rule.share},
                     {"phrases", rule.phrases}});
  }
  return {{"format", "arcsat-agents"},
          {"version", 1},
          {"options", OptionsJson(analysis.options)},
          {"data",
           {{"conversations", records.conversations},
            {"used", records.size()},
            {"without_agent", records.without_agent},
            {"without_score", records.without_score},
            {"scores_without_conversation", records.without_conversation},
            {"skipped", records.read.skipped + records.scores_read.skipped}}},
          {"model", writer.Model()},
          {"problems", writer.Problems()},
          {"agents", writer.Agents()},
          {"lessons", writer.Lessons()},
          {"behaviours", rules},
          {"notes", analysis.design.notes}};
}

}  // namespace arcsat
