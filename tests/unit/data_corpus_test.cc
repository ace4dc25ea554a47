#include "data/corpus.h"

#include <gtest/gtest.h>

#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

const char kGood[] = R"({"id":"a","turns":[]})";
const char kOther[] = R"({"id":"b","turns":[]})";
const char kHalf[] = R"({"id":"c","turns":[)";

std::string Join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Corpus, ReadsInOrderAndPassesOverEmptyLines) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("c.jsonl", Join({kGood, "", "  ", kOther}));
  ReadReport report;
  const auto conversations = ReadConversations(path, {}, &report);
  ASSERT_EQ(conversations.size(), 2U);
  EXPECT_EQ(conversations[0].id, "a");
  EXPECT_EQ(conversations[1].id, "b");
  EXPECT_EQ(report.read, 2);
  EXPECT_EQ(report.skipped, 0);
}

TEST(Corpus, FirstBadLineEndsTheReading) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("c.jsonl", Join({kGood, "", kHalf, kOther}));
  EXPECT_EQ(ProblemOf([&] { ReadConversations(path); }).place, path + ":3");
}

TEST(Corpus, SkipBadCountsAndReports) {
  const TemporaryFolder folder;
  std::vector<std::string> lines = {kGood};
  for (int i = 0; i < 25; ++i) lines.push_back(kHalf);
  lines.push_back(kOther);
  const std::string path = folder.Put("c.jsonl", Join(lines));
  ReadReport report;
  EXPECT_EQ(ReadConversations(path, {.skip_bad = true}, &report).size(), 2U);
  EXPECT_EQ(report.read, 2);
  EXPECT_EQ(report.skipped, 25);
  ASSERT_EQ(report.reasons.size(), 20U);
  EXPECT_EQ(report.reasons[0].rfind(path + ":2: ", 0), 0U);
}

TEST(Corpus, RepeatedIdIsAnErrorOrASkip) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("c.jsonl", Join({kGood, kOther, kGood}));
  const Problem problem = ProblemOf([&] { ReadConversations(path); });
  EXPECT_EQ(problem.found, "found \"a\" again, the id of conversation 1");
  ReadReport report;
  EXPECT_EQ(ReadConversations(path, {.skip_bad = true}, &report).size(), 2U);
  EXPECT_EQ(report.read, 2);
  EXPECT_EQ(report.skipped, 1);
  EXPECT_EQ(report.reasons.size(), 1U);
}

TEST(Corpus, NothingToReadIsAnError) {
  const TemporaryFolder folder;
  EXPECT_EQ(ProblemOf([&] { ReadConversations(folder.Put("e", "")); }).found,
            "found no conversation");
  EXPECT_THROW(ReadConversations((folder / "none").string()), Error);
  const std::string bad = folder.Put("b", Join({kHalf, kHalf}));
  EXPECT_NE(ProblemOf([&] {
              ReadConversations(bad, {.skip_bad = true});
            }).found.find("2 conversations, none of which"),
            std::string::npos);
}

TEST(Corpus, WhatTheReceiverThrowsIsNotSkipped) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("c.jsonl", Join({kGood}));
  EXPECT_THROW(ForEachConversation(path, {.skip_bad = true},
                                   [](Conversation&&) {
                                     throw Error({"disk", "found it full", "", ""});
                                   }),
               Error);
}

}  // namespace
}  // namespace arcsat
