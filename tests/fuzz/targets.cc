#include "tests/fuzz/targets.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "data/answer_scale.h"
#include "data/csv.h"
#include "data/error.h"
#include "data/importers/archive.h"
#include "data/importers/document.h"
#include "data/importers/html.h"
#include "data/parquet/rows.h"
#include "data/parquet/table.h"
#include "data/redaction/redact.h"
#include "data/shards/record.h"
#include "data/tokenizers/unicode.h"

namespace arcsat::fuzz {
namespace {

void Demand(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

/// What every conversation from an importer has to be, unless CheckReadable() refuses it: a record
/// that reads back as itself, redacted or not.
void CheckConversation(Conversation c) {
  try {
    CheckReadable(c, "fuzz");
  } catch (const Error&) {
    return;
  }
  try {
    for (const bool redacted : {false, true}) {
      PiiCounts counts{};
      if (redacted) RedactConversation("0123456789abcdef", &c, &counts);
      const std::string line = ToJsonLine(c);
      Demand(ToJsonLine(ParseConversation(line, "fuzz")) == line, "a record reads back as itself");
    }
  } catch (const Error& error) {
    Demand(false, error.what());
  }
}

/// One format, by its name, whether or not the bytes look like it.
template <const DocumentFormat& (*format)()>
void RunFormat(std::string_view bytes) {
  ImportOptions options;
  Collector found;
  try {
    const Document document = ReadDocument("fuzz.json", "fuzz", std::string(bytes));
    // Without JSON a format of JSON has nothing to look at; with it Matches() guards Convert().
    if (!format().Matches(document, options)) return;
    format().Convert(document, options, &found);
  } catch (const Error&) {
  }
  for (Conversation& c : found.conversations) CheckConversation(std::move(c));
}

void RunHtml(std::string_view bytes) {
  const std::string text = HtmlToText(bytes);
  Demand(text.size() <= 3 * bytes.size() + 3, "text is no longer than its HTML");
  if (unicode::IsValidUtf8(bytes)) Demand(unicode::IsValidUtf8(text), "UTF-8 stays UTF-8");
  LooksLikeHtml(bytes);
}

void RunCsv(std::string_view bytes) {
  try {
    CsvReader rows(bytes, GuessSeparator(bytes), "fuzz");
    std::size_t fields = 0;
    for (std::vector<std::string> row; rows.Next(&row);) {
      fields += row.size();
      bool formula = false;
      for (const std::string& cell : row) CsvField(CellText(cell, &formula));
    }
    Demand(fields <= bytes.size() + 1, "a field has a byte or a separator");
  } catch (const Error&) {
  }
}

void RunParquetRows(std::string_view bytes) {
  const std::string place = "fuzz";
  const ParquetMetadata metadata = ReadParquetMetadata(bytes, place);
  ParquetRowBuilder rows(metadata, place);
  for (const ParquetRows& group : metadata.groups) {
    rows.Load(bytes, group);
    std::string line;
    for (std::int64_t i = 0; i < group.rows; ++i) {
      line.clear();
      rows.Append(&line);
      Demand(line.starts_with('{') && line.ends_with('}'), "a row is an object");
      Demand(line.find('\n') == std::string::npos, "a row is a line");
    }
    rows.CheckEnded();
  }
}

void RunParquet(std::string_view bytes) {
  try {
    RunParquetRows(bytes);
  } catch (const Error&) {
  }
  try {
    constexpr std::uint64_t kLimit = 1 << 20;
    const std::string text = ParquetToCsv(bytes, "fuzz", kLimit);
    Demand(text.size() <= 4 * kLimit, "a table is no larger than allowed");
    CsvReader rows(text, ',', "fuzz");
    std::size_t columns = 0;
    for (std::vector<std::string> row; rows.Next(&row); columns = row.size()) {
      Demand(columns == 0 || row.size() == columns, "a row is as long as the others");
    }
  } catch (const Error&) {
  }
}

void RunRedact(std::string_view bytes) {
  Redactor redactor({"Ann Lee"});
  redactor.Learn(bytes);
  const std::string once = redactor.Redact(bytes);
  if (unicode::IsValidUtf8(bytes)) Demand(unicode::IsValidUtf8(once), "UTF-8 stays UTF-8");
  if (bytes.size() < 200) {
    Demand(once.find("ann@example.com") == std::string::npos, "an address goes");
  }
}

void RunScale(std::string_view bytes) {
  const std::size_t cut = bytes.find('\n');
  try {
    const AnswerScale scale = ParseAnswerScale(std::string(bytes.substr(0, cut)));
    const auto answer = AnswerOf(cut == std::string_view::npos ? "" : bytes.substr(cut + 1), scale);
    Demand(!answer || (*answer >= scale.low && *answer <= scale.high), "an answer is on the scale");
  } catch (const Error&) {
  }
}

/// A record of a shard, its checksum in order, so that what is behind it is reached.
void RunShard(std::string_view bytes) {
  for (const int token_bytes : {2, 4}) {
    const ShardLayout layout{token_bytes, 5, 1000};
    std::string record;
    AppendFramed(bytes, &record);
    try {
      const EncodedConversation read = ReadRecord(record, layout, "fuzz");
      std::string again;
      AppendRecord(read, layout, &again);
      Demand(again == record, "a record that was read is written the same");
    } catch (const Error&) {
    }
  }
}

/// libarchive reads a file, so the bytes become one.
void RunArchive(std::string_view bytes) {
  char name[] = "/tmp/arcsat-fuzz-XXXXXX";
  const int descriptor = mkstemp(name);
  if (descriptor < 0) return;
  const bool written =
      write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  close(descriptor);
  ImportOptions options;
  options.skip_bad = true;
  options.threads = 1;
  options.file_limit = 1 << 16;
  try {
    if (written)
      MixedImporter().Read(name, options,
                           [](Conversation&& c) { CheckConversation(std::move(c)); });
  } catch (const Error&) {
  }
  unlink(name);
}

}  // namespace

const std::vector<Target>& Targets() {
  static const std::vector<Target> all = {{"contact-lens", RunFormat<ContactLensFormat>},
                                          {"call-analytics", RunFormat<CallAnalyticsFormat>},
                                          {"transcribe", RunFormat<TranscribeFormat>},
                                          {"google-insights", RunFormat<GoogleInsightsFormat>},
                                          {"genesys", RunFormat<GenesysFormat>},
                                          {"zendesk", RunFormat<ZendeskFormat>},
                                          {"intercom", RunFormat<IntercomFormat>},
                                          {"twilio", RunFormat<TwilioFormat>},
                                          {"webvtt", RunFormat<WebVttFormat>},
                                          {"whisper", RunFormat<WhisperFormat>},
                                          {"record", RunFormat<RecordFormat>},
                                          {"csv-turns", RunFormat<CsvFormat>},
                                          {"csv", RunCsv},
                                          {"parquet", RunParquet},
                                          {"html", RunHtml},
                                          {"redact", RunRedact},
                                          {"scale", RunScale},
                                          {"shard", RunShard},
                                          {"archive", RunArchive}};
  return all;
}

const Target* FindTarget(std::string_view name) {
  for (const Target& target : Targets()) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

}  // namespace arcsat::fuzz
