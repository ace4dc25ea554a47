#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/calibration.h"
#include "export/checker.h"
#include "export/onnx_writer.h"
#include "model/model_folder.h"

namespace arcsat {

inline constexpr int kBundleVersion = 1;
inline constexpr const char* kManifestName = "manifest.json";

/// manifest.json of a bundle (docs/bundle.md), "parity" still null: what the graph takes and gives,
/// how text becomes ids, the calibration's threshold, where the model came from, and the size and
/// SHA-256 of every other file in `folder`.
Json MakeManifest(const LoadedModel& loaded, const Calibration& calibration, bool calibrated,
                  int golden, const std::filesystem::path& folder);

/// A graph as the manifest tells of it: its file, and each input and output with type, shape and
/// meaning.
Json DescribeGraph(const onnx::GraphDef& graph, const std::string& file);

/// Lists the folder's files anew, with size and SHA-256.
void ListFiles(const std::filesystem::path& folder, Json* manifest);

/// Adds what was shown about the bundle; about its graphs of running conversations and the one that
/// takes texts, where it has them.
void AddParity(const CheckReport& report, Json* manifest);

/// Reads a bundle's manifest. Error where it is missing, no JSON, of another format or newer.
Json ReadManifest(const std::filesystem::path& bundle);

/// What is wrong between a manifest and its folder: a file missing, changed or extra, a field that
/// is missing, parity that was not shown. Empty where all is well.
std::vector<std::string> CheckManifest(const Json& manifest, const std::filesystem::path& bundle);

}  // namespace arcsat
