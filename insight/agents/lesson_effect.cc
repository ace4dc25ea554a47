#include "insight/agents/lesson_effect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "data/error.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "eval/special.h"
#include "eval/student.h"

namespace arcsat {
namespace {

constexpr double kDaySeconds = 86400;
constexpr std::size_t kFewestClusters = 8;  // fewer make a bootstrap's interval too short

struct Moments {
  int n = 0;
  double sum = 0, squares = 0;
  void Add(double value) {
    ++n;
    sum += value;
    squares += value * value;
  }
  double mean() const { return sum / n; }
  /// Of the mean.
  double variance() const { return std::max(0.0, squares - sum * sum / n) / (n - 1) / n; }
};

struct Sides {
  Moments before, after;
  bool Enough(int least) const { return before.n >= least && after.n >= least; }
  double change() const { return after.mean() - before.mean(); }
};

class Estimator {
 public:
  Estimator(const AgentRecords& records, const std::vector<int>& problem,
            const std::vector<double>& residual, const AgentsOptions& options)
      : records_(records), problem_(problem), residual_(residual), options_(options) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (std::isfinite(records.started[i])) by_problem_[problem[i]].push_back(i);
    }
  }

  /// `taught` has the times of each agent's lessons at this problem.
  void Estimate(int agent, int code, const std::multimap<int, double>& taught,
                LessonEffect* effect) const {
    const double window = options_.lesson_days * kDaySeconds;
    std::unordered_map<int, Sides> sides;
    const auto place = by_problem_.find(code);
    if (place == by_problem_.end()) return Refuse("the problem has no times", effect);
    for (const std::size_t i : place->second) {
      const double since = records_.started[i] - effect->lesson.time;
      if (std::abs(since) > window) continue;
      Sides& own = sides[records_.agent[i]];
      (since < 0 ? own.before : own.after).Add(residual_[i]);
    }
    const Sides own = sides[agent];
    effect->before = own.before.n;
    effect->after = own.after.n;
    const int least = std::max(2, options_.lesson_pair);
    if (!own.Enough(least)) {
      return Refuse(fmt::format("fewer than {} conversations before or after", least), effect);
    }
    std::vector<std::pair<double, double>> controls;  // distance before, change
    for (const auto& [other, both] : sides) {
      if (other == agent || !both.Enough(least) || Taught(other, taught, *effect)) continue;
      controls.emplace_back(std::abs(both.before.mean() - own.before.mean()), both.change());
    }
    if (controls.size() < 2) return Refuse("fewer than two comparable agents", effect);
    Compare(own, &controls, effect);
  }

 private:
  static void Refuse(const std::string& reason, LessonEffect* effect) { effect->reason = reason; }

  bool Taught(int agent, const std::multimap<int, double>& taught,
              const LessonEffect& effect) const {
    const auto [first, last] = taught.equal_range(agent);
    return std::any_of(first, last, [&](const auto& lesson) {
      return std::abs(lesson.second - effect.lesson.time) <= 2 * options_.lesson_days * kDaySeconds;
    });
  }

  void Compare(const Sides& own, std::vector<std::pair<double, double>>* controls,
               LessonEffect* effect) const {
    std::sort(controls->begin(), controls->end());
    const auto most = static_cast<std::size_t>(std::max(2, options_.lesson_controls));
    if (controls->size() > most) controls->resize(most);
    Moments changes;
    for (const auto& [distance, change] : *controls) changes.Add(change);
    effect->controls = changes.n;
    effect->change = own.change();
    effect->control_change = changes.mean();
    effect->effect = effect->change - effect->control_change;
    const double treated = own.before.variance() + own.after.variance();
    effect->error = std::sqrt(treated + changes.variance());
    // Welch-Satterthwaite over the three means.
    const auto part = [](double variance, int n) { return variance * variance / (n - 1); };
    const double degrees = effect->error > 0 ? std::pow(effect->error, 4) /
                                                   (part(own.before.variance(), own.before.n) +
                                                    part(own.after.variance(), own.after.n) +
                                                    part(changes.variance(), changes.n))
                                             : 1e6;
    const double reach = StudentQuantile(0.5 + options_.level / 2, degrees) * effect->error;
    effect->interval = {effect->effect - reach, effect->effect + reach};
  }

  const AgentRecords& records_;
  const std::vector<int>& problem_;
  const std::vector<double>& residual_;
  const AgentsOptions& options_;
  std::unordered_map<int, std::vector<std::size_t>> by_problem_;
};

void Summarise(const std::vector<int>& cluster, const std::vector<double>& effects, double error,
               const AgentsOptions& options, LessonEffects* all) {
  all->estimated = static_cast<int>(effects.size());
  if (effects.empty()) return;
  const auto n = static_cast<double>(effects.size());
  for (const double effect : effects) all->effect += effect / n;
  std::vector<int> distinct = cluster;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (distinct.size() < kFewestClusters) {
    all->method = "normal";
    const double reach = NormalQuantile(0.5 + options.level / 2) * error / n;
    all->interval = Interval{all->effect - reach, all->effect + reach};
    return;
  }
  all->method = "cluster bootstrap over agents";
  BootstrapOptions bootstrap = options.bootstrap;
  bootstrap.level = options.level;
  all->interval = BootstrapIntervals(
                      cluster, {all->effect}, {IntervalKind::kPercentile},
                      [&](std::span<const double> weights, std::span<double> out) {
                        double sum = 0, weight = 0;
                        for (std::size_t i = 0; i < effects.size(); ++i) {
                          sum += weights[i] * effects[i];
                          weight += weights[i];
                        }
                        out[0] = weight > 0 ? sum / weight : NAN;
                      },
                      bootstrap)
                      .front();
}

template <class Names>
int CodeOf(const Names& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

}  // namespace

std::vector<LessonTaken> ReadLessonsTaken(const std::string& path, const ReadOptions& read) {
  std::vector<LessonTaken> lessons;
  ForEachRecord(path, read, [&](const std::string& line, const std::string& place) {
    const JsonSource source{place};
    Json record = ParseJson(line, source);
    if (!record.is_object()) RefuseField(source, {""}, record, "a lesson taken, a JSON object");
    LessonTaken lesson;
    const auto take = [&](const char* key, std::string* field, bool needed) {
      const auto found = record.find(key);
      if (found != record.end()) *field = TakeString(&*found, source, {key});
      if (needed && field->empty()) RefuseMissing(source, {key}, "it in every lesson taken");
    };
    take("agent", &lesson.agent, true);
    take("problem_type", &lesson.problem, true);
    take("date", &lesson.date, true);
    take("lesson", &lesson.lesson, false);
    const auto time = ParseTimestamp(lesson.date);
    if (!time) RefuseField(source, {"date"}, lesson.date, "a day or a time, as 2026-03-01");
    lesson.time = *time;
    return [&lessons, lesson] { lessons.push_back(lesson); };
  });
  return lessons;
}

LessonEffects EstimateLessons(const AgentRecords& records, const std::vector<int>& problem,
                              const std::vector<std::string>& problem_names,
                              const std::vector<double>& residual,
                              const std::vector<LessonTaken>& lessons,
                              const AgentsOptions& options) {
  LessonEffects all;
  const Estimator estimator(records, problem, residual, options);
  std::map<int, std::multimap<int, double>> taught;  // by problem
  for (const LessonTaken& lesson : lessons) {
    taught[CodeOf(problem_names, lesson.problem)].emplace(CodeOf(records.agents, lesson.agent),
                                                          lesson.time);
  }
  std::vector<int> cluster;
  std::vector<double> effects;
  double squares = 0;
  for (const LessonTaken& lesson : lessons) {
    LessonEffect& effect = all.lessons.emplace_back();
    effect.lesson = lesson;
    const int agent = CodeOf(records.agents, lesson.agent);
    const int code = CodeOf(problem_names, lesson.problem);
    if (agent < 0 || code < 0) {
      effect.reason = agent < 0 ? "the agent has no scored conversation"
                                : "the problem type has too few scored conversations";
      continue;
    }
    estimator.Estimate(agent, code, taught[code], &effect);
    if (!effect.reason.empty()) continue;
    cluster.push_back(agent);
    effects.push_back(effect.effect);
    squares += effect.error * effect.error;
  }
  Summarise(cluster, effects, std::sqrt(squares), options, &all);
  return all;
}

}  // namespace arcsat
