// ConvoKit corpora (Chang et al. 2020, arXiv:2005.04246): a folder with utterances.jsonl,
// speakers.json and conversations.json.
#include <filesystem>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "data/files.h"
#include "data/importers/document.h"
#include "data/importers/layouts.h"
#include "data/importers/roles.h"

namespace arcsat {
namespace fs = std::filesystem;
namespace {

struct Talk {
  std::vector<Turn> turns;
  std::vector<std::string> speakers;
};

/// {"id": {...}} with the metadata directly, or (from 2.5 on) below "meta".
const Json* MetaOf(const Json& file, const std::string& id) {
  if (!file.is_object()) return nullptr;
  const auto found = file.find(id);
  if (found == file.end() || !found->is_object()) return nullptr;
  const auto meta = found->find("meta");
  return meta != found->end() && meta->is_object() ? &*meta : &*found;
}

Json ReadIfThere(const fs::path& path) {
  std::error_code none;
  if (!fs::exists(path, none)) return Json::object();
  return ParseJson(ReadFile(path), {path.string(), "copy the corpus again"});
}

/// Roles that the speakers' metadata names ("role", "type", "is_agent"), the others guessed: who
/// opens a conversation is the customer.
class Roles {
 public:
  explicit Roles(const fs::path& folder) : speakers_(ReadIfThere(folder / "speakers.json")) {}

  std::string LabelOf(const std::string& speaker) const {
    const Json* meta = MetaOf(speakers_, speaker);
    if (meta == nullptr) return speaker;
    for (const char* key : {"role", "type", "speaker_type", "user_type"}) {
      const auto found = meta->find(key);
      if (found == meta->end() || !found->is_string()) continue;
      if (const auto role = RoleOf(found->get_ref<const std::string&>())) return Name(*role);
    }
    const auto agent = meta->find("is_agent");
    if (agent != meta->end() && agent->is_boolean())
      return agent->get<bool>() ? "agent" : "customer";
    return speaker;
  }

 private:
  Json speakers_;
};

class Corpus {
 public:
  Corpus(const fs::path& folder, const ImportOptions& options)
      : folder_(folder), options_(options), roles_(folder) {}

  void Take(const std::string& line, const std::string& place) {
    const JsonSource source{place};
    const Json json = ParseJson(line, source);
    const Fields utterance(json, source);
    const std::string id = utterance.NeedText({"conversation_id", "root"});
    Turn turn;
    turn.text = utterance.NeedText({"text"});
    // Times are seconds in most corpora, and something else in a few: those are left out.
    if (const Json* time = utterance.Find({"timestamp"})) {
      const auto number = time->is_number()   ? std::optional(time->get<double>())
                          : time->is_string() ? NumberOf(time->get_ref<const std::string&>())
                                              : std::nullopt;
      if (number) turn.at = EpochSeconds(*number);
    }
    if (const Json* meta = utterance.Find({"meta"}); meta != nullptr && !meta->empty()) {
      AppendField(&turn.extra, "meta", *meta);
    }
    std::string speaker = utterance.NeedText({"speaker", "user"});
    const auto [found, fresh] = index_.emplace(id, order_.size());
    if (fresh) order_.emplace_back(id, Talk{});
    Talk& talk = order_[found->second].second;
    talk.turns.push_back(std::move(turn));
    talk.speakers.push_back(std::move(speaker));
  }

  void HandOn(const Importer::Use& use, ReadReport* report) {
    const Json meta = ReadIfThere(folder_ / "conversations.json");
    for (auto& [id, talk] : order_) {
      Conversation c;
      c.id = id;
      c.channel = Channel::kChat;
      c.turns = std::move(talk.turns);
      std::vector<std::pair<std::string, std::string>> said;
      for (std::size_t i = 0; i < c.turns.size(); ++i) {
        said.emplace_back(roles_.LabelOf(talk.speakers[i]), c.turns[i].text);
      }
      const RoleGuess guess = GuessRoles(said, options_, false);
      for (std::size_t i = 0; i < c.turns.size(); ++i) {
        c.turns[i].speaker = guess.speakers.at(said[i].first);
        std::string& one = c.turns[i].speaker == Speaker::kCustomer ? c.customer_id : c.agent_id;
        if (one.empty()) one = talk.speakers[i];
      }
      AppendField(&c.attributes, "roles", guess.by);
      if (const Json* known = MetaOf(meta, id)) AppendField(&c.attributes, "meta", *known);
      SetTimes(std::nullopt, &c);
      ++report->read;
      if (options_.finish) options_.finish(&c);
      use(std::move(c));
    }
  }

 private:
  fs::path folder_;
  const ImportOptions& options_;
  Roles roles_;
  std::vector<std::pair<std::string, Talk>> order_;
  std::unordered_map<std::string, std::size_t> index_;
};

class Convokit : public Importer {
 public:
  std::string name() const override { return "convokit"; }
  std::string describe() const override {
    return "a ConvoKit corpus: the folder with utterances.jsonl and speakers.json";
  }
  bool Sniff(const std::string& path) const override {
    std::error_code none;
    return fs::exists(fs::path(path) / "utterances.jsonl", none) &&
           fs::exists(fs::path(path) / "speakers.json", none);
  }
  /// Utterances of a conversation may stand anywhere, so the texts are held in memory.
  ReadReport Read(const std::string& path, const ImportOptions& options,
                  const Use& use) const override {
    Corpus corpus(path, options);
    ReadReport read = ForEachRecord((fs::path(path) / "utterances.jsonl").string(),
                                    {.skip_bad = options.skip_bad},
                                    [&](const std::string& line, const std::string& place) {
                                      corpus.Take(line, place);
                                      return [] {};
                                    });
    read.read = 0;
    corpus.HandOn(use, &read);
    CheckFound(path, read, "utterances.jsonl with conversation_id, speaker and text");
    return read;
  }
};

}  // namespace

const Importer& ConvokitImporter() {
  static const Convokit importer;
  return importer;
}

}  // namespace arcsat
