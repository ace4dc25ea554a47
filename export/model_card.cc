#include "export/model_card.h"

#include <fmt/format.h>

namespace arcsat {
namespace {

std::string TensorTable(const Json& tensors) {
  std::string out = "| name | type | shape | meaning |\n| --- | --- | --- | --- |\n";
  for (const Json& tensor : tensors) {
    std::string shape;
    for (const Json& dim : tensor["shape"]) {
      if (!shape.empty()) shape += ", ";
      shape += dim.is_string() ? dim.get<std::string>() : dim.dump();
    }
    out +=
        fmt::format("| `{}` | {} | ({}) | {} |\n", tensor["name"].get<std::string>(),
                    tensor["type"].get<std::string>(), shape, tensor["meaning"].get<std::string>());
  }
  return out;
}

std::string Calibrated(const Json& scoring) {
  if (!scoring["calibrated"].get<bool>()) {
    return "**This model was never calibrated**: its chances are the network's own, which tend to "
           "be too sure. Run `arcsat calibrate` and export again before anybody acts on them.";
  }
  return fmt::format(
      "Calibrated on {} surveyed conversations. `p_satisfied` comes from the {}; a conversation "
      "counts as satisfied from {:.4g} on (rule: {}).",
      scoring["labels"].get<int>(),
      scoring["p_satisfied_from"] == "arc" ? "arc (entry, delta and outlook)" : "outlook alone",
      scoring["threshold"].get<double>(), scoring["threshold_rule"].get<std::string>());
}

}  // namespace

std::string Variants(const Json& manifest) {
  if (!manifest.contains("variants")) return "";
  std::string out =
      "## Variants\n| name | file | conversations | decisions moved | largest difference | AUC, "
      "fp32 "
      "|\n| --- | --- | --- | --- | --- | --- |\n";
  const auto auc = [](const Json& x) {
    return x.is_number() ? fmt::format("{:.4f}", x.get<double>()) : std::string("-");
  };
  for (const auto& [name, variant] : manifest["variants"].items()) {
    const Json& measured = variant["measured"];
    out += fmt::format("| `{}` | `{}` | {} | {} | {:.4f} | {}, {} |\n", name,
                       variant["file"].get<std::string>(), measured["conversations"].dump(),
                       measured["moved_decisions"].dump(),
                       measured["largest_difference"].get<double>(), auc(measured["roc_auc"]),
                       auc(measured["roc_auc_fp32"]));
  }
  return out +
         "\nint8: weights as whole numbers of 7 bits, activations of 8 with a scale for each "
         "token. "
         "fp16: weights and products\nin half precision, for GPUs. Batch mates and later turns "
         "change no more than rounding does. `arcsat-score\n--variant NAME` chooses.\n\n";
}

std::string ModelCard(const Json& manifest) {
  const Json& scoring = manifest["scoring"];
  const Json& text = manifest["text"];
  return fmt::format(
      R"(# arcsat bundle, model {model}

Measures support conversations: the state in which a customer arrived (`entry`), the one in which
they left (`exit`), the change (`delta`), and the chance that they would answer a survey as
satisfied (`p_satisfied`). One ONNX file holds the network and its calibration; nothing but a
tokenizer and ONNX Runtime is needed beside it.

## Run it
```
arcsat-score --model BUNDLE --data calls.jsonl > scores.jsonl  # pip install arcsat-scorer
arcsat verify BUNDLE                                           # are all files whole, scores right
```

## Calibration
{calibration} What it predicts: `{target}`.

## Inputs
{inputs}
Text: {layout} tokenizer (`{file}`), one sequence a turn between ids {begin} and {end}, at most
{most} ids; a longer turn keeps its first and its last half. A literal "[SEP]" or "</s>" in a text is
plain text.

## Outputs
{outputs}
Turns that do not exist have 0. Where the customer never speaks, entry and exit are those of an even
state. What is said at a turn depends on that turn and those before it alone, so a conversation can
be scored while it runs. Padding and batch mates change nothing.

{variants}## Beware
- A score of one conversation is a hint; averages over many are the measure.
- It was trained on the conversations of one support centre and one survey. Check it
  (`arcsat evaluate`) before it is used on others, and calibrate anew when the survey changes.
- Do not judge single employees by it: who asks for help, and about what, differs between agents.
- `golden.jsonl` holds conversations with the scores they must get. Where it was made from real
  data, it holds real customers' words.
)",
      fmt::arg("model", manifest["model"].get<std::string>()),
      fmt::arg("calibration", Calibrated(scoring)),
      fmt::arg("target", scoring["target"].get<std::string>()),
      fmt::arg("inputs", TensorTable(manifest["graph"]["inputs"])),
      fmt::arg("variants", Variants(manifest)),
      fmt::arg("outputs", TensorTable(manifest["graph"]["outputs"])),
      fmt::arg("layout", text["layout"].get<std::string>()),
      fmt::arg("file", text["file"].get<std::string>()),
      fmt::arg("begin", text["begin_id"].get<int>()), fmt::arg("end", text["end_id"].get<int>()),
      fmt::arg("most", text["max_turn_tokens"].get<int>()));
}

}  // namespace arcsat
