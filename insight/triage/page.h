#pragma once

#include <string>

#include "insight/triage/options.h"

namespace arcsat {

/// What the page shows besides the queue.
struct TriagePage {
  std::string title;  ///< heading
  std::string model;  ///< the model's fingerprint
  TriageOptions rules;
};

/// The team's page: one HTML file without data, which asks the service for the queue with the token
/// that the reader gives (or that stands behind # in its address). Safe like the evaluation report
/// (eval/report/page.h); it may ask its own service and nobody else.
std::string RenderTriagePage(const TriagePage& page);

}  // namespace arcsat
