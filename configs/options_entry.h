#pragma once

#include <string>
#include <vector>

#include "configs/options.h"

namespace arcsat {

/// One key of a command: what it is bound to, and what the help says of it.
struct Options::Entry {
  std::string key;
  std::string help;
  std::string value;     ///< what stands for the value in the help: "NUMBER"; empty for a flag
  std::string expected;  ///< the range or the choices; empty: none
  Assign assign = {};
  Show show = {};                    ///< the values in force, as text
  std::function<void()> clear = {};  ///< empties a list
  bool flag = false;                 ///< stands for itself on the command line
  bool list = false;                 ///< may be given several times
  std::vector<std::string> defaults = {};
  bool given = false;

  /// "train" of "train.epochs"; empty for a key without a dot.
  std::string Section() const {
    const std::size_t dot = key.rfind('.');
    return dot == std::string::npos ? "" : key.substr(0, dot);
  }
  std::string Name() const { return key.substr(key.rfind('.') + 1); }
};

}  // namespace arcsat
