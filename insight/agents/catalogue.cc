#include "insight/agents/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/error.h"
#include "data/files.h"
#include "data/json.h"

namespace arcsat {
namespace {

void CheckBehaviour(const std::string& name, const std::string& place) {
  std::string names;
  for (const BehaviourRule& rule : BehaviourRules()) {
    if (name == rule.name) return;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", rule.name);
  }
  if (name == "*") return;
  throw Error({place, fmt::format("found \"{}\"", name),
               fmt::format("expected \"*\" or one of {}", names), "mend the catalogue"});
}

Lesson ReadLesson(Json* entry, const JsonSource& source) {
  if (!entry->is_object()) RefuseField(source, {""}, *entry, "a lesson, a JSON object");
  Lesson lesson;
  for (auto& [key, value] : entry->items()) {
    if (key == "id") {
      lesson.id = TakeString(&value, source, {key});
    } else if (key == "title") {
      lesson.title = TakeString(&value, source, {key});
    } else if (key == "problem_type") {
      lesson.problem_type = TakeString(&value, source, {key});
    } else if (key == "behaviour") {
      lesson.behaviour = TakeString(&value, source, {key});
    } else if (key == "text") {
      lesson.text = TakeString(&value, source, {key});
    } else {
      RefuseField(source, {key}, value, "id, title, problem_type, behaviour or text");
    }
  }
  if (lesson.id.empty()) RefuseMissing(source, {"id"}, "it in every lesson");
  if (lesson.title.empty()) RefuseMissing(source, {"title"}, "it in every lesson");
  CheckBehaviour(lesson.behaviour, source.place + ": behaviour");
  return lesson;
}

}  // namespace

std::vector<const Lesson*> LessonCatalogue::For(const std::string& problem_type,
                                                const std::string& behaviour) const {
  std::vector<const Lesson*> own, all;
  for (const Lesson& lesson : lessons) {
    if (lesson.behaviour != behaviour) continue;
    if (lesson.problem_type == problem_type) own.push_back(&lesson);
    if (lesson.problem_type == "*") all.push_back(&lesson);
  }
  return own.empty() ? all : own;
}

LessonCatalogue ReadCatalogue(const std::string& path) {
  const JsonSource source{path, "mend the catalogue; docs/agents.md has its layout"};
  Json file = ParseJson(ReadFile(path), source);
  if (!file.is_object() || file.value("format", "") != "arcsat-lessons" ||
      file.value("version", 0) != 1) {
    throw Error({path, "is no catalogue of lessons",
                 R"(expected {"format":"arcsat-lessons","version":1,"lessons":[...]})",
                 source.remedy});
  }
  const auto list = file.find("lessons");
  if (list == file.end()) RefuseMissing(source, {"lessons"}, "a list of lessons");
  if (!list->is_array()) RefuseField(source, {"lessons"}, *list, "a list of lessons");
  LessonCatalogue catalogue;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonSource place{fmt::format("{}: lessons[{}]", path, i), source.remedy};
    catalogue.lessons.push_back(ReadLesson(&(*list)[i], place));
    if (!ids.insert(catalogue.lessons.back().id).second) {
      RefuseField(place, {"id"}, catalogue.lessons.back().id, "every id once");
    }
  }
  return catalogue;
}

}  // namespace arcsat
