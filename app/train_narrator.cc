#include "app/train_narrator.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "app/table.h"
#include "configs/text.h"

namespace arcsat {
namespace {

std::string FigureText(const char* name, const std::optional<double>& value) {
  return value ? fmt::format("  {} {:.3f}", name, *value) : "";
}

std::string StepText(const StepReport& r) {
  return fmt::format("epoch {}  loss {:.3f}{}  {:.1f} conversations/s  {:.0f} tokens/s", r.epoch,
                     r.loss, r.skipped ? " (skipped)" : "", r.conversations_per_second,
                     r.tokens_per_second);
}

std::string ValidationText(std::int64_t update, const Validation& v, bool best) {
  return fmt::format("update {}: validation{}{}{}{}{}{}{}{}", update,
                     FigureText("masked log loss", v.masked_loss),
                     FigureText("accuracy", v.masked_accuracy), FigureText("log loss", v.log_loss),
                     FigureText("accuracy", v.accuracy), FigureText("AUC", v.auc),
                     FigureText("state error", v.state_error), FigureText("rank", v.state_rank),
                     best ? "  (best so far)" : "");
}

std::string SizeText(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes / 1e6)
                     : fmt::format("{:.1f} GB", bytes / 1e9);
}

}  // namespace

TrainNarrator::TrainNarrator(const Processes& processes, bool quiet)
    : silent_(quiet),
      quiet_(quiet || !processes.first()),
      prefix_(processes.size() > 1 ? fmt::format("process {}: ", processes.rank()) : "") {}

void TrainNarrator::Watch(Trainer* trainer) {
  progress_ = std::make_unique<Progress>(
      "training", trainer->TotalUpdates(),
      ProgressOptions{.quiet = quiet_, .start = trainer->updates(), .unit = "updates"});
  trainer->on_step = [this](const StepReport& r) { progress_->Update(r.update, StepText(r)); };
  trainer->on_profile = [this](const std::vector<OperatorTime>& operators, int updates,
                               const std::filesystem::path& trace) {
    progress_->Log(ProfileText(operators, updates, trace.string()));
  };
  trainer->on_validation = [this](std::int64_t update, const Validation& v, bool best) {
    progress_->Log(ValidationText(update, v, best));
  };
}

void TrainNarrator::Say(const std::string& text) const {
  if (!quiet_) fmt::print(stderr, "{}\n", text);
}

void TrainNarrator::Warn(const std::string& text) const {
  if (!quiet_ && progress_) {
    progress_->Log(text);
  } else if (!silent_) {
    fmt::print(stderr, "{}{}\n", prefix_, text);
  }
}

std::string ProfileText(const std::vector<OperatorTime>& operators, int updates,
                        const std::string& trace) {
  constexpr std::size_t kShown = 15;
  double all[2] = {0, 0};  // of the CPU, of the GPU
  for (const OperatorTime& o : operators) all[o.gpu ? 1 : 0] += o.seconds;
  std::vector<std::vector<std::string>> rows = {{"operator", "own time", "ms an update", "calls"}};
  for (std::size_t i = 0; i < std::min(operators.size(), kShown); ++i) {
    const OperatorTime& o = operators[i];
    rows.push_back(
        {Shorten(o.name, 60) + (o.gpu ? " (GPU)" : ""), Percent(o.seconds, all[o.gpu ? 1 : 0]),
         fmt::format("{:.1f}", 1000 * o.seconds / updates), Thousands(o.calls / updates)});
  }
  return Table(rows) + fmt::format("trace of {} updates: {} (open it in Perfetto)", updates, trace);
}

std::string ForecastText(const Forecast& f, int epochs) {
  const auto speed = [&](std::int64_t count) {
    return f.training_seconds > 0 ? static_cast<double>(count) / f.training_seconds : 0;
  };
  const std::string updates = f.updates_done == 0
                                  ? fmt::format("{} in {} epochs", Thousands(f.updates), epochs)
                                  : fmt::format("{} after the {} that are made",
                                                Thousands(f.updates), Thousands(f.updates_done));
  std::vector<std::vector<std::string>> rows = {
      {"what the run would take", fmt::format("as {} of its batches tell", f.batches)},
      {"updates", updates},
      {"training",
       fmt::format("{}  {:.1f} conversations/s  {:.0f} tokens/s", Duration(f.training_seconds),
                   speed(f.conversations), speed(f.tokens))},
      {"validation", Duration(f.validation_seconds)}};
  if (f.words_seconds > 0) {
    rows.push_back({"words beside the network", "about " + Duration(f.words_seconds)});
  }
  rows.push_back({"in all", Duration(f.seconds())});
  rows.push_back({f.gpu ? "memory of the GPU" : "memory", SizeText(f.memory_bytes)});
  rows.push_back({"disk, at most", SizeText(f.disk_bytes)});
  return Table(rows);
}

Json ForecastJson(const Forecast& f) {
  return {{"batches_tried", f.batches},
          {"updates_done", f.updates_done},
          {"updates", f.updates},
          {"conversations", f.conversations},
          {"tokens", f.tokens},
          {"training_seconds", f.training_seconds},
          {"validation_seconds", f.validation_seconds},
          {"words_seconds", f.words_seconds},
          {"seconds", f.seconds()},
          {"memory_bytes", f.memory_bytes},
          {"memory_of", f.gpu ? "gpu" : "process"},
          {"disk_bytes", f.disk_bytes}};
}

}  // namespace arcsat
