#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/output.h"
#include "app/triage_call.h"
#include "app/triage_model.h"
#include "configs/text.h"
#include "data/error.h"
#include "data/files.h"
#include "insight/triage/service.h"
#include "insight/triage/store.h"

namespace arcsat {
namespace {

constexpr std::uintmax_t kLongestToken = 4096;

struct Token {
  std::string text;
  bool given = false;  ///< by the user, not made now
};

Token FindToken(const TriageCall& call) {
  constexpr std::size_t kShortest = 16;
  Token token;
  std::string place = "ARCSAT_TRIAGE_TOKEN";
  if (!call.token_file.empty()) {
    place = call.token_file;
    token.text = Trim(ReadFile(call.token_file, kLongestToken));
  } else if (const char* value = std::getenv("ARCSAT_TRIAGE_TOKEN")) {
    token.text = Trim(value);
  } else {
    return {NewSecret(), false};
  }
  token.given = true;
  const bool plain = token.text.find_first_not_of(
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=") ==
                     std::string::npos;
  if (token.text.size() < kShortest || !plain) {
    throw UsageError(
        {place, fmt::format("holds a token of {} bytes", token.text.size()),
         "expected at least 16 letters, digits or -._~+/=", "make one with: openssl rand -hex 32"});
  }
  return token;
}

/// SIGINT and SIGTERM are waited for by a thread instead of ending the program. Before any other
/// thread is made, which inherits this.
sigset_t HoldSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

}  // namespace

int RunTriageService(const TriageCall& call) {
  const Address address = ParseAddress(call.listen);
  const Token token = FindToken(call);
  if (!IsLoopback(address.host) && !token.given) {
    throw UsageError({"--listen", address.host + " can be reached from other machines",
                      "expected a token of your own there",
                      "give --token-file or ARCSAT_TRIAGE_TOKEN, or listen at 127.0.0.1"});
  }
  const sigset_t signals = HoldSignals();
  const TriageModel model = LoadTriageModel(call.model, call.threads, call.memory);
  TriageService service(
      {call.store, RulesOf(call, model.name), call.service, token.text, model.name},
      model.scorer.get());
  const int port = service.Bind(address);
  const std::string host =
      address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
  fmt::print(stderr, "arcsat triage: listening at http://{}:{}/\n", host, port);
  if (!token.given) {
    fmt::print(stderr, "  the token, shown once: {}\n  the page: http://{}:{}/#token={}\n",
               token.text, host, port, token.text);
  }
  std::thread waiting([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    service.Stop();
  });
  service.Run();
  if (waiting.joinable()) {
    kill(getpid(), SIGTERM);  // where the server ended by itself: the thread still waits
    waiting.join();
  }
  if (!call.common.quiet) fmt::print(stderr, "arcsat triage: stopped\n");
  return 0;
}

int RunTriageLabels(const TriageCall& call) {
  if (!std::filesystem::exists(call.store)) {
    throw Error(
        {call.store, "there is no such file", "expected the service's database", "check --store"});
  }
  TriageReader reader(call.store);
  Output out(call.out);
  std::int64_t n = 0;
  reader.Labels([&](const Conversation& conversation) {
    out.Write(ToJsonLine(conversation) + "\n");
    ++n;
  });
  out.Commit();
  if (!call.common.quiet) {
    fmt::print(stderr, "{} labelled; train with --survey.target attribute:triage.satisfied\n",
               Thousands(n));
  }
  return 0;
}

}  // namespace arcsat
