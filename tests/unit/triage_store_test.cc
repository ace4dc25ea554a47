#include "insight/triage/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "data/error.h"
#include "insight/triage/event_hub.h"
#include "insight/triage/group_commit.h"
#include "insight/triage/limits.h"
#include "insight/triage/metrics.h"
#include "insight/triage/worker.h"
#include "tests/unit/data_test_support.h"
#include "tests/unit/triage_test_support.h"

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TriageOptions Rules() {
  TriageOptions rules;
  rules.outlook = 0.3;
  rules.fall = 0.4;
  return rules;
}

Taken Add(TriageStore* store, const TurnEvent& event) {
  store->Begin();
  const Taken taken = store->AddEvent(event, 2000, 1);
  store->Commit();
  return taken;
}

/// Scores what an engine restored from the store is due, and keeps it.
int Settle(TriageStore* store, double now) {
  WordScorer scorer;
  TriageEngine engine(&scorer, Rules());
  store->Restore(&engine);
  int alerts = 0;
  while (engine.due() > 0) {
    const TriageRound round = engine.Round();
    store->Begin();
    alerts += static_cast<int>(store->AddRound(round, now).size());
    store->Commit();
  }
  return alerts;
}

QueueAction Action(const std::string& action, const std::string& by, const std::string& more = "") {
  QueueAction out;
  out.action = action;
  out.conversation = "c";
  out.by = by;
  (action == "done" ? out.outcome : out.reason) = more;
  return out;
}

Acted Act(TriageStore* store, const QueueAction& action, double now = 5) {
  store->Begin();
  const Acted acted = store->Act(action, now);
  store->Commit();
  return acted;
}

TEST(TriageStore, TakesEveryEventOnce) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  EXPECT_EQ(Add(&store, Said("c", 0, "0.8")), Taken::kNew);
  EXPECT_EQ(Add(&store, Said("c", 0, "0.8")), Taken::kRepeated);
  TurnEvent other = Said("c", 0, "0.1");
  other.event = "another";
  EXPECT_EQ(Add(&store, other), Taken::kConflict);
  TurnEvent twice = Said("d", 3, "0.1");
  twice.event = "c:0";
  EXPECT_EQ(Add(&store, twice), Taken::kConflict);
  EXPECT_EQ(Add(&store, Said("c", 2000, "0.1")), Taken::kTooMany);
  Add(&store, Ended("c", 1));
  Settle(&store, 2);
  EXPECT_EQ(Add(&store, Said("c", 7, "0.1")), Taken::kAfterEnd);
  EXPECT_EQ(Add(&store, Said("c", 0, "0.8")), Taken::kRepeated);
}

TEST(TriageStore, IsReadableByItsOwnerAlone) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  Add(&store, Said("c", 0, "0.8"));
  for (const std::string& name : folder.Names()) {
    struct stat status = {};
    ASSERT_EQ(stat((folder / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077, 0U) << name;
  }
}

TEST(TriageStore, RestoresWhatWasNotJudgedAndRaisesNothingTwice) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  Add(&store, Said("c", 0, "0.8"));
  Add(&store, Said("c", 1, "0.1"));
  EXPECT_EQ(Settle(&store, 2), 2);
  EXPECT_EQ(Settle(&store, 3), 0);
  Add(&store, Ended("c", 2));
  EXPECT_EQ(Settle(&store, 4), 1);
  TriageReader reader(folder / "s.db");
  const Json queue = reader.Queue("waiting", "", 10);
  ASSERT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue[0]["alerts"].size(), 3U);
  EXPECT_EQ(queue[0]["arc"].dump(), "[[0,0.8,0.8],[1,0.1,0.1]]");
}

TEST(TriageStore, ATurnThatComesAfterAllIsJudgedAfterARestart) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  Add(&store, Said("c", 0, "0.8"));
  Add(&store, Said("c", 2, "0.7"));
  WordScorer scorer;
  TriageEngine engine(&scorer, Rules());
  store.Restore(&engine);
  engine.Tick(100);  // the gap is given up
  store.Begin();
  while (engine.due() > 0) store.AddRound(engine.Round(), 2);
  store.Commit();
  Add(&store, Said("c", 1, "0.1"));
  EXPECT_EQ(Settle(&store, 3), 2);
}

TEST(TriageStore, AQueueIsWorkedOff) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  EXPECT_EQ(Act(&store, Action("claim", "ann")), Acted::kUnknown);
  Add(&store, Said("c", 0, "0.8"));
  Add(&store, Said("c", 1, "0.35"));
  EXPECT_EQ(Settle(&store, 2), 1);
  EXPECT_EQ(Act(&store, Action("claim", "ann")), Acted::kDone);
  EXPECT_EQ(Act(&store, Action("claim", "ann")), Acted::kDone);
  EXPECT_EQ(Act(&store, Action("claim", "bob")), Acted::kTaken);
  EXPECT_EQ(Act(&store, Action("release", "ann")), Acted::kDone);
  EXPECT_EQ(Act(&store, Action("dismiss", "bob", "false_alarm")), Acted::kDone);
  EXPECT_EQ(Act(&store, Action("claim", "ann")), Acted::kClosed);
  TriageReader reader(folder / "s.db");
  EXPECT_EQ(reader.Queue("waiting", "", 10).size(), 0U);
  Add(&store, Said("c", 2, "0.1"));
  EXPECT_EQ(Settle(&store, 6), 1);  // another reason brings it back
  EXPECT_EQ(reader.Queue("waiting", "", 10).size(), 1U);
  EXPECT_EQ(Act(&store, Action("done", "ann", "unsatisfied"), 7), Acted::kDone);
  std::vector<std::string> labels;
  reader.Labels([&](const Conversation& c) { labels.push_back(c.attributes["triage"].dump()); });
  EXPECT_THAT(labels, ElementsAre(HasSubstr(R"("satisfied":false,"from":"call")")));
  EXPECT_EQ(reader.Conversation("c")["actions"].size(), 5U);
}

TEST(TriageStore, ForgetsClosedConversationsWithTheirWords) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  Add(&store, Said("c", 0, "0.8"));
  Add(&store, Ended("c", 1));
  Add(&store, Said("open", 0, "0.8"));
  Settle(&store, 10);
  store.Begin();
  EXPECT_EQ(store.Forget(10), 0);
  EXPECT_EQ(store.Forget(11), 1);
  store.Commit();
  TriageReader reader(folder / "s.db");
  EXPECT_TRUE(reader.Conversation("c").is_null());
  EXPECT_FALSE(reader.Conversation("open").is_null());
}

TEST(TriageStore, RefusesAnotherProgramsFile) {
  TemporaryFolder folder;
  Database::Open(folder / "other.db").Run("CREATE TABLE mine (x)");
  EXPECT_THROW(TriageStore(folder / "other.db"), Error);
  EXPECT_THROW(TriageStore(folder.Put("text", "no database at all, but some words")), Error);
}

TEST(GroupCommit, AFailedWriteLeavesNothingAndTheOthersStay) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  std::atomic<int> failed = 0, after = 0;
  {
    GroupCommit commit(&store);
    std::vector<std::thread> threads;
    for (int i = 0; i < 40; ++i) {
      threads.emplace_back([&, i] {
        try {
          commit.Run(
              [&](TriageStore& s) {
                s.AddEvent(Said("c" + std::to_string(i), 0, "0.8"), 2000, 1);
                if (i % 4 == 0) throw Error({"here", "it fails", "", ""});
              },
              [&] { ++after; });
        } catch (const Error&) {
          ++failed;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(failed, 10);
  EXPECT_EQ(after, 30);
  WordScorer scorer;
  TriageEngine engine(&scorer, Rules());
  store.Restore(&engine);
  EXPECT_EQ(engine.open(), 30U);
}

TEST(TriageWorker, ScoresWhatCameWhileItScored) {
  TemporaryFolder folder;
  TriageStore store(folder / "s.db");
  WordScorer scorer;
  TriageEngine engine(&scorer, Rules());
  EventHub hub(2);
  TriageMetrics metrics;
  auto listener = hub.Listen();
  GroupCommit commit(&store);
  {
    TriageWorker worker({&engine, &commit, &hub, &metrics, 30});
    for (int i = 0; i < 50; ++i) {
      const std::vector<TurnEvent> events = {Said("c" + std::to_string(i), 0, "0.8"),
                                             Said("c" + std::to_string(i), 1, "0.1")};
      commit.Run(
          [&](TriageStore& s) {
            for (const TurnEvent& event : events) s.AddEvent(event, 2000, 1);
          },
          [&] { worker.Push(events, SystemSeconds()); });
    }
    std::string heard;
    const auto alerts = [&] {
      int n = 0;
      for (std::size_t at = 0; (at = heard.find("event: alert", at)) != std::string::npos; ++at)
        ++n;
      return n;
    };
    while (alerts() < 100) heard += hub.Next(listener.get(), 10);  // a fall and an outlook each
    EXPECT_EQ(worker.failure(), "");
  }
  EXPECT_THAT(metrics.Text(), HasSubstr("arcsat_triage_alerts_total{reason=\"outlook\"} 50\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("arcsat_triage_delay_seconds_count 50\n"));
}

TEST(EventHub, ASlowListenerIsToldToReload) {
  EventHub hub(1);
  auto listener = hub.Listen();
  EXPECT_EQ(hub.Listen(), nullptr);
  for (int i = 0; i < 1001; ++i) hub.Publish("queue", "{}");
  EXPECT_THAT(hub.Next(listener.get(), 0), testing::StartsWith("event: reload"));
  EXPECT_EQ(hub.Next(listener.get(), 0), ": still here\n\n");
  hub.Close();
  EXPECT_EQ(hub.Next(listener.get(), 0), "");
}

TEST(RateLimit, GivesTwiceTheRateAtOnceAndThenTheRate) {
  RateLimit limit(10);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(limit.Allow("a", 1, 0));
  EXPECT_FALSE(limit.Allow("a", 1, 0));
  EXPECT_TRUE(limit.Allow("b", 20, 0));
  EXPECT_TRUE(limit.Allow("a", 1, 0.1));
  EXPECT_FALSE(limit.Allow("a", 1, 0.1));
  EXPECT_TRUE(limit.Allow("a", 20, 100));
}

TEST(ParseAddress, TakesHostAndPortApart) {
  EXPECT_EQ(ParseAddress("127.0.0.1:8080").port, 8080);
  EXPECT_EQ(ParseAddress("[::1]:0").host, "::1");
  for (const char* text : {"", "8080", ":80", "host:", "host:x", "host:99999", "::1:80", "a:-1"}) {
    EXPECT_THROW(ParseAddress(text), UsageError) << text;
  }
  EXPECT_TRUE(IsLoopback("127.1.2.3") && IsLoopback("::1") && IsLoopback("localhost"));
  EXPECT_FALSE(IsLoopback("0.0.0.0") || IsLoopback("::") || IsLoopback("10.0.0.1"));
  EXPECT_TRUE(SameSecret("abc", "abc"));
  EXPECT_FALSE(SameSecret("abc", "abd"));
  EXPECT_EQ(NewSecret().size(), 64U);
}

TEST(ReadQueueAction, RefusesWhatTheDescriptionRefuses) {
  const auto read = [](const char* text, const char* action) {
    return ReadQueueAction(Json::parse(text), action, "body");
  };
  EXPECT_EQ(read(R"({"conversation":"c","by":"ann"})", "claim").by, "ann");
  EXPECT_THROW(read(R"({"conversation":"c"})", "claim"), Error);
  EXPECT_THROW(read(R"({"by":"ann"})", "claim"), Error);
  EXPECT_THROW(read(R"([])", "claim"), Error);
  EXPECT_THROW(read(R"({"conversation":"c","by":"ann"})", "done"), Error);
  EXPECT_THROW(read(R"({"conversation":"c","by":"ann","reason":"mood"})", "dismiss"), Error);
  EXPECT_THROW(read(R"({"conversation":1,"by":"ann"})", "claim"), Error);
}

}  // namespace
}  // namespace arcsat
