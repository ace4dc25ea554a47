#include <algorithm>
#include <numeric>

#include "data/batch.h"
#include "model/cross_attention.h"

namespace arcsat {
namespace {

/// Queries of a long conversation go through in stretches of about this many tokens.
constexpr int kQueryTokens = 1024;
/// A group may compute this many pairs of a query and a key more than its stretches ask for, or a
/// share of those: below it, another group's kernels take longer to start than padding to compute.
constexpr std::int64_t kPaddedPairs = std::int64_t{1} << 20;
constexpr double kPaddedShare = 0.25;
/// Pairs of a group at most: its bias is as large, for every head.
constexpr std::int64_t kGroupPairs = std::int64_t{1} << 25;
/// Keys of a group are a multiple of this, as kernels want a bias's rows to be, and turns one of
/// the other, as matrix products in half precision do.
constexpr std::int64_t kAlignedKeys = 16, kAlignedTurns = 8;

using Lengths = std::vector<int>;

std::vector<std::int64_t> Begins(const Lengths& lengths) {
  std::vector<std::int64_t> begins{0};
  for (const int length : lengths) begins.push_back(begins.back() + length);
  return begins;
}

/// The stretches of one conversation, by the lengths of its turns. The first `past` ones are
/// remembered: keys without queries.
std::vector<CrossStretch> Stretches(const Lengths& lengths, int past, int window) {
  const int turns = static_cast<int>(lengths.size());
  const std::vector<std::int64_t> begins = Begins(lengths);
  const auto begin_of = [&](int turn) {
    return static_cast<int>(begins[static_cast<std::size_t>(turn)]);
  };
  std::vector<CrossStretch> stretches;
  for (int q = past; q < turns;) {
    int end = q + 1;
    while (end < turns && begin_of(end + 1) - begin_of(q) <= kQueryTokens) ++end;
    const int k = std::max(0, q - window);
    stretches.push_back({k, q, end, begin_of(q) - begin_of(past), begin_of(end) - begin_of(q),
                         begin_of(k), begin_of(end) - begin_of(k)});
    q = end;
  }
  return stretches;
}

/// One-hot rows that spread a value of turns [begin, end) over their tokens: (tokens, end - begin).
torch::Tensor Spread(const Lengths& lengths, int begin, int end, int tokens) {
  torch::Tensor spread = torch::zeros({tokens, end - begin});
  float* at = spread.data_ptr<float>();
  for (int turn = begin; turn < end; ++turn) {
    const int length = lengths[static_cast<std::size_t>(turn)];
    for (int t = 0; t < length; ++t, at += end - begin) at[turn - begin] = 1;
  }
  return spread;
}

int BucketOf(int query, int key, int window) {
  const int apart = query - key;
  return apart < 0 || apart > window ? kDistanceBuckets : DistanceBucket(apart);
}

CrossBlock MakeBlock(const CrossStretch& at, const Lengths& lengths, int window, bool token_is_turn,
                     const torch::Device& device) {
  CrossBlock block{at, {}, {}, {}};
  if (!token_is_turn) {
    block.query_turn = MoveTo(Spread(lengths, at.first_query, at.end, at.query_count), device);
    block.key_turn =
        MoveTo(Spread(lengths, at.first_key, at.end, at.key_count).t().contiguous(), device);
  }
  const int queries = at.end - at.first_query, keys = at.end - at.first_key;
  torch::Tensor bucket = torch::empty({std::int64_t{queries} * keys}, torch::kInt64);
  std::int64_t* to = bucket.data_ptr<std::int64_t>();
  for (int q = at.first_query; q < at.end; ++q) {
    for (int k = at.first_key; k < at.end; ++k) *to++ = BucketOf(q, k, window);
  }
  block.bucket = MoveTo(bucket, device);
  return block;
}

/// A stretch that is to go into a group, and where its conversation begins in the batch.
struct Placed {
  CrossStretch at;
  const Lengths* lengths = nullptr;
  std::int64_t begin = 0;
};

/// Rows and turns of the tokens of turns [first, end), filled up to `room` by the last of them; the
/// turns count from `first`, that of what was filled up is `filler`.
void PlaceTokens(const Lengths& lengths, int first, int end, std::int64_t row, std::int64_t room,
                 std::int64_t filler, std::int64_t* rows, std::int64_t* turns) {
  std::int64_t at = 0;
  for (int turn = first; turn < end; ++turn) {
    for (int t = 0; t < lengths[static_cast<std::size_t>(turn)]; ++t, ++at) {
      rows[at] = row + at;
      turns[at] = turn - first;
    }
  }
  std::fill(rows + at, rows + room, row + at - 1);
  std::fill(turns + at, turns + room, filler);
}

/// The group of stretches [begin, end), whose sizes `group` holds.
void FillGroup(const Placed* begin, const Placed* end, int window, bool token_is_turn,
               const torch::Device& device, CrossGroup* group) {
  const auto longs = [&](std::int64_t each) {
    return torch::empty({group->stretches, each}, torch::kInt64);
  };
  auto query_row = longs(group->queries), query_turn = longs(group->queries);
  auto key_row = longs(group->keys), key_turn = longs(group->keys);
  auto bucket = torch::full({group->stretches, group->query_turns, group->key_turns},
                            kDistanceBuckets, torch::kInt64);
  std::int64_t b = 0;
  for (const Placed* one = begin; one < end; ++one, ++b) {
    const CrossStretch& at = one->at;
    PlaceTokens(*one->lengths, at.first_query, at.end, one->begin + at.query_begin, group->queries,
                0, query_row.data_ptr<std::int64_t>() + b * group->queries,
                query_turn.data_ptr<std::int64_t>() + b * group->queries);
    PlaceTokens(*one->lengths, at.first_key, at.end, one->begin + at.key_begin, group->keys,
                group->key_turns - 1, key_row.data_ptr<std::int64_t>() + b * group->keys,
                key_turn.data_ptr<std::int64_t>() + b * group->keys);
    for (int q = at.first_query; q < at.end; ++q) {
      std::int64_t* to = bucket.data_ptr<std::int64_t>() +
                         (b * group->query_turns + q - at.first_query) * group->key_turns;
      for (int k = at.first_key; k < at.end; ++k) *to++ = BucketOf(q, k, window);
    }
  }
  group->query_row = MoveTo(query_row.flatten(), device);
  group->key_row = MoveTo(key_row.flatten(), device);
  group->bucket = MoveTo(bucket.flatten(), device);
  if (token_is_turn) return;
  // Compared on the device: the turns are a fraction of the one-hot rows.
  const auto one_hot = [&](const torch::Tensor& turn, std::int64_t turns) {
    const auto each = torch::arange(turns, torch::TensorOptions(torch::kInt64).device(device));
    return MoveTo(turn, device).unsqueeze(-1).eq(each).to(torch::kFloat32);
  };
  group->query_turn = one_hot(query_turn, group->query_turns);
  group->key_turn = one_hot(key_turn, group->key_turns).transpose(1, 2);
}

std::int64_t RoundUp(std::int64_t count, std::int64_t step) {
  return (count + step - 1) / step * step;
}

/// Adds `one` to a group's sizes.
void Widen(const CrossStretch& one, bool token_is_turn, CrossGroup* group) {
  ++group->stretches;
  group->queries = std::max<std::int64_t>(group->queries, one.query_count);
  group->keys = std::max(group->keys, RoundUp(one.key_count, kAlignedKeys));
  if (token_is_turn) {
    group->query_turns = group->queries;
    group->key_turns = group->keys;
    return;
  }
  const auto widen = [](std::int64_t turns, std::int64_t* most) {
    *most = std::max(*most, RoundUp(turns, kAlignedTurns));
  };
  widen(one.end - one.first_query, &group->query_turns);
  // One turn more, that nobody sees, for what the keys are filled up with.
  widen(one.end - one.first_key + 1, &group->key_turns);
}

/// Stretches of like size together; `plan` gets the groups and where each token comes out.
void MakeGroups(std::vector<Placed> placed, std::int64_t tokens, int window,
                const torch::Device& device, CrossPlan* plan) {
  std::stable_sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
    return std::pair(a.at.key_count, a.at.query_count) <
           std::pair(b.at.key_count, b.at.query_count);
  });
  torch::Tensor row_of = torch::empty({tokens}, torch::kInt64);
  std::int64_t row = 0;
  for (auto begin = placed.begin(); begin != placed.end();) {
    CrossGroup group;
    std::int64_t wanted = 0;
    auto end = begin;
    for (; end != placed.end(); ++end) {
      CrossGroup wider = group;
      Widen(end->at, plan->token_is_turn, &wider);
      wanted += std::int64_t{end->at.query_count} * end->at.key_count;
      const std::int64_t pairs = wider.stretches * wider.queries * wider.keys;
      const auto padded = std::max(
          kPaddedPairs, static_cast<std::int64_t>(kPaddedShare * static_cast<double>(wanted)));
      if (end != begin && (pairs > kGroupPairs || pairs - wanted > padded)) break;
      group = wider;
    }
    FillGroup(&*begin, &*begin + (end - begin), window, plan->token_is_turn, device, &group);
    for (; begin != end; ++begin, row += group.queries) {
      auto* to = row_of.data_ptr<std::int64_t>() + begin->begin + begin->at.query_begin;
      std::iota(to, to + begin->at.query_count, row);
    }
    plan->groups.push_back(std::move(group));
  }
  plan->row_of = MoveTo(row_of, device);
}

/// Brings what a conversation remembers up to date; the tokens that this keeps.
std::int64_t Remember(Lengths lengths, int window, TurnMemory* memory) {
  const auto surplus = static_cast<std::ptrdiff_t>(lengths.size()) - window;
  if (surplus > 0) lengths.erase(lengths.begin(), lengths.begin() + surplus);
  memory->lengths = std::move(lengths);
  return Begins(memory->lengths).back();
}

bool AllOne(const Lengths& lengths) {
  return std::all_of(lengths.begin(), lengths.end(), [](int length) { return length == 1; });
}

}  // namespace

int DistanceBucket(int turns_apart) {
  if (turns_apart < 8) return turns_apart;
  constexpr int kEdges[] = {12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384};
  const auto* edge = std::upper_bound(std::begin(kEdges), std::end(kEdges), turns_apart);
  return 8 + static_cast<int>(edge - std::begin(kEdges));
}

CrossPlan MakeCrossPlan(const std::vector<int>& turn_lengths,
                        const std::vector<int>& conversation_turns, int window,
                        const torch::Device& device, const std::vector<TurnMemory*>& memories,
                        CrossLayout layout) {
  CrossPlan plan;
  plan.memories = memories;
  plan.token_is_turn =
      AllOne(turn_lengths) && std::all_of(memories.begin(), memories.end(),
                                          [](const auto* m) { return AllOne(m->lengths); });
  TORCH_INTERNAL_ASSERT(layout != CrossLayout::kGroups || memories.empty());
  if (layout == CrossLayout::kByDevice) {
    layout = device.is_cuda() && memories.empty() ? CrossLayout::kGroups : CrossLayout::kBlocks;
  }
  std::vector<Lengths> all(conversation_turns.size());
  std::vector<Placed> placed;
  std::int64_t tokens = 0;
  auto next = turn_lengths.begin();
  for (std::size_t c = 0; c < all.size(); ++c) {
    Lengths& lengths = all[c];
    if (!memories.empty()) lengths = memories[c]->lengths;
    const int past = static_cast<int>(lengths.size());
    lengths.insert(lengths.end(), next, next + conversation_turns[c]);
    next += conversation_turns[c];
    const std::vector<CrossStretch> stretches = Stretches(lengths, past, window);
    plan.conversation_tokens.push_back(stretches.back().query_begin + stretches.back().query_count);
    if (layout == CrossLayout::kGroups) {
      for (const CrossStretch& at : stretches) placed.push_back({at, &lengths, tokens});
    } else {
      auto& blocks = plan.blocks.emplace_back();
      for (const CrossStretch& at : stretches) {
        blocks.push_back(MakeBlock(at, lengths, window, plan.token_is_turn, device));
      }
    }
    tokens += plan.conversation_tokens.back();
    if (!memories.empty()) plan.keep.push_back(Remember(lengths, window, memories[c]));
  }
  if (layout == CrossLayout::kGroups) MakeGroups(std::move(placed), tokens, window, device, &plan);
  return plan;
}

}  // namespace arcsat
