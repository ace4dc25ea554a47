#include "train/mlflow.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "data/code_version.h"
#include "data/json.h"
#include "tests/unit/data_test_support.h"
#include "train/mlflow_store.h"
#include "train/run_log.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::UnorderedElementsAre;

class MlflowTest : public testing::Test {
 protected:
  MlflowTest() { fs::create_directories(run_); }
  std::string Field(const fs::path& file, const std::string& key) const {
    return YamlField(Slurp(file), key);
  }
  TemporaryFolder folder_;
  const fs::path store_ = folder_ / "mlruns", run_ = folder_ / "runs/first";
};

TEST(CodeVersionTest, IsOneWord) {
  EXPECT_THAT(std::string(CodeVersion()), MatchesRegex("[A-Za-z0-9._+/-]+"));
}

TEST_F(MlflowTest, MakesTheStoreTheExperimentAndTheRun) {
  MlflowRun run(store_, run_);
  run.Begin({{"train.epochs", "4"}}, {{"arcsat.code", "abc"}});
  run.Metric("train/loss", 1, 0.5, 1000.25);
  run.Metric("train/loss", 2, 0.1, 1001);
  const fs::path at = run.folder();
  EXPECT_EQ(at.filename().string(), run.id());
  EXPECT_THAT(run.id(), MatchesRegex("[0-9a-f]+"));
  EXPECT_EQ(run.id().size(), 32U);
  EXPECT_EQ(Slurp(at / "params/train.epochs"), "4");
  EXPECT_EQ(Slurp(at / "tags/arcsat.code"), "abc");
  EXPECT_EQ(Slurp(at / "tags/mlflow.runName"), "first");
  EXPECT_EQ(Slurp(at / "metrics/train/loss"), "1000250 0.5 1\n1001000 0.1 2\n");
  EXPECT_TRUE(fs::is_directory(at / "artifacts"));
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "1");
  EXPECT_EQ(Field(at / "meta.yaml", "end_time"), "null");
  EXPECT_EQ(Field(at / "meta.yaml", "run_name"), "first");
  EXPECT_EQ(Field(at.parent_path() / "meta.yaml", "name"), "arcsat");
  EXPECT_EQ(at.parent_path().filename().string().size(), 18U);
  EXPECT_EQ(Field(store_ / "0/meta.yaml", "name"), "Default");
  run.End(MlflowStatus::kFinished);
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "3");
  EXPECT_THAT(Field(at / "meta.yaml", "end_time"), MatchesRegex("[0-9]+"));
}

TEST_F(MlflowTest, AResumedRunIsTheSameAndForgetsWhatComesAgain) {
  fs::path at;
  {
    MlflowRun run(store_, run_);
    run.Begin({}, {});
    for (int i = 1; i <= 3; ++i) run.Metric("loss", i, 0.5, 1000 + i);
    run.Metric("late", 3, 1, 1003);
    at = run.folder();
  }
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "4") << "it was left without End()";
  const std::string start = Field(at / "meta.yaml", "start_time");
  std::ofstream(at / "metrics/loss", std::ios::app) << "1003000 0.";  // a process that was killed
  MlflowRun again(store_, run_);
  again.Begin({}, {}, 2);
  EXPECT_EQ(again.folder(), at);
  EXPECT_EQ(Slurp(at / "metrics/loss"), "1001000 0.5 1\n1002000 0.5 2\n");
  EXPECT_FALSE(fs::exists(at / "metrics/late"));
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "1");
  EXPECT_EQ(Field(at / "meta.yaml", "end_time"), "null");
  EXPECT_EQ(Field(at / "meta.yaml", "start_time"), start);
}

TEST_F(MlflowTest, AnExperimentOfThatNameIsUsedWhateverItsId) {
  fs::create_directories(store_ / "123");
  std::ofstream(store_ / "123/meta.yaml") << "experiment_id: '123'\nname: arcsat\n";
  MlflowRun run(store_, run_);
  run.Begin({}, {});
  EXPECT_EQ(run.folder().parent_path(), store_ / "123");
  EXPECT_FALSE(fs::exists(store_ / "0"));
}

TEST_F(MlflowTest, WhatMlflowDeletedIsNotWrittenTo) {
  MlflowRun first(store_, run_);
  first.Begin({}, {});
  first.End(MlflowStatus::kFinished);
  const fs::path meta = first.folder() / "meta.yaml";
  const std::string deleted = WithYamlFields(Slurp(meta), {{"lifecycle_stage", "deleted"}});
  std::ofstream(meta) << deleted;
  MlflowRun second(store_, run_);
  EXPECT_THAT(ProblemOf([&] { second.Begin({}, {}); }).found, HasSubstr("deleted this run"));
  fs::create_directories(store_ / ".trash");
  fs::rename(meta.parent_path().parent_path(), store_ / ".trash/7");
  MlflowRun third(store_, run_);
  EXPECT_THAT(ProblemOf([&] { third.Begin({}, {}); }).found, HasSubstr("experiment \"arcsat\""));
}

TEST_F(MlflowTest, KeysStayInsideTheirFolder) {
  MlflowRun run(store_, run_);
  run.Begin({{"../../up", "1"}, {"/abs", "2"}, {"a=b\n", "3"}, {"..", "4"}}, {});
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(run.folder() / "params")) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, UnorderedElementsAre("up", "abs", "a_b_", "_"));
}

TEST_F(MlflowTest, ABrokenLinkIsNamed) {
  folder_.Put("runs/first/mlflow.json", "{\"run_id\":\"../../x\"}");
  MlflowRun run(store_, run_);
  EXPECT_THAT(ProblemOf([&] { run.Begin({}, {}); }).place, HasSubstr("mlflow.json: run_id"));
}

TEST_F(MlflowTest, AFullDiskLeavesWholeLines) {
  MlflowRun run(store_, run_);
  run.Begin({}, {});
  run.Metric("loss", 1, 0.5, 1000);
  struct rlimit limit {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {20, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    run.Metric("loss", 2, 0.25, 1000);
  } catch (const Error& error) {
    message = error.what();
  }
  try {
    run.Metric("a_new_one", 2, 0.123456789012345, 1000);
  } catch (const Error&) {
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("metrics/loss"));
  EXPECT_EQ(Slurp(run.folder() / "metrics/loss"), "1000000 0.5 1\n");
  EXPECT_FALSE(fs::exists(run.folder() / "metrics/a_new_one"));
}

TEST_F(MlflowTest, AStoreThatCannotBeMadeIsNamed) {
  const std::string file = folder_.Put("file", "x");
  MlflowRun run(file + "/mlruns", run_);
  EXPECT_THAT(ProblemOf([&] { run.Begin({}, {}); }).place, HasSubstr("file/mlruns"));
}

TEST(MlflowYamlTest, EscapesWhatYamlFolds) {
  EXPECT_EQ(ToYaml({{"a", "x: 'y' \"z\"\n"}, {"b", 3}, {"c", nullptr}, {"d", Json::array()}}),
            "a: \"x: 'y' \\\"z\\\"\\n\"\nb: 3\nc: null\nd: []\n");
  EXPECT_EQ(ToYaml({{"a", "\x7F\xC2\x85\xE2\x80\xA8\xF0\x9F\x98\x80\\ud83d"}}),
            "a: \"\\u007f\\u0085\\u2028\\U0001F600\\\\ud83d\"\n");
}

TEST(MlflowYamlTest, ReadsWhatMlflowWrites) {
  const std::string yaml = "name: 'it''s: a'\nplain: word\njson: \"a\\nb\"\nempty: ''\n";
  EXPECT_EQ(YamlField(yaml, "name"), "it's: a");
  EXPECT_EQ(YamlField(yaml, "plain"), "word");
  EXPECT_EQ(YamlField(yaml, "json"), "a\nb");
  EXPECT_EQ(YamlField(yaml, "empty"), "");
  EXPECT_EQ(YamlField(yaml, "none"), "");
  EXPECT_EQ(WithYamlFields("a: 1\nab: 2\n  a: 3\n", {{"a", "9"}}), "ab: 2\n  a: 3\na: 9\n");
}

TEST(MlflowYamlTest, AFolderAsUri) {
  EXPECT_EQ(FileUri("/a b/ü/x%~.y"), "file:///a%20b/%C3%BC/x%25~.y");
}

TEST_F(MlflowTest, TheRunLogWritesItsFiguresThere) {
  folder_.Put("runs/first/config.cfg", "data = a\ndata = b\n[train]\nepochs = 2\n");
  {
    RunLog log(run_, 0, store_);
    log.Metrics("train", 1, {{"loss", 0.5}, {"skipped", false}});
    log.End(/*interrupted=*/true);
  }
  const std::string id =
      ParseJson(Slurp(run_ / "mlflow.json"), {"mlflow.json", ""})["run_id"].get<std::string>();
  const fs::path at = FindMlflowRun(store_, id);
  EXPECT_EQ(Slurp(at / "params/data"), "a, b");
  EXPECT_EQ(Slurp(at / "params/train.epochs"), "2");
  EXPECT_EQ(Slurp(at / "tags/arcsat.code"), CodeVersion());
  EXPECT_THAT(Slurp(at / "metrics/train/loss"), MatchesRegex("[0-9]+ 0.5 1\n"));
  EXPECT_FALSE(fs::exists(at / "metrics/train/skipped"));
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "5");
  RunLog again(run_, 1, store_);
  EXPECT_EQ(Field(at / "meta.yaml", "status"), "1");
  const std::string log = Slurp(run_ / "log.txt");
  EXPECT_THAT(log, HasSubstr(std::string("Z begins by arcsat ") + CodeVersion() + "\n"));
  EXPECT_THAT(log, HasSubstr("Z goes on after update 1 by arcsat "));
}

TEST_F(MlflowTest, WithoutAStoreTheRunLogMakesNone) {
  RunLog log(run_, 0);
  log.Metrics("train", 1, {{"loss", 0.5}});
  log.End(false);
  EXPECT_FALSE(fs::exists(run_ / "mlflow.json"));
}

}  // namespace
}  // namespace arcsat
