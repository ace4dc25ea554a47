#include <fmt/format.h>

#include "app/command.h"
#include "app/in_order.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/progress.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"

namespace arcsat {
namespace {

constexpr std::int64_t kChunk = 32;  // conversations that a thread makes at a time

struct Chunk {
  std::string lines;
  std::int64_t answered = 0;
};

Chunk MakeChunk(const SimulateOptions& simulate, std::int64_t index) {
  Chunk chunk;
  const std::int64_t end = std::min(simulate.conversations, (index + 1) * kChunk);
  for (std::int64_t i = index * kChunk; i < end; ++i) {
    const Conversation conversation = Simulate(simulate, i);
    if (conversation.survey && conversation.survey->score) ++chunk.answered;
    chunk.lines += ToJsonLine(conversation) + "\n";
  }
  return chunk;
}

int RunSimulate(const std::vector<std::string>& args) {
  SimulateOptions simulate;
  CommonOptions common;
  std::string out, truth;
  int threads = 0;
  Options options(
      "simulate",
      "Makes conversations of a support centre whose truth is known: each turn's hidden "
      "state, the answer everybody would give, and who answers. For trying the program "
      "out, and for checking its statistics.",
      "arcsat simulate --simulate.conversations 3000 --out calls.jsonl");
  options.Add("out", &out, "file of conversations, one a line; standard output without it");
  options.Add("truth", &truth, "file for the truth about the world: agents' skills and gaps");
  options.Add("threads", &threads,
              "how many work at once, 0 for one a core; the result is the same", Between(0, 1024));
  Bind(options, &common);
  Bind(options, &simulate);
  if (!options.Parse(args)) return 0;
  Validate(simulate);
  Output output(out);
  if (common.json && output.standard()) {
    throw UsageError({"command line", "--json without --out",
                      "expected a file for the conversations, as the summary takes standard output",
                      "add --out FILE"});
  }
  std::int64_t done = 0, answered = 0;
  {
    Progress progress("simulating", simulate.conversations,
                      {.quiet = common.quiet, .unit = "conversations"});
    InOrder<Chunk>((simulate.conversations - 1) / kChunk + 1, threads,
                   [&](std::int64_t index) { return MakeChunk(simulate, index); },
                   [&](Chunk&& chunk) {
                     output.Write(chunk.lines);
                     answered += chunk.answered;
                     done = std::min(done + kChunk, simulate.conversations);
                     progress.Update(done);
                   });
  }
  output.Commit();
  if (!truth.empty()) WriteFile(truth, WorldTruth(simulate).dump(2) + "\n");
  if (output.standard()) return 0;
  WriteFile(out + ".cfg", options.Resolved());
  if (common.json) {
    PrintJson({{"out", out}, {"conversations", done}, {"answered", answered}});
  } else {
    PrintText(fmt::format("{}: {} conversations, {} with an answered survey\n", out,
                          Thousands(done), Thousands(answered)));
  }
  return 0;
}

}  // namespace

const Command kSimulateCommand = {
    "simulate", "Data", "makes conversations whose truth is known, to try things out", RunSimulate};

}  // namespace arcsat
