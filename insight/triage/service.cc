#include "insight/triage/service.h"

#include <fmt/format.h>
#include <httplib.h>

#include <algorithm>
#include <mutex>

#include "data/error.h"
#include "data/json.h"
#include "insight/triage/openapi.h"
#include "insight/triage/page.h"
#include "insight/triage/worker.h"

namespace arcsat {
namespace {

using httplib::Request;
using httplib::Response;

constexpr double kKeepAlive = 15;  // seconds between signs of life to a listener
constexpr int kIdleSeconds = 5;    // of a connection; so long a slow sender can hold a thread
constexpr int kMostItems = 1000;   // of the queue in one answer

/// A refusal with its status; what is thrown below becomes a 400.
struct Refusal {
  int status;
  Problem problem;
};

void Answer(Response& response, int status, const Json& json) {
  response.status = status;
  response.set_content(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                       "application/json");
}

void Refuse(Response& response, const Refusal& refusal) {
  const Problem& p = refusal.problem;
  Answer(response, refusal.status,
         {{"error",
           {{"message", Describe(p)},
            {"place", p.place},
            {"found", p.found},
            {"expected", p.expected},
            {"remedy", p.remedy}}}});
  if (refusal.status == 401) response.set_header("WWW-Authenticate", "Bearer");
  if (refusal.status == 429 || refusal.status == 503) response.set_header("Retry-After", "1");
}

/// Runs what reads a request: its errors are the sender's.
template <class F>
auto Reading(const F& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Refusal{400, error.problem()};
  }
}

std::vector<TurnEvent> ReadEvents(const std::string& body, int most, bool* single) {
  return Reading([&] {
    Json record = ParseJson(body, {"body", "send one event, or a list of them"});
    *single = !record.is_array();
    std::vector<TurnEvent> events;
    if (*single) {
      events.push_back(ReadTurnEvent(std::move(record), "body"));
      return events;
    }
    if (record.size() > static_cast<std::size_t>(most)) {
      throw Refusal{413,
                    {"body", fmt::format("found {} events", record.size()),
                     fmt::format("expected at most {}", most), "send them in parts"}};
    }
    for (std::size_t i = 0; i < record.size(); ++i) {
      events.push_back(ReadTurnEvent(std::move(record[i]), fmt::format("body[{}]", i)));
    }
    return events;
  });
}

int ReadLimit(const Request& request) {
  const std::string text = request.get_param_value("limit");
  if (text.empty()) return kMostItems / 5;
  if (text.size() > 4 || text.find_first_not_of("0123456789") != std::string::npos) {
    throw Refusal{400, {"limit", "found \"" + text.substr(0, 20) + "\"", "expected a number", ""}};
  }
  return std::clamp(std::stoi(text), 1, kMostItems);
}

}  // namespace

struct TriageService::Impl {
  Impl(const TriageServiceSetup& given, TurnScorer* scorer)
      : setup(given),
        store(given.store),
        reader(given.store),
        engine(scorer, given.rules),
        hub(given.limits.streams),
        events(given.limits.events_per_second),
        requests(given.limits.requests_per_second),
        commit(&store) {
    store.Restore(&engine);
    worker.emplace(TriageWorker::Parts{&engine, &commit, &hub, &metrics, given.limits.keep_days});
    page = RenderTriagePage({"Triage", setup.model, setup.rules});
    Routes();
  }

  using Handler = std::function<void(const Request&, Response&)>;

  /// Every answer goes through here: limits, the token, errors, counting.
  httplib::Server::Handler Guarded(bool open, Handler handler) {
    return [this, open, handler = std::move(handler)](const Request& request, Response& response) {
      try {
        if (!requests.Allow(request.remote_addr, 1, SystemSeconds())) {
          throw Refusal{429,
                        {"", "too many requests", "expected fewer a second", "send again later"}};
        }
        if (!open) Demand(request);
        handler(request, response);
      } catch (const Refusal& refusal) {
        Refuse(response, refusal);
      } catch (const Error& error) {
        fmt::print(stderr, "arcsat triage: {}\n", error.what());
        Refuse(response, {503, error.problem()});
      }
      metrics.Request(response.status == -1 ? 200 : response.status);
    };
  }

  void Demand(const Request& request) const {
    const std::string given = request.get_header_value("Authorization");
    if (given.starts_with("Bearer ") && SameSecret(given.substr(7), setup.token)) return;
    throw Refusal{401,
                  {"Authorization", given.empty() ? "no token is given" : "the token is wrong",
                   "expected Authorization: Bearer TOKEN", "ask whoever started the service"}};
  }

  void Routes() {
    server.Get("/", Guarded(true, [this](const Request&, Response& r) {
                 r.set_header("X-Frame-Options", "DENY");
                 r.set_content(page, "text/html; charset=utf-8");
               }));
    server.Get("/openapi.json",
               Guarded(true, [text = TriageOpenapi()](const Request&, Response& r) {
                 r.set_content(text, "application/json");
               }));
    server.Get("/healthz", Guarded(true, [this](const Request&, Response& r) { Health(r); }));
    server.Get("/metrics", Guarded(false, [this](const Request&, Response& r) { Metrics(r); }));
    server.Post("/v1/turns",
                Guarded(false, [this](const Request& q, Response& r) { Turns(q, r); }));
    server.Get("/v1/queue", Guarded(false, [this](const Request& q, Response& r) { Queue(q, r); }));
    server.Get("/v1/conversation",
               Guarded(false, [this](const Request& q, Response& r) { One(q, r); }));
    for (const char* action : {"claim", "release", "done", "dismiss"}) {
      server.Post(
          std::string("/v1/queue/") + action,
          Guarded(false, [this, action](const Request& q, Response& r) { Act(q, action, r); }));
    }
    server.Get("/v1/labels", Guarded(false, [this](const Request&, Response& r) { Labels(r); }));
    server.Get("/v1/events", Guarded(false, [this](const Request&, Response& r) { Stream(r); }));
    server.set_error_handler([](const Request&, Response& r) {
      if (!r.body.empty()) return;
      // cpp-httplib takes a form, which a body without a type is to curl, for 8 KiB at most.
      Problem problem{"", fmt::format("status {}", r.status), "", "see /openapi.json"};
      if (r.status == 413) {
        problem = {"body", "it is too long",
                   "expected a shorter one, of Content-Type: application/json",
                   "send events in parts"};
      }
      Refuse(r, {r.status, problem});
    });
    server.set_exception_handler([](const Request&, Response& r, std::exception_ptr) {
      Refuse(r, {500, {"", "something went wrong", "", "send it again later"}});
    });
    Tune();
  }

  void Tune() {
    const TriageServiceOptions& limits = setup.limits;
    server.new_task_queue = [threads = limits.threads + limits.streams] {
      return new httplib::ThreadPool(static_cast<std::size_t>(threads));
    };
    server.set_payload_max_length(static_cast<std::size_t>(limits.body_bytes));
    server.set_keep_alive_max_count(1'000'000);
    server.set_keep_alive_timeout(kIdleSeconds);
    server.set_read_timeout(kIdleSeconds);
    server.set_write_timeout(kIdleSeconds);
    server.set_tcp_nodelay(true);
    server.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                                {"Cache-Control", "no-store"},
                                {"Referrer-Policy", "no-referrer"}});
  }

  void Turns(const Request& request, Response& response) {
    bool single = false;
    const std::vector<TurnEvent> given =
        ReadEvents(request.body, setup.limits.most_events, &single);
    if (!events.Allow("", static_cast<double>(given.size()), SystemSeconds())) {
      throw Refusal{429, {"", "too many events", "expected fewer a second", "send again later"}};
    }
    if (worker->backlog() > static_cast<std::size_t>(setup.limits.backlog) ||
        !worker->failure().empty()) {
      throw Refusal{503, {"", "scoring does not keep up", "", "send again later"}};
    }
    const double now = SystemSeconds();
    std::vector<Taken> taken;
    std::vector<TurnEvent> fresh;
    commit.Run(
        [&](TriageStore& s) {
          for (const TurnEvent& event : given) {
            taken.push_back(s.AddEvent(event, setup.rules.most_turns, now));
            if (taken.back() == Taken::kNew) fresh.push_back(event);
          }
        },
        [&] { worker->Push(std::move(fresh), now); });
    Json results = Json::array();
    for (const Taken one : taken) {
      metrics.Event(Name(one));
      results.push_back(Name(one));
    }
    Answer(response, 200, single ? Json{{"result", results[0]}} : Json{{"results", results}});
  }

  void Queue(const Request& request, Response& response) {
    std::string status = request.get_param_value("status");
    if (status.empty()) status = "waiting";
    constexpr std::array<const char*, 5> kStatuses = {"waiting", "open", "claimed", "done",
                                                      "dismissed"};
    if (std::find(kStatuses.begin(), kStatuses.end(), status) == kStatuses.end()) {
      throw Refusal{400,
                    {"status", "found \"" + status.substr(0, 20) + "\"",
                     "expected waiting, open, claimed, done or dismissed", ""}};
    }
    const int limit = ReadLimit(request);
    const std::lock_guard lock(reading);
    Json counts = Json::object();
    for (const auto& [name, n] : reader.Counts()) counts[name] = n;
    Answer(response, 200,
           {{"counts", counts},
            {"items", reader.Queue(status, request.get_param_value("channel"), limit)}});
  }

  void One(const Request& request, Response& response) {
    const std::lock_guard lock(reading);
    Json found = reader.Conversation(request.get_param_value("id"));
    if (found.is_null()) {
      throw Refusal{404, {"id", "there is no such conversation", "", "see /v1/queue"}};
    }
    Answer(response, 200, found);
  }

  void Act(const Request& request, const std::string& action, Response& response) {
    const QueueAction act = Reading([&] {
      return ReadQueueAction(ParseJson(request.body, {"body", "send an object"}), action, "body");
    });
    Acted acted = Acted::kUnknown;
    commit.Run([&](TriageStore& s) { acted = s.Act(act, SystemSeconds()); });
    switch (acted) {
      case Acted::kUnknown:
        throw Refusal{404, {"conversation", "it is not in the queue", "", "see /v1/queue"}};
      case Acted::kTaken:
        throw Refusal{
            409,
            {"conversation", "another person has claimed it", "", "let them release it first"}};
      case Acted::kClosed:
        throw Refusal{409, {"conversation", "it is closed already", "", "see /v1/queue"}};
      case Acted::kDone:
        break;
    }
    hub.Publish("queue", Json{{"conversation", act.conversation}, {"action", action}}.dump());
    Answer(response, 200, {{"result", "done"}});
  }

  void Labels(Response& response) {
    std::string text;
    const std::lock_guard lock(reading);
    reader.Labels([&](const Conversation& c) { text += ToJsonLine(c) + "\n"; });
    response.set_content(text, "application/jsonl");
  }

  void Stream(Response& response) {
    auto listener = hub.Listen();
    if (!listener) {
      throw Refusal{503, {"", "too many listen already", "", "close a page, or ask again later"}};
    }
    response.set_header("X-Accel-Buffering", "no");
    response.set_chunked_content_provider(
        "text/event-stream",
        [this, listener](std::size_t, httplib::DataSink& sink) {
          const std::string text = hub.Next(listener.get(), kKeepAlive);
          if (text.empty()) {
            sink.done();
            return true;
          }
          return sink.write(text.data(), text.size());
        },
        [this, listener](bool) { hub.Leave(listener); });
  }

  void Health(Response& response) {
    const std::string failure = worker->failure();
    const std::size_t backlog = worker->backlog(), due = worker->due();  // in this order
    const bool late = backlog > static_cast<std::size_t>(setup.limits.backlog);
    Answer(response, failure.empty() && !late ? 200 : 503,
           {{"status", !failure.empty() ? "scoring has stopped"
                       : late           ? "late"
                                        : "ok"},
            {"open", worker->open()},
            {"backlog", backlog},
            {"due", due},
            {"model", setup.model}});
  }

  void Metrics(Response& response) {
    metrics.Gauge("open_conversations", "Conversations that are followed.",
                  static_cast<double>(worker->open()));
    metrics.Gauge("backlog_events", "Events not looked at yet.",
                  static_cast<double>(worker->backlog()));
    metrics.Gauge("due_conversations", "Conversations that wait for a score.",
                  static_cast<double>(worker->due()));
    metrics.Gauge("listeners", "Pages and programs that listen.", hub.listeners());
    {
      const std::lock_guard lock(reading);
      for (const auto& [status, n] : reader.Counts()) {
        metrics.Gauge("queue_" + status, "Conversations in the queue that are " + status + ".",
                      static_cast<double>(n));
      }
    }
    response.set_content(metrics.Text(), "text/plain; version=0.0.4");
  }

  // In this order, so that what is used outlives its users.
  TriageServiceSetup setup;
  TriageStore store;
  TriageReader reader;
  std::mutex reading;
  TriageEngine engine;
  EventHub hub;
  TriageMetrics metrics;
  RateLimit events, requests;
  GroupCommit commit;
  std::optional<TriageWorker> worker;
  std::string page;
  httplib::Server server;
};

TriageService::TriageService(const TriageServiceSetup& setup, TurnScorer* scorer)
    : impl_(std::make_unique<Impl>(setup, scorer)) {}

TriageService::~TriageService() = default;

int TriageService::Bind(const Address& address) {
  const int port =
      address.port == 0
          ? impl_->server.bind_to_any_port(address.host)
          : (impl_->server.bind_to_port(address.host, address.port) ? address.port : -1);
  if (port > 0) return port;
  throw Error({fmt::format("{}:{}", address.host, address.port), "cannot be listened at",
               "expected an address of this machine and a free port", "give another --listen"});
}

void TriageService::Run() { impl_->server.listen_after_bind(); }

void TriageService::Stop() {
  impl_->hub.Close();
  impl_->server.stop();
}

}  // namespace arcsat
