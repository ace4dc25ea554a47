#include "insight/triage/page.h"

#include "eval/report/page.h"
#include "insight/triage/assets.h"

namespace arcsat {

std::string RenderTriagePage(const TriagePage& page) {
  PageParts parts;
  parts.title = "arcsat triage";
  parts.instead = "GET /v1/queue";
  parts.style = assets::TriageStyle();
  parts.script = assets::TriageScript();
  parts.connect = "'self'";
  parts.data = {{"title", page.title},
                {"model", page.model},
                {"rules",
                 {{"outlook", page.rules.outlook},
                  {"fall", page.rules.fall},
                  {"from_turn", page.rules.from_turn}}}};
  return RenderPage(parts);
}

}  // namespace arcsat
