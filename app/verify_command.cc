#include <fmt/format.h>

#include "app/command.h"
#include "app/output.h"
#include "configs/bind.h"
#include "data/error.h"
#include "export/bundle.h"

namespace arcsat {
namespace {

int RunVerify(const std::vector<std::string>& args) {
  std::vector<std::string> bundles;
  std::string python;
  CommonOptions common;
  Options options("verify",
                  "Checks a bundle: no file is missing, changed or too many, parity was shown when "
                  "it was exported, and its golden conversations get their scores.",
                  "arcsat verify bundles/first");
  options.Positional("BUNDLE", &bundles, "folder that arcsat export made", 1);
  options.Add("python", &python, "Python with onnxruntime; or the environment's ARCSAT_PYTHON");
  Bind(options, &common);
  if (!options.Parse(args)) return 0;
  if (bundles.empty()) {
    throw UsageError(
        {"command line", "no bundle is named", "expected a folder", "see arcsat verify --help"});
  }
  const VerifyReport report = VerifyBundle(bundles[0], python);
  if (common.json) {
    PrintJson({{"bundle", bundles[0]},
               {"good", report.problems.empty()},
               {"problems", report.problems},
               {"golden", report.check.golden},
               {"golden_difference", report.check.golden_difference}});
  }
  if (!report.problems.empty()) {
    std::string all;
    for (const std::string& problem : report.problems) all += (all.empty() ? "" : "; ") + problem;
    throw Error({bundles[0], all, "expected the bundle as it was exported",
                 "copy it again, or export the model again"});
  }
  if (!common.json) {
    PrintText(fmt::format("{}: {} files whole, {} golden conversations within {:.1e}\n", bundles[0],
                          report.files, report.check.golden, report.check.golden_difference));
  }
  return 0;
}

}  // namespace

const Command kVerifyCommand = {"verify", "Use", "checks that a bundle is whole and scores right",
                                RunVerify};

}  // namespace arcsat
