#include "app/output.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "data/error.h"

namespace arcsat {
namespace {

void WriteStandard(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return;
  throw Error({"standard output", fmt::format("cannot be written: {}", std::strerror(errno)),
               "expected room for the result", "free some space, or use --out FILE"});
}

void FlushStandard() {
  if (std::fflush(stdout) == 0) return;
  throw Error({"standard output", fmt::format("cannot be written: {}", std::strerror(errno)),
               "expected room for the result", "free some space, or use --out FILE"});
}

}  // namespace

Output::Output(const std::string& path) {
  if (!path.empty() && path != "-") file_.emplace(path);
}

void Output::Write(std::string_view bytes) {
  if (file_) {
    file_->Write(bytes);
  } else {
    WriteStandard(bytes);
  }
}

void Output::Commit() {
  if (file_) {
    file_->Commit();
  } else {
    FlushStandard();
  }
}

std::string FileTitle(const std::string& path) {
  return path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
}

void PrintText(std::string_view text) {
  WriteStandard(text);
  FlushStandard();
}

void PrintJson(const Json& json) {
  // Names of files may be no UTF-8; they must not keep a result from being told.
  PrintText(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace arcsat
