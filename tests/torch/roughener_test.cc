#include "train/roughener.h"

#include <gmock/gmock.h>

#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

/// A token a byte.
class ByteTokenizer : public Tokenizer {
 public:
  std::vector<std::int32_t> Encode(std::string_view text) const override {
    return {text.begin(), text.end()};
  }
  std::int32_t begin_id() const override { return 2; }
  std::int32_t end_id() const override { return 3; }
  std::int32_t pad_id() const override { return 0; }
  std::int32_t unknown_id() const override { return 1; }
  std::int32_t mask_id() const override { return 4; }
  std::int32_t size() const override { return 256; }
  bool ContinuesWord(std::int32_t) const override { return false; }
  std::vector<std::filesystem::path> files() const override { return {}; }
};

class RoughenerTest : public testing::Test {
 protected:
  RoughenerTest() {
    options_.roughen = 0.5;
    options_.roughen_error = 0.3;
    for (int i = 0; i < 400; ++i) {
      Conversation conversation = ParseConversation(
          R"({"id":"x","channel":"chat","turns":[{"speaker":"customer","text":
"Where IS my parcel, please? I was told it would arrive on Monday!","satisfaction":[2]}],
"survey":{"score":4}})",
          "x");
      conversation.id = std::to_string(i);
      written_.push_back(Encoder().Encode(conversation, {}));
      written_.back().texts =
          std::make_shared<std::vector<std::string>>(1, conversation.turns[0].text);
    }
  }
  ConversationEncoder Encoder() const { return {tokenizer_, {128}, 5}; }
  /// Ids of those that are heard, with their tokens.
  std::map<std::string, std::vector<std::int32_t>> Heard(Roughener* roughener, int epoch) const {
    std::map<std::string, std::vector<std::int32_t>> heard;
    for (const EncodedConversation& c : written_) {
      if (const auto h = roughener->Of(c, epoch)) heard[c.id] = *h->turns[0].tokens;
    }
    return heard;
  }

  ByteTokenizer tokenizer_;
  TrainOptions options_;
  std::vector<EncodedConversation> written_;
};

TEST_F(RoughenerTest, DependsOnSeedEpochAndIdAlone) {
  Roughener one(Encoder(), options_), other(Encoder(), options_);
  const auto first = Heard(&one, 0), second = Heard(&one, 1);
  EXPECT_EQ(first, Heard(&other, 0)) << "whatever was asked before";
  EXPECT_EQ(second, Heard(&other, 1));
  EXPECT_NE(first, second);
  EXPECT_NEAR(static_cast<double>(first.size()) / 400, 0.5, 0.1);
  std::set<std::vector<std::int32_t>> distinct;
  for (const auto& [id, tokens] : first) distinct.insert(tokens);
  EXPECT_GT(distinct.size(), first.size() / 2) << "each has errors of its own";
  options_.seed = 9;
  Roughener reseeded(Encoder(), options_);
  EXPECT_NE(first, Heard(&reseeded, 0));
}

TEST_F(RoughenerTest, KeepsLabelsAndMakesCalls) {
  options_.roughen = 1;
  options_.roughen_error = 0;
  Roughener roughener(Encoder(), options_);
  const auto heard = roughener.Of(written_[0], 0);
  ASSERT_NE(heard, nullptr);
  EXPECT_EQ(heard->channel, 2);
  EXPECT_EQ(heard->survey, written_[0].survey);
  EXPECT_EQ(heard->turns[0].rating_exceeds, written_[0].turns[0].rating_exceeds);
  const auto& tokens = *heard->turns[0].tokens;
  EXPECT_EQ(std::string(tokens.begin() + 1, tokens.end() - 1),
            "where is my parcel please i was told it would arrive on monday");
  EXPECT_EQ(heard->tokens, static_cast<std::int64_t>(tokens.size()));
  EncodedConversation call = written_[0];
  for (const int channel : {0, 2}) {
    call.channel = channel;
    EXPECT_EQ(roughener.Of(call, 0), nullptr) << "only a chat is one";
  }
  EXPECT_EQ(roughener.All(InMemoryConversations(written_), Roughener::kAfterwards).size(),
            std::ssize(written_));
}

}  // namespace
}  // namespace arcsat
