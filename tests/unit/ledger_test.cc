#include "eval/ledger.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const char kLine[] =
    R"({"id":"0123456789ab","date":"2026-01-05T09:30:00Z","name":"six layers","question":"do all)"
    R"( layers across turns help?","status":"kept","target":"attribute:task_done","data":[{"side":)"
    R"("test","file":"test.jsonl","sha256":null,"labelled":371}],"split":"seed 1","config":)"
    R"({"train.epochs":"4"},"changed":{"train.epochs":"4"},"code":"fbd820b","model":"a28b8fe35b1c",)"
    R"("figures":{"validation":{"accuracy":{"value":0.924,"interval":null,"n":185}},"test":)"
    R"({"accuracy":{"value":0.892,"interval":[0.857,0.92],"n":371}}},"cost":{"seconds":812.5,)"
    R"("updates":280,"conversations_per_second":5.5},"learned":"level with TF-IDF","mood":[1]})";

LedgerEntry Entry(const std::string& name, double accuracy) {
  LedgerEntry entry;
  entry.name = name;
  entry.target = "survey";
  entry.learned = "something";
  entry.figures = {{"test", "accuracy", accuracy, Interval{accuracy - 0.1, accuracy + 0.1}, 100}};
  return entry;
}

/// The line with one piece of its text replaced.
std::string With(const std::string& from, const std::string& to) {
  std::string line = kLine;
  const std::size_t at = line.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return line.replace(at, from.size(), to);
}

TEST(LedgerEntryTest, ReadsEveryField) {
  const LedgerEntry entry = ParseLedgerEntry(kLine, "l:1");
  EXPECT_EQ(entry.id, "0123456789ab");
  EXPECT_EQ(entry.status, LedgerStatus::kKept);
  EXPECT_EQ(entry.data.at(0).file, "test.jsonl");
  EXPECT_EQ(entry.data.at(0).sha256, "");
  EXPECT_EQ(entry.data.at(0).labelled, 371);
  EXPECT_EQ(entry.changed, Json({{"train.epochs", "4"}}));
  EXPECT_EQ(entry.cost.seconds, 812.5);
  EXPECT_EQ(entry.cost.updates, 280);
  const LedgerFigure* figure = entry.Find("test", "accuracy");
  ASSERT_NE(figure, nullptr);
  EXPECT_EQ(figure->value, 0.892);
  EXPECT_EQ(figure->interval->high, 0.92);
  EXPECT_EQ(figure->n, 371);
  EXPECT_FALSE(entry.Find("validation", "accuracy")->interval.has_value());
  EXPECT_EQ(entry.Find("test", "roc_auc"), nullptr);
  EXPECT_EQ(entry.Find("train", "accuracy"), nullptr);
}

TEST(LedgerEntryTest, ComesBackAsItWasWithUnknownFields) {
  EXPECT_EQ(ToJson(ParseLedgerEntry(kLine, "l:1")).dump(), kLine);
}

TEST(LedgerEntryTest, RefusesWhatTheSchemaRefuses) {
  const std::vector<std::array<std::string, 3>> broken = {
      {R"("name":"six layers")", R"("name":"")", "name"},
      {R"("name":"six layers",)", "", "name"},
      {R"("status":"kept")", R"("status":"good")", "status"},
      {"attribute:task_done", "attribute:", "target"},
      {"2026-01-05T09:30:00Z", "yesterday", "date"},
      {"2026-01-05T09:30:00Z", "2026-01-05T09:30:00+01:00", "date"},
      {R"("side":"test","file")", R"("side":"all","file")", "data[0].side"},
      {"test.jsonl", "sides/test.jsonl", "data[0].file"},
      {R"("sha256":null)", R"("sha256":"abc")", "data[0].sha256"},
      {R"("labelled":371)", R"("labelled":-1)", "data[0].labelled"},
      {R"("config":{"train.epochs":"4"})", R"("config":{"train.epochs":4})", "config.train.epochs"},
      {R"("test":{"accuracy")", R"("train":{"accuracy")", "figures"},
      {"[0.857,0.92]", "[0.92,0.857]", "figures.test.accuracy.interval"},
      {"[0.857,0.92]", "[0.857]", "figures.test.accuracy.interval"},
      {R"("n":371})", R"("n":0})", "figures.test.accuracy.n"},
      {R"("value":0.892)", R"("value":null)", "figures.test.accuracy.value"},
      {R"("seconds":812.5)", R"("seconds":-1)", "cost.seconds"},
      {R"("updates":280)", R"("updates":1.5)", "cost.updates"},
      {R"("learned":"level with TF-IDF")", R"("learned":"")", "learned"},
  };
  for (const auto& [from, to, field] : broken) {
    SCOPED_TRACE(from + " -> " + to);
    EXPECT_EQ(ProblemOf([&] { ParseLedgerEntry(With(from, to), "l:1"); }).place, "l:1: " + field);
  }
  const std::string none = R"({"id":"a","date":"2026-01-05T09:30:00Z","name":"n","status":"kept",)"
                           R"("target":"survey","code":"c","figures":{},"learned":"l"})";
  EXPECT_EQ(ProblemOf([&] { ParseLedgerEntry(none, "l:1"); }).place, "l:1: figures");
  std::string failed = none;
  failed.replace(failed.find("kept"), 4, "failed");
  EXPECT_EQ(ParseLedgerEntry(failed, "l:1").status, LedgerStatus::kFailed);
}

TEST(LedgerEntryTest, TheIdIsOfTheContentAlone) {
  LedgerEntry entry = Entry("a", 0.8);
  const std::string id = LedgerId(entry);
  EXPECT_EQ(id.size(), 12U);
  entry.date = "2026-01-05T09:30:00Z";
  entry.id = "other";
  EXPECT_EQ(LedgerId(entry), id);
  entry.figures[0].value = 0.81;
  EXPECT_NE(LedgerId(entry), id);
}

TEST(LedgerTest, AppendsAndReadsBack) {
  const TemporaryFolder folder;
  const std::string path = (folder / "ledger.jsonl").string();
  const std::string first = AppendToLedger(path, Entry("a", 0.7));
  const std::string second = AppendToLedger(path, Entry("b", 0.8));
  EXPECT_NE(first, second);
  const std::vector<LedgerEntry> entries = ReadLedger(path);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].id, first);
  EXPECT_EQ(entries[1].name, "b");
  EXPECT_EQ(entries[0].date.size(), 20U);
  EXPECT_THAT(folder.Names(), ElementsAre("ledger.jsonl"));
}

TEST(LedgerTest, AnOldLedgerWithoutALastLineEndIsGoneOnWith) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("ledger.jsonl", std::string("\n") + kLine);
  AppendToLedger(path, Entry("b", 0.8));
  EXPECT_THAT(Slurp(path), StartsWith(std::string("\n") + kLine + "\n{"));
  EXPECT_EQ(ReadLedger(path).size(), 2U);
}

TEST(LedgerTest, TheSameEntryIsRefusedWhateverItsDate) {
  const TemporaryFolder folder;
  const std::string path = (folder / "ledger.jsonl").string();
  LedgerEntry entry = Entry("a", 0.7);
  const std::string id = AppendToLedger(path, entry);
  const std::string before = Slurp(path);
  entry.date = "2020-01-01T00:00:00Z";
  EXPECT_THAT(ProblemOf([&] { AppendToLedger(path, entry); }).found, HasSubstr(id));
  EXPECT_EQ(Slurp(path), before);
}

TEST(LedgerTest, ABrokenLineIsNamedAndStopsAppending) {
  const TemporaryFolder folder;
  const std::string text = std::string(kLine) + "\n{\"id\":\"half\n" + kLine + "\n";
  const std::string path = folder.Put("ledger.jsonl", text);
  EXPECT_EQ(ProblemOf([&] { ReadLedger(path); }).place, path + ":2");
  EXPECT_EQ(ProblemOf([&] { AppendToLedger(path, Entry("b", 0.8)); }).place, path + ":2");
  EXPECT_EQ(Slurp(path), text);
  ReadReport report;
  EXPECT_EQ(ReadLedger(path, {.skip_bad = true}, &report).size(), 1U);
  EXPECT_EQ(report.skipped, 2);
  EXPECT_THAT(report.reasons[1], HasSubstr(path + ":3: id: found \"0123456789ab\" again"));
}

TEST(LedgerTest, WhatIsNotValidIsNotWritten) {
  const TemporaryFolder folder;
  const std::string path = (folder / "ledger.jsonl").string();
  LedgerEntry entry = Entry("a", 0.7);
  entry.learned.clear();
  EXPECT_THROW(AppendToLedger(path, entry), Error);
  EXPECT_THROW(AppendToLedger(path, Entry("a", std::nan(""))), Error);
  EXPECT_THROW(AppendToLedger(path, Entry("\xC3\x28", 0.5)), Error);
  EXPECT_TRUE(folder.Names().empty());
}

TEST(LedgerTest, AMissingFolderIsAnError) {
  const TemporaryFolder folder;
  const std::string path = (folder / "none/ledger.jsonl").string();
  const Problem problem = ProblemOf([&] { AppendToLedger(path, Entry("a", 0.7)); });
  EXPECT_EQ(problem.place, path);
  EXPECT_THAT(problem.found, HasSubstr("No such file"));
}

TEST(LedgerTest, AFullDiskLeavesTheLedgerWhole) {
  const TemporaryFolder folder;
  const std::string path = (folder / "ledger.jsonl").string();
  AppendToLedger(path, Entry("a", 0.7));
  const std::string before = Slurp(path);
  struct rlimit limit {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {before.size() + 20, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message, message_of_new;
  try {
    AppendToLedger(path, Entry("b", 0.8));
  } catch (const Error& error) {
    message = error.what();
  }
  try {
    LedgerEntry large = Entry("c", 0.8);
    large.question = std::string(1000, 'x');
    AppendToLedger((folder / "new.jsonl").string(), large);
  } catch (const Error& error) {
    message_of_new = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("ledger.jsonl"));
  EXPECT_THAT(message_of_new, HasSubstr("new.jsonl"));
  EXPECT_EQ(Slurp(path), before);
  EXPECT_THAT(folder.Names(), ElementsAre("ledger.jsonl"));
}

TEST(LedgerTest, WritersAtTheSameTimeLoseNothing) {
  const TemporaryFolder folder;
  const std::string path = (folder / "ledger.jsonl").string();
  constexpr int kWriters = 4, kEach = 25;
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        for (int i = 0; i < kEach; ++i) {
          AppendToLedger(path, Entry("w" + std::to_string(writer) + "." + std::to_string(i), 0.5));
        }
      } catch (const std::exception&) {
        _exit(1);
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::set<std::string> names;
  for (const LedgerEntry& entry : ReadLedger(path)) names.insert(entry.name);
  EXPECT_EQ(names.size(), 100U);
  EXPECT_THAT(folder.Names(), ElementsAre("ledger.jsonl"));
}

TEST(LedgerQueryTest, SelectsByTargetAndName) {
  std::vector<LedgerEntry> entries = {Entry("TF-IDF", 0.9), Entry("six Layers", 0.8)};
  entries[1].target = "attribute:task_done";
  EXPECT_EQ(Select(entries, {}).size(), 2U);
  EXPECT_EQ(Select(entries, {.target = "survey"}).at(0).name, "TF-IDF");
  EXPECT_EQ(Select(entries, {.name = "LAYERS"}).at(0).name, "six Layers");
  EXPECT_TRUE(Select(entries, {.target = "survey", .name = "layers"}).empty());
}

TEST(LedgerQueryTest, ASideIsKnownByItsFiles) {
  LedgerEntry entry = Entry("a", 0.8);
  EXPECT_EQ(entry.DataFingerprint("test"), "");
  entry.data = {{"test", "test.jsonl", "b1", {}}, {"train", "train.jsonl", "", {}}};
  EXPECT_EQ(entry.DataFingerprint("test"), "b1");
  EXPECT_EQ(entry.DataFingerprint("train"), "");
  entry.data.push_back({"test", "again.jsonl", "b1", {}});
  EXPECT_EQ(entry.DataFingerprint("test"), "b1");
  entry.data.push_back({"test", "more.jsonl", "a1", {}});
  const std::string both = entry.DataFingerprint("test");
  EXPECT_EQ(both.size(), 64U);
  std::swap(entry.data[0], entry.data[3]);
  EXPECT_EQ(entry.DataFingerprint("test"), both);
  entry.data[0].sha256.clear();
  EXPECT_EQ(entry.DataFingerprint("test"), "");
}

/// On a test side, and over so many items.
LedgerEntry EntryOn(const std::string& name, const std::string& sum, std::int64_t n) {
  LedgerEntry entry = Entry(name, 0.8);
  entry.data = {{"test", "test.jsonl", sum, {}}};
  entry.figures[0].n = n;
  return entry;
}

TEST(LedgerQueryTest, SelectsByTheDataOfTheSide) {
  const std::vector<LedgerEntry> entries = {EntryOn("a", "b1c2", 100), EntryOn("b", "b1ff", 100),
                                            EntryOn("c", "", 100)};
  EXPECT_EQ(Select(entries, {.data = "b1"}).size(), 2U);
  EXPECT_EQ(Select(entries, {.data = "b1c2"}).at(0).name, "a");
  EXPECT_TRUE(Select(entries, {.side = "validation", .data = "b1"}).empty());
}

TEST(LedgerQueryTest, OnlyWhatWasMeasuredOnTheSameIsOneGroup) {
  std::vector<LedgerEntry> entries = {
      EntryOn("unknown", "", 371),        EntryOn("unknown too", "", 371),
      EntryOn("unknown, third", "", 371), EntryOn("old", "b1", 371),
      EntryOn("other data", "c1", 371),   EntryOn("turns", "b1", 1963),
      EntryOn("failed", "c1", 371),       EntryOn("new", "b1", 371),
      EntryOn("answer", "b1", 371),       EntryOn("without", "b1", 371)};
  entries[4].date = "2026-01-02T00:00:00Z";
  entries[5].date = "2026-01-01T00:00:00Z";
  entries[6].status = LedgerStatus::kFailed;
  entries[8].target = "attribute:task_done";
  entries[9].figures[0].side = "validation";
  std::vector<std::vector<std::string>> names;
  for (const LedgerGroup& group : GroupByGround(entries, {})) {
    names.emplace_back();
    for (const LedgerEntry& entry : group.entries) names.back().push_back(entry.name);
  }
  EXPECT_THAT(names, ElementsAre(ElementsAre("old", "new"), ElementsAre("other data"),
                                 ElementsAre("turns"), ElementsAre("answer"),
                                 ElementsAre("unknown", "unknown too", "unknown, third")));
  const LedgerGround ground = GroupByGround(entries, {}).at(2).ground;
  EXPECT_EQ(ground, (LedgerGround{"survey", "b1", 1963}));
  EXPECT_TRUE(GroupByGround(entries, {.figure = "roc_auc"}).empty());
}

TEST(LedgerQueryTest, TheBestHasTheBestFigureThenTheBetterWorseEnd) {
  std::vector<LedgerEntry> entries = {Entry("a", 0.8), Entry("b", 0.9), Entry("c", 0.9),
                                      Entry("d", 0.95), Entry("e", 0.9)};
  entries[1].figures[0].interval.reset();
  entries[3].status = LedgerStatus::kFailed;
  EXPECT_EQ(Best(entries, {})->name, "c");
  entries[4].figures[0].interval = Interval{0.85, 0.92};
  EXPECT_EQ(Best(entries, {})->name, "e");
  EXPECT_EQ(Best(entries, {.side = "validation"}), nullptr);
  EXPECT_EQ(Best({}, {}), nullptr);
}

TEST(LedgerQueryTest, OfALossLessIsBetter) {
  std::vector<LedgerEntry> entries = {Entry("a", 0.4), Entry("b", 0.3), Entry("c", 0.3)};
  for (LedgerEntry& entry : entries) entry.figures[0].name = "turns.log_loss";
  entries[2].figures[0].interval = Interval{0.0, 0.35};
  EXPECT_EQ(Best(entries, {.figure = "turns.log_loss"})->name, "c");
  EXPECT_TRUE(LowerIsBetter("brier"));
  EXPECT_TRUE(LowerIsBetter("answers.mae"));
  EXPECT_FALSE(LowerIsBetter("answers.rps_skill"));
  EXPECT_FALSE(LowerIsBetter("roc_auc"));
  const LedgerStanding standing = Compare(entries[2].figures[0], 0.5, 0.25);
  EXPECT_DOUBLE_EQ(standing.over_baseline, 0.2);
  EXPECT_NEAR(standing.over_goal, -0.05, 1e-15);
  EXPECT_TRUE(standing.beats_baseline);
  EXPECT_FALSE(standing.reaches_goal);
}

TEST(LedgerQueryTest, StandsBetweenBaselineAndGoal) {
  const LedgerFigure figure{"test", "accuracy", 0.9, Interval{0.866, 0.927}, 371};
  const LedgerStanding standing = Compare(figure, 0.6, 0.9);
  EXPECT_NEAR(standing.over_baseline, 0.3, 1e-15);
  EXPECT_EQ(standing.over_goal, 0);
  EXPECT_TRUE(standing.beats_baseline);
  EXPECT_TRUE(standing.reaches_goal);
  EXPECT_FALSE(standing.surely_at_goal);
  EXPECT_TRUE(Compare(figure, 0.6, 0.86).surely_at_goal);
  const LedgerFigure bare{"test", "accuracy", 0.9, {}, {}};
  EXPECT_FALSE(Compare(bare, 0.6, 0.9).beats_baseline);
}

}  // namespace
}  // namespace arcsat
