#pragma once

#include <string>
#include <vector>

#include "insight/agents/behaviours.h"

namespace arcsat {

struct Lesson {
  std::string id, title;
  std::string problem_type = "*";  ///< "*": every one
  std::string behaviour = "*";     ///< a rule's name, or "*": for the problem as a whole
  std::string text;                ///< what it is about, or where it is found
};

struct LessonCatalogue {
  std::vector<Lesson> lessons;
  /// Lessons for a behaviour ("*": the problem as a whole) at a problem: those of that very
  /// problem where there are any, else those of every problem. In the file's order.
  std::vector<const Lesson*> For(const std::string& problem_type,
                                 const std::string& behaviour) const;
};

/// Reads {"format":"arcsat-lessons","version":1,"lessons":[…]} (docs/agents.md). Error on another
/// format, an unknown behaviour, an id given twice, or a field that is missing or unknown.
LessonCatalogue ReadCatalogue(const std::string& path);

}  // namespace arcsat
