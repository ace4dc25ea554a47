#pragma once

#include <string>
#include <vector>

namespace arcsat {

/// One setting of a configuration file.
struct Setting {
  std::string key;    ///< with its section: "train.epochs"
  std::string value;  ///< without comment and quotes
  std::string place;  ///< "run.cfg:4"
};

/// The settings of a configuration file as they stand in it (docs/formats.md): lines `key = value`
/// under `[section]`, `#` comments; a value in double quotes is read as a JSON string. UsageError
/// with file and line on anything else; whether a key makes sense is for others to say.
std::vector<Setting> ReadSettings(const std::string& path);

/// The same of a text; `place` stands for the file in messages.
std::vector<Setting> ParseSettings(const std::string& text, const std::string& place);

}  // namespace arcsat
