// What a turn of a running conversation costs, turn by turn: with what was computed kept
// (StreamScorer), beside scoring the whole conversation so far again (Scorer), in turn. Then the
// same conversations 32 at a time, each of them with two more turns a call, as a busy service has
// them.
//
//   arcsat_bench_stream MODEL CONVERSATIONS.jsonl [HOW_MANY] [THREADS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "data/corpus.h"
#include "model/model_folder.h"
#include "model/scorer.h"
#include "model/stream_scorer.h"

namespace {

using arcsat::EncodedConversation;

struct Times {
  std::vector<double> ms;
  void Print(const char* name) {
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double share) {
      return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    double sum = 0;
    for (const double x : ms) sum += x;
    fmt::print("{:<22} {:8.2f} {:8.2f} {:8.2f} {:8.2f}\n", name,
               sum / static_cast<double>(ms.size()), at(0.5), at(0.99), ms.back());
  }
};

template <class F>
arcsat::RawScore Timed(Times* times, const F& score) {
  const auto begin = std::chrono::steady_clock::now();
  arcsat::RawScore raw = score();
  times->ms.push_back(
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  return raw;
}

constexpr std::size_t kTogether = 32, kTurnsTogether = 2;

EncodedConversation FirstTurns(const EncodedConversation& whole, std::size_t turns) {
  EncodedConversation out = whole;
  out.turns.resize(std::min(turns, whole.turns.size()));
  return out;
}

/// Milliseconds a turn where conversations grow together.
Times Together(const arcsat::LoadedModel& loaded, const std::vector<EncodedConversation>& all) {
  arcsat::StreamScorer stream(*loaded.model);
  Times times;
  for (std::size_t first = 0; first < all.size(); first += kTogether) {
    for (std::size_t turns = kTurnsTogether;; turns += kTurnsTogether) {
      std::vector<EncodedConversation> now;
      for (std::size_t c = first; c < std::min(first + kTogether, all.size()); ++c) {
        if (all[c].turns.size() >= turns) now.push_back(FirstTurns(all[c], turns));
      }
      if (now.empty()) break;
      Times call;
      Timed(&call, [&] { return stream.Score(now)[0]; });
      const auto computed = static_cast<double>(now.size() * kTurnsTogether);
      times.ms.push_back(call.ms[0] / computed);
    }
  }
  return times;
}

int Run(const std::string& model, const std::string& data, std::size_t most, int threads) {
  arcsat::UseThreads(threads);
  const arcsat::LoadedModel loaded = arcsat::LoadModel(arcsat::ModelFolder(model));
  arcsat::ConversationEncoder encoder = loaded.MakeEncoder();
  std::vector<arcsat::Conversation> conversations = arcsat::ReadConversations(data, {}, nullptr);
  conversations.resize(std::min(conversations.size(), most));
  arcsat::StreamScorer stream(*loaded.model);
  const arcsat::Scorer scorer(*loaded.model);
  Times kept, again;
  std::vector<EncodedConversation> all;
  std::int64_t tokens = 0;
  double apart = 0;
  for (const arcsat::Conversation& conversation : conversations) {
    const EncodedConversation whole = encoder.Encode(conversation, loaded.survey);
    EncodedConversation so_far = whole;
    so_far.turns.clear();
    so_far.tokens = 0;
    for (const arcsat::EncodedTurn& turn : whole.turns) {
      so_far.turns.push_back(turn);
      so_far.tokens += static_cast<std::int64_t>(turn.tokens->size());
      const std::vector<EncodedConversation> one = {so_far};
      const auto a = Timed(&kept, [&] { return stream.Score(one)[0]; });
      const auto b = Timed(&again, [&] { return scorer.Score(one)[0]; });
      apart = std::max(apart, std::abs(a.outlook_logit - b.outlook_logit));
    }
    tokens += whole.tokens;
    all.push_back(whole);
    stream.Forget(whole.id);
  }
  if (kept.ms.empty()) return 1;
  fmt::print(
      "{} conversations, {} turns, {:.1f} tokens a turn; {} thread(s); {} layers across "
      "turns\nms a turn                  mean      p50      p99      max\n",
      conversations.size(), kept.ms.size(),
      static_cast<double>(tokens) / static_cast<double>(kept.ms.size()), threads,
      loaded.model->options().cross_turn_layers);
  kept.Print("kept (StreamScorer)");
  again.Print("again (Scorer)");
  Together(loaded, all).Print("kept, many together");
  fmt::print("largest difference of the outlook's log-odds: {:.1e}\n", apart);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr,
                 "usage: arcsat_bench_stream MODEL CONVERSATIONS.jsonl [HOW_MANY] [THREADS]\n");
    return 2;
  }
  try {
    return Run(argv[1], argv[2], argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 100,
               argc > 4 ? std::atoi(argv[4]) : 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
