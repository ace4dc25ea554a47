#include "data/tokenizers/sentencepiece_model.h"

#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <protozero/pbf_reader.hpp>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

constexpr std::uintmax_t kMaxModel = std::uintmax_t{64} << 20;
constexpr std::size_t kMaxPieces = 2'000'000;
constexpr std::size_t kMaxPieceBytes = 512;
constexpr const char* kModelRemedy = "copy the model file anew from where it came from";

// Field numbers of sentencepiece_model.proto.
constexpr std::uint32_t kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3;
constexpr std::uint32_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr std::uint32_t kModelType = 3, kByteFallback = 35, kUnknownId = 40;
constexpr std::uint32_t kCharsmap = 2;

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : path_(path.string()) {}

  SentencePieceModel Read(const std::string& bytes) {
    try {
      protozero::pbf_reader file(bytes);
      while (file.next()) {
        const bool message = file.wire_type() == protozero::pbf_wire_type::length_delimited;
        if (message && file.tag() == kPieces) {
          AddPiece(file.get_view());
        } else if (message && file.tag() == kTrainerSpec) {
          ReadTrainer(file.get_view());
        } else if (message && file.tag() == kNormalizerSpec) {
          ReadNormalizer(file.get_view());
        } else {
          file.skip();
        }
      }
    } catch (const protozero::exception& broken) {
      Fail("",
           fmt::format("found broken protobuf after {} pieces ({})", model_.pieces.size(),
                       broken.what()),
           "expected a SentencePiece model");
    }
    Finish();
    return std::move(model_);
  }

 private:
  [[noreturn]] void Fail(const std::string& field, std::string found, std::string expected) const {
    throw Error({field.empty() ? path_ : fmt::format("{}: {}", path_, field), std::move(found),
                 std::move(expected), kModelRemedy});
  }

  void AddPiece(protozero::data_view view) {
    if (model_.pieces.size() >= kMaxPieces) {
      Fail("", "found more pieces", fmt::format("expected at most {}", kMaxPieces));
    }
    SentencePiece piece;
    std::string_view text;
    protozero::pbf_reader message(view);
    while (message.next()) {
      const auto wire = message.wire_type();
      if (message.tag() == kPieceText && wire == protozero::pbf_wire_type::length_delimited) {
        const protozero::data_view data = message.get_view();
        text = {data.data(), data.size()};
      } else if (message.tag() == kPieceScore && wire == protozero::pbf_wire_type::fixed32) {
        piece.score = message.get_float();
      } else if (message.tag() == kPieceType && wire == protozero::pbf_wire_type::varint) {
        piece.type = static_cast<SentencePiece::Type>(message.get_enum());
      } else {
        message.skip();
      }
    }
    const std::string field = fmt::format("piece {}", model_.pieces.size());
    if (text.empty() || text.size() > kMaxPieceBytes) {
      Fail(field, fmt::format("found {} bytes", text.size()),
           fmt::format("expected 1 to {} bytes", kMaxPieceBytes));
    }
    if (!unicode::IsValidUtf8(text)) Fail(field, "found broken UTF-8", "expected UTF-8");
    if (!std::isfinite(piece.score)) {
      Fail(field, fmt::format("found the score {}", piece.score), "expected a finite number");
    }
    if (piece.type < SentencePiece::kNormal || piece.type > SentencePiece::kByte) {
      Fail(field, fmt::format("found type {}", static_cast<int>(piece.type)), "expected 1 to 6");
    }
    piece.text = text;
    model_.pieces.push_back(std::move(piece));
  }

  void ReadTrainer(protozero::data_view view) {
    protozero::pbf_reader message(view);
    while (message.next()) {
      const bool varint = message.wire_type() == protozero::pbf_wire_type::varint;
      if (varint && message.tag() == kModelType) {
        algorithm_ = message.get_enum();
      } else if (varint && message.tag() == kByteFallback) {
        byte_fallback_ = message.get_bool();
      } else if (varint && message.tag() == kUnknownId) {
        unknown_ = message.get_int32();
      } else {
        message.skip();
      }
    }
  }

  void ReadNormalizer(protozero::data_view view) {
    protozero::pbf_reader message(view);
    while (message.next()) {
      if (message.tag() == kCharsmap &&
          message.wire_type() == protozero::pbf_wire_type::length_delimited) {
        const protozero::data_view data = message.get_view();
        model_.charsmap.assign(data.data(), data.size());
      } else {
        message.skip();
      }
    }
  }

  void Finish() {
    if (model_.pieces.empty()) Fail("", "found no pieces", "expected a SentencePiece model");
    if (algorithm_ != SentencePieceModel::kUnigram && algorithm_ != SentencePieceModel::kBpe) {
      Fail("trainer_spec.model_type", fmt::format("found {}", algorithm_),
           "expected 1 (unigram) or 2 (BPE)");
    }
    if (byte_fallback_) {
      Fail("trainer_spec.byte_fallback", "found true",
           "expected false, since XLM-R's and ALBERT's layouts have no byte pieces");
    }
    model_.algorithm = static_cast<SentencePieceModel::Algorithm>(algorithm_);
    std::unordered_set<std::string_view> seen;
    seen.reserve(model_.pieces.size());
    std::int32_t unknowns = 0;
    for (std::size_t i = 0; i < model_.pieces.size(); ++i) {
      const SentencePiece& piece = model_.pieces[i];
      if (!seen.insert(piece.text).second) {
        Fail(fmt::format("piece {}", i), fmt::format("found \"{}\" a second time", piece.text),
             "expected each piece once");
      }
      if (piece.type == SentencePiece::kUnknown) {
        ++unknowns;
        model_.unknown = static_cast<std::int32_t>(i);
      }
    }
    if (unknowns != 1) {
      Fail("", fmt::format("found {} unknown pieces", unknowns), "expected exactly one");
    }
    if (model_.unknown != unknown_) {
      Fail("trainer_spec.unk_id", fmt::format("found {}", unknown_),
           fmt::format("expected {}, where the unknown piece is", model_.unknown));
    }
  }

  std::string path_;
  SentencePieceModel model_;
  std::int32_t algorithm_ = SentencePieceModel::kUnigram;  // the schema's defaults
  std::int32_t unknown_ = 0;
  bool byte_fallback_ = false;
};

}  // namespace

SentencePieceModel ReadSentencePieceModel(const std::filesystem::path& path) {
  return Reader(path).Read(ReadFile(path, kMaxModel));
}

}  // namespace arcsat
