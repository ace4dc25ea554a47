#include <fmt/format.h>

#include <algorithm>

#include "app/command.h"
#include "app/output.h"
#include "configs/bind.h"
#include "configs/bind_export.h"
#include "data/error.h"

namespace arcsat {
namespace {

std::string DescribeInt8(const Json& manifest) {
  const Json& variant = manifest["variants"]["int8"];
  const Json& measured = variant["measured"];
  return fmt::format(
      "  int8: {:.1f} MB; {} of {} decisions moved, chances by at most {:.3f}\n",
      manifest["files"][variant["file"].get<std::string>()]["bytes"].get<double>() / 1e6,
      measured["moved_decisions"].dump(), measured["conversations"].dump(),
      measured["largest_difference"].get<double>());
}

int Run(const std::vector<std::string>& args) {
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
  if (fields.model.empty() || fields.out.empty()) {
    throw UsageError({"command line",
                      fields.model.empty() ? "--model is missing" : "--out is missing",
                      "expected both", "see arcsat export --help"});
  }
  const Json manifest = ExportBundle(fields, [&](const std::string& step) {
    if (!common.quiet) fmt::print(stderr, "export: {}\n", step);
  });
  if (common.json) {
    PrintJson({{"out", fields.out}, {"manifest", manifest}});
    return 0;
  }
  double largest = 0;
  for (const auto& [output, value] : manifest["parity"]["max_abs_difference"].items()) {
    largest = std::max(largest, value.get<double>());
  }
  const std::string compressed = manifest.contains("variants") ? DescribeInt8(manifest) : "";
  PrintText(
      fmt::format("{}: model {}, {:.1f} MB; ONNX Runtime within {:.1e} of LibTorch on {} sizes\n{}",
                  fields.out, manifest["model"].get<std::string>(),
                  manifest["files"]["model.onnx"]["bytes"].get<double>() / 1e6, largest,
                  manifest["parity"]["cases"].size(), compressed));
  return 0;
}

}  // namespace

const Command kExportCommand = {"export", "Use", "writes a model as an ONNX bundle, checked", Run};

}  // namespace arcsat
