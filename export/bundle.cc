#include "export/bundle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

#include "data/error.h"
#include "data/files.h"
#include "eval/conformal.h"
#include "export/arc_graph.h"
#include "export/golden.h"
#include "export/manifest.h"
#include "export/model_card.h"
#include "export/pack.h"
#include "export/parity_cases.h"
#include "export/stream_graph.h"
#include "export/text_graph.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// A compressed graph that was asked for.
struct VariantPlan {
  const char* name;
  Precision precision;
  const std::string& data;  ///< what it is measured on
};

std::vector<VariantPlan> PlannedVariants(const ExportOptions& options) {
  std::vector<VariantPlan> plans;
  if (!options.int8.empty()) plans.push_back({"int8", Precision::kInt8, options.int8});
  if (!options.fp16.empty()) plans.push_back({"fp16", Precision::kFloat16, options.fp16});
  if (plans.size() == 2 && options.int8 != options.fp16) {
    throw UsageError({"command line", "--int8 and --fp16 name two files",
                      "expected one file to measure both on", "give the same file to both"});
  }
  return plans;
}

/// A folder beside the target that is gone when the export ends, however it ends.
class Workshop {
 public:
  explicit Workshop(const fs::path& target) {
    folder_ = target;
    folder_ += fmt::format(".part{}", ::getpid());
    std::error_code code;
    fs::remove_all(folder_, code);
    fs::create_directories(bundle(), code);
    if (code) {
      const std::string reason = code.message();
      fs::remove_all(folder_, code);
      throw Error({target.string(), "cannot be made: " + reason,
                   "expected a place that can be written", "choose another --out"});
    }
  }
  ~Workshop() {
    std::error_code code;
    fs::remove_all(folder_, code);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;

  fs::path bundle() const { return folder_ / "bundle"; }
  fs::path parity() const { return folder_ / "parity.safetensors"; }
  fs::path compared() const { return folder_ / "compared.jsonl"; }

  /// Gives the bundle its name; the old one steps aside first and comes back should that fail.
  void Publish(const fs::path& target) {
    SyncFolder(bundle());
    const fs::path old = folder_ / "old";
    const bool replaces = fs::exists(target);
    if (replaces) fs::rename(target, old);
    std::error_code code;
    fs::rename(bundle(), target, code);
    if (code) {
      const std::string reason = code.message();
      if (replaces) fs::rename(old, target, code);
      throw Error({target.string(), "cannot be given its name: " + reason,
                   "expected a place that can be written", "choose another --out"});
    }
    SyncFolder(target.parent_path().empty() ? fs::path(".") : target.parent_path());
  }

 private:
  fs::path folder_;
};

/// Only what export made may be replaced.
void CheckTarget(const fs::path& target) {
  if (!fs::exists(fs::symlink_status(target))) return;
  if (fs::is_directory(target) && (fs::is_empty(target) || fs::exists(target / kManifestName))) {
    return;
  }
  throw UsageError({target.string(), "exists and is no bundle",
                    "expected a new name, or a bundle to replace", "choose another --out"});
}

/// Of a graph's file, with its weights.
std::uint64_t LargestGraph(const ExportOptions& options) {
  return options.external_data ? 0 : onnx::kLargestOnnx;
}

/// Writes the graphs of running conversations; what the manifest says of them.
Json WriteStream(const LoadedModel& loaded, const Calibration& calibration,
                 const ExportOptions& options, const fs::path& folder) {
  Json stream = Json::object();
  const auto write = [&](const char* name, const onnx::ModelDef& graph) {
    const std::string file = fmt::format("{}.onnx", name);
    onnx::WriteOnnx(graph, folder / file, LargestGraph(options));
    stream[name] = DescribeGraph(graph.graph, file);
  };
  write(kTurnEncoderName, BuildTurnEncoderGraph(*loaded.model, loaded.name));
  write(kConversationStepName, BuildConversationStepGraph(*loaded.model, calibration, loaded.name));
  return stream;
}

/// Writes everything but manifest.json.
Json WriteParts(const LoadedModel& loaded, const ExportOptions& options, const fs::path& folder) {
  const auto found = FindCalibration(loaded.folder);
  const bool calibrated = found.has_value();
  const Calibration calibration = found.value_or(Calibration{});
  SaveCalibration(calibration, folder / "calibration.json");
  const std::optional<ConformalSets> sets = FindConformal(loaded.folder);
  if (sets) SaveConformal(*sets, folder / "conformal.json");
  const onnx::ModelDef graph =
      BuildArcGraph(*loaded.model, calibration, loaded.tokenizer->pad_id(), loaded.name);
  onnx::WriteOnnx(graph, folder / "model.onnx", LargestGraph(options));
  Json variants = Json::object();
  for (const VariantPlan& plan : PlannedVariants(options)) {
    const std::string file = fmt::format("model.{}.onnx", plan.name);
    onnx::WriteOnnx(BuildArcGraph(*loaded.model, calibration, loaded.tokenizer->pad_id(),
                                  loaded.name, plan.precision),
                    folder / file, LargestGraph(options));
    variants[plan.name] = {{"file", file}};
  }
  Json stream;
  if (options.stream) stream = WriteStream(loaded, calibration, options, folder);
  Json text;
  if (options.text) {
    const onnx::ModelDef from_text =
        BuildTextArcGraph(*loaded.model, calibration, *loaded.tokenizer, loaded.name);
    onnx::WriteOnnx(from_text, folder / kTextGraphFile, LargestGraph(options));
    text = DescribeGraph(from_text.graph, kTextGraphFile);
    text["needs"] = "onnxruntime-extensions";
  }
  for (const fs::path& file : loaded.tokenizer->files()) {
    WriteFile(folder / file.filename(), ReadFile(file));
  }
  std::vector<Conversation> golden = WrittenConversations();
  if (!options.data.empty()) {
    const auto sample = SampleConversations(options.data, options.golden);
    golden.insert(golden.end(), sample.begin(), sample.end());
  }
  WriteFile(folder / "golden.jsonl", GoldenLines(loaded, calibration, sets, golden));
  const int count = static_cast<int>(golden.size());
  Json manifest = MakeManifest(loaded, calibration, calibrated, count, folder);
  if (!variants.empty()) manifest["variants"] = std::move(variants);
  if (options.stream) manifest["stream"] = std::move(stream);
  if (options.text) manifest["text_graph"] = std::move(text);
  return manifest;
}

/// Refuses a bundle whose equality with LibTorch was not shown on every size and every output.
void DemandParity(const CheckReport& report, const std::vector<ParityCase>& cases,
                  const std::vector<std::string>& outputs, int golden) {
  std::vector<std::string> problems = report.problems;
  for (const ParityCase& item : cases) {
    if (std::find(report.cases.begin(), report.cases.end(), item.name) == report.cases.end()) {
      problems.push_back(fmt::format("\"{}\" was not run", item.name));
    }
  }
  for (const std::string& output : outputs) {
    const auto found = report.parity.find(output);
    if (found == report.parity.end() || !(found->second <= kParityTolerance)) {
      problems.push_back(fmt::format("parity of {} was not shown", output));
    }
  }
  if (report.golden != golden) {
    problems.push_back(
        fmt::format("{} of {} golden conversations were run", report.golden, golden));
  }
  if (problems.empty()) return;
  constexpr std::size_t kShown = 8;
  const std::size_t more = problems.size() > kShown ? problems.size() - kShown : 0;
  problems.resize(problems.size() - more);
  throw Error(
      {"the exported model is not the trained one, and was not published",
       fmt::format("{}{}", fmt::join(problems, "; "),
                   more > 0 ? fmt::format("; and {} more", more) : ""),
       fmt::format("expected ONNX Runtime within {} of LibTorch", kParityTolerance),
       "try another version of onnxruntime; if it stays, report it with the model's config"});
}

/// Puts what the compressed graphs changed into the manifest. Error where it is too much.
void AddVariants(const CheckReport& report, const VariantSample& sample, double threshold,
                 const VariantLimits& limits, Json* manifest) {
  if (!manifest->contains("variants")) return;
  for (auto& [name, variant] : (*manifest)["variants"].items()) {
    const auto found = report.variants.find(name);
    if (found == report.variants.end() ||
        found->second.scores.compressed.size() != sample.labels.size() ||
        found->second.scores.fp32.size() != sample.labels.size()) {
      throw Error({"the compressed model " + name, "was not compared on every conversation",
                   fmt::format("expected {} scores", sample.labels.size()),
                   "this is a fault in arcsat; report it"});
    }
    variant["measured"] = DescribeVariant(found->second.scores, sample, threshold, limits);
    variant["golden_difference"] = found->second.golden_difference;
    DemandVariant(name, variant["measured"]);
  }
}

}  // namespace

Json ExportBundle(const ExportOptions& options,
                  const std::function<void(const std::string&)>& progress) {
  fs::path target = fs::path(options.out).lexically_normal();
  if (target.filename().empty()) target = target.parent_path();  // "bundle/"
  CheckTarget(target);
  PlannedVariants(options);  // refused before anything is done
  progress("reading the model");
  const LoadedModel loaded = LoadModel(ModelFolder(options.model));
  Workshop workshop(target);
  const fs::path folder = workshop.bundle();
  progress("writing the graph");
  Json manifest = WriteParts(loaded, options, folder);
  WriteFile(folder / kManifestName, manifest.dump(2) + "\n");  // for the checker; not yet final
  progress("computing what LibTorch says on a grid of sizes");
  const auto cases = MakeParityCases(*loaded.model, *loaded.tokenizer);
  const Calibration calibration = LoadCalibration(folder / "calibration.json");
  WriteSafetensors(workshop.parity(),
                   ComputeParity(*loaded.model, calibration, cases, loaded.tokenizer->pad_id()));
  progress("comparing ONNX Runtime with it");
  VariantSample sample;
  CheckRequest request{folder, workshop.parity(), {}};
  if (const auto plans = PlannedVariants(options); !plans.empty()) {
    sample = ReadVariantSample(loaded, plans.front().data, options.compared);
    WriteFile(workshop.compared(), sample.lines);
    request.compared = workshop.compared();
  }
  const CheckReport report = RunChecker(FindPython(options.python), request);
  DemandParity(report, cases, GraphOutputs(calibration),
               manifest["golden"]["conversations"].get<int>());
  AddParity(report, &manifest);
  AddVariants(report, sample, calibration.threshold, options.limits, &manifest);
  WriteFile(folder / "README.md", ModelCard(manifest));
  ListFiles(folder, &manifest);
  const std::vector<std::string> changed = CheckManifest(manifest, folder);
  if (!changed.empty()) {
    throw Error({folder.string(), fmt::format("{}", fmt::join(changed, "; ")),
                 "expected the files as they were written", "export again"});
  }
  WriteFile(folder / kManifestName, manifest.dump(2) + "\n");
  if (!options.archive.empty()) {
    progress("packing");
    PackFolder(folder, target.filename().string(), options.archive);
  }
  workshop.Publish(target);
  return manifest;
}

VerifyReport VerifyBundle(const fs::path& bundle, const std::string& python) {
  const Json manifest = ReadManifest(bundle);
  VerifyReport report;
  report.problems = CheckManifest(manifest, bundle);
  if (manifest.contains("files")) report.files = static_cast<int>(manifest["files"].size());
  if (!report.problems.empty()) return report;  // a changed model is not run
  report.check = RunChecker(FindPython(python), {bundle, {}, {}});
  report.problems = report.check.problems;
  const int golden = manifest["golden"]["conversations"].get<int>();
  if (report.check.golden != golden) {
    report.problems.push_back(
        fmt::format("{} of {} golden conversations were run", report.check.golden, golden));
  }
  return report;
}

}  // namespace arcsat
