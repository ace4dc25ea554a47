#include "data/error.h"
#include "data/files.h"
#include "data/importers/layouts.h"

namespace arcsat {
namespace {

class Jsonl : public Importer {
 public:
  std::string name() const override { return "jsonl"; }
  std::string describe() const override {
    return "arcsat's own records, one JSON object a line (.jsonl, .gz, .zst, .xz, .bz2, or -)";
  }

  bool Sniff(const std::string& path) const override {
    if (path == "-") return false;  // looking would use it up
    try {
      LineReader lines(path, kSniffed);
      for (std::string line; lines.Next(&line);) {
        if (IsBlank(line)) continue;
        ParseConversation(line, lines.place());
        return true;
      }
    } catch (const Error&) {
    }
    return false;
  }

  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    ReadReport report =
        ForEachConversation(path, {.skip_bad = options.skip_bad}, [&](Conversation&& c) {
          if (options.finish) options.finish(&c);
          use(std::move(c));
        });
    CheckFound(path, report, "one conversation, a JSON object, a line");
    return report;
  }

 private:
  static constexpr std::size_t kSniffed = std::size_t{16} << 20;
};

}  // namespace

const Importer& JsonlImporter() {
  static const Jsonl importer;
  return importer;
}

}  // namespace arcsat
