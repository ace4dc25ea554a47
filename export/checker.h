#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "export/variants.h"

namespace arcsat {

/// The largest difference from LibTorch that a bundle may show, on every output: probabilities and
/// states lie in 0..1. A csat may differ by this share of its scale.
inline constexpr double kParityTolerance = 1e-5;

/// What the Python checker found. Empty `problems`: nothing was wrong.
struct CheckReport {
  std::vector<std::string> problems;
  std::vector<std::string> cases;               ///< of the grid of sizes that were run
  std::map<std::string, double> parity;         ///< largest difference by output
  int golden = 0;                               ///< golden conversations that were scored
  double golden_difference = 0;                 ///< largest difference from their expected scores
  std::map<std::string, std::string> versions;  ///< of onnx, onnxruntime, python
  struct Variant {
    VariantScores scores;          ///< of the conversations to compare on
    double golden_difference = 0;  ///< from the golden conversations' fp32 scores
  };
  std::map<std::string, Variant> variants;  ///< the manifest's compressed graphs by name
  /// The graphs of running conversations, turn by turn, where the manifest has them.
  struct Stream {
    std::map<std::string, double> parity;  ///< largest difference from LibTorch by output
    double golden_difference = 0;
    int turns = 0;  ///< that were run
  };
  Stream stream;
  /// The graph that takes texts, where the manifest has one.
  struct Text {
    int golden = 0;  ///< golden conversations that were scored: those in Latin letters
    double golden_difference = 0;
    std::map<std::string, bool> scripts;  ///< whether each is read as the model's tokenizer does
  };
  Text text;
};

/// What to check. Golden conversations always are.
struct CheckRequest {
  std::filesystem::path bundle;
  std::filesystem::path parity;    ///< with this, onnx.checker and the grid of sizes in that file
  std::filesystem::path compared;  ///< with this, its conversations by every graph of the bundle
};

/// The Python to run: `given`, else the environment's ARCSAT_PYTHON, else the project's own
/// (.deps/venv), else python3.
std::string FindPython(const std::string& given);

/// Runs export/python/check_bundle.py. Error where it cannot run to its end.
CheckReport RunChecker(const std::string& python, const CheckRequest& request);

}  // namespace arcsat
