#include "data/batch.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace arcsat {
namespace {

using torch::kFloat32;
using torch::kInt64;

torch::Tensor Int64(const std::vector<std::int64_t>& values) {
  return torch::tensor(values, torch::TensorOptions().dtype(kInt64));
}

torch::Tensor Float(const std::vector<float>& values) {
  return torch::tensor(values, torch::TensorOptions().dtype(kFloat32));
}

/// The distinct token lists of a batch in order of length, and where each turn's is.
struct DistinctTurns {
  std::vector<std::shared_ptr<const std::vector<std::int32_t>>> lists;  // (U)
  std::vector<std::int64_t> unique_of;                                  // (N)
};

/// Numbers token lists: equal ones have one number.
class ListNumbers {
 public:
  using List = std::shared_ptr<const std::vector<std::int32_t>>;

  std::int64_t Of(const List& list) {
    // Most equal texts share one list (ConversationEncoder), whose address tells.
    const auto [at, fresh] = by_address_.emplace(list.get(), 0);
    if (fresh) at->second = Compare(list);
    return at->second;
  }
  std::vector<List> Take() { return std::move(lists_); }

 private:
  std::int64_t Compare(const List& list) {
    const std::uint64_t hash = HashTokens(0, *list);
    const auto [begin, end] = by_hash_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (*lists_[static_cast<std::size_t>(it->second)] == *list) return it->second;
    }
    const auto number = std::ssize(lists_);
    by_hash_.emplace(hash, number);
    lists_.push_back(list);
    return number;
  }

  std::unordered_map<const void*, std::int64_t> by_address_;
  std::unordered_multimap<std::uint64_t, std::int64_t> by_hash_;
  std::vector<List> lists_;
};

DistinctTurns FindDistinct(const std::vector<Segment>& segments) {
  DistinctTurns out;
  ListNumbers numbers;
  std::vector<std::int64_t> raw;
  for (const Segment& segment : segments) {
    for (int i = segment.first; i < segment.first + segment.count; ++i) {
      raw.push_back(numbers.Of(segment.conversation->turns[static_cast<std::size_t>(i)].tokens));
    }
  }
  out.lists = numbers.Take();
  std::vector<std::size_t> order(out.lists.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return out.lists[a]->size() < out.lists[b]->size();
  });
  std::vector<std::int64_t> place(order.size());
  std::vector<std::shared_ptr<const std::vector<std::int32_t>>> sorted;
  for (const std::size_t index : order) {
    place[index] = static_cast<std::int64_t>(sorted.size());
    sorted.push_back(std::move(out.lists[index]));
  }
  out.lists = std::move(sorted);
  for (const std::int64_t index : raw) {
    out.unique_of.push_back(place[static_cast<std::size_t>(index)]);
  }
  return out;
}

}  // namespace

torch::Tensor MoveTo(const torch::Tensor& tensor, torch::Device device) {
  if (!device.is_cuda()) return tensor;
  return tensor.pin_memory().to(device, /*non_blocking=*/true);
}

std::int64_t TokensOf(const Segment& segment) {
  std::int64_t tokens = 0;
  for (int i = segment.first; i < segment.first + segment.count; ++i) {
    tokens += static_cast<std::int64_t>(
        segment.conversation->turns[static_cast<std::size_t>(i)].tokens->size());
  }
  return tokens;
}

void CountTurn(int length, std::vector<std::pair<int, int>>* blocks) {
  if (blocks->empty() || blocks->back().second != length) blocks->emplace_back(0, length);
  ++blocks->back().first;
}

RaggedBatch MakeBatch(const std::vector<Segment>& segments) {
  RaggedBatch batch;
  DistinctTurns distinct = FindDistinct(segments);
  std::vector<std::int64_t> tokens, positions, start;
  for (const auto& list : distinct.lists) {
    const int length = static_cast<int>(list->size());
    start.push_back(static_cast<std::int64_t>(tokens.size()));
    for (int i = 0; i < length; ++i) {
      tokens.push_back((*list)[static_cast<std::size_t>(i)]);
      positions.push_back(i);
    }
    CountTurn(length, &batch.blocks);
  }
  std::vector<std::int64_t> token_of, turn_of, speaker, channel;
  std::vector<float> features;
  std::size_t n = 0;
  for (const Segment& segment : segments) {
    batch.conversation_turns.push_back(segment.count);
    for (int i = segment.first; i < segment.first + segment.count; ++i, ++n) {
      const EncodedTurn& turn = segment.conversation->turns[static_cast<std::size_t>(i)];
      const int length = static_cast<int>(turn.tokens->size());
      const std::int64_t begin = start[static_cast<std::size_t>(distinct.unique_of[n])];
      batch.turn_lengths.push_back(length);
      for (int t = 0; t < length; ++t) {
        token_of.push_back(begin + t);
        turn_of.push_back(static_cast<std::int64_t>(n));
      }
      speaker.push_back(static_cast<std::int64_t>(turn.speaker));
      channel.push_back(segment.conversation->channel);
      features.insert(features.end(), {turn.gap, turn.has_time, std::log1p(static_cast<float>(i))});
    }
  }
  batch.distinct = std::move(distinct.lists);
  batch.tokens = Int64(tokens);
  batch.positions = Int64(positions);
  std::vector<std::int32_t> bounds(start.begin(), start.end());
  bounds.push_back(static_cast<std::int32_t>(tokens.size()));
  batch.bounds = torch::tensor(bounds, torch::kInt32);
  batch.token_of = Int64(token_of);
  batch.unique_of = Int64(distinct.unique_of);
  batch.turn_of = Int64(turn_of);
  batch.speaker = Int64(speaker);
  batch.channel = Int64(channel);
  batch.features = Float(features).view({-1, 3});
  batch.token_count = static_cast<std::int64_t>(token_of.size());
  return batch;
}

RaggedBatch To(const RaggedBatch& batch, torch::Device device) {
  RaggedBatch out = batch;
  for (torch::Tensor RaggedBatch::*field :
       {&RaggedBatch::tokens, &RaggedBatch::positions, &RaggedBatch::bounds, &RaggedBatch::token_of,
        &RaggedBatch::unique_of, &RaggedBatch::turn_of, &RaggedBatch::speaker,
        &RaggedBatch::channel, &RaggedBatch::features}) {
    out.*field = MoveTo(out.*field, device);
  }
  return out;
}

namespace {

/// Spreads one unit of the outlook's weight over `turns` turns: `final_share` on the last, the rest
/// in proportion to the place, since what is said late tells more about the end.
std::vector<float> OutlookWeights(int turns, double final_share) {
  std::vector<float> weights(static_cast<std::size_t>(turns), 0.0F);
  if (turns == 1) return {1.0F};
  const double total = 0.5 * turns * (turns - 1);
  for (int i = 0; i + 1 < turns; ++i) {
    weights[static_cast<std::size_t>(i)] = static_cast<float>((1 - final_share) * (i + 1) / total);
  }
  weights.back() = static_cast<float>(final_share);
  return weights;
}

}  // namespace

BatchLabels MakeLabels(const std::vector<Segment>& segments, const LabelOptions& options) {
  const int levels = options.boxes - 1;
  std::vector<float> outlook, outlook_weight, state, state_weight;
  for (const Segment& segment : segments) {
    const EncodedConversation& conversation = *segment.conversation;
    const auto weights = OutlookWeights(segment.count, options.final_share);
    int last_customer = -1;
    const int end = segment.first + segment.count;
    for (int i = segment.first; i < end; ++i) {
      if (conversation.turns[static_cast<std::size_t>(i)].speaker == Speaker::kCustomer) {
        last_customer = i;
      }
    }
    const bool whole = end == static_cast<int>(conversation.turns.size());
    const float answer = conversation.satisfied >= 0 ? conversation.satisfied : conversation.guess;
    for (int i = segment.first; i < end; ++i) {
      const EncodedTurn& turn = conversation.turns[static_cast<std::size_t>(i)];
      const bool known = answer >= 0 && whole;
      outlook.push_back(known ? answer : 0);
      outlook_weight.push_back(
          known ? conversation.weight * weights[static_cast<std::size_t>(i - segment.first)] : 0);
      if (!turn.rating_exceeds.empty()) {
        state.insert(state.end(), turn.rating_exceeds.begin(), turn.rating_exceeds.end());
        state_weight.push_back(static_cast<float>(options.rating_weight));
      } else if (i == last_customer && conversation.survey >= 0 && whole) {
        for (int k = 0; k < levels; ++k) {
          const float level = conversation.survey * static_cast<float>(levels);
          state.push_back(level > static_cast<float>(k) + 0.5F - 1e-6F ? 1 : 0);
        }
        state_weight.push_back(static_cast<float>(options.survey_weight) * conversation.weight);
      } else {
        state.insert(state.end(), static_cast<std::size_t>(levels), 0.0F);
        state_weight.push_back(0);
      }
    }
  }
  BatchLabels labels;
  labels.outlook_target = Float(outlook);
  labels.outlook_weight = Float(outlook_weight);
  labels.state_target = Float(state).view({-1, levels});
  labels.state_weight = Float(state_weight);
  return labels;
}

BatchLabels To(const BatchLabels& labels, torch::Device device) {
  return {MoveTo(labels.outlook_target, device), MoveTo(labels.outlook_weight, device),
          MoveTo(labels.state_target, device), MoveTo(labels.state_weight, device)};
}

}  // namespace arcsat
