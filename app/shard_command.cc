#include <fmt/format.h>

#include <filesystem>

#include "app/command.h"
#include "app/output.h"
#include "app/shard_progress.h"
#include "app/shard_writing.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "model/model_folder.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

struct ShardCall {
  std::vector<std::string> data;
  std::string encoder, out;
  bool resume = false;
  int threads = 0;
  std::int64_t conversations = 100'000;
  ModelOptions model;
  SurveyOptions survey;
  ReadOptions read;
  CommonOptions common;
};

void Tell(const ShardCall& call, const ShardManifest& manifest, const ShardProgress& progress) {
  std::uintmax_t bytes = 0;
  for (const ShardFile& file : manifest.files)
    bytes += fs::file_size(fs::path(call.out) / file.name);
  if (call.common.json) {
    PrintJson({{"out", call.out},
               {"shards", manifest.files.size()},
               {"conversations", progress.conversations},
               {"bytes", bytes},
               {"empty", progress.empty},
               {"skipped", progress.skipped},
               {"reasons", progress.reasons}});
    return;
  }
  PrintText(fmt::format("{}: {} conversations in {} shards, {:.1f} MB\n", call.out,
                        Thousands(progress.conversations), manifest.files.size(),
                        static_cast<double>(bytes) / 1e6));
  if (progress.empty > 0) {
    PrintText(fmt::format("{} without turns left out\n", Thousands(progress.empty)));
  }
  for (const std::string& reason : progress.reasons) PrintText("left out: " + reason + "\n");
  if (progress.skipped > std::ssize(progress.reasons)) {
    PrintText(fmt::format("left out in all: {}\n", Thousands(progress.skipped)));
  }
}

int Shards(const ShardCall& call, const Options& options) {
  const auto tokenizer = LoadTokenizer(EncoderFolder(call.encoder));
  const ShardKind kind{LayoutFor(tokenizer->size(), call.model.boxes), call.model.max_turn_tokens,
                       Fingerprint(*tokenizer), call.survey};
  ShardProgress progress = ShardProgress::Begin(call.out, call.data, kind, call.resume);
  ShardJob job;
  job.data = call.data;
  job.out = call.out;
  job.settings = options.Resolved();
  job.read = call.read;
  job.threads = call.threads;
  job.conversations = call.conversations;
  Progress bar("tokenising", BytesOfAll(call.data), {.quiet = call.common.quiet, .unit = "bytes"});
  job.on_progress = [&](std::int64_t bytes, std::int64_t conversations) {
    bar.Update(bytes, Thousands(conversations) + " conversations");
  };
  const ShardManifest manifest = WriteShards(job, *tokenizer, &progress);
  bar.Finish();
  ShardProgress::Remove(call.out);
  Tell(call, manifest, progress);
  return 0;
}

int RunShard(const std::vector<std::string>& args) {
  ShardCall call;
  Options options("shard",
                  "Tokenises conversations once, into a folder of shards that train maps into "
                  "memory: for data that do not fit into it, and for many processes.",
                  "arcsat shard --data calls.jsonl.gz --encoder minilm --out shards\n"
                  "arcsat train --data shards --validation sides/validation.jsonl --encoder minilm "
                  "--out runs/first");
  options.Add("data", &call.data,
              "file of conversations, JSON lines or Parquet, or - for standard input; may be given "
              "several times");
  options.Add("encoder", &call.encoder,
              "Hugging Face folder or run whose tokenizer is used, as train's");
  options.Add("out", &call.out, "folder that is made");
  options.Add("threads", &call.threads, "how many tokenise at once, 0 for one a core",
              Between(0, 1024));
  options.Add("resume", &call.resume, "go on after the last whole shard of a run that was stopped");
  Bind(options, &call.read);
  Bind(options, &call.common);
  Bind(options, &call.survey);
  options
      .Add("shard.conversations", &call.conversations, "of a shard, at most",
           Between<std::int64_t>(1, 100'000'000))
      .Add("model.max_turn_tokens", &call.model.max_turn_tokens, "as train's", Between(2, 65'535))
      .Add("model.boxes", &call.model.boxes, "as train's", Between(2, 100));
  if (!options.Parse(args)) return 0;
  options.Demand({"data", "encoder", "out"});
  return Shards(call, options);
}

}  // namespace

const Command kShardCommand = {"shard", "Data", "tokenises conversations for large training runs",
                               RunShard};

}  // namespace arcsat
