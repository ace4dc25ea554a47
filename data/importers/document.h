#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/error.h"
#include "data/importers/fields.h"
#include "data/importers/importer.h"
#include "data/json.h"

namespace arcsat {

/// One file of an export in memory, read once for all formats: UTF-8 without a byte order mark,
/// and parsed where it is JSON.
struct Document {
  std::string name;   ///< path below the folder or archive, or the file's own name
  std::string place;  ///< for messages
  std::string text;   ///< valid UTF-8; empty where `json` holds it
  std::optional<Json> json;

  /// The name without folders and extension, for a file that does not say its conversation's id.
  std::string stem() const;
  JsonSource source() const { return {place, "mend the file, or pass --skip-bad to leave it out"}; }
};

/// Decodes (UTF-8, or UTF-16 by its byte order mark) and parses. Error where it begins as JSON and
/// is none, or is not text.
Document ReadDocument(std::string name, std::string place, std::string bytes);

/// What a file held: conversations, and records that could not be read.
class Collector {
 public:
  void Add(Conversation&& conversation) { conversations.push_back(std::move(conversation)); }
  /// A record of a file that holds several; the others are still read.
  void Skip(const Error& error) { errors.push_back(error); }

  std::vector<Conversation> conversations;
  std::vector<Error> errors;
};

/// A format whose file says what it is. Stateless and shared; a file in data/importers/ each.
class DocumentFormat {
 public:
  virtual ~DocumentFormat() = default;
  virtual std::string name() const = 0;
  virtual std::string describe() const = 0;
  /// Whether the document is of this format, by its content. Cheap; throws nothing.
  virtual bool Matches(const Document& document, const ImportOptions& options) const = 0;
  /// Throws Error where the file as a whole cannot be read.
  virtual void Convert(const Document& document, const ImportOptions& options,
                       Collector* out) const = 0;
};

/// The text in a file: unpacked (Unpacked()), and a Parquet table as CSV.
std::string TextOf(std::string bytes, const std::string& place, std::uint64_t limit);

/// All of them, in the order in which they are asked.
const std::vector<const DocumentFormat*>& DocumentFormats();
/// The one that matches, or nullptr.
const DocumentFormat* MatchFormat(const Document& document, const ImportOptions& options);

/// The same format as an Importer of files, folders and archives; and the one that reads all of
/// them ("mixed"), each file by what is in it.
const std::vector<const Importer*>& DocumentImporters();
const Importer& MixedImporter();
/// The importer of a path's first document that is of a known format (the mixture for a folder or
/// an archive), read once; nullptr where there is none.
const Importer* DetectDocumentImporter(const std::string& path);

// Each in a file of its own name.
const DocumentFormat& RecordFormat();
const DocumentFormat& ContactLensFormat();
const DocumentFormat& CallAnalyticsFormat();
const DocumentFormat& TranscribeFormat();
const DocumentFormat& GoogleInsightsFormat();
const DocumentFormat& GenesysFormat();
const DocumentFormat& ZendeskFormat();
const DocumentFormat& IntercomFormat();
const DocumentFormat& TwilioFormat();
const DocumentFormat& WebVttFormat();
const DocumentFormat& WhisperFormat();
const DocumentFormat& CsvFormat();

/// Turns' times as seconds since 1970 become `started_at` and seconds from it. Where `start` is
/// known it is the beginning, unless a turn came before it. Turns are put in order of time where
/// all of them have one.
void SetTimes(std::optional<double> start, Conversation* conversation);

/// Adds a person to attributes.participants ({"speaker","name"}), for redaction by name. Nothing
/// where `name` is empty or known already.
void AddParticipant(Speaker speaker, const std::string& name, Conversation* conversation);

/// The survey whose answer stands in `name`, by `scale`; Error where the scale has no such answer.
Survey ReadAnswer(const Fields& fields, const char* name, const AnswerScale& scale);

}  // namespace arcsat
