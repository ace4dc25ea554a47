#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "export/checker.h"
#include "export/variants.h"

namespace arcsat {

struct ExportOptions {
  std::string model;    ///< run folder or model folder
  std::string out;      ///< folder of the bundle; an older bundle there is replaced
  std::string archive;  ///< file for the bundle as a .tar.gz; empty: none
  std::string data;     ///< conversations for the golden file, beside the written ones; or empty
  int golden = 8;       ///< how many of them
  std::string python;   ///< that checks the bundle; empty: FindPython
  bool stream = false;  ///< also the graphs of running conversations
  bool text = false;    ///< also a graph that takes texts, its tokenizer inside
  bool external_data = false;  ///< weights beside the graphs, as they are beyond 2 GB in any case
  std::string int8;     ///< conversations to measure model.int8.onnx on; empty: it is not made
  std::string fp16;     ///< the same of model.fp16.onnx; where both are made, the same file
  int compared = 2000;  ///< how many of them
  VariantLimits limits;
};

/// Exports a model as an ONNX bundle (docs/bundle.md) and gives its manifest. Everything is made in
/// a temporary folder beside `out`, then onnx.checker and ONNX Runtime must agree with LibTorch on
/// a grid of sizes and on the golden conversations; only then does it get its name. Error says
/// which output differs where, or how far the compressed model moved; nothing is left behind then.
/// `progress` is told each step.
Json ExportBundle(const ExportOptions& options,
                  const std::function<void(const std::string&)>& progress);

/// What verify found.
struct VerifyReport {
  std::vector<std::string> problems;  ///< empty: the bundle is whole and scores as it should
  int files = 0;
  CheckReport check;  ///< of the golden conversations; not run on a changed bundle
};

/// Checks a bundle's files against its manifest and runs its golden conversations. Error where it
/// is no bundle, or Python cannot run.
VerifyReport VerifyBundle(const std::filesystem::path& bundle, const std::string& python);

}  // namespace arcsat
