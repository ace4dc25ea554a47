#include "data/simulator/simulate.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/random.h"
#include "data/roughen/roughen.h"
#include "data/simulator/clock.h"
#include "data/simulator/manner.h"
#include "data/simulator/problems.h"
#include "data/simulator/response.h"
#include "data/simulator/story.h"
#include "data/simulator/world.h"
#include "data/simulator/writer.h"
#include "fmt/format.h"

namespace arcsat {
namespace {

enum : std::uint64_t { kConversationStream = 1, kCustomerStream = 2, kRaterStream = 3 };
constexpr std::int64_t kSecondsOfYear = 365LL * 86400;

void Require(bool holds, const char* field, double value, const char* expected) {
  if (holds) return;
  throw UsageError(Problem{fmt::format("simulate.{}", field), fmt::format("found {}", value),
                           fmt::format("expected {}", expected), "correct the option"});
}

/// Four decimals, so that the last bits of a sum show in no record.
double Decimals(double value) { return std::floor(value * 10000.0 + 0.5) / 10000.0; }

/// What is drawn before anybody speaks.
struct Setting {
  int agent = 0;
  int problem = 0;
  int other = 0;
  std::int64_t customer = 0;
  std::int64_t started = 0;  ///< seconds of 2026
  bool voice = false;
  double entry = 0.5;
  double sensitivity = 1;
  double word_error = 0;
  Manner manner;
};

Setting DrawSetting(const SimulateOptions& options, std::int64_t index, Random* random) {
  Setting setting;
  const std::uint64_t types = Problems().size();
  setting.agent = static_cast<int>(random->Below(static_cast<std::uint64_t>(options.agents)));
  setting.problem = static_cast<int>(random->Below(types));
  const auto step = static_cast<int>(1 + random->Below(types - 1));
  setting.other = (setting.problem + step) % static_cast<int>(types);
  // One in five comes back: a customer of an earlier index, so that a prefix stays a prefix.
  setting.customer = index;
  if (index > 0 && random->Chance(0.2)) {
    const std::int64_t back = std::min<std::int64_t>(index, 2000);
    setting.customer =
        index - 1 - static_cast<std::int64_t>(random->Below(static_cast<std::uint64_t>(back)));
  }
  setting.started = static_cast<std::int64_t>(random->Below(kSecondsOfYear));
  setting.voice = random->Chance(options.voice_share);
  setting.entry = 0.3 + 0.3 * random->Uniform();
  setting.sensitivity = 0.9 + 0.2 * random->Uniform();
  // Squared: most lines are good, some are bad.
  const double badness = random->Uniform();
  setting.word_error = options.word_error_low +
                       (options.word_error_high - options.word_error_low) * badness * badness;
  Random customer(
      MixSeed(options.seed, kCustomerStream, static_cast<std::uint64_t>(setting.customer)));
  setting.manner = DrawManner(&customer);
  return setting;
}

bool IsQuestion(std::string_view text) {
  for (const std::string_view word :
       {"Are ", "Can ", "Do ", "Have ", "How ", "Is ", "Should ", "Suppose ", "What ", "When ",
        "Where ", "Will ", "Would ", "And if ", "And when ", "If ", "Any"}) {
    if (text.substr(0, word.size()) == word) return true;
  }
  return false;
}

/// Words for one event, in the customer's manner or the agent's courtesy.
std::string Words(const Event& event, const Setting& setting, double courtesy, Writer* writer,
                  Random* random) {
  std::string text = writer->Say(event.act);
  if (event.speaker == Speaker::kCustomer) {
    if (IsQuestion(text)) text += '?';
    return Decorate(std::move(text), event.act, setting.manner, random);
  }
  if (event.speaker == Speaker::kAgent && random->Chance(0.15 * courtesy)) {
    text = (random->Chance(0.5) ? "Thank you for your patience. " : "I understand. ") + text;
  }
  return Capitalise(std::move(text));
}

/// Turns with text; `waits` gets the silence before each.
std::vector<Turn> Write(const SimulateOptions& options, const Setting& setting, const Story& story,
                        Random* random, std::vector<double>* waits) {
  const auto badge = [](int agent) { return PersonName(static_cast<std::uint64_t>(agent)); };
  // Before a transfer somebody else sits there: the agent on record is the one who ends it.
  int transfers = 0;
  for (const Event& event : story.events) transfers += event.act == Act::kTransfer ? 1 : 0;
  Writer writer(Problems()[static_cast<std::size_t>(setting.problem)],
                Problems()[static_cast<std::size_t>(setting.other)],
                badge(setting.agent + transfers), random);
  const double courtesy = AgentCourtesy(options, setting.agent);
  std::vector<Turn> turns;
  for (const Event& event : story.events) {
    if (event.act == Act::kGreetTransferred) writer.SetAgent(badge(setting.agent + --transfers));
    std::string text = Words(event, setting, courtesy, &writer, random);
    if (event.joined) {
      std::string& before = turns.back().text;
      const char end = before.back();
      before += (end == '?' || end == '.' ? " " : ". ") + text;
    } else {
      Turn& turn = turns.emplace_back();
      turn.speaker = event.speaker;
      turn.text = std::move(text);
      waits->push_back(event.wait);
    }
  }
  for (Turn& turn : turns) {
    if (setting.voice) {
      RoughenOptions rough;
      // The agent's headset is better than the customer's phone.
      rough.word_error = setting.word_error * (turn.speaker == Speaker::kCustomer ? 1.0 : 0.6);
      turn.text = Roughen(turn.text, rough, random);
    } else if (turn.speaker == Speaker::kCustomer) {
      turn.text = Type(std::move(turn.text), setting.manner, random);
    }
  }
  return turns;
}

/// Survey answer, offer, response and escalation, and the truth about them.
void Ask(const SimulateOptions& options, const Setting& setting, const std::vector<double>& states,
         bool resolved, Random* random, Conversation* out) {
  const double exit = states.back();
  const int score = DrawScore(exit, random);
  out->escalated = random->Chance(exit < 0.4 ? 0.15 : 0.01);
  const ResponseTraits traits{.score = score,
                              .voice = setting.voice,
                              .turns = static_cast<int>(out->turns.size()),
                              .escalated = *out->escalated};
  const double offer = OfferChance(traits);
  const double answer = AnswerChance(traits, options.response_share, options.response_bias);
  Survey survey;
  survey.offered = random->Chance(offer);
  const bool answers = random->Chance(answer);
  if (survey.offered && answers) {
    survey.score = score;
    const auto later = static_cast<std::int64_t>(60 + random->Below(86400));
    const auto lasted = static_cast<std::int64_t>(out->turns.back().at.value_or(0));
    survey.answered_at = TimeStamp(setting.started + lasted + later);
  }
  out->survey = survey;
  Json rounded = Json::array();
  for (const double state : states) rounded.push_back(Decimals(state));
  out->attributes["truth"] = {{"states", rounded},
                              {"entry", rounded.front()},
                              {"exit", rounded.back()},
                              {"score", score},
                              {"satisfied", score >= 4},
                              {"resolved", resolved},
                              {"propensity", Decimals(offer * answer)}};
}

/// Ratings of the customer's turns, from a stream of their own: they change nothing else.
void Rate(const SimulateOptions& options, std::int64_t index, const std::vector<double>& states,
          std::vector<Turn>* turns) {
  Random random(MixSeed(options.seed, kRaterStream, static_cast<std::uint64_t>(index)));
  if (!random.Chance(options.rated_share)) return;
  std::size_t state = 0;
  for (Turn& turn : *turns) {
    if (turn.speaker != Speaker::kCustomer || state >= states.size()) continue;
    for (int rater = 0; rater < 3; ++rater) {
      // A sum of three uniforms, close to normal: variance 3/12, times 1.2 squared.
      const double noise = 1.2 * (random.Uniform() + random.Uniform() + random.Uniform() - 1.5);
      turn.satisfaction.push_back(
          std::clamp(std::floor(1.5 + 4 * states[state] + noise), 1.0, 5.0));
    }
    ++state;
  }
}

}  // namespace

void Validate(const SimulateOptions& options) {
  const auto share = [](double value) { return value >= 0 && value <= 1; };
  Require(options.conversations >= 1, "conversations", static_cast<double>(options.conversations),
          "a number of at least 1");
  Require(share(options.voice_share), "voice_share", options.voice_share, "a number from 0 to 1");
  Require(share(options.response_share), "response_share", options.response_share,
          "a number from 0 to 1");
  Require(share(options.response_bias), "response_bias", options.response_bias,
          "a number from 0 to 1");
  Require(share(options.rated_share), "rated_share", options.rated_share, "a number from 0 to 1");
  Require(share(options.gap_share), "gap_share", options.gap_share, "a number from 0 to 1");
  Require(share(options.word_error_high), "word_error_high", options.word_error_high,
          "a number from 0 to 1");
  Require(options.word_error_low >= 0 && options.word_error_low <= options.word_error_high,
          "word_error_low", options.word_error_low, "a number from 0 to word_error_high");
  Require(options.agents >= 1 && options.agents <= 10000, "agents", options.agents,
          "a whole number from 1 to 10000");
}

Conversation Simulate(const SimulateOptions& options, std::int64_t index) {
  Validate(options);
  Require(index >= 0, "index", static_cast<double>(index), "a number of at least 0");
  Random random(MixSeed(options.seed, kConversationStream, static_cast<std::uint64_t>(index)));
  const Setting setting = DrawSetting(options, index, &random);
  const ProblemType& problem = Problems()[static_cast<std::size_t>(setting.problem)];
  const StoryTraits traits{.skill = AgentSkill(options, setting.agent, setting.problem),
                           .decided = problem.decided,
                           .chat = !setting.voice,
                           .patience = random.Uniform(),
                           .talkative = random.Uniform()};
  const Story story = TellStory(traits, &random);

  Conversation out;
  out.id = fmt::format("s{}-{:06}", options.seed, index);
  out.channel = setting.voice ? Channel::kVoice : Channel::kChat;
  out.started_at = TimeStamp(setting.started);
  out.language = "en";
  out.agent_id = AgentId(setting.agent);
  out.customer_id = fmt::format("u-{:06}", setting.customer);
  out.problem_type = problem.name;
  out.team = problem.team;
  std::vector<double> waits;
  out.turns = Write(options, setting, story, &random, &waits);
  SetTimes(*out.channel, waits, &random, &out.turns);
  const auto states = States(story.events, setting.entry, setting.sensitivity);
  Ask(options, setting, states, story.resolved, &random, &out);
  Rate(options, index, states, &out.turns);
  return out;
}

}  // namespace arcsat
