#pragma once

#include <vector>

#include "data/conversation.h"
#include "data/random.h"

namespace arcsat {

/// What somebody does in a conversation. The customer's state depends on these and their order
/// alone, never on the words that a writer finds for them.
enum class Act {
  // customer
  kMenuChoice,
  kOpen,
  kOpenAgain,
  kSideWorks,
  kSideFails,
  kGiveDetail,
  kConfirm,
  kAnswerAgain,
  kCorrect,
  kChase,
  kWorks,
  kWorksAfterFail,
  kYes,
  kFails,
  kFailsAfterWorks,
  kNo,
  kPushBack,
  kAccept,
  kSmallTalk,
  kIfAgain,
  kRelief,
  kDismay,
  kWhenDone,
  kNothingElse,
  kClose,
  // bot
  kBotGreet,
  kBotConnect,
  // agent
  kGreet,
  kAskDetail,
  kAskAgain,
  kParaphraseRight,
  kParaphraseWrong,
  kWrongFact,
  kHold,
  kBack,
  kTransfer,
  kGreetTransferred,
  kRepair,
  kCheck,
  kGrant,
  kRefuse,
  kPromise,
  kApologise,
  kExplain,
  kReply,
  kAnythingElse,
  kFarewell,
};

struct Event {
  Speaker speaker = Speaker::kCustomer;
  Act act = Act::kOpen;
  bool joined = false;  ///< said in the same turn as the event before (same speaker)
  double wait = 0;      ///< seconds of silence before it that the customer notices
};

/// What decides the course of one conversation.
struct StoryTraits {
  double skill = 0.6;      ///< of the agent at this problem, 0..1
  bool decided = false;    ///< problem may be settled by the agent's yes or no
  bool chat = true;        ///< a bot may open
  double patience = 0.5;   ///< 0..1: how many attempts before the customer gives up
  double talkative = 0.5;  ///< 0..1: how much passes that changes nothing
};

struct Story {
  std::vector<Event> events;
  bool resolved = false;  ///< the problem is settled when the conversation ends
};

/// Plays a conversation: opening, questions, mishaps, one attempt after another, farewell. At
/// most 40 turns, at least 4.
Story TellStory(const StoryTraits& traits, Random* random);

/// How strongly an event draws the state: state += rate * (target - state).
struct Effect {
  double target = 0;
  double rate = 0;
};
Effect EffectOf(const Event& event);

/// The customer's satisfaction, 0..1, after each customer turn (an event that is not joined opens a
/// turn). `entry` is the mood before the first word; `sensitivity` (about 1) scales every rate.
/// Later events outweigh earlier ones, so what was settled and failed again ends low, and what
/// failed and was settled ends high.
std::vector<double> States(const std::vector<Event>& events, double entry, double sensitivity);

}  // namespace arcsat
