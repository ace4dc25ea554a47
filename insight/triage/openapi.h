#pragma once

#include <string>

namespace arcsat {

/// The description of the service as JSON (OpenAPI 3.1): openapi.json with its components, of which
/// the turn event and the alert are the project's own schemas.
std::string TriageOpenapi();

}  // namespace arcsat
