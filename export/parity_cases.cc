#include "export/parity_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/random.h"

namespace arcsat {
namespace {

/// Writes random conversations of given shapes.
class Author {
 public:
  Author(const Tokenizer& tokenizer, int most) : tokenizer_(tokenizer), most_(most) {}

  /// `tokens` of each turn, special tokens counted.
  void Write(ParityCase* out, const std::vector<Speaker>& speakers,
             const std::vector<int>& tokens) {
    EncodedConversation conversation;
    conversation.id = out->name;
    conversation.channel = static_cast<int>(random_.Below(3));
    std::vector<float> gaps;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      EncodedTurn turn;
      turn.tokens = Tokens(std::clamp(tokens[i], 2, most_));
      turn.speaker = speakers[i % speakers.size()];
      float gap = -1;
      if (i > 0 && random_.Chance(0.7)) {
        gap = static_cast<float>(random_.Below(4) == 0 ? 0 : 600 * random_.Uniform());
        turn.gap = static_cast<float>(std::log1p(static_cast<double>(gap)));
        turn.has_time = 1;
      } else if (random_.Chance(0.5)) {
        gap = std::numeric_limits<float>::quiet_NaN();
      }
      gaps.push_back(gap);
      conversation.tokens += static_cast<std::int64_t>(turn.tokens->size());
      conversation.turns.push_back(std::move(turn));
    }
    out->conversations.push_back(std::move(conversation));
    out->gaps.push_back(std::move(gaps));
  }

  /// As many turns of 2..`longest` tokens.
  std::vector<int> Lengths(int turns, int longest) {
    std::vector<int> lengths;
    for (int i = 0; i < turns; ++i) {
      lengths.push_back(2 +
                        static_cast<int>(random_.Below(static_cast<std::uint64_t>(longest - 1))));
    }
    return lengths;
  }

 private:
  std::shared_ptr<const std::vector<std::int32_t>> Tokens(int count) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
    for (auto& id : ids) {
      id = static_cast<std::int32_t>(random_.Below(static_cast<std::uint64_t>(tokenizer_.size())));
    }
    ids.front() = tokenizer_.begin_id();
    ids.back() = tokenizer_.end_id();
    return std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
  }

  const Tokenizer& tokenizer_;
  int most_;
  Random random_{20260105};
};

/// LibTorch's outputs for one conversation alone; turns (N) and Score's figures.
struct Expected {
  std::vector<float> state, outlook;
  Score score;
};

Expected Compute(const ArcModel& model, const Calibration& calibration,
                 const EncodedConversation& conversation) {
  Expected expected;
  RawScore raw;
  const int turns = static_cast<int>(conversation.turns.size());
  const std::vector<double> shift = OutlookShift(model, conversation);
  if (turns > 0) {
    const ArcOutput output = model.Forward(MakeBatch({{&conversation, 0, turns}}), false);
    const auto state = ArcModel::ExpectedState(output.state.to(torch::kFloat64)).contiguous();
    const auto outlook = output.outlook.to(torch::kFloat64).contiguous();
    for (int i = 0; i < turns; ++i) {
      const Speaker speaker = conversation.turns[static_cast<std::size_t>(i)].speaker;
      const double words = shift.empty() ? 0 : shift[static_cast<std::size_t>(i)];
      const RawTurn turn{i, speaker, state.data_ptr<double>()[i],
                         outlook.data_ptr<double>()[i] + words};
      expected.state.push_back(static_cast<float>(ApplyState(calibration.state, turn.state)));
      expected.outlook.push_back(
          static_cast<float>(ApplyOutlook(calibration.outlook, turn.outlook_logit)));
      raw.outlook_logit = turn.outlook_logit;
      if (speaker == Speaker::kCustomer) raw.turns.push_back(turn);
    }
  }
  expected.score = Apply(calibration, raw);
  return expected;
}

/// One case's tensors, padded to its largest conversation and turn.
struct Padded {
  Padded(std::int64_t batch, std::int64_t turns, std::int64_t tokens, std::int64_t pad_id)
      : ids(torch::full({batch, turns, tokens}, pad_id, torch::kInt64)),
        turn_tokens(torch::zeros({batch, turns}, torch::kInt64)),
        speaker(torch::zeros({batch, turns}, torch::kInt64)),
        channel(torch::zeros({batch}, torch::kInt64)),
        gap(torch::full({batch, turns}, -1.0, torch::kFloat32)),
        state(torch::zeros({batch, turns})),
        outlook(torch::zeros({batch, turns})) {}
  torch::Tensor ids, turn_tokens, speaker, channel, gap, state, outlook;
};

void FillInputs(const ParityCase& item, Padded* out) {
  auto ids = out->ids.accessor<std::int64_t, 3>();
  auto turn_tokens = out->turn_tokens.accessor<std::int64_t, 2>();
  auto speaker = out->speaker.accessor<std::int64_t, 2>();
  auto channel = out->channel.accessor<std::int64_t, 1>();
  auto gap = out->gap.accessor<float, 2>();
  for (std::size_t c = 0; c < item.conversations.size(); ++c) {
    const auto row = static_cast<std::int64_t>(c);
    channel[row] = item.conversations[c].channel;
    for (std::size_t i = 0; i < item.conversations[c].turns.size(); ++i) {
      const EncodedTurn& turn = item.conversations[c].turns[i];
      const auto at = static_cast<std::int64_t>(i);
      turn_tokens[row][at] = static_cast<std::int64_t>(turn.tokens->size());
      speaker[row][at] = static_cast<std::int64_t>(turn.speaker);
      gap[row][at] = item.gaps[c][i];
      for (std::size_t t = 0; t < turn.tokens->size(); ++t) {
        ids[row][at][static_cast<std::int64_t>(t)] = (*turn.tokens)[t];
      }
    }
  }
}

void AddCase(const ArcModel& model, const Calibration& calibration, const ParityCase& item,
             std::int64_t pad_id, TensorFile* file) {
  std::int64_t turns = 1, tokens = 1;
  for (const EncodedConversation& conversation : item.conversations) {
    turns = std::max(turns, static_cast<std::int64_t>(conversation.turns.size()));
    for (const EncodedTurn& turn : conversation.turns) {
      tokens = std::max(tokens, static_cast<std::int64_t>(turn.tokens->size()));
    }
  }
  Padded padded(static_cast<std::int64_t>(item.conversations.size()), turns, tokens, pad_id);
  FillInputs(item, &padded);
  auto state = padded.state.accessor<float, 2>();
  auto outlook = padded.outlook.accessor<float, 2>();
  std::map<std::string, std::vector<double>> single;
  for (std::size_t c = 0; c < item.conversations.size(); ++c) {
    const Expected expected = Compute(model, calibration, item.conversations[c]);
    const auto row = static_cast<std::int64_t>(c);
    for (std::size_t i = 0; i < expected.state.size(); ++i) {
      state[row][static_cast<std::int64_t>(i)] = expected.state[i];
      outlook[row][static_cast<std::int64_t>(i)] = expected.outlook[i];
    }
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const Score& score = expected.score;
    const auto interval = score.interval.value_or(std::pair(kNone, kNone));
    single["entry"].push_back(score.entry);
    single["exit"].push_back(score.exit);
    single["delta"].push_back(score.delta);
    single["p_satisfied"].push_back(score.p_satisfied);
    single["interval"].insert(single["interval"].end(), {interval.first, interval.second});
    single["csat"].push_back(score.csat.value_or(kNone));
    if (calibration.csat.boxes.fitted()) {
      single["boxes"].insert(single["boxes"].end(), score.boxes.begin(), score.boxes.end());
    }
  }
  const std::string in = item.name + "/in/", out = item.name + "/out/";
  file->tensors[in + "input_ids"] = padded.ids;
  file->tensors[in + "turn_tokens"] = padded.turn_tokens;
  file->tensors[in + "speaker"] = padded.speaker;
  file->tensors[in + "channel"] = padded.channel;
  file->tensors[in + "gap_seconds"] = padded.gap;
  file->tensors[out + "state"] = padded.state;
  file->tensors[out + "outlook"] = padded.outlook;
  for (const auto& [name, values] : single) {
    auto tensor = torch::tensor(values, torch::kFloat64);
    const auto rows = static_cast<std::int64_t>(item.conversations.size());
    const bool wide = name == "interval" || name == "boxes";
    file->tensors[out + name] = wide ? tensor.view({rows, -1}) : tensor;
  }
}

}  // namespace

std::vector<ParityCase> MakeParityCases(const ArcModel& model, const Tokenizer& tokenizer) {
  const int most = std::min(512, model.encoder().config().max_length());
  const std::vector<Speaker> customer = {Speaker::kCustomer}, agent = {Speaker::kAgent};
  const std::vector<Speaker> both = {Speaker::kCustomer, Speaker::kAgent};
  const std::vector<Speaker> all = {Speaker::kBot, Speaker::kCustomer, Speaker::kAgent,
                                    Speaker::kCustomer};
  Author author(tokenizer, most);
  std::vector<ParityCase> cases;
  const auto add = [&](const char* name) { return &cases.emplace_back(ParityCase{name, {}, {}}); };
  author.Write(add("one turn"), customer, {9});
  author.Write(add("two customer turns"), customer, {7, 12});
  author.Write(add("agents only"), agent, author.Lengths(5, 20));
  author.Write(add("empty text"), both, {2, 2, 9, 2, 2});
  author.Write(add("longest turn"), both, {8, most, 5, most, 3});
  author.Write(add("300 turns"), all, author.Lengths(300, 24));
  ParityCase* mixed = add("several in one batch");
  author.Write(mixed, both, author.Lengths(12, 30));
  author.Write(mixed, customer, {4});
  author.Write(mixed, both, {});
  author.Write(mixed, all, author.Lengths(70, 12));
  author.Write(mixed, agent, {2, most / 2});
  author.Write(mixed, all, author.Lengths(25, 40));
  return cases;
}

TensorFile ComputeParity(const ArcModel& model, const Calibration& calibration,
                         const std::vector<ParityCase>& cases, std::int64_t pad_id) {
  torch::NoGradGuard no_grad;
  TensorFile file;
  for (const ParityCase& item : cases) AddCase(model, calibration, item, pad_id, &file);
  return file;
}

}  // namespace arcsat
