#include "insight/agents/behaviours.h"

#include <cmath>
#include <limits>

namespace arcsat {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

std::size_t At(Behaviour behaviour) { return static_cast<std::size_t>(behaviour); }

/// ASCII in lower case, typographic apostrophes as plain ones.
std::string Plain(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i, 3) == "\u2019") {
      plain += '\'';
      i += 2;
    } else {
      plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return plain;
}

bool InWord(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// The phrase stands in the text and begins with a word: "hold" is in "on hold", not in
/// "household".
bool Says(const std::string& text, std::string_view phrase) {
  for (std::size_t at = text.find(phrase); at != std::string::npos;
       at = text.find(phrase, at + 1)) {
    if (at == 0 || !InWord(text[at - 1])) return true;
  }
  return false;
}

bool SaysAny(const std::string& text, Behaviour behaviour) {
  for (const std::string_view phrase : BehaviourRules()[At(behaviour)].phrases) {
    if (Says(text, phrase)) return true;
  }
  return false;
}

int Words(const std::string& text) {
  int words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    words += !space && !inside ? 1 : 0;
    inside = !space;
  }
  return words;
}

/// Recognised speech has no question marks: then a turn asks that begins as questions do.
bool Asks(const std::string& text) {
  if (text.find('?') != std::string::npos) return true;
  for (const std::string_view word :
       {"what ", "which ", "when ", "where ", "who ", "how ", "can ", "could ", "may i ", "do ",
        "does ", "did ", "is ", "are ", "have you ", "would ", "will "}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

float AnswerSeconds(const Conversation& conversation) {
  const Turn* asked = nullptr;
  for (const Turn& turn : conversation.turns) {
    if (asked == nullptr && turn.speaker == Speaker::kCustomer) asked = &turn;
    if (asked == nullptr || turn.speaker != Speaker::kAgent) continue;
    if (!asked->at || !turn.at || *turn.at < *asked->at) return kUnknown;
    return static_cast<float>(std::log1p(*turn.at - *asked->at));
  }
  return kUnknown;
}

void Mark(BehaviourFigures* figures, Behaviour behaviour, bool done) {
  if (done) (*figures)[At(behaviour)] = 1;
}

}  // namespace

std::span<const BehaviourRule> BehaviourRules() {
  static const std::vector<BehaviourRule> kRules = {
      {"answer_seconds", "seconds to the first answer", false, {}},
      {"acknowledges",
       "acknowledges the problem in the first two answers",
       true,
       {"i understand", "i see", "i'm sorry", "i am sorry", "sorry to hear", "sorry about",
        "that must", "i know how", "i can imagine", "that sounds", "i hear you", "no wonder",
        "frustrating", "i get that"}},
      {"thanks", "thanks the customer", true, {"thank you", "thanks"}},
      {"apologises",
       "apologises",
       true,
       {"sorry", "apologise", "apologize", "apologies", "my mistake", "our mistake"}},
      {"paraphrases",
       "says the problem back to have it confirmed",
       true,
       {"is that right", "is that correct", "if i understand", "as i understand",
        "let me make sure", "did i get that right", "just to confirm", "to confirm,", "so it's",
        "so you", "so your", "let me repeat"}},
      {"asks_again", "asks again for details", true, {}},
      {"holds",
       "has the customer wait",
       true,
       {"one moment", "just a moment", "bear with me", "on hold", "brief hold", "hold on",
        "give me a minute", "give me a moment", "be right back", "one second", "a second",
        "stay with me", "let me check", "let me look"}},
      {"transfers",
       "passes the customer on",
       true,
       {"transfer you", "put you through", "pass you", "passing you", "hand you over",
        "moving you to", "connect you", "another team", "another department",
        "different department", "redirect you"}},
      {"promises",
       "promises something for later",
       true,
       {"will call you back", "call you back", "get back to you", "will be in touch",
        "within 24 hours", "within 48 hours", "working days", "business days", "by tomorrow",
        "by the end of", "in a few days", "will send you", "i'll send you", "will email you",
        "will let you know", "we'll let you know"}},
      {"checks",
       "has the customer check that it works",
       true,
       {"does it work",    "is it working", "works now",       "working now",   "try it now",
        "try again now",   "could you try", "can you try",     "please try",    "could you check",
        "can you check",   "please check",  "has that solved", "did that",      "does that help",
        "does that solve", "is it better",  "can you see it",  "do you see it", "how does it look",
        "is that better",  "all good now",  "is it fixed"}},
      {"closes",
       "asks whether there is anything else",
       true,
       {"anything else", "something else i can", "any other question", "any more questions",
        "else i can help", "else i can do", "other questions"}},
      {"questions", "share of turns that ask", false, {}},
      {"words", "words a turn", false, {}},
  };
  return kRules;
}

BehaviourFigures Behave(const Conversation& conversation) {
  static const std::vector<std::string_view> kDetails = {
      "reference",   "account number", "customer number", "your name",     "order number",
      "your number", "your details",   "full name",       "date of birth", "phone number"};
  BehaviourFigures figures{};
  int turns = 0, asking = 0, words = 0, details = 0;
  bool spoken = false;  // by the customer
  int answers = 0;
  for (const Turn& turn : conversation.turns) {
    if (turn.speaker == Speaker::kCustomer) spoken = true;
    if (turn.speaker != Speaker::kAgent) continue;
    const std::string text = Plain(turn.text);
    const bool asks = Asks(text);
    ++turns;
    asking += asks ? 1 : 0;
    words += Words(text);
    answers += spoken ? 1 : 0;
    if (spoken && answers <= 2) {
      Mark(&figures, Behaviour::kAcknowledges, SaysAny(text, Behaviour::kAcknowledges));
    }
    for (const Behaviour behaviour :
         {Behaviour::kThanks, Behaviour::kApologises, Behaviour::kParaphrases, Behaviour::kHolds,
          Behaviour::kTransfers, Behaviour::kPromises, Behaviour::kChecks, Behaviour::kCloses}) {
      Mark(&figures, behaviour, SaysAny(text, behaviour));
    }
    bool detail = false;
    for (const std::string_view phrase : kDetails) detail |= asks && Says(text, phrase);
    if (detail) Mark(&figures, Behaviour::kAsksAgain, ++details > 1);
  }
  figures[At(Behaviour::kAnswerSeconds)] = AnswerSeconds(conversation);
  if (turns == 0) {
    figures.fill(kUnknown);
    return figures;
  }
  figures[At(Behaviour::kQuestions)] = static_cast<float>(asking) / static_cast<float>(turns);
  figures[At(Behaviour::kWords)] = static_cast<float>(words) / static_cast<float>(turns);
  return figures;
}

}  // namespace arcsat
