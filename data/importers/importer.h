#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/answer_scale.h"
#include "data/conversation.h"
#include "data/corpus.h"
#include "data/importers/columns.h"
#include "data/importers/segments.h"

namespace arcsat {

/// How transcripts of other systems become conversations.
struct ImportOptions {
  bool skip_bad = false;  ///< leave out what cannot be read, counted, instead of ending
  int threads = 0;        ///< that parse files; 0: one a core
  std::int64_t file_limit = std::int64_t{64} << 20;  ///< bytes of one file, unpacked
  TurnRules turns;                                   ///< of recognisers' segments
  Columns columns;                                   ///< of CSV
  /// "LABEL=customer", "LABEL=agent" or "LABEL=bot", for speakers that the file only numbers.
  std::vector<std::string> roles;
  AnswerScale scale;              ///< of ratings whose file does not say their scale
  bool human_transcript = false;  ///< HarperValleyBank: people's text in place of the recogniser's
  /// Called with every conversation before it is handed on, on any thread: redaction, surveys.
  std::function<void(Conversation*)> finish = {};
};

/// Reads conversations from a publisher's own layout. The importers are stateless and shared:
///
///   const Importer& importer = FindImporter("star");
///   importer.Read("star.tar.xz", {}, [&](Conversation&& c) { out.Write(ToJsonLine(c) + "\n"); });
class Importer {
 public:
  using Use = std::function<void(Conversation&&)>;

  virtual ~Importer() = default;
  /// The word that names it on the command line.
  virtual std::string name() const = 0;
  /// One line for --help: what it reads and from where.
  virtual std::string describe() const = 0;
  /// Whether `path` looks like this layout. Reads little, throws nothing.
  virtual bool Sniff(const std::string& path) const = 0;
  /// Hands every conversation to `use`, one at a time, in the order of the files, on the calling
  /// thread. Error on the first that cannot be read unless options.skip_bad, and where `path`
  /// holds none.
  virtual ReadReport Read(const std::string& path, const ImportOptions& options,
                          const Use& use) const = 0;
};

/// All importers, in the order in which they are tried on a path: data sets of many files first,
/// then files told by what is in them, last the mixture of those.
const std::vector<const Importer*>& Importers();

/// Error where the line of a record that was put together, not read, could not be read back: no id,
/// or fields nested deeper than kJsonDepth.
void CheckReadable(const Conversation& conversation, const std::string& place);

/// UsageError that lists the names where there is none called `name`.
const Importer& FindImporter(const std::string& name);

/// The importer whose layout `path` has; UsageError where none recognises it.
const Importer& DetectImporter(const std::string& path);

}  // namespace arcsat
