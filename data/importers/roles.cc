#include "data/importers/roles.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "data/error.h"

namespace arcsat {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// What agents say and customers seldom do. English: other languages fall back on who is first.
int AgentCues(const std::string& text) {
  static constexpr std::array<std::string_view, 20> kCues = {"thank you for calling",
                                                             "thanks for calling",
                                                             "thank you for contacting",
                                                             "how can i help",
                                                             "how may i help",
                                                             "how can i assist",
                                                             "how may i assist",
                                                             "anything else i can",
                                                             "is there anything else",
                                                             "may i have your",
                                                             "can i have your",
                                                             "could i have your",
                                                             "can you confirm your",
                                                             "verify your",
                                                             "let me check",
                                                             "let me look",
                                                             "i do apologize",
                                                             "apologize for the inconvenience",
                                                             "put you on a brief hold",
                                                             "thank you for your patience"};
  int count = 0;
  for (const std::string_view cue : kCues) count += text.find(cue) != std::string::npos ? 1 : 0;
  return count;
}

std::optional<Speaker> GivenRole(const std::vector<std::string>& roles, const std::string& label) {
  for (const std::string& role : roles) {
    const std::size_t equals = role.rfind('=');
    if (equals != std::string::npos && role.substr(0, equals) == label) {
      return RoleOf(role.substr(equals + 1));
    }
  }
  return std::nullopt;
}

/// The role that a word of the label names: "Agent 2", "call-center_rep".
std::optional<Speaker> LabelRole(const std::string& label) {
  std::string word;
  for (const char c : label + " ") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    if (const auto role = RoleOf(word)) return role;
    word.clear();
  }
  return RoleOf(label);
}

}  // namespace

std::optional<Speaker> RoleOf(std::string_view word) {
  using Words = std::array<std::string_view, 14>;
  static constexpr Words kCustomer = {"customer", "caller",  "client",   "user",   "end-user",
                                      "end_user", "visitor", "consumer", "guest",  "lead",
                                      "contact",  "cust",    "external", "shopper"};
  static constexpr Words kAgent = {
      "agent",     "representative", "rep",   "operator", "advisor",  "support",     "admin",
      "assistant", "employee",       "staff", "internal", "teammate", "human_agent", "specialist"};
  static constexpr Words kBot = {"bot",     "ivr",     "system",     "automated_agent", "chatbot",
                                 "virtual", "trigger", "automation", "workflow",        "acd",
                                 "flow",    "robot",   "voicebot",   "prompt"};
  const std::string lower = Lower(word);
  const auto among = [&](const Words& words) {
    return std::find(words.begin(), words.end(), lower) != words.end();
  };
  if (among(kCustomer)) return Speaker::kCustomer;
  if (among(kAgent)) return Speaker::kAgent;
  if (among(kBot)) return Speaker::kBot;
  return std::nullopt;
}

void CheckRoles(const std::vector<std::string>& roles) {
  for (const std::string& role : roles) {
    const std::size_t equals = role.rfind('=');
    if (equals != std::string::npos && equals > 0 && RoleOf(role.substr(equals + 1))) continue;
    throw UsageError({"command line: import.role", "found \"" + role + "\"",
                      "expected LABEL=customer, LABEL=agent or LABEL=bot",
                      "write --import.role spk_0=agent"});
  }
}

RoleGuess GuessRoles(const std::vector<std::pair<std::string, std::string>>& said,
                     const ImportOptions& options, bool first_is_agent) {
  RoleGuess guess;
  std::vector<std::string> open;  // labels without a role, in the order of their first words
  std::map<std::string, int> cues;
  bool label_said = false, agent = false;
  for (const auto& [label, text] : said) {
    if (guess.speakers.count(label) == 0 && cues.count(label) == 0) {
      const auto given = GivenRole(options.roles, label);
      const auto role = given ? given : LabelRole(label);
      if (role) {
        guess.speakers[label] = *role;
        label_said = label_said || !given;
        agent = agent || *role == Speaker::kAgent;
      } else {
        open.push_back(label);
        cues[label] = 0;
      }
    }
    if (const auto found = cues.find(label); found != cues.end()) {
      found->second += AgentCues(Lower(text));
    }
  }
  guess.by = label_said ? "label" : "given";
  if (open.empty()) return guess;
  // Where the agent is known, everybody else called.
  std::string best = agent ? "" : open.front();
  const bool customer_known = !guess.speakers.empty();
  bool tie = true;
  if (!agent) {
    for (const std::string& label : open) {
      if (cues[label] > cues[best]) best = label;
    }
    tie = cues[best] == 0 || std::count_if(open.begin(), open.end(), [&](const std::string& label) {
                               return cues[label] == cues[best];
                             }) > 1;
    if (tie && !first_is_agent && !customer_known && open.size() > 1) best = open[1];
    if (tie && !first_is_agent && !customer_known && open.size() == 1) best.clear();
  }
  for (const std::string& label : open) {
    guess.speakers[label] = label == best ? Speaker::kAgent : Speaker::kCustomer;
  }
  if (!agent) guess.by = !tie ? "cues" : customer_known ? guess.by : "first";
  return guess;
}

}  // namespace arcsat
