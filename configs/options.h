#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace arcsat {

/// The options of one command: keys `section.name`, each bound to a field of a module's options
/// struct, whose value at the time of Add() is the default shown by --help. Sources, the later
/// winning: the struct, `--config FILE` (lines `key = value` under `[section]`, `#` comments;
/// Boost.Program_options' format; a value in double quotes is read as a JSON string, for those with
/// a `#` or spaces at an end), the command line (`--section.name value` or `=value`).
///
///   Options options("train", "Trains a model.", "arcsat train --data train.jsonl --out runs/a");
///   options.Add("train.epochs", &train.epochs, "passes over the data", AtLeast(1));
///   if (!options.Parse(args)) return 0;  // --help was printed
///   WriteFile(out / "config.cfg", options.Resolved());
///
/// An unknown key is a UsageError that names the nearest known one; a value out of range or not of
/// the field's type names the key, the range, and the file or the command line it came from.
class Options {
 public:
  /// Says why a value is refused ("a number from 0 to 1"), or nothing where it is accepted.
  template <class T>
  struct Check {
    std::string expected;                   ///< completes "expected …"
    std::function<bool(const T&)> accepts;  ///< empty: everything
  };

  Options(std::string command, std::string summary, std::string example);
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  /// T: bool (also as a bare flag), int, std::int64_t, std::uint64_t, double, std::string,
  /// std::vector<std::string> (a key given several times). A key without a dot ("data", "out",
  /// "json") is for the command itself. Where `help` begins with "file" or "folder", so does the
  /// value's name in --help.
  template <class T>
  Options& Add(const std::string& key, T* field, const std::string& help, Check<T> check = {});

  /// An enumeration, each value under the name it is given by.
  template <class E>
  Options& AddChoice(const std::string& key, E* field, const std::string& help,
                     std::vector<std::pair<std::string, E>> choices);

  /// Words that are not options go here, in order; more of them than accepted is a UsageError.
  Options& Positional(const std::string& name, std::vector<std::string>* field,
                      const std::string& help, int at_most);

  /// False when --help was asked for and printed. Throws UsageError.
  bool Parse(const std::vector<std::string>& arguments);

  /// UsageError that names the first of these keys that has no value, and what belongs there.
  void Demand(const std::vector<std::string>& keys) const;

  /// True where the key came from a file or the command line.
  bool Given(const std::string& key) const;

  /// Every key with the value in force, as a file that --config reads back. Keys without a dot come
  /// first; a list that is empty stands there as a comment.
  std::string Resolved() const;

  std::string Help() const;

 private:
  struct Entry;
  /// Takes one value as text; says what was expected where it refuses it, else nothing.
  using Assign = std::function<std::string(const std::string& text)>;
  using Show = std::function<std::vector<std::string>()>;
  Options& AddEntry(Entry entry);
  Options& AddNamed(const std::string& key, const std::string& help,
                    const std::vector<std::string>& names, Assign assign, Show show);
  Entry* Find(const std::string& key);
  const Entry* Find(const std::string& key) const;
  void ReadConfig(const std::string& path);
  void ReadCommandLine(const std::vector<std::string>& tokens);
  void Set(const std::string& key, const std::string& text, const std::string& place,
           std::map<std::string, std::string>* seen);
  [[noreturn]] void RefuseUnknown(const std::string& key, const std::string& place) const;

  std::string command_, summary_, example_;
  std::vector<Entry> entries_;
  std::vector<std::string>* positional_ = nullptr;
  std::string positional_name_, positional_help_;
  int positional_most_ = 0;
};

template <class T>
Options::Check<T> AtLeast(T low);
template <class T>
Options::Check<T> Between(T low, T high);
Options::Check<std::string> OneOf(std::vector<std::string> choices);

template <class E>
Options& Options::AddChoice(const std::string& key, E* field, const std::string& help,
                            std::vector<std::pair<std::string, E>> choices) {
  std::vector<std::string> names;
  for (const auto& choice : choices) names.push_back(choice.first);
  const auto assign = [field, choices, names](const std::string& text) -> std::string {
    for (const auto& [name, value] : choices) {
      if (name == text) {
        *field = value;
        return "";
      }
    }
    return OneOf(names).expected;
  };
  const auto show = [field, choices]() -> std::vector<std::string> {
    for (const auto& [name, value] : choices) {
      if (value == *field) return {name};
    }
    return {};
  };
  return AddNamed(key, help, names, assign, show);
}

}  // namespace arcsat
