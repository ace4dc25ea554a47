// USS (Sun et al., SIGIR 2021, arXiv:2105.03748), sunnweiwei/user-satisfaction-simulation,
// dataset/*.txt.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <numeric>
#include <utility>

#include "data/error.h"
#include "data/files.h"
#include "data/importers/layouts.h"
#include "data/json.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

const char kRemedy[] = "mend the line, or pass --skip-bad to leave its conversation out";

std::vector<std::string_view> SplitBy(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "3,4,3" as numbers; each has to be 1 to 5.
std::vector<double> ReadRatings(std::string_view text, const std::string& place) {
  std::vector<double> ratings;
  if (text.empty()) return ratings;
  for (const std::string_view part : SplitBy(text, ',')) {
    int rating = 0;
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), rating);
    if (code != std::errc() || end != part.data() + part.size() || rating < 1 || rating > 5) {
      throw Error({place + ": satisfaction", fmt::format("found \"{:.40}\"", part),
                   "expected ratings from 1 to 5 with commas between", kRemedy});
    }
    ratings.push_back(rating);
  }
  return ratings;
}

/// Reads one line into the conversation under way: a turn, or its overall rating.
void ReadLine(const std::string& line, const std::string& place, Conversation* c) {
  const std::vector<std::string_view> fields = SplitBy(line, '\t');
  // The fifth, where a release has it, is an annotator's explanation.
  if (fields.size() < 4 || fields.size() > 5) {
    throw Error({place, fmt::format("found {} fields", fields.size()),
                 "expected role, text, action and satisfaction, with tabs between", kRemedy});
  }
  const bool user = fields[0] == "USER";
  if (!user && fields[0] != "SYSTEM") {
    throw Error({place + ": role", fmt::format("found \"{:.40}\"", fields[0]),
                 "expected USER or SYSTEM", kRemedy});
  }
  if (c->survey) {
    throw Error({place, "found a line after USER OVERALL", "expected a blank line", kRemedy});
  }
  std::vector<double> ratings = ReadRatings(fields[3], place);
  if (user && fields[1] == "OVERALL") {
    c->survey.emplace();
    if (ratings.empty()) return;
    const double sum = std::accumulate(ratings.begin(), ratings.end(), 0.0);
    c->survey->score = sum / static_cast<double>(ratings.size());
    Json overall = Json::array();
    for (const double rating : ratings) overall.push_back(NumberToJson(rating));
    AppendField(&c->attributes, "overall", std::move(overall));
    return;
  }
  Turn turn;
  turn.speaker = user ? Speaker::kCustomer : Speaker::kAgent;
  turn.text = fields[1];
  turn.satisfaction = std::move(ratings);
  if (!fields[2].empty()) AppendField(&turn.extra, "action", std::string(fields[2]));
  if (fields.size() == 5 && !fields[4].empty()) {
    AppendField(&turn.extra, "explanation", std::string(fields[4]));
  }
  DumpJson(line, place);  // refuses text that is not UTF-8, naming the line
  c->turns.push_back(std::move(turn));
}

void ReadOneFile(const fs::path& path, const ImportOptions& options, const Importer::Use& use,
                 ReadReport* report) {
  std::string stem = path.stem().string();
  std::transform(stem.begin(), stem.end(), stem.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  LineReader lines(path.string());
  bool more = true;
  for (int number = 1; more;) {
    Conversation c;
    c.channel = Channel::kChat;
    std::optional<Error> bad;  // the first; the rest of that conversation is passed over
    bool any = false;
    std::string line;
    while ((more = lines.Next(&line)) && !line.empty()) {
      any = true;
      if (bad) continue;
      try {
        ReadLine(line, lines.place(), &c);
      } catch (const Error& error) {
        bad = error;
      }
    }
    if (!any) continue;
    c.id = fmt::format("{}-{:04}", stem, number++);
    if (bad) {
      SkipOrThrow(*bad, options, report);
      continue;
    }
    ++report->read;
    if (options.finish) options.finish(&c);
    use(std::move(c));
  }
}

bool SniffFile(const fs::path& path) {
  LineReader lines(path.string(), std::size_t{1} << 20);
  std::string line;
  return lines.Next(&line) && (line.starts_with("USER\t") || line.starts_with("SYSTEM\t"));
}

/// The file itself, or a folder's files of this layout, sorted.
std::vector<fs::path> FilesOf(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".txt" && SniffFile(entry.path())) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Uss : public Importer {
 public:
  std::string name() const override { return "uss"; }
  std::string describe() const override {
    return "USS (user-satisfaction-simulation): MWOZ.txt, SGD.txt, ..., or the folder of them";
  }

  bool Sniff(const std::string& path) const override {
    if (path == "-") return false;
    try {
      const std::vector<fs::path> files = FilesOf(path);
      return !files.empty() && SniffFile(files.front());
    } catch (const std::exception&) {
      return false;
    }
  }

  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    ReadReport report;
    for (const fs::path& file : FilesOf(path)) ReadOneFile(file, options, use, &report);
    CheckFound(path, report, "lines of role, text, action and satisfaction, with tabs between");
    return report;
  }
};

}  // namespace

const Importer& UssImporter() {
  static const Uss importer;
  return importer;
}

}  // namespace arcsat
