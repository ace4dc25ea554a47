// What of a batch a Trainer's process takes, and how much of it at once.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "data/error.h"
#include "data/files.h"
#include "model/arc_model.h"
#include "train/device.h"
#include "train/trainer.h"

namespace arcsat {

std::filesystem::path Trainer::PartTokensFile() const {
  return run_ / fmt::format("part_tokens-{}", processes_.rank());
}

void Trainer::RememberPartTokens() const {
  try {
    WriteFile(PartTokensFile(), fmt::format("{}\n", part_tokens_));
  } catch (const Error&) {
    // A machine that cannot write into the run's folder begins anew as large as before.
  }
}

std::int64_t Trainer::RememberedPartTokens() const {
  if (processes_.size() == 1 || !std::filesystem::exists(PartTokensFile())) {
    return options_.part_tokens;
  }
  std::int64_t tokens = 0;
  const std::string text = ReadFile(PartTokensFile());
  std::from_chars(text.data(), text.data() + text.size(), tokens);
  return tokens > 0 ? std::min<std::int64_t>(tokens, options_.part_tokens) : options_.part_tokens;
}

std::vector<Trainer::Planned> Trainer::Share(std::int64_t batch) {
  std::vector<Planned> all;
  std::vector<std::int64_t> sizes;
  const std::int64_t epoch = batch / sampler_.batches_per_epoch();
  for (const std::int64_t index : sampler_.Batch(batch)) {
    Planned one{index, nullptr, train_->Tokens(index, options_.max_turns)};
    if (roughener_) one.heard = roughener_->Of(*train_->Get(index), epoch);
    if (one.heard) one.tokens = TokensOfLast(*one.heard, options_.max_turns);
    sizes.push_back(one.tokens);
    all.push_back(std::move(one));
  }
  const std::vector<int> owners = ShareOut(sizes, processes_.size());
  std::vector<Planned> own;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (owners[i] == processes_.rank()) own.push_back(std::move(all[i]));
  }
  return own;
}

std::vector<BatchPart> Trainer::Parts(std::int64_t batch) {
  if (auto node = coming_.extract(batch)) return std::move(node.mapped());
  std::vector<BatchPart> parts;
  std::int64_t tokens = 0;
  for (Planned& one : Share(batch)) {
    if (parts.empty() || tokens + one.tokens > part_tokens_) {
      parts.push_back({{}, batch});
      tokens = 0;
    }
    tokens += one.tokens;
    BatchPart& part = parts.back();
    part.owned.push_back(one.heard ? std::move(one.heard) : train_->Get(one.index));
    part.segments.push_back(LastTurns(*part.owned.back(), options_.max_turns));
  }
  return parts;
}

void Trainer::BeginUpdate(std::int64_t batch, const std::vector<BatchPart>& parts) {
  const std::int64_t per_epoch = sampler_.batches_per_epoch();
  const std::int64_t in_epoch = batch % per_epoch;
  const std::int64_t first = batch - in_epoch % options_.accumulate;
  if (first == update_begun_) return;
  const std::int64_t end = std::min(first + options_.accumulate, batch - in_epoch + per_epoch);
  coming_.clear();
  double measure = 0;
  for (std::int64_t b = first; b < end; ++b) {
    if (b == batch) {
      measure += objective_->Measure(parts);
      continue;
    }
    std::vector<BatchPart> others = Parts(b);
    measure += objective_->Measure(others);
    if (b > batch) coming_[b] = std::move(others);
  }
  objective_->BeginUpdate(processes_.Sum(measure));
  update_begun_ = first;
}

void Trainer::LogSamples() {
  if (!log_ || !options_.log_samples) return;
  const std::int64_t last = state_.batches - 1;
  const std::int64_t in_epoch = last % sampler_.batches_per_epoch();
  std::vector<std::string> ids;
  for (std::int64_t b = last - in_epoch % options_.accumulate; b <= last; ++b) {
    for (const std::int64_t index : sampler_.Batch(b)) ids.push_back(train_->Get(index)->id);
  }
  log_->Samples(state_.updates, ids);
}

bool Trainer::ForwardBackward(const std::vector<BatchPart>& parts, bool last) {
  try {
    PassParts(parts, last);
    return true;
  } catch (const c10::Error& error) {
    if (!IsOutOfMemory(error)) throw;
    BeginSmaller(parts, error.what_without_backtrace());
    return false;
  }
}

void Trainer::BeginSmaller(const std::vector<BatchPart>& parts, const std::string& why) {
  std::int64_t most = 0, divisible = 0;  // tokens of the largest part; of one that can be smaller
  for (const BatchPart& part : parts) {
    most = std::max(most, TokensOf(part));
    if (part.segments.size() > 1) divisible = std::max(divisible, TokensOf(part));
  }
  const std::string found = fmt::format("{} tokens at once do not fit ({})", most, why);
  if (divisible == 0) {
    throw Error({"memory", found, "expected room for the longest conversation of a batch",
                 options_.recompute ? "lower --train.max_turns"
                                    : "try --train.recompute true, or lower --train.max_turns"});
  }
  part_tokens_ = divisible / 2;
  coming_.clear();
  if (processes_.size() > 1) {
    // Others may wait for gradients of which some are on their way: all have to begin anew.
    if (running_) RememberPartTokens();
    throw Error(
        {"memory", found, "expected room for the longest part of a batch",
         fmt::format("begin anew with --resume, as torchrun --max-restarts does: at most {} "
                     "pass the network at once here from then on (--train.part_tokens {})",
                     part_tokens_, part_tokens_)});
  }
  optimizer_.ZeroGradients();
  state_.batches -= Accumulated();
  unread_.reset();
  state_.losses.clear();
  state_.bad_update = false;
  new_conversations_ = new_tokens_ = 0;
  update_begun_ = -1;
  Say(
      fmt::format("memory ran out at {} tokens: from here on at most {} pass the network at once "
                  "(--train.part_tokens {})",
                  divisible, part_tokens_, part_tokens_));
}

}  // namespace arcsat
