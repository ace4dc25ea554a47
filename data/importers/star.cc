// STAR (Mosig, Mehri, Kober 2020, arXiv:2010.11853), RasaHQ/STAR, dialogues/*.json.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "data/error.h"
#include "data/importers/archive.h"
#include "data/importers/layouts.h"
#include "data/json.h"
#include "data/timestamp.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

/// One field of a dialogue, or Error where it is missing.
Json& Need(Json* object, const char* key, const JsonSource& source, const char* expected) {
  if (!object->is_object()) RefuseField(source, {""}, *object, "an object");
  const auto found = object->find(key);
  if (found == object->end()) RefuseMissing(source, {key}, expected);
  return *found;
}

Json& NeedList(Json* object, const char* key, const JsonSource& source) {
  Json& list = Need(object, key, source, "a list");
  if (!list.is_array()) RefuseField(source, {key}, list, "a list");
  return list;
}

/// What user and wizard said to each other. request_suggestions is a draft and instruct is stage
/// direction: neither was said.
bool IsTurn(const std::string& agent, const std::string& action) {
  return (agent == "User" || agent == "Wizard") &&
         (action == "utter" || action == "pick_suggestion");
}

std::optional<double> UnixTime(const Json& event, const JsonSource& source) {
  const auto found = event.find("UnixTime");
  if (found == event.end() || found->is_null()) return std::nullopt;
  return TakeNumber(*found, source, {"Events.UnixTime"});
}

/// Fills turns and started_at. Times become seconds from the earliest turn; a dialogue that nobody
/// spoke in starts at its first event.
void ReadEvents(Json* events, const JsonSource& source, Conversation* c) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  double first_turn = kNever, first_event = kNever;
  for (Json& event : *events) {
    const auto time = UnixTime(event, source);
    if (time) first_event = std::min(first_event, *time);
    const std::string agent =
        TakeString(&Need(&event, "Agent", source, "who acts"), source, {"Events.Agent"});
    const std::string action =
        TakeString(&Need(&event, "Action", source, "what is done"), source, {"Events.Action"});
    if (!IsTurn(agent, action)) continue;
    Turn turn;
    turn.speaker = agent == "User" ? Speaker::kCustomer : Speaker::kAgent;
    turn.text = TakeString(&Need(&event, "Text", source, "what is said"), source, {"Events.Text"});
    turn.at = time;
    if (time) first_turn = std::min(first_turn, *time);
    const auto label = event.find("ActionLabel");
    if (label != event.end()) AppendField(&turn.extra, "action", *label);
    c->turns.push_back(std::move(turn));
  }
  for (Turn& turn : c->turns) {
    if (turn.at) *turn.at -= first_turn;
  }
  const double start = first_turn < kNever ? first_turn : first_event;
  // 253402300800 is the year 10000: what lies outside is no time.
  if (start >= 0 && start < 253402300800.0) {
    c->started_at = FormatTimestamp(static_cast<std::int64_t>(std::floor(start)));
  }
}

/// {question: answer} in the questionnaire's order.
Json ReadAnswers(Json* questionnaire, const JsonSource& source) {
  Json answers = Json::object();
  for (Json& item : *questionnaire) {
    std::string question = TakeString(&Need(&item, "Question", source, "the question"), source,
                                      {"Questionnaire.Question"});
    const bool answer =
        TakeBool(Need(&item, "Answer", source, "the answer"), source, {"Questionnaire.Answer"});
    while (answers.contains(question)) question += " (again)";
    AppendField(&answers, std::move(question), answer);
  }
  return answers;
}

bool Asks(const std::string& question, const char* words) {
  return question.find(words) != std::string::npos;
}

/// Whether all answers to the questions that `about` picks are yes; nothing where none was asked.
template <class Pick>
std::optional<bool> AllYes(const Json& answers, const Pick& about) {
  std::optional<bool> all;
  for (const auto& [question, answer] : answers.items()) {
    if (about(question)) all = all.value_or(true) && answer.template get<bool>();
  }
  return all;
}

void ReadQuestionnaires(Json* record, const JsonSource& source, Conversation* c) {
  Json user = ReadAnswers(&NeedList(record, "UserQuestionnaire", source), source);
  Json wizard = ReadAnswers(&NeedList(record, "WizardQuestionnaire", source), source);
  const auto calm = [](const std::string& q) { return Asks(q, "calm and helpful"); };
  const auto task = [&](const std::string& q) { return !calm(q) && !Asks(q, "enjoy this task"); };
  const auto annoyed = [](const std::string& q) { return Asks(q, "aggressive or annoyed"); };

  c->survey.emplace();
  c->survey->scale_low = 0;
  c->survey->scale_high = 1;
  if (const auto all = AllYes(user, [](const std::string&) { return true; })) {
    c->survey->score = *all ? 1 : 0;
  }
  const auto add = [c](const char* key, const std::optional<bool>& answer) {
    if (answer) AppendField(&c->attributes, key, *answer);
  };
  add("task_done", AllYes(user, task));
  add("calm", AllYes(user, calm));
  add("user_annoyed", AllYes(wizard, annoyed));
  AppendField(&c->attributes, "answers", std::move(user));
  AppendField(&c->attributes, "wizard_answers", std::move(wizard));
}

void ReadScenario(Json* record, const JsonSource& source, Conversation* c) {
  Json& scenario = Need(record, "Scenario", source, "the task that was played");
  for (Json& capability : NeedList(&scenario, "WizardCapabilities", source)) {
    const std::string task = TakeString(&Need(&capability, "Task", source, "a task's name"), source,
                                        {"Scenario.WizardCapabilities.Task"});
    c->problem_type += (c->problem_type.empty() ? "" : "+") + task;
  }
  AppendField(&c->attributes, "domains", NeedList(&scenario, "Domains", source));
  for (const auto& [from, to] : {std::pair{"Happy", "happy"}, {"MultiTask", "multi_task"}}) {
    const Json& flag = Need(&scenario, from, source, "true or false");
    AppendField(&c->attributes, to, TakeBool(flag, source, {from}));
  }
  AppendField(&c->attributes, "completion",
              TakeString(&Need(record, "CompletionLevel", source, "how it ended"), source,
                         {"CompletionLevel"}));
}

Conversation ReadDialogue(const ArchiveFile& file) {
  const JsonSource source{file.place, "mend the file, or pass --skip-bad to leave it out"};
  Json record = ParseJson(file.bytes, source);
  Conversation c;
  const Json& id = Need(&record, "DialogueID", source, "the dialogue's number");
  if (!id.is_number_integer() && !id.is_string()) {
    RefuseField(source, {"DialogueID"}, id, "the dialogue's number");
  }
  c.id = "star-" + (id.is_string() ? id.get<std::string>() : id.dump());
  c.channel = Channel::kChat;
  c.language = "en";
  c.agent_id = TakeString(&Need(&record, "AnonymizedWizardWorkerID", source, "the wizard's id"),
                          source, {"AnonymizedWizardWorkerID"});
  c.customer_id = TakeString(&Need(&record, "AnonymizedUserWorkerID", source, "the user's id"),
                             source, {"AnonymizedUserWorkerID"});
  ReadEvents(&NeedList(&record, "Events", source), source, &c);
  ReadQuestionnaires(&record, source, &c);
  ReadScenario(&record, source, &c);
  return c;
}

/// Whether a file is a dialogue by its name. The repository has other .json files beside them;
/// `root_too`: the folder itself holds the dialogues.
bool IsDialogue(const std::string& name, bool root_too) {
  const fs::path path(name);
  if (path.extension() != ".json" || path.filename().string().starts_with('.')) return false;
  const fs::path folder = path.parent_path();
  return folder.filename() == "dialogues" || (root_too && folder.empty());
}

/// Whether no folder named dialogues lies below `path`, so that its own files are meant.
bool HoldsDialogues(const std::string& path) {
  std::error_code code;
  for (fs::recursive_directory_iterator walk(path, code), end; !code && walk != end;
       walk.increment(code)) {
    if (walk->path().filename() == "dialogues") return false;
  }
  return true;
}

class Star : public Importer {
 public:
  std::string name() const override { return "star"; }
  std::string describe() const override {
    return "STAR (RasaHQ/STAR): dialogues/*.json in a folder, or in a .tar.xz, .tar.gz or .zip";
  }

  bool Sniff(const std::string& path) const override {
    const bool root_too = HoldsDialogues(path);
    return FirstFileHolds(path, [&](const std::string& file) { return IsDialogue(file, root_too); },
                          {"\"DialogueID\"", "\"WizardQuestionnaire\""});
  }

  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    ReadReport report;
    const bool root_too = HoldsDialogues(path);
    VisitFiles(
        path, [&](const std::string& file) { return IsDialogue(file, root_too); },
        [&](ArchiveFile&& file) {
          Conversation conversation;
          try {
            conversation = ReadDialogue(file);
          } catch (const Error& error) {
            SkipOrThrow(error, options, &report);
            return true;
          }
          ++report.read;
          if (options.finish) options.finish(&conversation);
          use(std::move(conversation));
          return true;
        });
    CheckFound(path, report, "dialogues/*.json, as the repository RasaHQ/STAR has them");
    return report;
  }
};

}  // namespace

const Importer& StarImporter() {
  static const Star importer;
  return importer;
}

}  // namespace arcsat
