#include "insight/agents/page.h"

#include <set>

#include "eval/report/page.h"
#include "insight/agents/assets.h"

namespace arcsat {
namespace {

constexpr std::size_t kTurnBytes = 4000;  // of one turn to read, at most

/// The figures of an agent at every problem, a short list each: there can be 60,000.
Json CellsJson(const Json& problems, const std::map<std::string, int>& codes) {
  Json cells = Json::array();
  for (const Json& pair : problems) {
    cells.push_back({codes.at(pair.at("problem_type").get<std::string>()), pair.at("n"),
                     pair.at("mean"), pair.at("effect"), pair.at("interval").at(0),
                     pair.at("interval").at(1), pair.at("p_above"), pair.at("statement")});
  }
  return cells;
}

Json TranscriptsJson(const AgentsPage& page) {
  Json out = Json::array();
  std::size_t bytes = 0;
  for (const auto& [id, turns] : page.transcripts) {
    Json rows = Json::array();
    for (const Turn& turn : turns) {
      rows.push_back({Name(turn.speaker), CutText(turn.text, kTurnBytes)});
      bytes += std::min(turn.text.size(), kTurnBytes);
    }
    if (bytes > page.transcript_bytes) break;
    out.push_back({id, std::move(rows)});
  }
  return out;
}

}  // namespace

std::string RenderAgentsPage(const Json& agents, const AgentsPage& page) {
  Json data = {{"title", page.title}, {"program", page.program}, {"made_at", page.made_at}};
  for (const char* key :
       {"pseudonyms", "options", "data", "model", "problems", "lessons", "behaviours", "notes"}) {
    if (agents.contains(key)) data[key] = Rounded(agents.at(key), 5);
  }
  std::map<std::string, int> codes;
  for (const Json& problem : agents.at("problems")) {
    codes.emplace(problem.at("problem_type").get<std::string>(), static_cast<int>(codes.size()));
  }
  data["agents"] = Json::array();
  for (const Json& agent : agents.at("agents")) {
    Json row = {{"agent", agent.at("agent")},
                {"n", agent.at("n")},
                {"mean", agent.at("mean")},
                {"overall", agent.at("overall")},
                {"cells", CellsJson(agent.at("problems"), codes)},
                {"path", agent.at("path")}};
    data["agents"].push_back(Rounded(row, 4));
  }
  data["transcripts"] = TranscriptsJson(page);
  return RenderPage({"arcsat agents", "the JSON or CSV file of arcsat agents",
                     assets::AgentsStyle(), assets::AgentsScript(), std::move(data)});
}

}  // namespace arcsat
