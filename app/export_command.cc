#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_export.h"

namespace arcsat {
namespace {

/// Of figures by output.
double Largest(const Json& differences) {
  double largest = 0;
  for (const auto& [output, value] : differences.items()) {
    largest = std::max(largest, value.get<double>());
  }
  return largest;
}

/// A line for each compressed graph, one for those of running conversations, one for that of texts.
std::string DescribeMore(const Json& manifest) {
  std::string out;
  const auto megabytes = [&](const Json& graph) {
    return manifest["files"][graph["file"].get<std::string>()]["bytes"].get<double>() / 1e6;
  };
  if (manifest.contains("variants")) {
    for (const auto& [name, variant] : manifest["variants"].items()) {
      const Json& measured = variant["measured"];
      out += fmt::format("  {}: {:.1f} MB; {} of {} decisions moved, chances by at most {:.3f}\n",
                         name, megabytes(variant), measured["moved_decisions"].dump(),
                         measured["conversations"].dump(),
                         measured["largest_difference"].get<double>());
    }
  }
  if (manifest.contains("stream")) {
    const Json& stream = manifest["stream"];
    const double largest =
        std::max(stream["golden_difference"].get<double>(), Largest(stream["max_abs_difference"]));
    out += fmt::format("  stream: {:.1f} and {:.1f} MB; within {:.1e} of LibTorch on {} turns\n",
                       megabytes(stream["turn_encoder"]), megabytes(stream["conversation_step"]),
                       largest, stream["turns"].dump());
  }
  if (manifest.contains("text_graph")) {
    const Json& text = manifest["text_graph"];
    std::string other;
    for (const auto& [script, same] : text["scripts"].items()) {
      if (!same.get<bool>()) other += (other.empty() ? "" : ", ") + script;
    }
    out +=
        fmt::format("  text: {:.1f} MB; {} golden conversations within {:.1e}{}\n", megabytes(text),
                    text["golden"].dump(), text["golden_difference"].get<double>(),
                    other.empty() ? "" : "; read differently from the tokenizer's: " + other);
  }
  return out;
}

int RunExport(const std::vector<std::string>& args) {
  ExportOptions fields;
  CommonOptions common;
  Options options("export",
                  "Writes a trained model as one ONNX file, calibration inside, with all that a "
                  "scorer needs. ONNX Runtime must give LibTorch's results before the bundle "
                  "appears.",
                  "arcsat export --model runs/first --out bundles/first");
  Bind(options, &fields);
  Bind(options, &common);
  if (!options.Parse(args)) return 0;
  options.Demand({"model", "out"});
  const Json manifest = ExportBundle(fields, [&](const std::string& step) {
    if (!common.quiet) fmt::print(stderr, "export: {}\n", step);
  });
  if (common.json) {
    PrintJson({{"out", fields.out}, {"manifest", manifest}});
    return 0;
  }
  PrintText(
      fmt::format("{}: model {}, {:.1f} MB; ONNX Runtime within {:.1e} of LibTorch on {} sizes\n{}",
                  fields.out, manifest["model"].get<std::string>(),
                  manifest["files"]["model.onnx"]["bytes"].get<double>() / 1e6,
                  Largest(manifest["parity"]["max_abs_difference"]),
                  manifest["parity"]["cases"].size(), DescribeMore(manifest)));
  return 0;
}

}  // namespace

const Command kExportCommand = {"export", "Use", "writes a model as an ONNX bundle, checked",
                                RunExport};

}  // namespace arcsat
