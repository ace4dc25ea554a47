#include <fmt/format.h>

#include <cmath>

#include "app/inspect.h"
#include "configs/text.h"

namespace arcsat {
namespace {

constexpr std::size_t kTextColumn = 19;
constexpr std::size_t kTextWidth = 80;
constexpr std::size_t kLongestTurn = 2000;

std::string Clock(const std::optional<double>& at) {
  if (!at) return "";
  const auto seconds = static_cast<long long>(std::min(*at, 1e12));
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

std::string TurnLines(const Turn& turn) {
  std::string lines = fmt::format("  {:>6}  {:<9}", Clock(turn.at), Name(turn.speaker));
  bool first = true;
  for (const std::string& line :
       Wrap(Shorten(Printable(turn.text), kLongestTurn), kTextWidth - kTextColumn)) {
    lines += (first ? "" : std::string(kTextColumn, ' ')) + line + "\n";
    first = false;
  }
  if (first) lines += "(empty)\n";
  if (!turn.satisfaction.empty()) {
    lines += std::string(kTextColumn, ' ') + "rated";
    for (const double rating : turn.satisfaction) lines += fmt::format(" {}", rating);
    lines += "\n";
  }
  return lines;
}

}  // namespace

std::string Printable(const std::string& text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte == '\r' || byte == '\t') {
      clean += ' ';
    } else if ((byte < 0x20 && byte != '\n') || byte == 0x7F) {
      clean += "·";
    } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
      clean += "·";
      ++i;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::string Transcript(const Conversation& conversation, std::size_t most) {
  std::string text = Printable(conversation.id);
  if (conversation.channel) text += fmt::format("  {}", Name(*conversation.channel));
  for (const std::string* field : {&conversation.problem_type, &conversation.agent_id,
                                   &conversation.language, &conversation.started_at}) {
    if (!field->empty()) text += "  " + Printable(*field);
  }
  text += "\n";
  const std::size_t turns = conversation.turns.size();
  const std::size_t tail = turns > most ? most / 4 : 0;
  const std::size_t head = turns > most ? most - tail : turns;
  for (std::size_t i = 0; i < head; ++i) text += TurnLines(conversation.turns[i]);
  if (tail > 0) text += fmt::format("  … {} turns left out …\n", turns - head - tail);
  for (std::size_t i = turns - tail; i < turns; ++i) text += TurnLines(conversation.turns[i]);
  if (!conversation.survey) return text + "  no survey\n";
  const Survey& survey = *conversation.survey;
  if (!survey.offered) return text + "  survey not offered\n";
  if (!survey.score) return text + "  survey not answered\n";
  return text + fmt::format("  survey answered {} on {} to {}\n", *survey.score, survey.scale_low,
                            survey.scale_high);
}

}  // namespace arcsat
