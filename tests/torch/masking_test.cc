#include "train/masking.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

/// Ids 0..4 are special; of the rest every third goes on with a word.
class ThirdContinues : public Tokenizer {
 public:
  explicit ThirdContinues(std::int32_t mask = 4) : mask_(mask) {}
  std::vector<std::int32_t> Encode(std::string_view) const override { return {}; }
  std::int32_t begin_id() const override { return 2; }
  std::int32_t end_id() const override { return 3; }
  std::int32_t pad_id() const override { return 0; }
  std::int32_t unknown_id() const override { return 1; }
  std::int32_t mask_id() const override { return mask_; }
  std::int32_t size() const override { return kTinyVocabulary; }
  bool ContinuesWord(std::int32_t id) const override { return id > 4 && id % 3 == 0; }
  std::vector<std::filesystem::path> files() const override { return {}; }

 private:
  std::int32_t mask_;
};

std::vector<std::int64_t> Numbers(const torch::Tensor& tensor) {
  const auto whole = tensor.contiguous();
  const std::int64_t* data = whole.const_data_ptr<std::int64_t>();
  return {data, data + whole.numel()};
}

class MaskingTest : public testing::Test {
 protected:
  MaskingTest() : conversations_(Talk(3).MakeMany(400)) {
    for (const auto& conversation : conversations_) segments_.push_back(Whole(conversation));
  }
  std::vector<EncodedConversation> conversations_;
  std::vector<Segment> segments_;
  MaskVocabulary vocabulary_ = ReadMaskVocabulary(ThirdContinues());
};

TEST_F(MaskingTest, HidesWholeWordsAndNothingElse) {
  const RaggedBatch plain = MakeBatch(segments_);
  RaggedBatch batch = plain;
  const MaskedTokens masked = MaskTokens(vocabulary_, 0.15, 1, &batch);
  const auto before = Numbers(plain.tokens), after = Numbers(batch.tokens);
  const auto token_of = Numbers(batch.token_of), places = Numbers(masked.places);
  const auto targets = Numbers(masked.targets);
  std::set<std::int64_t> hidden;  // among the distinct turns' tokens
  std::set<std::int64_t> asked(places.begin(), places.end());
  EXPECT_EQ(asked.size(), places.size()) << "a place asked twice";
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::int64_t v = token_of[static_cast<std::size_t>(places[i])];
    hidden.insert(v);
    EXPECT_EQ(targets[i], before[static_cast<std::size_t>(v)]);
    EXPECT_GT(targets[i], 4) << "a special token";
  }
  // In every conversation each hidden token of the turns there is asked about at its first place.
  std::set<std::int64_t> first;
  std::size_t t = 0, n = 0;
  for (const int turns : batch.conversation_turns) {
    std::set<std::int64_t> there;
    for (int i = 0; i < turns; ++i, ++n) {
      for (int k = 0; k < batch.turn_lengths[n]; ++k, ++t) {
        const std::int64_t v = token_of[t];
        if (there.insert(v).second && hidden.contains(v))
          first.insert(static_cast<std::int64_t>(t));
      }
    }
  }
  EXPECT_EQ(asked, first);
  int words = 0, hidden_words = 0;
  for (std::size_t v = 0; v < before.size(); ++v) {
    const bool masked_here = hidden.count(static_cast<std::int64_t>(v)) != 0;
    EXPECT_TRUE(masked_here || after[v] == before[v]);
    if (before[v] <= 4) continue;
    const bool goes_on = before[v] % 3 == 0 && before[v - 1] > 4;
    if (goes_on) {
      EXPECT_EQ(masked_here, hidden.count(static_cast<std::int64_t>(v) - 1) != 0) << v;
    } else {
      ++words;
      hidden_words += masked_here ? 1 : 0;
    }
  }
  EXPECT_GT(words, 2000);
  EXPECT_NEAR(static_cast<double>(hidden_words) / words, 0.15, 0.03);
}

TEST_F(MaskingTest, EightyTenTen) {
  const RaggedBatch plain = MakeBatch(segments_);
  RaggedBatch batch = plain;
  const MaskedTokens masked = MaskTokens(vocabulary_, 0.9, 2, &batch);
  const auto seen =
      Numbers(batch.tokens.index_select(0, batch.token_of.index_select(0, masked.places)));
  const auto targets = Numbers(masked.targets);
  double masks = 0, same = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    masks += seen[i] == 4 ? 1 : 0;
    same += seen[i] == targets[i] ? 1 : 0;
  }
  const auto count = static_cast<double>(seen.size());
  EXPECT_GT(count, 2000);
  EXPECT_NEAR(masks / count, 0.8 + 0.1 / kTinyVocabulary, 0.025);
  EXPECT_NEAR(same / count, 0.1 + 0.1 / kTinyVocabulary, 0.02);
}

TEST_F(MaskingTest, TheSeedDecides) {
  const RaggedBatch plain = MakeBatch(segments_);
  RaggedBatch a = plain, b = plain, c = plain;
  const auto first = MaskTokens(vocabulary_, 0.15, 1, &a).places;
  EXPECT_TRUE(torch::equal(first, MaskTokens(vocabulary_, 0.15, 1, &b).places));
  EXPECT_TRUE(torch::equal(a.tokens, b.tokens));
  EXPECT_FALSE(torch::equal(first, MaskTokens(vocabulary_, 0.15, 2, &c).places));
  EXPECT_TRUE(torch::equal(plain.tokens, MakeBatch(segments_).tokens)) << "the batch was changed";
}

TEST_F(MaskingTest, WhatIsHiddenOfAConversationDoesNotDependOnTheOthers) {
  RaggedBatch all = MakeBatch(segments_);
  const MaskedTokens masked = MaskTokens(vocabulary_, 0.15, 3, &all);
  const auto targets = Numbers(masked.targets);
  const auto seen =
      Numbers(all.tokens.index_select(0, all.token_of.index_select(0, masked.places)));
  std::vector<std::int64_t> told, shown;
  for (const Segment& segment : segments_) {
    RaggedBatch alone = MakeBatch({segment});
    const MaskedTokens one = MaskTokens(vocabulary_, 0.15, 3, &alone);
    for (const std::int64_t id : Numbers(one.targets)) told.push_back(id);
    const auto there = alone.tokens.index_select(0, alone.token_of.index_select(0, one.places));
    for (const std::int64_t id : Numbers(there)) shown.push_back(id);
  }
  EXPECT_EQ(targets, told);
  EXPECT_EQ(seen, shown);
}

TEST_F(MaskingTest, ATokenizerWithoutAMaskIsRefused) {
  EXPECT_THAT(ProblemOf([] { ReadMaskVocabulary(ThirdContinues(-1)); }).remedy,
              HasSubstr("pretrained with masks"));
}

}  // namespace
}  // namespace arcsat
