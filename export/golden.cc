#include "export/golden.h"

#include <algorithm>

#include "data/corpus.h"
#include "data/json.h"
#include "eval/cross_conformal.h"
#include "model/scorer.h"

namespace arcsat {
namespace {

constexpr std::size_t kMostTurns = 60;     // golden files are carried about and run on every check
constexpr std::size_t kMostLooked = 5000;  // conversations of a file that are looked at

Conversation Make(const std::string& id, std::optional<Channel> channel,
                  std::vector<std::pair<Speaker, std::string>> turns, double seconds = -1) {
  Conversation conversation;
  conversation.id = id;
  conversation.channel = channel;
  double at = 0;
  for (auto& [speaker, text] : turns) {
    Turn turn;
    turn.speaker = speaker;
    turn.text = std::move(text);
    if (seconds >= 0) turn.at = at;
    at += seconds;
    conversation.turns.push_back(std::move(turn));
  }
  return conversation;
}

std::string Repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

std::vector<Conversation> WrittenConversations() {
  constexpr auto c = Speaker::kCustomer, a = Speaker::kAgent, b = Speaker::kBot;
  std::vector<Conversation> all;
  all.push_back(Make("golden-one-turn", Channel::kChat, {{c, "My parcel has not arrived."}}));
  all.push_back(Make("golden-two-customer-turns", std::nullopt,
                     {{c, "I was charged twice!"}, {c, "Is anybody there?"}}, 45));
  all.push_back(Make("golden-agents-only", Channel::kVoice,
                     {{a, "Thank you for calling."}, {a, "How may I help you?"}}, 3.5));
  all.push_back(Make("golden-resolved", Channel::kChat,
                     {{b, "Hello! What is it about?"},
                      {c, "The invoice of March is wrong, and I have asked about it before."},
                      {a, "I am sorry about that. I have corrected it and sent you a new one."},
                      {c, "Got it, that was quick. Thanks a lot!"}},
                     12.25));
  all.push_back(Make("golden-transferred", Channel::kVoice,
                     {{c, "uh hi my internet has been down since monday"},
                      {a, "let me transfer you"},
                      {c, "that is the third time today i just want it fixed"},
                      {a, "please hold"},
                      {c, "no. forget it."}},
                     61));
  all.push_back(Make("golden-empty-text", Channel::kChat, {{c, ""}, {a, " \t "}, {c, "\n"}}));
  all.push_back(Make("golden-scripts", std::nullopt,
                     {{c, "Où est ma commande n° 4711\xE2\x80\xAF? Ça fait 3 semaines\xE2\x80\xA6"},
                      {a, "申し訳ありません。確認いたします。"},
                      {c, "Спасибо 🙏🏽 — ждём. [SEP] <s> </s> ``quoted''"}},
                     7));
  all.push_back(Make("golden-long-turn", Channel::kChat,
                     {{c, Repeat("I called, waited, was cut off, and called again. ", 120)},
                      {a, "I understand."},
                      {c, "Do you?"}}));
  all.push_back(Make("golden-no-turns", Channel::kChat, {}));
  // Times that are missing in the middle, and a clock that goes back.
  Conversation times = Make("golden-times", Channel::kVoice,
                            {{c, "Hello?"}, {a, "Yes, I hear you."}, {c, "Good."}, {a, "So."}}, 5);
  times.turns[1].at.reset();
  times.turns[3].at = 1;
  all.push_back(std::move(times));
  return all;
}

std::vector<Conversation> SampleConversations(const std::string& path, int count) {
  std::vector<Conversation> all;
  ForEachConversation(path, {.skip_bad = true}, [&](Conversation&& conversation) {
    if (all.size() < kMostLooked && conversation.turns.size() <= kMostTurns) {
      all.push_back(std::move(conversation));
    }
  });
  std::stable_sort(all.begin(), all.end(), [](const Conversation& x, const Conversation& y) {
    return x.turns.size() < y.turns.size();
  });
  std::vector<Conversation> chosen;
  const std::size_t wanted = std::min(all.size(), static_cast<std::size_t>(std::max(0, count)));
  for (std::size_t i = 0; i < wanted; ++i) {
    chosen.push_back(all[wanted == 1 ? 0 : i * (all.size() - 1) / (wanted - 1)]);
  }
  return chosen;
}

std::string GoldenLines(const LoadedModel& loaded, const Calibration& calibration,
                        const std::optional<ConformalSets>& sets,
                        const std::vector<Conversation>& conversations) {
  ConversationEncoder encoder = loaded.MakeEncoder();
  std::vector<EncodedConversation> encoded;
  for (Conversation conversation : conversations) {
    conversation.survey.reset();  // labels are not needed to score, and may be of another target
    encoded.push_back(encoder.Encode(conversation, SurveyOptions{}));
  }
  const std::vector<RawScore> raw = Scorer(*loaded.model).Score(encoded);
  std::string lines;
  for (std::size_t i = 0; i < conversations.size(); ++i) {
    Score score = Apply(calibration, raw[i]);
    if (sets) {
      const std::optional<Channel> channel = conversations[i].channel;
      score.set = PredictAnswers(*sets, calibration, score, channel ? Name(*channel) : "");
    }
    score.model = loaded.name;
    // Both are whole JSON texts already; parsed again they would lose nothing but time.
    lines += "{\"conversation\":" + ToJsonLine(conversations[i]) +
             ",\"score\":" + ToJsonLine(score) + "}\n";
  }
  return lines;
}

}  // namespace arcsat
