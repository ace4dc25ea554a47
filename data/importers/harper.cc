// HarperValleyBank (Wu, Nafziger, Scodary, Maas 2020, arXiv:2010.13929), repository
// cricketclub/gridspace-stanford-harper-valley: data/metadata/SID.json beside
// data/transcript/SID.json, in both of its schemas.
#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "data/importers/archive.h"
#include "data/importers/document.h"
#include "data/importers/layouts.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

/// "metadata" or "transcript" where the file is one of the two, else nothing.
std::string KindOf(const std::string& name) {
  const fs::path path(name);
  const std::string folder = path.parent_path().filename().string();
  if (path.extension() != ".json" || path.filename().string().starts_with('.')) return "";
  return folder == "metadata" || folder == "transcript" ? folder : "";
}

/// [negative, neutral, positive], in the older schema a list, in the newer one an object.
Json ReadEmotion(const Fields& item) {
  const Json* emotion = item.Find({"emotion"});
  if (emotion == nullptr) return nullptr;
  if (!emotion->is_array()) return *emotion;
  Json named = Json::object();
  const char* const names[] = {"negative", "neutral", "positive"};
  for (std::size_t i = 0; i < emotion->size() && i < 3; ++i) {
    AppendField(&named, names[i], (*emotion)[i]);
  }
  return named;
}

Speaker ReadSpeakerRole(const Fields& item) {
  const std::string role = item.NeedText({"speaker_role"});
  if (role == "caller") return Speaker::kCustomer;
  if (role == "agent") return Speaker::kAgent;
  item.Refuse("speaker_role", role, "caller or agent");
}

void ReadTranscript(const Json& transcript, const JsonSource& source, const ImportOptions& options,
                    Conversation* c) {
  if (!transcript.is_array()) RefuseField(source, {""}, transcript, "a list of segments");
  std::vector<SpeechSegment> segments;
  std::int64_t index = 0;
  for (const Json& json : transcript) {
    const Fields item(json, source, {"segments", index++});
    SpeechSegment segment;
    segment.speaker = ReadSpeakerRole(item);
    segment.text = options.human_transcript ? item.NeedText({"human_transcript"})
                                            : item.NeedText({"transcript", "human_transcript"});
    // On the agent's channel start_ms can be two seconds early; offset_ms is not.
    segment.begin = item.NeedNumber({"offset_ms"}) / 1000;
    if (segment.begin < 0) item.Refuse("offset_ms", segment.begin, "0 or more");
    if (const auto length = item.Number({"duration_ms"})) {
      segment.end = segment.begin + std::max(0.0, *length) / 1000;
    }
    segment.sentiment = ReadEmotion(item);
    segments.push_back(std::move(segment));
  }
  SegmentsToTurns(std::move(segments), options.turns, c);
}

/// The caller's rating of the agent, 0 to 10. No survey_response, or one without data: not
/// answered.
void ReadSurvey(const Fields& caller, Conversation* c) {
  const Fields response = caller.Object({"survey_response"});
  const Fields data = response.Object({"data"});
  c->survey = ReadAnswer(data, "partner_rating", {0, 10, {}, "0..10"});
  AppendField(&c->survey->extra, "rule", "0..10");
  const std::string comment = data.Text({"additional_comments"});
  if (!comment.empty()) AppendField(&c->survey->extra, "comment", comment);
}

void ReadMetadata(const Json& metadata, const JsonSource& source, Conversation* c) {
  const Fields record(metadata, source);
  Conversation times;
  SetTimes(record.Time({"start_time_ms", "start_time"}), &times);
  c->started_at = times.started_at;
  const Fields agent = record.Object({"agent"}), caller = record.Object({"caller"});
  c->agent_id = agent.Text({"speaker_id"});
  c->customer_id = caller.Text({"speaker_id"});
  AddParticipant(Speaker::kAgent, agent.Object({"metadata"}).Text({"agent_name"}), c);
  AddParticipant(Speaker::kCustomer, caller.Object({"metadata"}).Text({"first and last name"}), c);
  ReadSurvey(caller, c);
  std::int64_t index = 0;
  for (const Json& json : record.List({"tasks"})) {
    const std::string task = Fields(json, source, {"tasks", index++}).Text({"task_type"});
    if (task.empty() || c->problem_type.find(task) != std::string::npos) continue;
    c->problem_type += (c->problem_type.empty() ? "" : "+") + task;
  }
  if (const Json* labels = record.Find({"labels"})) AppendField(&c->attributes, "labels", *labels);
}

class Harper : public Importer {
 public:
  std::string name() const override { return "harper"; }
  std::string describe() const override {
    return "HarperValleyBank: a folder or archive with metadata/*.json and transcript/*.json";
  }

  bool Sniff(const std::string& path) const override {
    std::error_code none;
    if (!fs::is_directory(path, none) && !IsArchive(path)) return false;
    return FirstFileHolds(path,
                          [](const std::string& name) { return KindOf(name) == "transcript"; },
                          {"\"speaker_role\"", "\"human_transcript\""});
  }

  /// The two halves of a call come in any order; what waits for its other half is kept in memory
  /// (the whole data set is some 30 MB).
  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    ReadReport report;
    std::map<std::string, std::pair<std::string, ArchiveFile>> waiting;  // by SID: kind and file
    VisitOptions visit{static_cast<std::uint64_t>(options.file_limit), {}};
    if (options.skip_bad) {
      visit.too_large = [&](const Error& error) { SkipOrThrow(error, options, &report); };
    }
    VisitFiles(
        path, [](const std::string& name) { return !KindOf(name).empty(); },
        [&](ArchiveFile&& file) {
          ++report.files;
          const std::string sid = fs::path(file.name).stem().string(), kind = KindOf(file.name);
          const auto other = waiting.find(sid);
          if (other == waiting.end()) {
            waiting.emplace(sid, std::pair{kind, std::move(file)});
          } else if (other->second.first != kind) {
            const ArchiveFile half = std::move(other->second.second);
            waiting.erase(other);
            const bool transcript = kind == "transcript";
            ReadCall(transcript ? half : file, transcript ? file : half, sid, options, use,
                     &report);
          }
          return true;
        });
    for (const auto& [sid, half] : waiting) {
      const bool transcript = half.first == "transcript";
      SkipOrThrow(
          Error({half.second.place,
                 transcript ? "found no metadata of this call" : "found no transcript of this call",
                 "expected a file of the same name in the other folder",
                 "copy both folders, or pass --skip-bad to leave the call out"}),
          options, &report);
    }
    CheckFound(path, report, "metadata/*.json and transcript/*.json of HarperValleyBank");
    return report;
  }

 private:
  static void ReadCall(const ArchiveFile& metadata, const ArchiveFile& transcript,
                       const std::string& sid, const ImportOptions& options, const Use& use,
                       ReadReport* report) {
    const char remedy[] = "mend the file, or pass --skip-bad to leave the call out";
    Conversation c;
    c.id = sid;
    c.channel = Channel::kVoice;
    c.language = "en";
    try {
      const JsonSource metadata_source{metadata.place, remedy};
      ReadMetadata(ParseJson(metadata.bytes, metadata_source), metadata_source, &c);
      const JsonSource transcript_source{transcript.place, remedy};
      ReadTranscript(ParseJson(transcript.bytes, transcript_source), transcript_source, options,
                     &c);
    } catch (const Error& error) {
      SkipOrThrow(error, options, report);
      return;
    }
    ++report->read;
    if (options.finish) options.finish(&c);
    use(std::move(c));
  }
};

}  // namespace

const Importer& HarperImporter() {
  static const Harper importer;
  return importer;
}

}  // namespace arcsat
