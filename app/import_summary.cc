#include "app/import_summary.h"

#include <fmt/format.h>

#include "app/table.h"
#include "configs/text.h"

namespace arcsat {
namespace {

constexpr std::size_t kMostAttributes = 100;

bool CouldBeTarget(const Json& value) {
  return value.is_boolean() || value == 0 || value == 1 || value == "yes" || value == "no";
}

void AppendSome(const std::vector<std::string>& from, std::vector<std::string>* to) {
  for (const std::string& text : from) {
    if (to->size() < ReadReport::kMostReasons) to->push_back(text);
  }
}

std::string List(const std::vector<std::string>& lines, std::int64_t all) {
  std::string text;
  for (const std::string& line : lines) text += "  " + line + "\n";
  if (static_cast<std::int64_t>(lines.size()) < all) text += "  …\n";
  return text;
}

Json RedactedJson(const PiiCounts& counts) {
  Json json = Json::object();
  for (int i = 0; i < kPiiTypes; ++i) {
    json[PlaceholderWord(static_cast<PiiType>(i))] = counts[static_cast<std::size_t>(i)];
  }
  return json;
}

std::string JoinText(const JoinCounts& join) {
  std::string text = fmt::format(
      "  table       {} rows: {} joined, {} of no conversation here, {} again, {} refused; {} "
      "conversations without a row\n",
      Thousands(join.rows), Thousands(join.matched), Thousands(join.unmatched_rows),
      Thousands(join.repeated), Thousands(join.refused), Thousands(join.unmatched_conversations));
  return text + List(join.reasons, join.refused);
}

}  // namespace

void ImportSummary::Add(const Conversation& conversation) {
  ++read;
  if (conversation.survey && conversation.survey->offered) {
    ++offered;
    if (conversation.survey->score) ++answered;
  }
  std::int64_t rated = 0;
  for (const Turn& turn : conversation.turns) rated += turn.satisfaction.empty() ? 0 : 1;
  rated_turns += rated;
  if (rated > 0) ++rated_conversations;
  if (!conversation.attributes.is_object()) return;
  for (const auto& [name, value] : conversation.attributes.items()) {
    if (!CouldBeTarget(value)) continue;
    if (attributes.size() < kMostAttributes || attributes.count(name) > 0) ++attributes[name];
  }
}

void ImportSummary::Skip(std::int64_t count, const std::vector<std::string>& why) {
  skipped += count;
  AppendSome(why, &reasons);
}

void ImportSummary::AddReport(const ReadReport& report) {
  Skip(report.skipped, report.reasons);
  files += report.files;
  ignored += report.ignored;
  AppendSome(report.ignored_names, &ignored_names);
  for (const auto& [format, count] : report.formats) by_format[format] += count;
}

void ImportSummary::Redact() {
  for (std::string& reason : reasons) reason = RedactMessage(reason);
  for (std::string& name : ignored_names) name = RedactMessage(name);
  if (!join) return;
  for (std::string& reason : join->reasons) reason = RedactMessage(reason);
}

std::string ImportSummary::Text(const std::string& out) const {
  std::string text =
      fmt::format("{}: {} conversations", out.empty() ? "standard output" : out, Thousands(read));
  if (skipped > 0) text += fmt::format(", {} left out:", Thousands(skipped));
  text += "\n" + List(reasons, skipped);
  if (ignored > 0) {
    text += fmt::format("  {} files are no transcripts:\n", Thousands(ignored));
    text += List(ignored_names, ignored);
  }
  for (const auto& [format, count] : by_format) {
    text += fmt::format("  {:<16}{}\n", format, Thousands(count));
  }
  text += fmt::format("  survey      offered {}, answered {} ({})\n", Thousands(offered),
                      Thousands(answered),
                      Percent(static_cast<double>(answered), static_cast<double>(offered)));
  if (join) text += JoinText(*join);
  if (rated_turns > 0) {
    text += fmt::format("  ratings     {} turns in {} conversations\n", Thousands(rated_turns),
                        Thousands(rated_conversations));
  }
  if (redacted) {
    text += "  replaced   ";
    for (int i = 0; i < kPiiTypes; ++i) {
      text += fmt::format("{} {} {}", i == 0 ? "" : ",",
                          Thousands((*redacted)[static_cast<std::size_t>(i)]),
                          PlaceholderWord(static_cast<PiiType>(i)));
    }
    text += "\n";
  }
  for (const auto& [name, count] : attributes) {
    text += fmt::format("  {} have attribute:{}\n", Thousands(count), name);
  }
  return text;
}

Json ImportSummary::ToJson(const std::string& out) const {
  Json json = {{"out", out},
               {"formats", formats},
               {"read", read},
               {"skipped", skipped},
               {"reasons", reasons},
               {"files", files},
               {"ignored", ignored},
               {"ignored_names", ignored_names},
               {"by_format", by_format},
               {"survey", {{"offered", offered}, {"answered", answered}}},
               {"rated_turns", rated_turns},
               {"rated_conversations", rated_conversations},
               {"targets", attributes}};
  if (redacted) json["redacted"] = RedactedJson(*redacted);
  if (join) {
    json["table"] = {{"rows", join->rows},
                     {"matched", join->matched},
                     {"repeated", join->repeated},
                     {"refused", join->refused},
                     {"unmatched_rows", join->unmatched_rows},
                     {"unmatched_conversations", join->unmatched_conversations},
                     {"reasons", join->reasons}};
  }
  return json;
}

}  // namespace arcsat
