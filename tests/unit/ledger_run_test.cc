#include "eval/ledger_run.h"

#include <gmock/gmock.h>

#include "data/files.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;

const char kEvaluation[] = R"({
  "format": "arcsat-evaluation", "version": 1, "options": {},
  "survey": [
    {"by": "all", "value": "all", "n": 371, "conversations": 371, "figures": {
      "accuracy": {"value": 0.892, "interval": [0.857, 0.92]},
      "ece": {"value": 0.03, "interval": null},
      "pr_auc": {"value": null, "interval": null, "reason": "one class only"}}},
    {"by": "channel", "value": "chat", "n": 5, "conversations": 5, "figures": {
      "accuracy": {"value": 0.2, "interval": null}}}],
  "turns": [{"by": "all", "value": "all", "n": 1900, "conversations": 333, "figures": {
      "accuracy": {"value": 0.6, "interval": [0.58, 0.62]}}}],
  "model": "a28b8fe35b1c", "target": "attribute:task_done", "calibrated": true,
  "data": {"path": "out/star/test.jsonl", "sha256":
    "ef070ad695d97281c267fb66c5d58fb225cfb904bda386543f239016770b2c70", "read": 1065, "skipped": 0}
})";

class LedgerRunTest : public testing::Test {
 protected:
  LedgerRunTest() { std::filesystem::create_directories(folder_ / "run/model"); }

  std::string Run() const { return (folder_ / "run").string(); }
  void PutConfig(const std::string& data) const {
    folder_.Put("run/config.cfg", "data = " + data +
                                      "\nvalidation = gone/validation.jsonl\nencoder = x/minilm/\n"
                                      "out = runs/a\njson = false\n[survey]\nsatisfied_from = 3\n"
                                      "target = survey\n[train]\nepochs = 4\nseed = 1\n"
                                      "mlflow = /a/folder\n");
  }
  TemporaryFolder folder_;
  const std::vector<Setting> defaults_ = ParseSettings(
      "[survey]\nsatisfied_from = -1\ntarget = survey\n[train]\nepochs = 4\nseed = 2\n",
      "defaults");
};

TEST_F(LedgerRunTest, AnEvaluationGivesFiguresTargetModelAndData) {
  LedgerEntry entry;
  AddEvaluation(folder_.Put("e.json", kEvaluation), "test", &entry);
  EXPECT_EQ(entry.target, "attribute:task_done");
  EXPECT_EQ(entry.model, "a28b8fe35b1c");
  ASSERT_EQ(entry.figures.size(), 3U);  // what has no value is left out, slices too
  const LedgerFigure* accuracy = entry.Find("test", "accuracy");
  EXPECT_EQ(accuracy->value, 0.892);
  EXPECT_EQ(accuracy->interval->low, 0.857);
  EXPECT_EQ(accuracy->n, 371);
  EXPECT_FALSE(entry.Find("test", "ece")->interval);
  EXPECT_EQ(entry.Find("test", "turns.accuracy")->n, 1900);
  ASSERT_EQ(entry.data.size(), 1U);
  EXPECT_EQ(entry.data[0].file, "test.jsonl");
  EXPECT_EQ(entry.data[0].sha256.substr(0, 8), "ef070ad6");
  EXPECT_EQ(entry.data[0].labelled, 371);
}

TEST_F(LedgerRunTest, FiguresOfAnswersHaveTheirOwnNamesAndNumbers) {
  Json json = Json::parse(kEvaluation);
  json["answers"] = Json::parse(R"({"scale": [1, 5], "csat": {"n": 90, "figures": {
      "mae": {"value": 0.7, "interval": [0.6, 0.8]},
      "bias": {"value": 0.1, "interval": null},
      "skill": {"value": null, "interval": null, "reason": "every answer is the same"}}},
    "boxes": {"n": 88, "figures": {"rps": {"value": 0.15, "interval": null}}}, "slices": []})");
  LedgerEntry entry;
  AddEvaluation(folder_.Put("e.json", json.dump()), "test", &entry);
  EXPECT_EQ(entry.figures.size(), 5U);  // a bias has no better side
  const LedgerFigure* mae = entry.Find("test", "answers.mae");
  ASSERT_NE(mae, nullptr);
  EXPECT_EQ(mae->n, 90);
  EXPECT_EQ(mae->interval->high, 0.8);
  EXPECT_EQ(entry.Find("test", "answers.rps")->n, 88);
  json["answers"]["boxes"] = nullptr;
  LedgerEntry other;
  AddEvaluation(folder_.Put("e.json", json.dump()), "test", &other);
  EXPECT_EQ(other.figures.size(), 4U);
}

TEST_F(LedgerRunTest, WhatIsNoEvaluationIsRefused) {
  LedgerEntry entry;
  for (const char* text : {"{}", "[1]", "{\"format\":\"arcsat-split\"}",
                           "{\"format\":", "{\"format\":\"arcsat-evaluation\",\"survey\":[]}"}) {
    SCOPED_TRACE(text);
    const std::string path = folder_.Put("e.json", text);
    EXPECT_THAT(ProblemOf([&] { AddEvaluation(path, "test", &entry); }).place, HasSubstr(path));
  }
  entry.model = "000000000000";
  const std::string path = folder_.Put("e.json", kEvaluation);
  EXPECT_THAT(ProblemOf([&] { AddEvaluation(path, "test", &entry); }).found,
              HasSubstr("a28b8fe35b1c"));
}

TEST_F(LedgerRunTest, ARunGivesConfigurationDataCostAndValidation) {
  const std::string data =
      folder_.Put("train.jsonl",
                  R"({"id":"a","turns":[{"speaker":"customer","text":"x"}],"survey":{"score":4}})"
                  "\n"
                  R"({"id":"b","turns":[{"speaker":"customer","text":"x","satisfaction":[3]}]})"
                  "\n"
                  R"({"id":"c","turns":[{"speaker":"customer","text":"x"}]})"
                  "\n");
  PutConfig(data + ",weight=0.5");
  folder_.Put("run/log.txt",
              "2026-01-05T09:30:00Z begins by arcsat abc\nnoise\n"
              "2026-01-05T10:30:00Z goes on after update 2 by arcsat def\n"
              "2026-01-05T10:31:00Z goes on after update 2 by arcsat def\n");
  folder_.Put(
      "run/model/config.json",
      R"({"arcsat":{"sha256":"a28b8fe35b1c338ef2528dd3076f60989b19aa493dee65f7a03b81276b7d6ffb"}})");
  folder_.Put(
      "run/metrics.jsonl",
      R"({"kind":"train","update":1,"seconds":2.0,"conversations_per_second":4.0})"
      "\n"
      R"({"kind":"train","update":2,"seconds":5.0,"conversations_per_second":5.0})"
      "\n"
      R"({"kind":"validation","update":2,"surveyed":40,"rated":90,"accuracy":0.9,"auc":0.95,)"
      R"("state_error":0.2,"best":true})"
      "\n"
      R"({"kind":"train","update":3,"seconds":1.5,"conversations_per_second":6.0})"
      "\n"
      R"({"kind":"validation","update":3,"surveyed":40,"rated":90,"accuracy":0.8,"best":false})"
      "\n"
      R"({"kind":"train","upd)");
  LedgerEntry entry;
  AddRun(Run(), defaults_, &entry);
  EXPECT_EQ(entry.target, "survey");
  EXPECT_EQ(entry.model, "a28b8fe35b1c");
  EXPECT_EQ(entry.code, "abc, def");
  EXPECT_EQ(
      entry.config.dump(),
      R"({"data":"train.jsonl,weight=0.5","validation":"validation.jsonl","encoder":"minilm",)"
      R"("survey.satisfied_from":"3","survey.target":"survey","train.epochs":"4",)"
      R"("train.seed":"1"})");
  EXPECT_EQ(entry.changed.dump(), R"({"survey.satisfied_from":"3","train.seed":"1"})");
  ASSERT_EQ(entry.data.size(), 2U);
  EXPECT_EQ(entry.data[0].file, "train.jsonl");
  EXPECT_EQ(entry.data[0].sha256, Sha256File(data));
  EXPECT_EQ(entry.data[0].labelled, 2);
  EXPECT_EQ(entry.data[1].sha256, "");  // not there any more
  EXPECT_FALSE(entry.data[1].labelled);
  EXPECT_EQ(entry.cost.updates, 3);
  EXPECT_EQ(entry.cost.seconds, 6.5);  // 5 until it was stopped, 1.5 afterwards
  EXPECT_EQ(entry.cost.conversations_per_second, 6.0);
  const LedgerFigure* accuracy = entry.Find("validation", "accuracy");
  ASSERT_NE(accuracy, nullptr);
  EXPECT_EQ(accuracy->value, 0.9);
  EXPECT_EQ(accuracy->n, 40);
  EXPECT_NEAR(accuracy->interval->low, 0.7695, 1e-4);  // Wilson's of 36 of 40
  EXPECT_NEAR(accuracy->interval->high, 0.9604, 1e-4);
  EXPECT_EQ(entry.Find("validation", "roc_auc")->value, 0.95);
  EXPECT_EQ(entry.Find("validation", "turns.state_error")->n, 90);
}

const char kAnswered[] =
    R"({"id":"a","turns":[{"speaker":"customer","text":"x"}],"survey":{"score":4}})"
    "\n";

TEST_F(LedgerRunTest, ARelativePathIsFoundFromAFolderAboveTheRun) {
  std::filesystem::create_directories(folder_ / "runs/deep/a");
  std::filesystem::create_directories(folder_ / "runs/sides-of-this-test");
  std::filesystem::create_directories(folder_ / "sides-of-this-test");
  const std::string near = folder_.Put("runs/sides-of-this-test/train.jsonl", kAnswered);
  folder_.Put("sides-of-this-test/train.jsonl", "");
  const std::string far =
      folder_.Put("sides-of-this-test/validation.jsonl", kAnswered + std::string("\n"));
  folder_.Put("runs/deep/a/config.cfg",
              "data = sides-of-this-test/train.jsonl,weight=2\n"
              "validation = sides-of-this-test/validation.jsonl\n");
  for (const char* run : {"runs/deep/a", "runs/deep/a/", "runs/deep/../deep/a"}) {
    SCOPED_TRACE(run);
    LedgerEntry entry;
    AddRun(folder_ / run, defaults_, &entry);
    ASSERT_EQ(entry.data.size(), 2U);
    EXPECT_EQ(entry.data[0].sha256, Sha256File(near));
    EXPECT_EQ(entry.data[0].file, "train.jsonl");
    EXPECT_EQ(entry.data[0].labelled, 1);
    EXPECT_EQ(entry.data[1].sha256, Sha256File(far));
  }
}

TEST_F(LedgerRunTest, ShardsAreKnownByTheirManifest) {
  std::filesystem::create_directories(folder_ / "shards-of-this-test");
  const std::string manifest = folder_.Put("shards-of-this-test/shards.json", "{}");
  for (const std::string& data :
       {(folder_ / "shards-of-this-test").string(), std::string("shards-of-this-test/")}) {
    SCOPED_TRACE(data);
    PutConfig(data);
    LedgerEntry entry;
    AddRun(Run(), defaults_, &entry);
    EXPECT_EQ(entry.data.at(0).file, "shards-of-this-test");
    EXPECT_EQ(entry.data.at(0).sha256, Sha256File(manifest));
    EXPECT_FALSE(entry.data.at(0).labelled);
  }
  std::filesystem::remove(manifest);  // a folder that holds none is as good as gone
  LedgerEntry entry;
  AddRun(Run(), defaults_, &entry);
  EXPECT_EQ(entry.data.at(0).sha256, "");
}

TEST_F(LedgerRunTest, AnEvaluationOfTheValidationSideGoesBeforeTheRunsOwn) {
  PutConfig("gone.jsonl");
  folder_.Put("run/metrics.jsonl",
              R"({"kind":"validation","update":2,"surveyed":40,"accuracy":0.9,"best":true})"
              "\n");
  LedgerEntry entry;
  AddEvaluation(folder_.Put("e.json", kEvaluation), "validation", &entry);
  AddRun(Run(), defaults_, &entry);
  EXPECT_EQ(entry.Find("validation", "accuracy")->value, 0.892);
  EXPECT_EQ(entry.figures.size(), 3U);
  EXPECT_EQ(entry.target, "attribute:task_done");
  EXPECT_EQ(entry.code, "unknown");
}

TEST_F(LedgerRunTest, TheEvaluationOfAnotherModelIsRefused) {
  PutConfig("gone.jsonl");
  folder_.Put("run/model/config.json", R"({"arcsat":{"sha256":"ffffffffffffffff"}})");
  LedgerEntry entry;
  AddEvaluation(folder_.Put("e.json", kEvaluation), "test", &entry);
  const Problem problem = ProblemOf([&] { AddRun(Run(), defaults_, &entry); });
  EXPECT_THAT(problem.found, HasSubstr("ffffffffffff"));
  EXPECT_THAT(problem.expected, HasSubstr("a28b8fe35b1c"));
}

TEST_F(LedgerRunTest, AFolderThatIsNoRunIsRefused) {
  LedgerEntry entry;
  EXPECT_THAT(ProblemOf([&] { AddRun(Run(), defaults_, &entry); }).place, HasSubstr("config.cfg"));
  PutConfig("gone.jsonl");
  folder_.Put("run/metrics.jsonl", "{\"kind\":\"train\",\"update\":\"x\"}\n");
  EXPECT_THAT(ProblemOf([&] { AddRun(Run(), defaults_, &entry); }).place,
              HasSubstr("metrics.jsonl:1"));
}

}  // namespace
}  // namespace arcsat
