#include "data/tokenizers/sentencepiece.h"

#include <fmt/format.h>

#include <utility>

#include "data/error.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

constexpr std::string_view kMeta = "\xE2\x96\x81";  // U+2581, SentencePiece's visible space
constexpr const char* kFamilyRemedy = "check model_type in config.json, or copy the folder anew";

void ReplaceAll(std::string_view from, std::string_view to, std::string* text) {
  if (text->find(from) == std::string::npos) return;
  std::string out;
  std::size_t at = 0;
  for (std::size_t hit; (hit = text->find(from, at)) != std::string::npos; at = hit + from.size()) {
    out.append(*text, at, hit - at);
    out += to;
  }
  out.append(*text, at);
  *text = std::move(out);
}

/// Every run of two or more spaces becomes `to`.
void ReplaceSpaceRuns(std::string_view to, std::string* text) {
  if (text->find("  ") == std::string::npos) return;
  std::string out;
  for (std::size_t at = 0; at < text->size();) {
    std::size_t end = at;
    while (end < text->size() && (*text)[end] == ' ') ++end;
    if (end > at + 1) {
      out += to;
      at = end;
    } else {
      out += (*text)[at++];
    }
  }
  *text = std::move(out);
}

/// Drops white space of any kind at the end.
void StripRight(std::string* text) {
  std::size_t keep = text->size();
  while (keep > 0) {
    std::size_t start = keep - 1;
    while (start > 0 && (static_cast<unsigned char>((*text)[start]) & 0xC0U) == 0x80U) --start;
    std::size_t at = start;
    const char32_t last = unicode::Decode(*text, &at);
    if ((unicode::Properties(last) & unicode::kSpace) == 0) break;
    keep = start;
  }
  text->resize(keep);
}

/// U+FFFD for what is not UTF-8.
std::string Repair(std::string_view text) { return unicode::ToUtf8(unicode::ToCodePoints(text)); }

bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const std::filesystem::path& model,
                                               const SentencePieceOptions& options,
                                               std::vector<std::filesystem::path> files)
    : options_(options), files_(std::move(files)) {
  SentencePieceModel read = ReadSentencePieceModel(model);
  if (!read.charsmap.empty()) charsmap_ = Charsmap(read.charsmap, model.string());
  unknown_piece_ = read.unknown;
  SetLayout(read, model.string());
  continues_.assign(static_cast<std::size_t>(size_), false);
  for (std::size_t i = 0; i < read.pieces.size(); ++i) {
    const SentencePiece& piece = read.pieces[i];
    const bool word =
        piece.type != SentencePiece::kControl && piece.type != SentencePiece::kUnknown;
    continues_[static_cast<std::size_t>(ToId(static_cast<std::int32_t>(i)))] =
        word && !piece.text.starts_with(kMeta);
  }
  AddWhole(read, model.string());
  if (options_.layout == SentencePieceOptions::Layout::kAlbert) {
    // AlbertConverter.vocab: a piece that ends in a digit and a comma is made all but unreachable,
    // since ALBERT cuts such commas off.
    for (SentencePiece& piece : read.pieces) {
      const std::size_t n = piece.text.size();
      if (n >= 2 && piece.text[n - 1] == ',' && piece.text[n - 2] >= '0' &&
          piece.text[n - 2] <= '9') {
        piece.penalty = 100;
      }
    }
  }
  segmenter_ = MakeSegmenter(read, model.string());
}

void SentencePieceTokenizer::SetLayout(const SentencePieceModel& model, const std::string& place) {
  const auto count = static_cast<std::int32_t>(model.pieces.size());
  const auto find = [&](std::string_view text) {
    for (std::int32_t i = 0; i < count; ++i) {
      if (model.pieces[static_cast<std::size_t>(i)].text == text) return i;
    }
    return -1;
  };
  if (options_.layout == SentencePieceOptions::Layout::kXlmR) {
    if (find("<unk>") != 0 || find("<s>") != 1 || find("</s>") != 2) {
      throw Error({place, "found other pieces at 0, 1 and 2",
                   "expected <unk>, <s>, </s>, as XLM-R's models have", kFamilyRemedy});
    }
    begin_ = 0, pad_ = 1, end_ = 2, unknown_ = 3, mask_ = count + 1, size_ = count + 2;
    return;
  }
  const auto need = [&](std::string_view text) {
    const std::int32_t id = find(text);
    if (id >= 0) return id;
    throw Error({place, fmt::format("found no piece {}", text),
                 "expected ALBERT's special pieces in the model", kFamilyRemedy});
  };
  begin_ = need("[CLS]"), end_ = need("[SEP]"), pad_ = need("<pad>");
  unknown_ = model.unknown, mask_ = find("[MASK]"), size_ = count;
}

void SentencePieceTokenizer::AddWhole(const SentencePieceModel& model, const std::string& place) {
  ByteTrie pieces;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const SentencePiece& piece = model.pieces[i];
    const bool own = options_.added_from_model && piece.type == SentencePiece::kUserDefined;
    const auto id = ToId(static_cast<std::int32_t>(i));
    if (own) has_added_ = added_.Insert(piece.text, id) || has_added_;
    if (!options_.added.empty()) pieces.Insert(piece.text, id);
  }
  for (const std::string& token : options_.added) {
    const std::int32_t id = pieces.Find(token);
    if (id < 0) {
      throw Error({place, fmt::format("found no piece \"{}\", which tokenizer.json adds", token),
                   "expected every added token among the model's pieces",
                   "resave the tokenizer without tokens added after training"});
    }
    has_added_ = added_.Insert(token, id) || has_added_;
  }
}

std::int32_t SentencePieceTokenizer::ToId(std::int32_t piece) const {
  if (options_.layout == SentencePieceOptions::Layout::kAlbert) return piece;
  return piece == unknown_piece_ ? unknown_ : piece + 1;
}

std::string SentencePieceTokenizer::Normalize(std::string_view raw) const {
  std::string text(raw);
  if (options_.layout == SentencePieceOptions::Layout::kAlbert) {
    ReplaceAll("``", "\"", &text);
    ReplaceAll("''", "\"", &text);
    const bool ascii = IsAscii(text);
    if (!ascii || options_.lower_case) {
      std::u32string points = unicode::ToCodePoints(text), out;
      if (!options_.keep_accents && !ascii) points = unicode::Decompose(points, true);
      for (const char32_t c : points) {
        if (!options_.keep_accents && (unicode::Properties(c) & unicode::kMark) != 0) continue;
        if (options_.lower_case) {
          unicode::AppendLower(c, &out);
        } else {
          out += c;
        }
      }
      text = unicode::ToUtf8(out);
    }
    if (!charsmap_.empty()) text = charsmap_.Normalize(text);
    ReplaceSpaceRuns(" ", &text);
    return text;
  }
  if (!charsmap_.empty()) text = charsmap_.Normalize(text);
  StripRight(&text);
  ReplaceSpaceRuns(kMeta, &text);
  return text;
}

void SentencePieceTokenizer::EncodePart(std::string_view raw,
                                        std::vector<std::int32_t>* ids) const {
  std::string text = Normalize(raw);
  if (text.empty()) return;
  ReplaceAll(" ", kMeta, &text);
  if (std::string_view(text).substr(0, kMeta.size()) != kMeta) text.insert(0, kMeta);
  const std::size_t before = ids->size();
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find(kMeta, at + 1);
    if (end == std::string::npos) end = text.size();
    segmenter_->Segment(std::string_view(text).substr(at, end - at), ids);
    at = end;
  }
  for (std::size_t i = before; i < ids->size(); ++i) (*ids)[i] = ToId((*ids)[i]);
}

std::vector<std::int32_t> SentencePieceTokenizer::Encode(std::string_view raw) const {
  std::vector<std::int32_t> ids;
  ids.reserve(raw.size() / 3 + 4);
  const std::string repaired = IsAscii(raw) ? std::string() : Repair(raw);
  const std::string_view text = repaired.empty() ? raw : std::string_view(repaired);
  if (!has_added_) {
    EncodePart(text, &ids);
    return ids;
  }
  // Leftmost, longest: as Hugging Face's automaton of added tokens.
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::uint32_t node = ByteTrie::kRoot;
    std::int32_t id = -1;
    std::size_t end = at;
    for (std::size_t i = at; i < text.size(); ++i) {
      node = added_.Child(node, text[i]);
      if (node == ByteTrie::kNone) break;
      if (added_.Value(node) >= 0) id = added_.Value(node), end = i + 1;
    }
    if (id < 0) {
      ++at;
      continue;
    }
    EncodePart(text.substr(begin, at - begin), &ids);
    ids.push_back(id);
    begin = at = end;
  }
  EncodePart(text.substr(begin), &ids);
  return ids;
}

}  // namespace arcsat
