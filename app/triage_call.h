#pragma once

#include <string>
#include <vector>

#include "configs/bind.h"
#include "insight/triage/options.h"

namespace arcsat {

/// A call of `arcsat triage`.
struct TriageCall {
  std::vector<std::string> words;  ///< none, or one of fit, measure, export-labels
  std::string model, data = "-", out, thresholds;
  std::string listen, store, token_file;
  bool follow = false;
  int threads = 0;
  int memory = 2048;  ///< MiB for what running conversations keep between turns
  TriageOptions rules;
  TriageFitOptions fit;
  TriageServiceOptions service;
  ReadOptions read;
  CommonOptions common;
};

/// Events to alerts.
int RunTriageStream(const TriageCall& call);
/// The service, until it is told to stop.
int RunTriageService(const TriageCall& call);
/// Closed conversations of --store with their outcome, as conversation records.
int RunTriageLabels(const TriageCall& call);
/// Thresholds from a promise or a budget.
int RunTriageFit(const TriageCall& call, const std::string& resolved);
/// What the rules do on held-out conversations.
int RunTriageMeasure(TriageCall call);

/// The rules, with those of --thresholds where it is given; `model` is the model's fingerprint.
TriageOptions RulesOf(const TriageCall& call, const std::string& model);

}  // namespace arcsat
