#include "configs/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "configs/nearest.h"
#include "configs/options_entry.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/settings.h"

namespace arcsat {
namespace {

namespace po = boost::program_options;

const char kCommandLine[] = "command line";

/// What a value of this type looks like, for the help and for messages.
template <class T>
const char* TypeName() {
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, double>) return "a number";
  if constexpr (std::is_same_v<T, std::uint64_t>) return "a whole number, 0 or more";
  if constexpr (std::is_integral_v<T>) return "a whole number";
  return "text";
}

bool ParseText(const std::string& text, bool* value) {
  const bool yes = text == "true" || text == "yes" || text == "on" || text == "1";
  const bool no = text == "false" || text == "no" || text == "off" || text == "0";
  if (yes || no) *value = yes;
  return yes || no;
}
bool ParseText(const std::string& text, std::string* value) {
  *value = text;
  return true;
}
template <class T>
bool ParseText(const std::string& text, T* value) {
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, *value);
  if (error != std::errc() || last != end) return false;
  if constexpr (std::is_floating_point_v<T>) return std::isfinite(*value);
  return true;
}

/// Joins "--flag" with what it means, so that a flag never swallows the word after it, unless that
/// word can only be its value.
std::vector<std::string> SpellOutFlags(const std::vector<std::string>& arguments,
                                       const std::function<bool(const std::string&)>& is_flag) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word.rfind("--", 0) != 0 || !is_flag(word.substr(2))) {
      tokens.push_back(word);
    } else if (i + 1 < arguments.size() &&
               (arguments[i + 1] == "true" || arguments[i + 1] == "false")) {
      tokens.push_back(word + "=" + arguments[++i]);
    } else {
      tokens.push_back(word + "=true");
    }
  }
  return tokens;
}

/// A configuration value as it stands in a file: bare where that reads back the same.
std::string Quote(const std::string& value) {
  const bool bare = Trim(value) == value && (value.empty() || value[0] != '"') &&
                    value.find_first_of("#\n\r") == std::string::npos;
  return bare ? value : nlohmann::json(value).dump();
}

}  // namespace

Options::Options(std::string command, std::string summary, std::string example)
    : command_(std::move(command)), summary_(std::move(summary)), example_(std::move(example)) {}

Options::~Options() = default;

Options& Options::AddEntry(Entry entry) {
  if (Find(entry.key) != nullptr || entry.key == "config" || entry.key == "help") {
    throw std::logic_error("option " + entry.key + " is added twice");
  }
  entry.defaults = entry.show();
  entries_.push_back(std::move(entry));
  return *this;
}

Options& Options::AddNamed(const std::string& key, const std::string& help,
                           const std::vector<std::string>& names, Assign assign, Show show) {
  return AddEntry({.key = key,
                   .help = help,
                   .value = "NAME",
                   .expected = OneOf(names).expected,
                   .assign = std::move(assign),
                   .show = std::move(show)});
}

template <class T>
Options& Options::Add(const std::string& key, T* field, const std::string& help, Check<T> check) {
  Entry entry{.key = key, .help = help, .value = "TEXT", .expected = check.expected};
  if (help.rfind("file", 0) == 0) entry.value = "FILE";
  if (help.rfind("folder", 0) == 0) entry.value = "FOLDER";
  if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    entry.list = true;
    entry.clear = [field] { field->clear(); };
    entry.show = [field] { return *field; };
    entry.assign = [field, check](const std::string& text) -> std::string {
      if (check.accepts && !check.accepts({text})) return check.expected;
      field->push_back(text);
      return "";
    };
  } else {
    entry.flag = std::is_same_v<T, bool>;
    if (!std::is_same_v<T, std::string>) entry.value = entry.flag ? "" : "NUMBER";
    entry.show = [field]() -> std::vector<std::string> { return {fmt::format("{}", *field)}; };
    entry.assign = [field, check](const std::string& text) -> std::string {
      T value{};
      if (!ParseText(text, &value)) {
        return check.expected.empty() ? TypeName<T>() : check.expected;
      }
      if (check.accepts && !check.accepts(value)) return check.expected;
      *field = value;
      return "";
    };
  }
  return AddEntry(std::move(entry));
}

Options& Options::Positional(const std::string& name, std::vector<std::string>* field,
                             const std::string& help, int at_most) {
  positional_ = field;
  positional_name_ = name;
  positional_help_ = help;
  positional_most_ = at_most;
  return *this;
}

const Options::Entry* Options::Find(const std::string& key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

Options::Entry* Options::Find(const std::string& key) {
  return const_cast<Entry*>(std::as_const(*this).Find(key));
}

bool Options::Given(const std::string& key) const {
  const Entry* entry = Find(key);
  return entry != nullptr && entry->given;
}

void Options::Demand(const std::vector<std::string>& keys) const {
  for (const std::string& key : keys) {
    const Entry* entry = Find(key);
    if (entry == nullptr) throw std::logic_error("option " + key + " was not added");
    const std::vector<std::string> values = entry->show();
    const auto empty = [](const std::string& value) { return value.empty(); };
    if (!std::all_of(values.begin(), values.end(), empty)) continue;
    throw UsageError({kCommandLine, fmt::format("--{} is missing", key),
                      "expected " + entry->help.substr(0, entry->help.find(';')),
                      fmt::format("see arcsat {} --help", command_)});
  }
}

bool Options::Parse(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  if (std::find(arguments.begin(), end, "--help") != end ||
      std::find(arguments.begin(), end, "-h") != end) {
    std::fputs(Help().c_str(), stdout);
    return false;
  }
  ReadCommandLine(SpellOutFlags(arguments, [this](const std::string& key) {
    const Entry* entry = Find(key);
    return entry != nullptr && entry->flag;
  }));
  return true;
}

void Options::ReadCommandLine(const std::vector<std::string>& tokens) {
  po::options_description known;
  known.add_options()("config", po::value<std::string>());
  for (const Entry& entry : entries_) {
    known.add_options()(entry.key.c_str(), po::value<std::string>());
  }
  namespace style = po::command_line_style;
  po::parsed_options parsed(nullptr);
  try {
    parsed = po::command_line_parser(tokens)
                 .options(known)
                 .allow_unregistered()
                 .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
                 .run();
  } catch (const po::error_with_option_name& error) {
    throw UsageError({kCommandLine, error.get_option_name() + " has no value",
                      "expected one after it, or after \"=\"",
                      fmt::format("see arcsat {} --help", command_)});
  }
  std::map<std::string, std::string> seen;
  for (const po::option& option : parsed.options) {  // the file first: the command line wins
    if (option.string_key == "config") {
      if (!seen.emplace("config", "").second) {
        throw UsageError({kCommandLine, "--config is given twice", "expected one file",
                          "put the settings into one file"});
      }
      ReadConfig(option.value.at(0));
    }
  }
  for (const po::option& option : parsed.options) {
    if (option.position_key >= 0) {
      const std::string& word = option.value.at(0);
      if (word.size() > 1 && word[0] == '-') RefuseUnknown(word, kCommandLine);
      if (positional_ == nullptr || static_cast<int>(positional_->size()) >= positional_most_) {
        const int most = positional_ == nullptr ? 0 : positional_most_;
        throw UsageError({kCommandLine, fmt::format("found the word \"{}\"", word),
                          most == 0 ? "expected options only"
                                    : fmt::format("expected at most {} {}", most, positional_name_),
                          fmt::format("leave it out, or see arcsat {} --help", command_)});
      }
      positional_->push_back(word);
    } else if (option.unregistered) {
      RefuseUnknown("--" + option.string_key, kCommandLine);
    } else if (option.string_key != "config") {
      Set(option.string_key, option.value.at(0), kCommandLine, &seen);
    }
  }
}

void Options::ReadConfig(const std::string& path) {
  std::map<std::string, std::string> seen;
  for (const Setting& setting : ReadSettings(path)) {
    Set(setting.key, setting.value, setting.place, &seen);
  }
}

void Options::Set(const std::string& key, const std::string& text, const std::string& place,
                  std::map<std::string, std::string>* seen) {
  Entry* entry = Find(key);
  if (entry == nullptr) RefuseUnknown(key, place);
  const auto [before, first] = seen->emplace(key, place);
  if (!first && !entry->list) {
    throw UsageError({place + ": " + key,
                      before->second == place ? "the key is given twice"
                                              : "the key was already given at " + before->second,
                      "expected it once", "keep one of the two"});
  }
  if (first && entry->list) entry->clear();  // a later source replaces a list, it does not add
  const std::string refused = entry->assign(text);
  if (!refused.empty()) {
    throw UsageError({place + ": " + key, fmt::format("found \"{}\"", Shorten(text, 60)),
                      "expected " + refused, fmt::format("see arcsat {} --help", command_)});
  }
  entry->given = true;
}

void Options::RefuseUnknown(const std::string& key, const std::string& place) const {
  std::vector<std::string> known = {"config", "help"};
  for (const Entry& entry : entries_) known.push_back(entry.key);
  const std::string name = key.substr(std::min(key.find_first_not_of('-'), key.size()));
  const std::string nearest = Nearest(name, known);
  const bool on_command_line = place == kCommandLine;
  throw UsageError(
      {place, fmt::format("{} \"{}\" is unknown", on_command_line ? "the option" : "the key", key),
       nearest.empty()
           ? fmt::format("expected one that arcsat {} knows", command_)
           : fmt::format("the nearest known one is {}{}", on_command_line ? "--" : "", nearest),
       fmt::format("see arcsat {} --help", command_)});
}

std::string Options::Resolved() const {
  std::vector<std::string> sections;
  for (const Entry& entry : entries_) {
    const std::string section = entry.Section();
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
      sections.push_back(section);
    }
  }
  std::stable_partition(sections.begin(), sections.end(),
                        [](const std::string& section) { return section.empty(); });
  std::string text = fmt::format("# arcsat {}: every setting as it was in force\n", command_);
  for (const std::string& section : sections) {
    if (!section.empty()) text += fmt::format("\n[{}]\n", section);
    for (const Entry& entry : entries_) {
      if (entry.Section() != section) continue;
      const std::vector<std::string> values = entry.show();
      if (values.empty()) text += fmt::format("# {} =\n", entry.Name());
      for (const std::string& value : values) {
        text += fmt::format("{} = {}\n", entry.Name(), Quote(value));
      }
    }
  }
  return text;
}

template Options& Options::Add(const std::string&, bool*, const std::string&, Check<bool>);
template Options& Options::Add(const std::string&, int*, const std::string&, Check<int>);
template Options& Options::Add(const std::string&, std::int64_t*, const std::string&,
                               Check<std::int64_t>);
template Options& Options::Add(const std::string&, std::uint64_t*, const std::string&,
                               Check<std::uint64_t>);
template Options& Options::Add(const std::string&, double*, const std::string&, Check<double>);
template Options& Options::Add(const std::string&, std::string*, const std::string&,
                               Check<std::string>);
template Options& Options::Add(const std::string&, std::vector<std::string>*, const std::string&,
                               Check<std::vector<std::string>>);

}  // namespace arcsat
