#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "insight/triage/limits.h"
#include "insight/triage/options.h"
#include "insight/triage/scorer.h"

namespace arcsat {

/// What the service is started with.
struct TriageServiceSetup {
  std::filesystem::path store;  ///< SQLite file, made where there is none
  TriageOptions rules;
  TriageServiceOptions limits;
  std::string token;  ///< that every request but those for the page and for health must carry
  std::string model;  ///< the model's fingerprint, for the page
};

/// Triage over HTTP (docs/triage.md, openapi.json): turns in, the queue out, actions of the team,
/// alerts as server-sent events, and the page. An event that was answered with 200 is on the disk.
///
///   TriageService service(setup, scorer);
///   const int port = service.Bind({"127.0.0.1", 0});
///   service.Run();  // until Stop(), from another thread
class TriageService {
 public:
  /// Brings back what the store holds. Error where it cannot be opened.
  TriageService(const TriageServiceSetup& setup, TurnScorer* scorer);
  ~TriageService();

  /// The port; Error where it cannot be had.
  int Bind(const Address& address);
  void Run();
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arcsat
