#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/conversation.h"
#include "data/files.h"

namespace arcsat {

/// Where a command writes its records: a file that appears when it is whole, or standard output.
///
///   Output out(path);  // "" or "-": standard output
///   out.Write(line + "\n");
///   out.Commit();
class Output {
 public:
  explicit Output(const std::string& path);
  void Write(std::string_view bytes);
  void Commit();
  bool standard() const { return !file_.has_value(); }

 private:
  std::optional<AtomicFile> file_;
};

/// What a report is called after the file it is of: its name, or "standard input" for "-".
std::string FileTitle(const std::string& path);

/// Text to standard output; Error where it cannot be written (a full disk behind `>`).
void PrintText(std::string_view text);

/// The object a command gives to machines, on one line of standard output.
void PrintJson(const Json& json);

}  // namespace arcsat
