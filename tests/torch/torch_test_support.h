#pragma once

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/random.h"
#include "data/training_set.h"
#include "model/arc_model.h"
#include "model/model_folder.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {

/// Small enough that a whole training takes a fraction of a second.
constexpr int kTinyVocabulary = 50;

inline Json TinyConfig() {
  return {{"model_type", "bert"},          {"hidden_size", 16},
          {"num_hidden_layers", 2},        {"num_attention_heads", 2},
          {"intermediate_size", 32},       {"vocab_size", kTinyVocabulary},
          {"max_position_embeddings", 64}, {"type_vocab_size", 2}};
}

inline ModelOptions TinyOptions() {
  ModelOptions options;
  options.cross_turn_layers = 1;
  options.cross_turn_window = 3;
  options.conversation_layers = 1;
  options.conversation_hidden = 16;
  options.conversation_heads = 2;
  options.conversation_window = 4;
  options.max_turn_tokens = 16;
  options.dropout = 0.2;
  return options;
}

/// Large random weights: fresh ones are so small that what one turn does to another would lie below
/// any tolerance.
inline void Shake(ArcModel* model, std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  torch::manual_seed(seed);
  for (Parameter& parameter : model->parameters().all()) {
    parameter.value.add_(torch::randn(parameter.value.sizes()) * 0.4);
  }
}

/// The processor's memory while it lives, of which pieces of more than `most` bytes are refused, as
/// a GPU's allocator refuses them.
class TightMemory : public c10::Allocator {
 public:
  explicit TightMemory(std::size_t most) : inner_(*c10::GetCPUAllocator()), most_(most) {
    c10::SetCPUAllocator(this);
  }
  ~TightMemory() override { c10::SetCPUAllocator(&inner_); }
  TightMemory(const TightMemory&) = delete;
  TightMemory& operator=(const TightMemory&) = delete;

  c10::DataPtr allocate(std::size_t bytes) override {
    TORCH_CHECK_WITH(OutOfMemoryError, bytes <= most_, "no room for ", bytes, " bytes");
    for (std::size_t most = largest_; bytes > most;) {
      if (largest_.compare_exchange_weak(most, bytes)) break;
    }
    return inner_.allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return inner_.raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    inner_.copy_data(to, from, bytes);
  }
  std::size_t largest() const { return largest_; }

 private:
  c10::Allocator& inner_;
  std::size_t most_;
  std::atomic<std::size_t> largest_ = 0;
};

/// What a trainer learns from.
inline std::shared_ptr<const TrainingSet> Listed(const std::vector<EncodedConversation>& all) {
  return std::make_shared<InMemoryConversations>(all);
}

inline std::unique_ptr<ArcModel> TinyModel(const ModelOptions& options = TinyOptions()) {
  auto model = std::make_unique<ArcModel>(ParseEncoderConfig(TinyConfig(), "config.json"), options,
                                          nullptr, 1);
  Shake(model.get(), 7);
  return model;
}

/// A Hugging Face folder without weights: config.json and vocab.txt.
inline void PutTinyEncoder(const TemporaryFolder& folder) {
  folder.Put("config.json", TinyConfig().dump());
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 5; i < kTinyVocabulary; ++i) words += fmt::format("w{}\n", i);
  folder.Put("vocab.txt", words);
}

/// Conversations of random turns; some turns repeat within and between conversations.
class Talk {
 public:
  explicit Talk(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 9; ++i) canned_.push_back(Tokens());
  }
  EncodedConversation Make(const std::string& id, int turns) {
    EncodedConversation out;
    out.id = id;
    out.channel = static_cast<int>(random_.Below(3));
    for (int i = 0; i < turns; ++i) {
      EncodedTurn turn;
      turn.tokens = random_.Chance(0.5) ? canned_[random_.Below(canned_.size())] : Tokens();
      turn.speaker = static_cast<Speaker>(random_.Below(3));
      turn.has_time = random_.Chance(0.7) ? 1 : 0;
      turn.gap = turn.has_time * static_cast<float>(5 * random_.Uniform());
      out.tokens += static_cast<std::int64_t>(turn.tokens->size());
      out.turns.push_back(turn);
    }
    out.turns.front().speaker = Speaker::kCustomer;
    return out;
  }
  /// The same with an answer, and now and then a rated turn.
  EncodedConversation MakeLabelled(const std::string& id) {
    EncodedConversation out = Make(id, 2 + static_cast<int>(random_.Below(6)));
    out.survey = static_cast<float>(random_.Below(5)) / 4;
    out.satisfied = out.survey >= 0.75F ? 1 : 0;
    if (random_.Chance(0.5)) {
      out.turns.front().rating = 0.5F;
      out.turns.front().rating_exceeds = {1, 1, 0.5F, 0};
    }
    return out;
  }
  std::vector<EncodedConversation> MakeMany(int count) {
    std::vector<EncodedConversation> out;
    for (int i = 0; i < count; ++i) out.push_back(MakeLabelled("c-" + std::to_string(i)));
    out[0].satisfied = out[0].survey = 0;  // both classes are always there
    out[1].satisfied = out[1].survey = 1;
    return out;
  }

 private:
  std::shared_ptr<const std::vector<std::int32_t>> Tokens() {
    std::vector<std::int32_t> ids = {2};
    const auto words = random_.Below(8);
    for (std::uint64_t i = 0; i < words; ++i) {
      ids.push_back(static_cast<std::int32_t>(5 + random_.Below(kTinyVocabulary - 5)));
    }
    ids.push_back(3);
    return std::make_shared<const std::vector<std::int32_t>>(std::move(ids));
  }
  Random random_;
  std::vector<std::shared_ptr<const std::vector<std::int32_t>>> canned_;
};

inline Segment Whole(const EncodedConversation& conversation) {
  return {&conversation, 0, static_cast<int>(conversation.turns.size())};
}

inline double Distance(const torch::Tensor& a, const torch::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace arcsat
