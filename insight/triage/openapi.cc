#include "insight/triage/openapi.h"

#include "data/conversation.h"
#include "insight/triage/assets.h"

namespace arcsat {

std::string TriageOpenapi() {
  Json api = Json::parse(assets::OpenapiPaths());
  Json components = Json::parse(assets::OpenapiComponents());
  components["schemas"]["TurnEvent"] = Json::parse(assets::TurnEventSchema());
  components["schemas"]["Alert"] = Json::parse(assets::AlertSchema());
  for (const char* name : {"TurnEvent", "Alert"}) {
    components["schemas"][name].erase("$schema");
    components["schemas"][name].erase("$id");
  }
  api["components"] = std::move(components);
  return api.dump(1) + "\n";
}

}  // namespace arcsat
