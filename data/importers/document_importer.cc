// Files, folders and archives of documents: found, unpacked, parsed on several threads, counted.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "data/files.h"
#include "data/importers/archive.h"
#include "data/importers/document.h"
#include "data/importers/file_kinds.h"
#include "data/importers/layouts.h"
#include "data/ordered_work.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBatchBytes = std::size_t{1} << 18;
constexpr std::size_t kBatchFiles = 256;

/// Files that are read together on one thread.
struct Batch {
  std::vector<ArchiveFile> files;
  std::size_t bytes = 0;
};

/// What one file held.
struct Parsed {
  std::string name, format, ignored;  ///< ignored: why, where it is no transcript
  Collector found;
};

/// `format`: the only one that is wanted, or nullptr for whichever matches. `named`: a file that
/// the caller named itself has to be of it.
Parsed ParseFile(ArchiveFile&& file, const DocumentFormat* format, bool named,
                 const ImportOptions& options) {
  Parsed parsed;
  parsed.name = file.name;
  try {
    if (LooksBinary(file.bytes)) {
      parsed.ignored = "not text";
      return parsed;
    }
    const Document document = ReadDocument(file.name, file.place, std::move(file.bytes));
    const DocumentFormat* match =
        format != nullptr && (named || format->Matches(document, options)) ? format : nullptr;
    if (format == nullptr) match = MatchFormat(document, options);
    if (match == nullptr) {
      parsed.ignored =
          format != nullptr ? "not of the format " + format->name() : "of no format that is known";
      return parsed;
    }
    parsed.format = match->name();
    match->Convert(document, options, &parsed.found);
    if (options.finish) {
      for (Conversation& c : parsed.found.conversations) options.finish(&c);
    }
  } catch (const UsageError&) {
    throw;  // an option that no file can meet
  } catch (const Error& error) {
    parsed.found.errors.push_back(error);
  }
  return parsed;
}

/// Whether a table's row is a whole conversation; else it is a turn, and the table read as CSV.
bool IsConversationRow(const std::string& row) {
  return row.find("\"turns\":") != std::string::npos;
}

/// One reading of a path.
class Reading {
 public:
  Reading(const DocumentFormat* format, const ImportOptions& options, const Importer::Use& use)
      : format_(format),
        options_(options),
        use_(use),
        work_(
            options.threads, [this](Batch&& batch) { return ParseBatch(std::move(batch)); },
            [this](std::vector<Parsed>&& all) {
              for (Parsed& parsed : all) Count(std::move(parsed));
            }) {}

  ReadReport Run(const std::string& path) {
    std::error_code none;
    if (fs::is_directory(path, none)) {
      for (const std::string& name : FilesBelow(path)) {
        TakeFile((fs::path(path) / name).string(), name);
      }
    } else {
      named_ = !IsArchive(path);
      TakeFile(path, fs::path(path).filename().string());
    }
    Submit();
    work_.Finish();
    return std::move(report_);
  }

 private:
  std::vector<Parsed> ParseBatch(Batch&& batch) const {
    std::vector<Parsed> all;
    for (ArchiveFile& file : batch.files) {
      all.push_back(ParseFile(std::move(file), format_, named_, options_));
    }
    return all;
  }

  void Ignore(const std::string& name, const std::string& why) {
    ++report_.ignored;
    if (report_.ignored_names.size() < ReadReport::kMostReasons) {
      report_.ignored_names.push_back(ShownName(name) + ": " + why);
    }
  }

  void Count(Parsed&& parsed) {
    ++report_.files;
    if (!parsed.ignored.empty()) Ignore(parsed.name, parsed.ignored);
    for (Conversation& c : parsed.found.conversations) {
      ++report_.read;
      ++report_.formats[parsed.format];
      use_(std::move(c));
    }
    for (const Error& error : parsed.found.errors) SkipOrThrow(error, options_, &report_);
  }

  void Submit() {
    if (batch_.files.empty()) return;
    pushing_ = true;
    work_.Push(std::exchange(batch_, {}));
    pushing_ = false;
  }

  void Add(ArchiveFile&& file) {
    batch_.bytes += file.bytes.size();
    batch_.files.push_back(std::move(file));
    if (batch_.bytes >= kBatchBytes || batch_.files.size() >= kBatchFiles) Submit();
  }

  /// A file on disk: an archive, lines of JSON, or one document.
  void TakeFile(const std::string& path, const std::string& name) {
    const std::string refused = named_ ? "" : RefusedByName(name);
    if (!refused.empty()) return Ignore(name, refused);
    if ((named_ || MayBeArchive(name)) && IsArchive(path)) return TakeArchive(path);
    if ((named_ || MayBeLines(name)) && TakeLines(path, name)) return;
    const auto limit = static_cast<std::uint64_t>(options_.file_limit);
    try {
      AddBytes({name, path, ReadFile(path, limit)});
    } catch (const Error& error) {
      SkipRest(error);
    }
  }

  /// A file in memory: one document, or lines of JSON.
  void AddBytes(ArchiveFile&& file) {
    file.bytes =
        TextOf(std::move(file.bytes), file.place, static_cast<std::uint64_t>(options_.file_limit));
    if (!IsLines(file.bytes)) return Add(std::move(file));
    std::string_view rest = file.bytes;
    for (std::int64_t number = 1; !rest.empty(); ++number) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      AddLine(std::string(rest.substr(0, end)), file.name, file.place, number);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }

  void TakeArchive(const std::string& path) {
    VisitOptions visit{static_cast<std::uint64_t>(options_.file_limit), {}};
    if (options_.skip_bad) {
      visit.too_large = [&](const Error& error) { SkipOrThrow(error, options_, &report_); };
    }
    const auto wanted = [&](const std::string& name) {
      const std::string refused = RefusedByName(name);
      if (!refused.empty()) Ignore(name, refused);
      return refused.empty();
    };
    const auto use = [&](ArchiveFile&& file) {
      file.place = ShownName(std::move(file.place));
      try {
        AddBytes(std::move(file));
      } catch (const Error& error) {
        SkipRest(error);
      }
      return true;
    };
    try {
      VisitFiles(path, wanted, use, visit);
    } catch (const Error& error) {
      SkipRest(error);
    }
  }

  /// A file or an archive cannot be read further. What came before it is dealt with first; what the
  /// work itself threw is not the file's fault. Called where an Error was caught.
  void SkipRest(const Error& error) {
    if (pushing_) throw;
    Submit();
    work_.Finish();
    SkipOrThrow(error, options_, &report_);
  }

  void AddLine(std::string line, const std::string& name, const std::string& place,
               std::int64_t number) {
    if (IsBlank(line)) return;
    Add({fmt::format("{}-{}", Document{name, "", "", {}}.stem(), number),
         fmt::format("{}:{}", place, number), std::move(line)});
  }

  /// Streams a file of JSON lines, compressed or not; false where it is none.
  bool TakeLines(const std::string& path, const std::string& name) {
    bool any = false;
    try {
      LineReader lines(path, static_cast<std::size_t>(options_.file_limit));
      std::string first, second;
      if (!lines.Next(&first)) return false;
      if (lines.is_table()) {
        if (!IsConversationRow(first)) return false;
      } else if (!lines.Next(&second) || !IsLines(first + "\n" + second)) {
        return false;
      }
      any = true;
      AddLine(std::move(first), name, path, 1);
      AddLine(std::move(second), name, path, 2);
      for (std::string line; lines.Next(&line);) {
        AddLine(std::move(line), name, path, lines.line_number());
      }
    } catch (const Error& error) {
      if (any) SkipRest(error);  // else reading it whole says what is wrong
    }
    return any;
  }

  const DocumentFormat* format_;
  const ImportOptions& options_;
  const Importer::Use& use_;
  bool named_ = false;
  bool pushing_ = false;
  ReadReport report_;
  Batch batch_;
  OrderedWork<Batch, std::vector<Parsed>> work_;
};

/// What a file begins with: the first line where every line is JSON, else all of it.
std::string Head(const std::string& path, const ImportOptions& options) {
  const auto limit = static_cast<std::size_t>(options.file_limit);
  LineReader lines(path, limit);
  std::string first, second;
  if (lines.is_table()) {
    if (lines.Next(&first) && IsConversationRow(first)) return first;
  } else if (lines.Next(&first) && lines.Next(&second) && IsLines(first + "\n" + second)) {
    return first;
  }
  return ReadFile(path, limit);
}

/// The first file or line of `path`, to look at; nothing where it cannot be read.
std::optional<Document> FirstDocument(const std::string& path, const ImportOptions& options,
                                      const std::function<bool(const Document&)>& wanted) {
  constexpr int kLooked = 20;
  std::optional<Document> found;
  int looked = 0;
  const auto look = [&](const std::string& name, const std::string& place, std::string bytes) {
    bytes = TextOf(std::move(bytes), place, static_cast<std::uint64_t>(options.file_limit));
    if (LooksBinary(bytes)) return;
    if (IsLines(bytes)) bytes.erase(bytes.find('\n'));
    Document document = ReadDocument(name, place, std::move(bytes));
    if (wanted(document)) found = std::move(document);
  };
  const auto try_one = [&](ArchiveFile&& file) {
    try {
      look(file.name, file.place, std::move(file.bytes));
    } catch (const Error&) {
    }
    return !found && ++looked < kLooked;
  };
  const auto may = [](const std::string& name) { return RefusedByName(name).empty(); };
  std::error_code code;
  try {
    if (fs::is_directory(path, code)) {
      for (const std::string& name : FilesBelow(path)) {
        const std::string file = (fs::path(path) / name).string();
        if (!may(name)) continue;
        if (IsArchive(file)) {
          VisitFiles(file, may, try_one, {static_cast<std::uint64_t>(options.file_limit), {}});
        } else if (!try_one({name, file, Head(file, options)})) {
          break;
        }
        if (found) break;
      }
    } else if (IsArchive(path)) {
      VisitFiles(path, may, try_one, {static_cast<std::uint64_t>(options.file_limit), {}});
    } else {
      try_one({fs::path(path).filename().string(), path, Head(path, options)});
    }
  } catch (const Error&) {
  }
  return found;
}

/// One format, in files, folders and archives.
class FormatImporter : public Importer {
 public:
  /// nullptr: any of the formats.
  explicit FormatImporter(const DocumentFormat* format) : format_(format) {}

  std::string name() const override { return format_ != nullptr ? format_->name() : "mixed"; }
  std::string describe() const override {
    return format_ != nullptr ? format_->describe()
                              : "folders and archives of any of these files, each by its content";
  }

  bool Sniff(const std::string& path) const override {
    if (path == "-") return false;
    const ImportOptions options;
    return FirstDocument(path, options,
                         [&](const Document& document) {
                           return format_ != nullptr ? format_->Matches(document, options)
                                                     : MatchFormat(document, options) != nullptr;
                         })
        .has_value();
  }

  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    ReadReport report = Reading(format_, options, use).Run(path);
    CheckFound(path, report,
               format_ != nullptr ? "files of the format " + format_->name()
                                  : "transcripts of a format that arcsat import --list names");
    return report;
  }

 private:
  const DocumentFormat* format_;
};

}  // namespace

const std::vector<const Importer*>& DocumentImporters() {
  static const std::vector<FormatImporter> importers(DocumentFormats().begin(),
                                                     DocumentFormats().end());
  static const std::vector<const Importer*> all = [] {
    std::vector<const Importer*> pointers;
    pointers.reserve(importers.size());
    for (const FormatImporter& importer : importers) pointers.push_back(&importer);
    return pointers;
  }();
  return all;
}

const Importer* DetectDocumentImporter(const std::string& path) {
  if (path == "-") return nullptr;
  std::error_code code;
  const ImportOptions options;
  const DocumentFormat* match = nullptr;
  FirstDocument(path, options, [&](const Document& document) {
    match = MatchFormat(document, options);
    return match != nullptr;
  });
  if (match == nullptr) return nullptr;
  // A folder or an archive may hold several formats.
  if (fs::is_directory(path, code) || IsArchive(path)) return &MixedImporter();
  const auto& formats = DocumentFormats();
  const auto at = std::find(formats.begin(), formats.end(), match) - formats.begin();
  return DocumentImporters()[static_cast<std::size_t>(at)];
}

const Importer& MixedImporter() {
  static const FormatImporter importer(nullptr);
  return importer;
}

}  // namespace arcsat
