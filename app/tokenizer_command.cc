#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "app/command.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "data/tokenizer.h"
#include "data/tokenizers/train.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

constexpr int kRobertaPositionOffset = 2;  // positions of XLM-R begin after its pad id, 1

/// A folder under another name until Keep(): gone if the work fails, whole if it does not.
class NewFolder {
 public:
  explicit NewFolder(const fs::path& path)
      : path_(path.has_filename() ? path : path.parent_path()),
        part_(path_.string() + fmt::format(".part{}", getpid())) {
    std::error_code failed;
    if (fs::exists(path_) && !fs::is_empty(path_, failed)) {
      throw Error({path_.string(), "there is something of this name already",
                   "expected a folder that is new or empty", "remove it, or give another --out"});
    }
    fs::create_directories(part_, failed);
    if (failed) {
      throw Error({path_.string(), "the folder cannot be made: " + failed.message(),
                   "expected a place that can be written", "give another --out"});
    }
  }
  ~NewFolder() {
    std::error_code ignored;  // nothing is there after Keep()
    fs::remove_all(part_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const fs::path& part() const { return part_; }
  void Keep() {
    SyncFolder(part_);
    fs::rename(part_, path_);
    const fs::path parent = path_.parent_path();
    SyncFolder(parent.empty() ? fs::path(".") : parent);
  }

 private:
  fs::path path_, part_;
};

/// The texts of all turns of some files, one after another.
class TurnTexts {
 public:
  TurnTexts(const std::vector<std::string>& paths, bool skip_bad, Progress* progress)
      : paths_(paths), skip_bad_(skip_bad), progress_(progress) {}

  bool Next(std::string* text) {
    while (turn_ == conversation_.turns.size()) {
      if (!NextConversation()) return false;
    }
    *text = std::move(conversation_.turns[turn_++].text);
    progress_->Update(++given_);
    return true;
  }
  std::int64_t given() const { return given_; }
  std::int64_t skipped() const { return skipped_; }

 private:
  bool NextConversation() {
    while (true) {
      if (!lines_) {
        if (path_ == paths_.size()) return false;
        lines_ = std::make_unique<LineReader>(paths_[path_++]);
      }
      std::string line;
      if (!lines_->Next(&line)) {
        lines_.reset();
        continue;
      }
      if (Trim(line).empty()) continue;
      try {
        conversation_ = ParseConversation(line, lines_->place());
      } catch (const Error&) {
        if (!skip_bad_) throw;
        ++skipped_;
        continue;
      }
      turn_ = 0;
      return true;
    }
  }

  const std::vector<std::string>& paths_;
  const bool skip_bad_;
  Progress* progress_;
  std::size_t path_ = 0, turn_ = 0;
  std::unique_ptr<LineReader> lines_;
  Conversation conversation_;
  std::int64_t given_ = 0, skipped_ = 0;
};

/// config.json as transformers reads it, so that the folder is a model's start there as well.
Json EncoderJson(const EncoderShape& shape, const Tokenizer& tokenizer, bool albert) {
  Json json = {
      {"model_type", albert ? "albert" : "xlm-roberta"},
      {"architectures", {albert ? "AlbertModel" : "XLMRobertaModel"}},
      {"vocab_size", tokenizer.size()},
      {"hidden_size", shape.hidden},
      {"num_hidden_layers", shape.layers},
      {"num_attention_heads", shape.heads},
      {"intermediate_size", shape.intermediate},
      {"max_position_embeddings", shape.max_length + (albert ? 0 : kRobertaPositionOffset)},
      {"type_vocab_size", albert ? 2 : 1},
      {"hidden_act", "gelu"},
      {"hidden_dropout_prob", 0.1},
      {"attention_probs_dropout_prob", 0.1},
      {"initializer_range", 0.02},
      {"layer_norm_eps", albert ? 1e-12 : 1e-5},
      {"pad_token_id", tokenizer.pad_id()},
      {"bos_token_id", tokenizer.begin_id()},
      {"eos_token_id", tokenizer.end_id()}};
  if (albert) {
    json["embedding_size"] = shape.embedding;
    json["num_hidden_groups"] = 1;
    json["inner_group_num"] = 1;
  }
  return json;
}

/// Trains, and leaves the folder with what train --encoder reads. Gives the number of ids.
std::int32_t MakeFolder(const SentencePieceTrainOptions& train, const EncoderShape& shape,
                        TurnTexts* texts, const fs::path& folder) {
  const bool albert = train.layout == "albert";
  TrainSentencePiece(
      train, [texts](std::string* text) { return texts->Next(text); },
      folder / (albert ? "spiece.model" : "sentencepiece.bpe.model"));
  // The layout decides how many ids there are, and is read from config.json: so it comes first.
  const Json layout = {{"model_type", train.layout}};
  WriteFile(folder / "config.json", layout.dump() + "\n");
  const auto tokenizer = LoadTokenizer(folder);
  WriteFile(folder / "config.json", EncoderJson(shape, *tokenizer, albert).dump(2) + "\n");
  return tokenizer->size();
}

int RunTokenizer(const std::vector<std::string>& args) {
  SentencePieceTrainOptions train;
  EncoderShape shape;
  CommonOptions common;
  ReadOptions read;
  std::vector<std::string> data;
  std::string out;
  Options options(
      "tokenizer",
      "Trains a SentencePiece tokenizer on the turns of conversations, and writes a "
      "folder from which an encoder of the given shape is trained from scratch.",
      "arcsat tokenizer --data train.jsonl --out encoder --tokenizer.vocab_size 8000\n"
      "arcsat train --task mlm --data train.jsonl --encoder encoder --out runs/scratch");
  options.Add("data", &data, "file of conversations");
  options.Add("out", &out, "folder that is made");
  Bind(options, &read);
  Bind(options, &common);
  Bind(options, &train);
  Bind(options, &shape);
  if (!options.Parse(args)) return 0;
  options.Demand({"data", "out"});
  if (shape.hidden % shape.heads != 0) {
    throw UsageError({"encoder.hidden",
                      fmt::format("found {} with {} heads", shape.hidden, shape.heads),
                      "expected a multiple of the heads", "change one of the two"});
  }
  NewFolder folder(out);
  Progress progress("reading turns", 0, {.quiet = common.quiet, .unit = "turns"});
  TurnTexts texts(data, read.skip_bad, &progress);
  const std::int32_t size = MakeFolder(train, shape, &texts, folder.part());
  progress.Finish();
  WriteFile(folder.part() / "tokenizer.cfg", options.Resolved());
  folder.Keep();
  if (common.json) {
    PrintJson(
        {{"out", out}, {"ids", size}, {"turns", texts.given()}, {"skipped", texts.skipped()}});
  } else {
    PrintText(fmt::format("{}: {} ids, learned from {} turns\n", out, Thousands(size),
                          Thousands(texts.given())));
  }
  return 0;
}

}  // namespace

const Command kTokenizerCommand = {"tokenizer", "Data",
                                   "trains a tokenizer, for an encoder from scratch", RunTokenizer};

}  // namespace arcsat
