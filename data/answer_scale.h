#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace arcsat {

/// How a survey's answers, as they are written in an export, become numbers on its scale.
struct AnswerScale {
  double low = 1;                       ///< lowest box
  double high = 5;                      ///< highest box
  std::map<std::string, double> words;  ///< answers that are words or pictures, lower case
  std::string rule = "1..5";            ///< what ParseAnswerScale() read
};

/// The rule by its text:
///   1..5, 1..7, 0..10, 0..100   numbers from the lowest to the highest box
///   thumbs                      good, up, yes, true, 1, 👍 are 1; bad, down, no, false, 0, 👎 are 0
///   smileys                     😡 😠 🙁 😐 🙂 😀 and the like, :( :| :) as 1 to 5
///   words                       very dissatisfied … very satisfied, very poor … excellent as 1..5
///   bad=1,fair=2,good=3         words of one's own; the scale is from the lowest to the highest
/// A rule of words takes numbers on its scale as well. UsageError for anything else.
AnswerScale ParseAnswerScale(const std::string& rule);

/// The number on the scale; nothing where the text is no answer on it. White space around, case,
/// and what a survey tool writes behind the number ("5 - Very satisfied", "10 (extremely likely)")
/// do not matter.
std::optional<double> AnswerOf(std::string_view text, const AnswerScale& scale);

}  // namespace arcsat
