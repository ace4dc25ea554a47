#include "data/importers/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "data/importers/archive.h"
#include "data/importers/file_kinds.h"
#include "data/parquet/lines.h"
#include "data/parquet/table.h"
#include "data/timestamp.h"
#include "data/tokenizers/unicode.h"

namespace arcsat {
namespace {

/// UTF-16 without its mark as UTF-8; nothing where a surrogate stands alone or half a unit is left.
std::optional<std::string> FromUtf16(std::string_view bytes, bool big_endian) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const auto unit = [&](std::size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]);
    const auto b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<char32_t>(big_endian ? (a << 8U) | b : (b << 8U) | a);
  };
  std::u32string points;
  points.reserve(bytes.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    char32_t point = unit(i);
    if (point >= 0xDC00 && point < 0xE000) return std::nullopt;
    if (point >= 0xD800 && point < 0xDC00) {
      i += 2;
      if (i >= bytes.size()) return std::nullopt;
      const char32_t low = unit(i);
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
    }
    points.push_back(point);
  }
  return unicode::ToUtf8(points);
}

std::string Decode(std::string bytes, const std::string& place) {
  const bool little = bytes.starts_with("\xFF\xFE"), big = bytes.starts_with("\xFE\xFF");
  if (little || big) {
    auto text = FromUtf16(std::string_view(bytes).substr(2), big);
    if (text) return *std::move(text);
    throw Error({place, "found UTF-16 that is cut off or broken", "expected whole text",
                 "copy or export the file again"});
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  return bytes;
}

}  // namespace

std::string Document::stem() const {
  std::string stem = name.substr(name.find_last_of("/\\") + 1);
  const std::size_t dot = stem.find('.', 1);
  if (dot != std::string::npos) stem.erase(dot);
  return stem.empty() ? "file" : stem;
}

Document ReadDocument(std::string name, std::string place, std::string bytes) {
  Document document{std::move(name), std::move(place), {}, {}};
  std::string text = Decode(std::move(bytes), document.place);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (text[first] == '{' || text[first] == '[')) {
    document.json = ParseJson(text, document.source());
    return document;
  }
  if (text.find('\0') != std::string::npos) {
    throw Error({document.place, "found bytes that are no text", "expected a transcript as text",
                 "check that this is the right file"});
  }
  DumpJson(text, document.place);  // refuses what is not UTF-8
  document.text = std::move(text);
  return document;
}

std::string TextOf(std::string bytes, const std::string& place, std::uint64_t limit) {
  bytes = Unpacked(std::move(bytes), place, limit);
  // Half of such a file is to be an error, not a file of another kind.
  if (!BeginsLikeParquet(bytes) || !LooksBinary(bytes)) return bytes;
  std::string lines = ParquetToLines(bytes, place, limit);
  return lines.empty() ? ParquetToCsv(bytes, place, limit) : lines;
}

const std::vector<const DocumentFormat*>& DocumentFormats() {
  static const std::vector<const DocumentFormat*> all = {
      &RecordFormat(),         &ContactLensFormat(), &CallAnalyticsFormat(), &TranscribeFormat(),
      &GoogleInsightsFormat(), &GenesysFormat(),     &ZendeskFormat(),       &IntercomFormat(),
      &TwilioFormat(),         &WhisperFormat(),     &WebVttFormat(),        &CsvFormat()};
  return all;
}

const DocumentFormat* MatchFormat(const Document& document, const ImportOptions& options) {
  for (const DocumentFormat* format : DocumentFormats()) {
    if (format->Matches(document, options)) return format;
  }
  return nullptr;
}

void SetTimes(std::optional<double> start, Conversation* c) {
  constexpr double kYear10000 = 253402300800.0;
  bool all = true;
  std::optional<double> first = start;
  for (const Turn& turn : c->turns) {
    all = all && turn.at;
    if (turn.at) first = std::min(first.value_or(*turn.at), *turn.at);
  }
  if (!first || !(*first >= 0) || *first >= kYear10000) {
    for (Turn& turn : c->turns) turn.at.reset();
    return;
  }
  if (all) {
    std::stable_sort(c->turns.begin(), c->turns.end(),
                     [](const Turn& a, const Turn& b) { return *a.at < *b.at; });
  }
  const double begin = std::floor(*first);
  c->started_at = FormatTimestamp(static_cast<std::int64_t>(begin));
  for (Turn& turn : c->turns) {
    if (turn.at) turn.at = std::round((*turn.at - begin) * 1000) / 1000;
  }
}

void AddParticipant(Speaker speaker, const std::string& name, Conversation* c) {
  // Redacted files have "[PII]" for a name.
  if (name.empty() || name.starts_with('[')) return;
  Json person = {{"speaker", Name(speaker)}, {"name", name}};
  Json& people = c->attributes["participants"];
  if (!people.is_array()) people = Json::array();
  // A file of a thousand names must not take a thousand times as long.
  constexpr std::size_t kMostPeople = 100;
  if (people.size() >= kMostPeople) return;
  if (std::find(people.begin(), people.end(), person) == people.end()) {
    people.push_back(std::move(person));
  }
}

Survey ReadAnswer(const Fields& fields, const char* name, const AnswerScale& scale) {
  Survey survey;
  survey.scale_low = scale.low;
  survey.scale_high = scale.high;
  const std::string text = fields.Text({name});
  if (text.empty()) return survey;
  survey.score = AnswerOf(text, scale);
  if (!survey.score) {
    fields.Refuse(name, text, "an answer on the scale " + scale.rule + " (--import.scale)");
  }
  return survey;
}

}  // namespace arcsat
