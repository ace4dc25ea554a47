#pragma once

#include <stdexcept>
#include <string>

namespace arcsat {

/// What a person needs to mend a failure. Every part is a phrase without a final full stop.
struct Problem {
  std::string place;     ///< file, and line or field where known: "calls.jsonl:17: survey.score"
  std::string found;     ///< "found 9"
  std::string expected;  ///< "expected a number from 1 to 5, the survey's scale"
  std::string remedy;    ///< "mend the line, or pass --skip-bad to leave it out"
};

/// A failure whose message names the place, what was found, what was expected and the remedy.
/// The program ends with exit code 1 on it.
class Error : public std::runtime_error {
 public:
  explicit Error(Problem problem);
  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

/// A call that makes no sense (unknown option, value out of range). Exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// "place: found; expected. Remedy." with empty parts left out.
std::string Describe(const Problem& problem);

}  // namespace arcsat
