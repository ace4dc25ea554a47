#include "export/variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/corpus.h"
#include "data/encoded.h"
#include "data/error.h"
#include "eval/metrics.h"
#include "model/model_folder.h"

namespace arcsat {
namespace {

constexpr std::ptrdiff_t kFewestLabels = 10;  // of each class, for an AUC that means something

/// Adds the AUC of both graphs on the conversations that were answered, or null.
void AddAuc(const VariantScores& scores, const std::vector<int>& labels, Json* out) {
  std::vector<double> fp32, compressed;
  std::vector<int> answers;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    answers.push_back(labels[i]);
    fp32.push_back(scores.fp32[i]);
    compressed.push_back(scores.compressed[i]);
  }
  (*out)["surveyed"] = answers.size();
  (*out)["roc_auc"] = (*out)["roc_auc_fp32"] = nullptr;
  const auto satisfied = std::count(answers.begin(), answers.end(), 1);
  const auto others = static_cast<std::ptrdiff_t>(answers.size()) - satisfied;
  if (std::min(satisfied, others) < kFewestLabels) return;
  (*out)["roc_auc"] = RocAuc(compressed, answers);
  (*out)["roc_auc_fp32"] = RocAuc(fp32, answers);
}

}  // namespace

VariantSample ReadVariantSample(const LoadedModel& loaded, const std::string& path, int most) {
  ConversationEncoder encoder = loaded.MakeEncoder();
  VariantSample sample;
  ForEachConversation(path, {}, [&](Conversation&& conversation) {
    if (sample.labels.size() >= static_cast<std::size_t>(most)) return;
    sample.labels.push_back(
        static_cast<int>(encoder.Encode(conversation, loaded.survey).satisfied));
    sample.lines += ToJsonLine(conversation) + "\n";
    encoder.Trim();
  });
  if (sample.labels.empty()) {
    throw Error({path, "holds no conversation",
                 "expected conversations to measure the compressed model on",
                 "give the file that the model was calibrated on"});
  }
  return sample;
}

Json DescribeVariant(const VariantScores& scores, const VariantSample& sample, double threshold,
                     const VariantLimits& limits) {
  int moved = 0;
  double largest = 0;
  for (std::size_t i = 0; i < scores.fp32.size(); ++i) {
    moved += (scores.fp32[i] >= threshold) != (scores.compressed[i] >= threshold);
    largest = std::max(largest, std::abs(scores.fp32[i] - scores.compressed[i]));
  }
  Json out = {{"conversations", scores.fp32.size()},
              {"moved_decisions", moved},
              {"largest_difference", largest},
              {"limits", {{"moved_share", limits.moved_decisions}, {"auc_loss", limits.auc_loss}}}};
  AddAuc(scores, sample.labels, &out);
  return out;
}

void DemandVariant(const std::string& name, const Json& described) {
  const Json& limits = described["limits"];
  const double share = described["moved_decisions"].get<double>() /
                       std::max(1.0, described["conversations"].get<double>());
  std::string found;
  if (share > limits["moved_share"].get<double>()) {
    found = fmt::format("moves {} of {} decisions ({:.2f}%, at most {:.2f}% are allowed)",
                        described["moved_decisions"].dump(), described["conversations"].dump(),
                        100 * share, 100 * limits["moved_share"].get<double>());
  }
  if (described["roc_auc"].is_number()) {
    const double loss =
        described["roc_auc_fp32"].get<double>() - described["roc_auc"].get<double>();
    if (loss > limits["auc_loss"].get<double>()) {
      found += fmt::format("{}lowers the AUC from {:.4f} to {:.4f} (by at most {} is allowed)",
                           found.empty() ? "" : " and ", described["roc_auc_fp32"].get<double>(),
                           described["roc_auc"].get<double>(), limits["auc_loss"].dump());
    }
  }
  if (found.empty()) return;
  throw Error({"the compressed model " + name, found + ", and was not published",
               "expected it to decide as the fp32 model does",
               "export without --" + name + ", or allow more: --moved-decisions, --auc-loss"});
}

}  // namespace arcsat
