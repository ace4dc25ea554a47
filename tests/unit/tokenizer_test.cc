#include "data/tokenizer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "data/error.h"
#include "data/tokenizers/train.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<std::int32_t>;

/// A folder of its own for each test, removed at its end.
class TokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        fs::temp_directory_path() / fmt::format("arcsat_tokenizer_{}_{}", test->name(), ::getpid());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  /// The message of the Error that loading the folder ends with; "" where it loads.
  std::string LoadError() const {
    try {
      LoadTokenizer(folder_);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  void ExpectLoadError(const std::string& part) const {
    EXPECT_NE(LoadError().find(part), std::string::npos) << part << " is not in: " << LoadError();
  }
  fs::path folder_;
};

// Ids: [PAD] 0 [UNK] 1 [CLS] 2 [SEP] 3 [MASK] 4 the 5 un 6 ##aff 7 ##able 8 ! 9 cafe 10 中 11 Ü 12
const char* const kVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nun\n##aff\n##able\n!\ncafe\n中\nÜ\n[\n]\nsep\n";

TEST_F(TokenizerTest, WordPieceTakesTheLongestPieces) {
  Put("vocab.txt", kVocabulary);
  const auto tokenizer = LoadTokenizer(folder_);
  EXPECT_EQ(tokenizer->Encode("The  unaffable\tCAF\u00C9!"), (Ids{5, 6, 7, 8, 10, 9}));
  EXPECT_EQ(tokenizer->Encode("the中the"), (Ids{5, 11, 5}));
  EXPECT_EQ(tokenizer->Encode("unaffx"), (Ids{1}));  // one unknown part: the whole word
  EXPECT_EQ(tokenizer->Encode(""), Ids{});
  EXPECT_EQ(tokenizer->Encode("\x80 \xEF\xBB\xBF"), Ids{});  // U+FFFD and a BOM are cleaned away
  EXPECT_EQ(tokenizer->Encode(std::string(101, 'x')), (Ids{1}));
  EXPECT_EQ(tokenizer->size(), 16);
  EXPECT_EQ(tokenizer->begin_id(), 2);
  EXPECT_EQ(tokenizer->end_id(), 3);
  EXPECT_EQ(tokenizer->pad_id(), 0);
  EXPECT_EQ(tokenizer->unknown_id(), 1);
  EXPECT_EQ(tokenizer->mask_id(), 4);
  EXPECT_EQ(tokenizer->files(), (std::vector<fs::path>{folder_ / "vocab.txt"}));
}

TEST_F(TokenizerTest, SpecialTokensInTextArePlainText) {
  Put("vocab.txt", kVocabulary);
  EXPECT_EQ(LoadTokenizer(folder_)->Encode("[SEP]"), (Ids{13, 15, 14}));
}

TEST_F(TokenizerTest, CaseAndAccentsFollowTheConfiguration) {
  Put("vocab.txt", kVocabulary);
  Put("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": null})");
  EXPECT_EQ(LoadTokenizer(folder_)->Encode("Ü the The"), (Ids{12, 5, 1}));
  fs::remove(folder_ / "tokenizer_config.json");
  Put("tokenizer.json", R"({"normalizer": {"type": "BertNormalizer", "lowercase": false},
                            "model": {"vocab": {"the": 0}}, "added_tokens": []})");
  EXPECT_EQ(LoadTokenizer(folder_)->Encode("Ü the The"), (Ids{12, 5, 1}));
  Put("tokenizer_config.json", R"({"do_lower_case": true})");
  EXPECT_EQ(LoadTokenizer(folder_)->Encode("The"), (Ids{5}));
}

TEST_F(TokenizerTest, LongTurnsLoseTheirMiddle) {
  Put("vocab.txt", kVocabulary);
  const auto tokenizer = LoadTokenizer(folder_);
  EXPECT_EQ(tokenizer->EncodeTurn("the un !", 5), (Ids{2, 5, 6, 9, 3}));
  EXPECT_EQ(tokenizer->EncodeTurn("the un cafe !", 5), (Ids{2, 5, 6, 9, 3}));
  EXPECT_EQ(tokenizer->EncodeTurn("the un cafe 中 !", 6), (Ids{2, 5, 6, 11, 9, 3}));
  EXPECT_EQ(tokenizer->EncodeTurn("the un", 2), (Ids{2, 3}));
  EXPECT_EQ(tokenizer->EncodeTurn("", 9), (Ids{2, 3}));
  EXPECT_THROW(tokenizer->EncodeTurn("the", 1), UsageError);
}

TEST_F(TokenizerTest, RefusesBrokenVocabularies) {
  ExpectLoadError("found no tokenizer");
  Put("vocab.txt", "");
  ExpectLoadError("vocab.txt:1: found an empty file");
  Put("vocab.txt", "[PAD]\n[CLS]\n[SEP]\nthe\n");
  ExpectLoadError("found no [UNK] among 4 tokens");
  Put("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\nthe\n");
  ExpectLoadError("vocab.txt:6: found \"the\" a second time");
  Put("vocab.txt", "[PAD]\n\n[UNK]\n");
  ExpectLoadError("vocab.txt:2: found an empty line");
  Put("vocab.txt", "[PAD]\n\xFF\n");
  ExpectLoadError("vocab.txt:2: found broken UTF-8");
  Put("vocab.txt", fmt::format("[PAD]\n{:x>1000}", ""));
  ExpectLoadError("found a line of 1000 bytes");
  Put("vocab.txt", kVocabulary);
  fs::resize_file(folder_ / "vocab.txt", std::uintmax_t{1} << 30);  // one line of 1 GB, sparse
  EXPECT_NE(LoadError(), "");
  Put("vocab.txt", kVocabulary);
  Put("tokenizer_config.json", "{\"do_lower_case\": tru");
  ExpectLoadError("tokenizer_config.json: found broken JSON");
  Put("tokenizer_config.json", "{\"do_lower_case\": 1}");
  ExpectLoadError("tokenizer_config.json: do_lower_case");
  EXPECT_THROW(LoadTokenizer(folder_ / "absent"), Error);
}

TEST_F(TokenizerTest, KnownIdsOfMiniLm) {
  const char* given = std::getenv("ARCSAT_MINILM");
  const fs::path minilm = given ? fs::path(given) : fs::path(ARCSAT_SOURCE_DIR) / ".deps/minilm";
  if (!fs::exists(minilm / "vocab.txt")) GTEST_SKIP() << "no MiniLM folder";
  const auto tokenizer = LoadTokenizer(minilm);
  EXPECT_EQ(tokenizer->size(), 30522);
  EXPECT_EQ(tokenizer->EncodeTurn("Hello world! [SEP]", 64),
            (Ids{101, 7592, 2088, 999, 1031, 19802, 1033, 102}));
  std::string megabyte;
  while (megabyte.size() < (std::size_t{1} << 20)) megabyte += "my refund hasn't arrived, why? ";
  EXPECT_EQ(tokenizer->EncodeTurn(megabyte, 512).size(), 512U);
}

// ---- SentencePiece ----

struct Piece {
  std::string text;
  float score = 0;
  int type = 1;
};

/// The bytes of a model file. `unknown`: trainer_spec.unk_id.
std::string Model(const std::vector<Piece>& pieces, int algorithm = 1, int unknown = 0,
                  const std::string& charsmap = "") {
  std::string bytes;
  protozero::pbf_writer model(bytes);
  for (const Piece& piece : pieces) {
    std::string inner;
    protozero::pbf_writer message(inner);
    message.add_string(1, piece.text);
    message.add_float(2, piece.score);
    message.add_enum(3, piece.type);
    model.add_message(1, inner);
  }
  std::string trainer, normalizer;
  protozero::pbf_writer trainer_message(trainer), normalizer_message(normalizer);
  trainer_message.add_enum(3, algorithm);
  trainer_message.add_int32(40, unknown);
  normalizer_message.add_string(2, charsmap);
  model.add_message(2, trainer);
  model.add_message(3, normalizer);
  return bytes;
}

const std::vector<Piece> kPieces = {{"<unk>", 0, 2}, {"<s>", 0, 3}, {"</s>", 0, 3},
                                    {"▁", -3},       {"a", -2},     {"b", -2},
                                    {"ab", -3.5F},   {"▁a", -4},    {"s", -6}};

TEST_F(TokenizerTest, UnigramTakesTheBestPath) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  Put("sentencepiece.bpe.model", Model(kPieces));
  const auto tokenizer = LoadTokenizer(folder_);
  EXPECT_EQ(tokenizer->size(), 11);
  EXPECT_EQ(tokenizer->mask_id(), 10);
  EXPECT_EQ(tokenizer->pad_id(), 1);
  EXPECT_EQ(tokenizer->Encode("a"), (Ids{8}));      // ▁a -4 beats ▁ + a, -5
  EXPECT_EQ(tokenizer->Encode("ab"), (Ids{8, 6}));  // ▁a + b -6 beats ▁ + ab, -6.5
  EXPECT_EQ(tokenizer->Encode("bab"), (Ids{4, 6, 7}));
  EXPECT_EQ(tokenizer->Encode("axyb"), (Ids{8, 3, 6}));  // unknown neighbours are one
  EXPECT_EQ(tokenizer->Encode("a   b  "), (Ids{8, 4, 6}));
  EXPECT_EQ(tokenizer->Encode("<s>"), (Ids{4, 3, 9, 3}));  // control pieces never come out of text
  EXPECT_EQ(tokenizer->Encode(""), Ids{});
  EXPECT_EQ(tokenizer->Encode("\xFF"), (Ids{4, 3}));
  EXPECT_EQ(tokenizer->EncodeTurn("a", 4), (Ids{0, 8, 2}));
}

TEST_F(TokenizerTest, BpeMergesByRank) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  Put("sentencepiece.bpe.model", Model({{"<unk>", 0, 2},
                                        {"<s>", 0, 3},
                                        {"</s>", 0, 3},
                                        {"bc", 0},
                                        {"ab", -1},
                                        {"abc", -2},
                                        {"▁", -3},
                                        {"a", -4},
                                        {"b", -5},
                                        {"c", -6}},
                                       2));
  const auto tokenizer = LoadTokenizer(folder_);
  EXPECT_EQ(tokenizer->Encode("abc"), (Ids{7, 6}));  // bc first; a + bc is a split of abc too
  EXPECT_EQ(tokenizer->Encode("abab"), (Ids{7, 5, 5}));
  EXPECT_EQ(tokenizer->Encode("a??b"), (Ids{7, 8, 3, 9}));
}

TEST_F(TokenizerTest, AlbertKeepsTheModelsIds) {
  Put("config.json", R"({"model_type": "albert"})");
  Put("spiece.model", Model({{"<pad>", 0, 3},
                             {"<unk>", 0, 2},
                             {"[CLS]", 0, 3},
                             {"[SEP]", 0, 3},
                             {"[MASK]", 0, 3},
                             {"▁", -3},
                             {"a", -2},
                             {"9,", -1},
                             {"9", -4},
                             {",", -4},
                             {"\"", -4}},
                            1, 1));
  const auto tokenizer = LoadTokenizer(folder_);
  EXPECT_EQ(tokenizer->size(), 11);
  EXPECT_EQ(tokenizer->begin_id(), 2);
  EXPECT_EQ(tokenizer->mask_id(), 4);
  EXPECT_EQ(tokenizer->Encode("\u00C4"), (Ids{5, 6}));  // accent and case go
  EXPECT_EQ(tokenizer->Encode("9,"), (Ids{5, 8, 9}));   // the comma is cut off
  EXPECT_EQ(tokenizer->Encode("``a''"), (Ids{5, 10, 6, 10}));
  EXPECT_EQ(tokenizer->Encode("[CLS]"), (Ids{5, 1}));
}

TEST_F(TokenizerTest, UserDefinedSymbolsAreCutOutFirst) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  std::vector<Piece> pieces = kPieces;
  pieces.push_back({"<b>", 0, 4});
  Put("sentencepiece.bpe.model", Model(pieces));
  EXPECT_EQ(LoadTokenizer(folder_)->Encode("a<b>a"), (Ids{8, 10, 8}));
}

TEST_F(TokenizerTest, RefusesBrokenModels) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  const auto refuse = [&](const std::string& bytes, const std::string& part) {
    Put("sentencepiece.bpe.model", bytes);
    ExpectLoadError(part);
  };
  const auto with = [](const Piece& piece) {
    std::vector<Piece> pieces = kPieces;
    pieces.push_back(piece);
    return Model(pieces);
  };
  const std::string good = Model(kPieces);
  refuse("", "found no pieces");
  refuse(good.substr(0, good.size() / 2), "found broken protobuf");
  refuse(with({std::string(100'000, 'x'), -1}), "piece 9: found 100000 bytes");
  refuse(with({"", -1}), "piece 9: found 0 bytes");
  refuse(with({"\xC3", -1}), "piece 9: found broken UTF-8");
  refuse(with({"c", std::numeric_limits<float>::quiet_NaN()}), "piece 9: found the score nan");
  refuse(with({"a", -1}), "piece 9: found \"a\" a second time");
  refuse(with({"c", -1, 2}), "found 2 unknown pieces");
  refuse(with({"c", -1, 9}), "piece 9: found type 9");
  refuse(Model(kPieces, 3), "model_type: found 3");
  refuse(Model(kPieces, 1, 4), "unk_id: found 4");
  refuse(Model(kPieces, 1, 0, "abc"), "precompiled_charsmap: found 3 bytes");
  refuse(Model(kPieces, 1, 0, std::string("\xFF\xFF\0\0abcd", 8)), "found a trie of 65535 bytes");
  Put("sentencepiece.bpe.model", good);
  Put("config.json", R"({"model_type": "llama"})");
  ExpectLoadError("model_type: found llama");
  Put("config.json", R"({"model_type": "albert"})");
  ExpectLoadError("found no piece [CLS]");
}

TEST_F(TokenizerTest, EveryCutOrFlippedModelIsReadOrRefused) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  const std::string charsmap("\x08\0\0\0\x00\x04\0\0\x61\x05\0\0x\0", 14);
  const std::string good = Model(kPieces, 1, 0, charsmap);
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string flipped = good;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      Put("sentencepiece.bpe.model", flipped);
      if (LoadError().empty()) LoadTokenizer(folder_)->Encode("ab a\u0301 \u00A9 <s>");
    }
  }
  Put("sentencepiece.bpe.model", good);
  EXPECT_EQ(LoadError(), "");
}

TEST_F(TokenizerTest, TrainsTheSameModelTwiceAndReadsIt) {
  for (const std::string layout : {"xlm-roberta", "albert"}) {
    for (const std::string algorithm : {"unigram", "bpe"}) {
      SentencePieceTrainOptions options;
      options.algorithm = algorithm;
      options.layout = layout;
      options.vocab_size = 28;
      const auto train = [&](const char* name) {
        int given = 0;
        const NextSentence next = [&given](std::string* sentence) {
          const char* const verbs[] = {"refunding", "canceling", "calling", "waiting",
                                       "refunded",  "canceled",  "called",  "waited"};
          *sentence = fmt::format("the refund is {} {}", verbs[given % 8], verbs[given % 5]);
          return given++ < 200;
        };
        TrainSentencePiece(options, next, folder_ / name);
        std::ifstream file(folder_ / name, std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
      };
      fs::remove(folder_ / "spiece.model");
      const std::string model = train("spiece.model");
      EXPECT_EQ(model, train("again"));
      Put("config.json", fmt::format(R"({{"model_type": "{}"}})", layout));
      const auto tokenizer = LoadTokenizer(folder_);
      EXPECT_EQ(tokenizer->size(), layout == "albert" ? 28 : 30);
      const Ids ids = tokenizer->Encode("the refund is called");
      EXPECT_FALSE(ids.empty());
      for (const std::int32_t id : ids) EXPECT_NE(id, tokenizer->unknown_id());
    }
  }
}

TEST_F(TokenizerTest, TrainingRefusesTooLittleTextAndWritesNothing) {
  SentencePieceTrainOptions options;
  const NextSentence none = [](std::string*) { return false; };
  EXPECT_THROW(TrainSentencePiece(options, none, folder_ / "m"), Error);
  int given = 0;
  const NextSentence one = [&given](std::string* sentence) {
    *sentence = "hello there";
    return given++ < 1;
  };
  EXPECT_THROW(TrainSentencePiece(options, one, folder_ / "m"), Error);
  EXPECT_FALSE(fs::exists(folder_ / "m"));
  options.algorithm = "word";
  EXPECT_THROW(TrainSentencePiece(options, one, folder_ / "m"), UsageError);
}

TEST_F(TokenizerTest, AMegabyteWithoutSpacesIsLinear) {
  Put("config.json", R"({"model_type": "xlm-roberta"})");
  for (const int algorithm : {1, 2}) {
    Put("sentencepiece.bpe.model", Model(kPieces, algorithm));
    const auto tokenizer = LoadTokenizer(folder_);
    const auto seconds = [&](std::size_t size) {
      const std::string text(size, 'b');
      const std::clock_t start = std::clock();  // processor time: the machine may be busy
      EXPECT_EQ(tokenizer->Encode(text).size(), size + 1);
      return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    };
    seconds(100'000);
    // Four times the text: quadratic work would take 16 times as long.
    EXPECT_LT(seconds(1'048'576), 10 * seconds(262'144) + 0.05);
  }
}

}  // namespace
}  // namespace arcsat
