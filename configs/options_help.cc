#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "configs/options.h"
#include "configs/options_entry.h"
#include "configs/text.h"

namespace arcsat {
namespace {

constexpr std::size_t kTextColumn = 34;
constexpr std::size_t kWidth = 100;

/// "  --key VALUE      text", the text wrapped beside itself.
std::string Row(const std::string& left, const std::string& text) {
  std::string row = "  " + left;
  if (DisplayWidth(row) + 2 > kTextColumn) row += "\n";
  bool first = true;
  for (const std::string& line : Wrap(text, kWidth - kTextColumn)) {
    const bool beside = first && row.back() != '\n';
    if (!first) row += "\n";
    row += std::string(beside ? kTextColumn - DisplayWidth(row) : kTextColumn, ' ') + line;
    first = false;
  }
  return row + "\n";
}

std::string Joined(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : " ") + value;
  return text;
}

/// "from 0 to 1" in a help's brackets reads better than "a number from 0 to 1".
std::string Range(std::string expected) {
  for (const std::string lead : {"a whole number ", "a number ", "a whole number, "}) {
    if (expected.rfind(lead, 0) == 0) return expected.substr(lead.size());
  }
  return expected;
}

std::string Indent(const std::string& text) {
  std::string indented, line;
  for (std::istringstream lines(text); std::getline(lines, line);) indented += "  " + line + "\n";
  return indented;
}

}  // namespace

std::string Options::Help() const {
  std::string positional;
  if (positional_ != nullptr) positional = " " + positional_name_;
  if (positional_most_ > 1) positional += "…";
  std::string text;
  for (const std::string& line : Wrap(summary_, kWidth)) text += line + "\n";
  text += fmt::format("\nUsage\n  arcsat {}{} [options]\n", command_, positional);
  text += "\nExample\n" + Indent(example_) + "\n";
  if (positional_ != nullptr) text += Row(positional_name_, positional_help_);
  std::string section = "-";
  const auto add = [&](const Entry& entry) {
    std::string about = Range(entry.expected);
    const std::string defaults = Joined(entry.defaults);
    if (!defaults.empty() && !(entry.flag && defaults == "false")) {
      about += (about.empty() ? "" : "; ") + fmt::format("default {}", defaults);
    }
    if (entry.list) about += about.empty() ? "may be given again" : "; may be given again";
    if (!about.empty()) about = " (" + about + ")";
    const std::string value = entry.value.empty() ? "" : " " + entry.value;
    text += Row("--" + entry.key + value, entry.help + about);
  };
  for (const Entry& entry : entries_) {
    if (entry.Section().empty()) add(entry);
  }
  text += Row("--config FILE", "settings from a file; what the command line says goes before it");
  text += Row("--help", "this text");
  for (const Entry& entry : entries_) {
    if (entry.Section().empty()) continue;
    if (entry.Section() != section) text += fmt::format("\n[{}]\n", section = entry.Section());
    add(entry);
  }
  return text;
}

template <class T>
Options::Check<T> AtLeast(T low) {
  const char* kind = std::is_floating_point_v<T> ? "a number" : "a whole number";
  return {fmt::format("{}, {} or more", kind, low), [low](const T& value) { return value >= low; }};
}

template <class T>
Options::Check<T> Between(T low, T high) {
  const char* kind = std::is_floating_point_v<T> ? "a number" : "a whole number";
  return {fmt::format("{} from {} to {}", kind, low, high),
          [low, high](const T& value) { return value >= low && value <= high; }};
}

Options::Check<std::string> OneOf(std::vector<std::string> choices) {
  std::string expected;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) expected += i + 1 == choices.size() ? " or " : ", ";
    expected += choices[i].empty() ? "nothing" : choices[i];
  }
  return {expected, [choices = std::move(choices)](const std::string& value) {
            return std::find(choices.begin(), choices.end(), value) != choices.end();
          }};
}

template Options::Check<int> AtLeast(int);
template Options::Check<std::int64_t> AtLeast(std::int64_t);
template Options::Check<std::uint64_t> AtLeast(std::uint64_t);
template Options::Check<double> AtLeast(double);
template Options::Check<int> Between(int, int);
template Options::Check<std::int64_t> Between(std::int64_t, std::int64_t);
template Options::Check<std::uint64_t> Between(std::uint64_t, std::uint64_t);
template Options::Check<double> Between(double, double);

}  // namespace arcsat
