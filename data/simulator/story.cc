#include "data/simulator/story.h"

#include <algorithm>

namespace arcsat {
namespace {

constexpr int kSoftLimit = 20;  // turns after which nothing but the way to the end is added
constexpr int kLastAttempt = 24;

class Teller {
 public:
  Teller(const StoryTraits& traits, Random* random) : traits_(traits), random_(*random) {}

  Story Tell() {
    Open();
    Identify();
    Mishaps(0.75 - 0.55 * traits_.skill);
    if (Chance(0.35 + 0.4 * traits_.skill)) Understand();
    Attempts();
    End();
    return std::move(story_);
  }

 private:
  bool Chance(double p) { return random_.Chance(p); }

  void Say(Speaker speaker, Act act, double wait = 0) {
    story_.events.push_back({speaker, act, false, wait});
    ++turns_;
  }
  void Customer(Act act, double wait = 0) { Say(Speaker::kCustomer, act, wait); }
  void Agent(Act act, double wait = 0) { Say(Speaker::kAgent, act, wait); }
  /// Continues the turn before.
  void Add(Act act) { story_.events.push_back({story_.events.back().speaker, act, true, 0}); }
  bool Room() const { return turns_ < kSoftLimit; }

  void Open() {
    if (traits_.chat && Chance(0.3)) {
      Say(Speaker::kBot, Act::kBotGreet);
      if (Chance(0.5)) {
        Customer(Act::kMenuChoice);
        Say(Speaker::kBot, Act::kBotConnect);
      }
    }
    const bool agent_first = !traits_.chat || Chance(0.5);
    if (agent_first) Agent(Act::kGreet, Chance(0.3) ? 20 + 100 * random_.Uniform() : 0);
    Customer(Chance(0.25) ? Act::kOpenAgain : Act::kOpen);
    Aside();
    if (!agent_first) Agent(Act::kGreet, Chance(0.3) ? 20 + 100 * random_.Uniform() : 0);
  }

  /// Word of another matter, settled or not: it sounds like an outcome and is none.
  void Aside() {
    if (Chance(0.4)) Add(Chance(0.5) ? Act::kSideWorks : Act::kSideFails);
  }

  void Identify() {
    if (!Chance(0.8)) return;
    Agent(Act::kAskDetail);
    Customer(Act::kGiveDetail);
    if (Chance(0.3 * traits_.talkative + 0.1)) {
      Agent(Act::kExplain);
      Customer(Act::kSmallTalk);
    }
  }

  void Understand() {
    Agent(Act::kParaphraseRight);
    Customer(Act::kConfirm);
  }

  /// Things that go wrong on the way and do not settle anything.
  void Mishaps(double chance) {
    for (int i = 0; i < 3 && Room() && Chance(chance); ++i) {
      switch (random_.Below(5)) {
        case 0:
          Repeat();
          break;
        case 1:
          Agent(Act::kParaphraseWrong);
          Customer(Act::kCorrect);
          break;
        case 2:
          Agent(Act::kWrongFact);
          Customer(Act::kCorrect);
          break;
        case 3:
          Hold(true);
          break;
        default:
          Agent(Act::kTransfer);
          if (Chance(0.5)) Customer(Act::kAccept);
          Agent(Act::kGreetTransferred, 30 + 200 * random_.Uniform());
          if (Chance(0.6)) {
            Add(Act::kAskAgain);
            Customer(Act::kAnswerAgain);
          } else {
            Customer(Act::kAccept);
          }
      }
      if (Chance(0.3)) Agent(Act::kApologise);
    }
  }

  void Repeat() {
    Agent(Act::kAskAgain);
    Customer(Act::kAnswerAgain);
  }

  void Hold(bool noticed) {
    Agent(Act::kHold);
    const double wait = noticed ? 90 + 300 * random_.Uniform() : 15 + 30 * random_.Uniform();
    if (noticed && Chance(0.5)) {
      Customer(Act::kChase, wait);
      Agent(Act::kBack, 10);
    } else {
      if (Chance(0.5)) Customer(Act::kAccept);
      Agent(Act::kBack, wait);
    }
  }

  void Attempts() {
    double p = 0.32 + 0.38 * traits_.skill;
    for (int attempt = 0; attempt < 4; ++attempt) {
      Try(Chance(p));
      if (story_.resolved && Chance(attempt < 2 ? 0.56 - 0.36 * traits_.skill : 0.15)) Relapse();
      if (story_.resolved || turns_ > kLastAttempt) return;
      const double go_on = 0.62 + 0.3 * traits_.patience + 0.1 * traits_.skill - 0.12 * attempt;
      if (!Chance(go_on)) return;
      if (Chance(0.3)) Agent(Act::kApologise);
      if (Room() && Chance(0.35)) {
        // A promise stands before later attempts too, not only at a bad end.
        Agent(Act::kPromise);
        Customer(Chance(0.5) ? Act::kPushBack : Act::kWhenDone);
      }
      if (Room()) Mishaps(0.3 - 0.2 * traits_.skill);
      p = 0.40 + 0.38 * traits_.skill;
    }
  }

  void Try(bool success) {
    story_.resolved = success;
    if (traits_.decided && Chance(0.35)) {
      Agent(success ? Act::kGrant : Act::kRefuse);
      Customer(Act::kAccept);
      return;
    }
    if (Room() && Chance(0.35)) Hold(false);
    Agent(Act::kRepair);
    if (Chance(0.5)) {
      Customer(Act::kAccept);
      Agent(Act::kCheck);
    }
    Outcome(success, story_.events.back().act == Act::kCheck);
  }

  void Outcome(bool success, bool asked) {
    if (asked && Chance(0.12)) {
      Customer(success ? Act::kYes : Act::kNo);
      return;
    }
    if (Chance(0.25)) {
      Customer(success ? Act::kWorksAfterFail : Act::kFailsAfterWorks);
    } else {
      Customer(success ? Act::kWorks : Act::kFails);
    }
    if (Chance(0.25)) Add(success ? Act::kRelief : Act::kDismay);
  }

  /// What looked settled is not.
  void Relapse() {
    story_.resolved = false;
    Agent(Chance(0.5) ? Act::kExplain : Act::kAnythingElse);
    const bool was_granted = traits_.decided && Chance(0.3);
    if (was_granted) {
      Customer(Act::kAccept);
      Agent(Act::kRefuse, 20);
      Customer(Act::kAccept);
    } else {
      const Act act = Chance(0.3) ? Act::kFailsAfterWorks : Act::kFails;
      Customer(act, 15 + 40 * random_.Uniform());
    }
  }

  void End() {
    if (!story_.resolved && turns_ < 34 && Chance(0.45)) {
      Agent(Act::kPromise);
      Customer(Act::kAccept);
    }
    for (int i = 0; i < 4 && Room() && Chance(0.45 * traits_.talkative); ++i) {
      Agent(Act::kExplain);
      Customer(Chance(0.5) ? Act::kSmallTalk : Act::kAccept);
    }
    if (Chance(0.65)) {
      Agent(Act::kAnythingElse);
      if (Chance(0.25)) {
        Customer(story_.resolved ? Act::kIfAgain : Act::kWhenDone);
        Agent(Act::kReply);
      } else {
        Customer(Act::kNothingElse);
        if (Chance(0.2)) Add(story_.resolved ? Act::kRelief : Act::kDismay);
      }
    }
    Agent(Act::kFarewell);
    if (Chance(0.7)) Customer(Act::kClose);
  }

  const StoryTraits& traits_;
  Random& random_;
  Story story_;
  int turns_ = 0;
};

}  // namespace

Story TellStory(const StoryTraits& traits, Random* random) { return Teller(traits, random).Tell(); }

Effect EffectOf(const Event& event) {
  switch (event.act) {
    case Act::kOpenAgain:
      return {0.15, 0.35};
    case Act::kSideWorks:
      return {0.6, 0.08};
    case Act::kSideFails:
      return {0.3, 0.08};
    case Act::kConfirm:
      return {0.7, 0.2};
    case Act::kAnswerAgain:
    case Act::kCorrect:
      return {0.15, 0.3};
    case Act::kChase:
      return {0.2, 0.1};
    case Act::kWorks:
    case Act::kWorksAfterFail:
    case Act::kYes:
      return {0.94, 0.84};
    case Act::kGrant:
      return {0.92, 0.82};
    case Act::kFails:
    case Act::kFailsAfterWorks:
    case Act::kNo:
    case Act::kRefuse:
      return {0.1, 0.78};
    case Act::kTransfer:
      return {0.2, 0.2};
    case Act::kPromise:
      return {0.45, 0.25};
    case Act::kApologise:
      return {0.5, 0.12};
    default:
      return {0, 0};
  }
}

std::vector<double> States(const std::vector<Event>& events, double entry, double sensitivity) {
  std::vector<double> states;
  double state = entry;
  for (const Event& event : events) {
    const Effect effect = EffectOf(event);
    // Ten minutes of silence cost a quarter of what is left.
    const double waited = std::min(event.wait / 600.0, 1.0) * 0.25;
    state -= waited * state * sensitivity;
    const double rate = std::clamp(effect.rate * sensitivity, 0.0, 0.95);
    // An apology lifts a low mood and cannot spoil a good one.
    if (event.act != Act::kApologise || state < effect.target) {
      state += rate * (effect.target - state);
    }
    if (event.speaker != Speaker::kCustomer) continue;
    if (event.joined) {
      states.back() = state;
    } else {
      states.push_back(state);
    }
  }
  return states;
}

}  // namespace arcsat
