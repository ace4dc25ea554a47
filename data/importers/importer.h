#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "data/corpus.h"

namespace arcsat {

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
  /// Hands every conversation to `use`, one at a time. Error on the first that cannot be read
  /// unless options.skip_bad, and where `path` holds none.
  virtual ReadReport Read(const std::string& path, const ReadOptions& options,
                          const Use& use) const = 0;
};

/// All importers, by name: jsonl, star, uss.
const std::vector<const Importer*>& Importers();

/// UsageError that lists the names where there is none called `name`.
const Importer& FindImporter(const std::string& name);

/// The importer whose layout `path` has; UsageError where none recognises it.
const Importer& DetectImporter(const std::string& path);

}  // namespace arcsat
