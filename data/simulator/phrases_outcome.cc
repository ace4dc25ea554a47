#include <map>

#include "data/simulator/phrases.h"

namespace arcsat {

// The same frames and clauses serve good and bad news, so that a word says little by itself: what
// counts is which came last, and of which matter.
std::vector<PhraseList> OutcomePhrases() {
  return {
      {Act::kWorks,
       {"{works}", "Just checked and {works}", "Right, {works}", "One second... {works}",
        "Let me look. OK, {works}", "Hold on. {works}", "I tried again and {works}", "Hmm, {works}",
        "As of now {works}", "So, {works}", "That did it, {works}",
        "It's sorted on my side, {works}", "Yes, {works}", "I had a look and {works}",
        "That was it. {works}", "OK it's fixed, {works}"}},
      {Act::kFails,
       {"{fails}", "Just checked and {fails}", "Right, {fails}", "One second... {fails}",
        "Let me look. OK, {fails}", "Hold on. {fails}", "I tried again and {fails}", "Hmm, {fails}",
        "As of now {fails}", "So, {fails}", "That didn't do it, {fails}",
        "It isn't sorted on my side, {fails}", "No, {fails}", "I had a look and {fails}",
        "That wasn't it. {fails}", "No it isn't fixed, {fails}"}},
      {Act::kWorksAfterFail,
       {"For a minute {fails}, but now {works}", "At first {fails}, and then {works}",
        "I was about to say {fails}, but no, {works}", "So first {fails}, now {works}",
        "A moment ago {fails}. Now {works}", "Before you said that {fails}, and now {works}",
        "To begin with {fails}. After the second try {works}",
        "I thought {fails}, then I looked again and {works}"}},
      {Act::kFailsAfterWorks,
       {"For a minute {works}, but now {fails}", "At first {works}, and then {fails}",
        "I was about to say {works}, but no, {fails}", "So first {works}, now {fails}",
        "A moment ago {works}. Now {fails}", "Before you said that {works}, and now {fails}",
        "To begin with {works}. After the second try {fails}",
        "I thought {works}, then I looked again and {fails}"}},
      {Act::kSideWorks,
       {"By the way, about {other} from last month: {other_works}",
        "Last time it was {other}, and {other_works}",
        "I also wrote to you about {other} in spring and {other_works}",
        "The other thing, {other}: {other_works}",
        "This isn't about {other}, that's another story, {other_works}",
        "I had {other} with you before this, {other_works}",
        "Last year {works}, so I know it's possible", "Until last week {works}",
        "When I called the first time {works}"}},
      {Act::kSideFails,
       {"By the way, about {other} from last month: {other_fails}",
        "Last time it was {other}, and {other_fails}",
        "I also wrote to you about {other} in spring and {other_fails}",
        "The other thing, {other}: {other_fails}",
        "This isn't about {other}, that's another story, {other_fails}",
        "I had {other} with you before this, {other_fails}",
        "Last year {fails}, so I know how this goes", "Since last week {fails}",
        "When I called the first time {fails}"}},
      // The little that a lexicon can see of the truth.
      {Act::kRelief,
       {"Good", "Great", "I'm glad", "That's a relief", "Happy with that", "Nice", "Perfect",
        "I'm pleased", "Excellent", "That makes my day"}},
      {Act::kDismay,
       {"That's bad", "I'm disappointed", "That's annoying", "Not happy with that", "Too bad",
        "I'm worried now", "That's a pity, it's a problem", "I'm fed up with this", "Terrible",
        "This is frustrating"}},
      {Act::kYes,
       {"Yes it does", "Yes, it is now", "Yep, it's there", "It does, yes", "Yes, done",
        "Yes, I see it", "It is, yes", "Yes that's it"}},
      {Act::kNo,
       {"No it doesn't", "No, it isn't", "Nope, nothing there", "It doesn't, no", "No, not done",
        "No, I don't see it", "It isn't, no", "No that's not it"}},
      {Act::kIfAgain,
       {"And if tomorrow {fails}, do I write to you here",
        "What do I do if I look tonight and {fails}", "If it turns out that {fails}, who do I call",
        "Suppose {fails} next week, is there a number for that",
        "One thing: if {fails} again, do I start from zero",
        "Say {fails} at the weekend, is anyone there",
        "Should it be that {fails} some day, can I quote this chat",
        "If my wife tells me later that {fails}, what then"}},
      {Act::kWhenDone,
       {"And when {works}, will I get a text", "How will I know that {works}",
        "Once {works}, do I have to do anything", "So the plan is that by {date} {works}",
        "Will somebody tell me when {works}", "And by when would it be that {works}",
        "When do you think I can say that {works}",
        "If by {date} {works}, can I forget about the form"}},
  };
}

const std::vector<std::string_view>& Phrases(Act act) {
  static const std::map<Act, std::vector<std::string_view>> all = [] {
    std::map<Act, std::vector<std::string_view>> joined;
    for (auto& table : {OutcomePhrases(), CustomerPhrases(), AgentPhrases()}) {
      for (const PhraseList& list : table) joined.emplace(list.act, list.phrases);
    }
    return joined;
  }();
  return all.at(act);
}

}  // namespace arcsat
