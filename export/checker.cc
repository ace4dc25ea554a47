#include "export/checker.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "data/error.h"
#include "export/process.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// The last lines of what a program told, on one line: that is where Python says what went wrong.
std::string LastLines(const std::string& log) {
  std::string text = log.size() > 600 ? "…" + log.substr(log.size() - 600) : log;
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

CheckReport ParseReport(const std::string& output) {
  const auto json = nlohmann::json::parse(output);
  CheckReport report;
  report.problems = json.at("problems").get<std::vector<std::string>>();
  report.cases = json.at("cases").get<std::vector<std::string>>();
  report.parity = json.at("parity").get<std::map<std::string, double>>();
  report.golden = json.at("golden").get<int>();
  report.golden_difference = json.at("golden_difference").get<double>();
  report.versions = json.at("versions").get<std::map<std::string, std::string>>();
  for (const auto& [name, variant] : json.at("variants").items()) {
    CheckReport::Variant& out = report.variants[name];
    out.golden_difference = variant.at("golden_difference").get<double>();
    out.scores.fp32 = variant.at("fp32").get<std::vector<double>>();
    out.scores.compressed = variant.at("compressed").get<std::vector<double>>();
  }
  if (const Json& stream = json.at("stream"); !stream.is_null()) {
    report.stream.parity = stream.at("parity").get<std::map<std::string, double>>();
    report.stream.golden_difference = stream.at("golden_difference").get<double>();
    report.stream.turns = stream.at("turns").get<int>();
  }
  if (const Json& text = json.at("text"); !text.is_null()) {
    report.text.golden = text.at("golden").get<int>();
    report.text.golden_difference = text.at("golden_difference").get<double>();
    report.text.scripts = text.at("scripts").get<std::map<std::string, bool>>();
  }
  return report;
}

}  // namespace

std::string FindPython(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* named = std::getenv("ARCSAT_PYTHON"); named != nullptr && *named != '\0') {
    return named;
  }
  const fs::path own = fs::path(ARCSAT_SOURCE_DIR) / ".deps" / "venv" / "bin" / "python";
  return fs::exists(own) ? own.string() : "python3";
}

CheckReport RunChecker(const std::string& python, const CheckRequest& request) {
  const fs::path script = fs::path(ARCSAT_SOURCE_DIR) / "export" / "python" / "check_bundle.py";
  if (!fs::exists(script)) {
    throw Error({script.string(), "is missing", "expected the checker that came with the sources",
                 "keep the source folder where arcsat was built"});
  }
  std::vector<std::string> words = {python, "-B", script.string(), request.bundle.string()};
  if (!request.parity.empty()) {
    words.insert(words.end(), {"--parity", request.parity.string(), "--tolerance",
                               fmt::format("{}", kParityTolerance)});
  }
  if (!request.compared.empty()) {
    words.insert(words.end(), {"--compare", request.compared.string()});
  }
  const ProcessResult result = RunProcess(words);
  const std::string remedy =
      "give a Python that has onnx, onnxruntime, numpy and tokenizers by --python or ARCSAT_PYTHON";
  if (!result.started) {
    throw Error(
        {python, "cannot be run: " + result.log, "expected Python, to check the bundle", remedy});
  }
  if (result.code != 0) {
    throw Error(
        {"check of the bundle",
         fmt::format("{} ended with code {}: {}", python, result.code, LastLines(result.log)),
         "expected it to run ONNX Runtime to the end", remedy});
  }
  try {
    return ParseReport(result.output);
  } catch (const nlohmann::json::exception&) {
    throw Error({"check of the bundle",
                 "the checker's report cannot be read: " + LastLines(result.output + result.log),
                 "expected one JSON object", remedy});
  }
}

}  // namespace arcsat
