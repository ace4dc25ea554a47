#include "export/text_graph.h"

#include <fmt/format.h>

#include <functional>

#include "data/error.h"
#include "data/files.h"
#include "data/tokenizers/sentencepiece.h"
#include "data/tokenizers/wordpiece.h"

namespace arcsat {
namespace {

using onnx::Graph;
using onnx::Type;
using onnx::Value;

/// Ids of one text (1 string), without special tokens, as int64.
using TextToIds = std::function<Value(Graph& g, const Value& text)>;

[[noreturn]] void Refuse(const std::string& found) {
  throw Error({"--text", "found a tokenizer " + found,
               "expected one that ONNX Runtime Extensions has",
               "export without --text; the scorers tokenize every model"});
}

TextToIds WordPieceIds(const WordPieceTokenizer& tokenizer) {
  const WordPieceOptions& o = tokenizer.options();
  if (!o.clean_text || o.max_characters != WordPieceOptions{}.max_characters) {
    Refuse("that leaves control characters in its text");
  }
  const auto flag = [](bool value) { return std::int64_t{value}; };
  std::vector<onnx::Attribute> attributes = {
      {"vocab_file", ReadFile(tokenizer.files().front())},
      {"do_lower_case", flag(o.lower_case)},
      {"strip_accents", flag(o.strip_accents)},
      {"tokenize_chinese_chars", flag(o.tokenize_chinese_chars)},
      {"unk_token", o.unknown},
      {"cls_token", o.begin},
      {"sep_token", o.end},
      {"pad_token", o.pad},
      {"mask_token", o.mask},
      {"suffix_indicator", std::string("##")}};
  return [attributes](Graph& g, const Value& text) {
    const Value all = g.Custom(kExtensionsDomain, "BertTokenizer", {text}, 3, attributes).front();
    return g.Slice(all, g.Ints({1}), g.Ints({-1}), 0);  // between the special tokens
  };
}

TextToIds SentencePieceIds(const SentencePieceTokenizer& tokenizer) {
  if (tokenizer.options().layout != SentencePieceOptions::Layout::kXlmR) {
    Refuse("of ALBERT's, which lowers case and takes accents off before SentencePiece");
  }
  if (tokenizer.has_added()) Refuse("with pieces that are cut out of the raw text");
  const std::string model = ReadFile(tokenizer.files().front());
  return [model](Graph& g, const Value& text) {
    const Value no = g.Cast(g.Ints({0}), Type::kBool), yes = g.Cast(g.Ints({1}), Type::kBool);
    const Value alpha = g.Cast(g.Ints({0}), Type::kFloat);
    // Sampling, its alpha, begin, end, reversed, and fairseq's places of the special tokens.
    const auto out = g.Custom(kExtensionsDomain, "SentencepieceTokenizer",
                              {text, g.Ints({0}), alpha, no, no, no, yes}, 2, {{"model", model}});
    return g.Cast(out.front(), Type::kInt64);
  };
}

TextToIds MakeTextToIds(const Tokenizer& tokenizer) {
  if (const auto* words = dynamic_cast<const WordPieceTokenizer*>(&tokenizer)) {
    return WordPieceIds(*words);
  }
  if (const auto* pieces = dynamic_cast<const SentencePieceTokenizer*>(&tokenizer)) {
    return SentencePieceIds(*pieces);
  }
  Refuse("of another kind");
}

/// One turn's row (1 + longest): how many ids are real, then they, special tokens included, padded.
Value TurnRow(Graph& g, const Value& inner, const Tokenizer& tokenizer, int longest) {
  const int room = longest - 2, head = (room + 1) / 2;
  const Value count = g.Size(inner, 0);
  const Value kept = g.Min(count, g.Int(room));
  // Of a longer text the first half and the last half: what comes after the first skips the rest.
  const Value place = g.Range(g.Int(0), kept);
  const Value skipped =
      g.Mul(g.Sub(count, kept), g.Cast(g.AtLeast(place, g.Int(head)), Type::kInt64));
  const Value ids = g.Gather(inner, g.Add(place, skipped));
  const Value length = g.Unsqueeze(g.Add(kept, g.Int(2)), 0);
  const Value padding =
      g.Op("Expand", {g.Ints({tokenizer.pad_id()}), g.Sub(g.Ints({longest}), length)});
  return g.Concat(
      {length, g.Ints({tokenizer.begin_id()}), ids, g.Ints({tokenizer.end_id()}), padding}, 0);
}

}  // namespace

PaddedInputs AddTextInputs(Graph& g, const Tokenizer& tokenizer, int longest) {
  const TextToIds to_ids = MakeTextToIds(tokenizer);
  PaddedInputs in;
  const Value text = g.Input("text", Type::kString, {"batch", "turns"},
                             "what was said, one text a turn; anything where there is no turn");
  const Value turn_count = g.Input("turn_count", Type::kInt64, {"batch"},
                                   "how many turns of each conversation are there");
  AddTurnInputs(g, &in);

  const auto scope = g.Enter("tokenize");
  const Value flat = g.Reshape(text, {-1});
  Graph body = g.Body("body");
  {
    const auto turn = g.Enter("turn");
    const Value iteration = body.BodyInput("iteration", Type::kInt64);
    const Value condition = body.BodyInput("condition", Type::kBool);
    const Value go_on = body.Op("Identity", {condition});
    const Value one = body.Reshape(body.Gather(flat, iteration), {1});
    const Value row = TurnRow(body, to_ids(body, one), tokenizer, longest);
    body.BodyOutput(go_on, Type::kBool);
    body.BodyOutput(row, Type::kInt64);
  }
  const Value rows = g.Loop(g.Size(flat, 0), body);  // (batch * turns, 1 + longest)
  const Value shape = g.Op("Shape", {text});
  const Value lengths = g.Op("Reshape", {g.Slice(rows, g.Ints({0}), g.Ints({1}), 1), shape});
  const Value ids = g.Slice(rows, g.Ints({1}), g.Ints({1 + longest}), 1);
  in.ids = g.Op("Reshape", {ids, g.Concat({shape, g.Ints({longest})}, 0)});
  const Value exists = g.Less(g.Range(g.Int(0), g.Size(text, 1)), g.Unsqueeze(turn_count, 1));
  in.turn_tokens = g.Where(exists, lengths, g.Int(0));
  return in;
}

}  // namespace arcsat
