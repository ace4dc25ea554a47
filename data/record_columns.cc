#include "data/record_columns.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "data/json.h"

namespace arcsat {
namespace {

constexpr std::string_view kAttributePrefix = "attribute:";
constexpr std::string_view kLengthColumn = "length";
constexpr std::size_t kLongestColumn = 200;  // bytes; longer names are not proposed
constexpr std::array<const char*, 8> kPlainColumns = {"channel",   "problem_type", "agent",
                                                      "team",      "language",     "customer_id",
                                                      "escalated", "started_at"};

/// The value in a field that every record may have.
std::string PlainValue(const Conversation& c, std::string_view column) {
  if (column == "channel") return c.channel ? Name(*c.channel) : "";
  if (column == "problem_type") return c.problem_type;
  if (column == "agent" || column == "agent_id") return c.agent_id;
  if (column == "team") return c.team;
  if (column == "language") return c.language;
  if (column == "customer_id") return c.customer_id;
  if (column == "started_at") return c.started_at.substr(0, 7);  // YYYY-MM
  if (column == "escalated" && c.escalated) return *c.escalated ? "true" : "false";
  return "";
}

ColumnValue ValueOf(const Json* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return {value->get<std::string>(), false};
  if (value->is_boolean()) return {value->get<bool>() ? "true" : "false", false};
  if (value->is_number_integer()) return {value->dump(), true};  // all of its 64 bits
  if (value->is_number()) return {NumberToJson(value->get<double>()).dump(), true};
  return {};
}

}  // namespace

const Json* FindAttribute(const Json& attributes, const std::string& name) {
  if (!attributes.is_object()) return nullptr;
  if (const auto found = attributes.find(name); found != attributes.end()) return &*found;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto outer = attributes.find(name.substr(0, dot));
  return outer == attributes.end() ? nullptr : FindAttribute(*outer, name.substr(dot + 1));
}

ColumnValue ValueIn(const Conversation& conversation, const std::string& column) {
  if (column.starts_with(kAttributePrefix)) {
    return ValueOf(FindAttribute(conversation.attributes, column.substr(kAttributePrefix.size())));
  }
  std::string plain = PlainValue(conversation, column);
  if (!plain.empty()) return {std::move(plain), false};
  return ValueOf(FindAttribute(conversation.extra, column));
}

ColumnCensus::ColumnCensus(const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (column != kLengthColumn) values_[column];
  }
}

std::map<std::string, std::string> ColumnCensus::Add(const Conversation& conversation) {
  std::map<std::string, std::string> found;
  for (auto& [column, values] : values_) {
    ColumnValue value = ValueIn(conversation, column);
    if (value.text.empty()) continue;
    std::set<std::string>& seen = value.number ? values.numbers : values.texts;
    const std::size_t most = value.number ? kMostNumbers : kMostTexts;
    if (seen.size() <= most) seen.insert(value.text);
    found.emplace(column, std::move(value.text));
  }
  for (const char* column : kPlainColumns) {
    if (!PlainValue(conversation, column).empty()) known_.insert(column);
  }
  AddNames("", conversation.extra);
  AddNames(std::string(kAttributePrefix), conversation.attributes);
  return found;
}

void ColumnCensus::AddNames(const std::string& prefix, const Json& fields) {
  if (!fields.is_object()) return;
  for (const auto& [name, value] : fields.items()) {
    if (known_.size() >= kMostKnown || prefix.size() + name.size() > kLongestColumn) continue;
    if (value.is_object()) {
      AddNames(prefix + name + ".", value);
    } else if (!ValueOf(&value).text.empty()) {
      known_.insert(prefix + name);
    }
  }
}

bool ColumnCensus::Missing(const std::string& column) const {
  const auto found = values_.find(column);
  return found != values_.end() && found->second.numbers.empty() && found->second.texts.empty();
}

std::string ColumnCensus::Fault(const std::string& column) const {
  const auto found = values_.find(column);
  if (found == values_.end()) return "";
  if (Missing(column)) return fmt::format("no conversation has \"{}\"", column);
  if (found->second.numbers.size() > kMostNumbers) {
    return fmt::format("\"{}\" has more than {} different numbers", column, kMostNumbers);
  }
  if (found->second.texts.size() > kMostTexts) {
    return fmt::format("\"{}\" has more than {} different texts", column, kMostTexts);
  }
  return "";
}

}  // namespace arcsat
