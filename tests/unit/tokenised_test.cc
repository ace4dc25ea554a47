#include "data/shards/tokenised.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "data/files.h"
#include "data/shards/writer.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;

/// A list of two files, of which the second has no conversation with turns.
Tokenised TwoFiles() {
  Tokenised list;
  list.kind = {LayoutFor(900, 5), 64, std::string(64, 'a'), {}};
  list.files.resize(2);
  list.files[0].bytes = 1234;
  list.files[0].sha256 = std::string(64, 'b');
  list.files[0].survey = {3.5, "attribute:task_done"};
  list.files[0].shards = std::string(64, 'c');
  list.files[0].skipped = 2;
  list.files[1].sha256 = std::string(64, 'd');
  return list;
}

/// Makes `folder` as the list says, with three shards of the first file; its SHA-256 joins the
/// list.
Tokenised PutTwoFiles(const fs::path& folder) {
  Tokenised list = TwoFiles();
  const fs::path shards = ShardsOf(folder, 0);
  fs::create_directories(shards);
  ShardWriter writer(shards, {list.kind, {}}, 2);
  for (int i = 0; i < 6; ++i) {
    EncodedConversation conversation;
    conversation.id = "c-" + std::to_string(i);
    conversation.turns.resize(1);
    conversation.turns[0].tokens =
        std::make_shared<const std::vector<std::int32_t>>(std::vector<std::int32_t>{1, i + 2});
    conversation.tokens = 2;
    std::string record;
    const ShardEntry entry = AppendRecord(conversation, list.kind.layout, &record);
    writer.Add(record, entry);
  }
  writer.Finish();
  list.files[0].shards = Sha256File(shards / kShardManifest);
  WriteFile(folder / kTokenisedList, ToText(list));
  return list;
}

TEST(TokenisedFolder, ListsReadBack) {
  const std::string text = ToText(TwoFiles());
  const auto read = ParseTokenised(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToText(*read), text);
  EXPECT_EQ(read->files[0].survey.target, "attribute:task_done");
  EXPECT_EQ(read->files[0].survey.satisfied_from, 3.5);
  EXPECT_EQ(read->files[0].skipped, 2);
  EXPECT_EQ(read->files[1].shards, "");
  for (const char* other : {"", "{", "[]", "7", "{\"format\": \"arcsat-shards\"}"}) {
    EXPECT_FALSE(ParseTokenised(other).has_value()) << other;
  }
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(ParseTokenised(text.substr(0, size)).has_value()) << size;
  }
}

TEST(TokenisedFolder, OtherSourcesAreTold) {
  const Tokenised one = TwoFiles();
  const auto same = [&](const std::function<void(Tokenised*)>& change) {
    Tokenised other = one;
    change(&other);
    return SameSources(one, other);
  };
  EXPECT_TRUE(same([](Tokenised*) {}));
  EXPECT_TRUE(same([](Tokenised* t) { t->files[0].shards = ""; })) << "not known beforehand";
  EXPECT_TRUE(same([](Tokenised* t) { t->files[0].skipped = 0; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->files[0].sha256[5] = '0'; }));
  EXPECT_FALSE(same([](Tokenised* t) { ++t->files[1].bytes; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->files[0].survey.target = "survey"; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->files[1].survey.satisfied_from = 4; }));
  EXPECT_FALSE(same([](Tokenised* t) { std::swap(t->files[0], t->files[1]); }));
  EXPECT_FALSE(same([](Tokenised* t) { t->files.pop_back(); }));
  EXPECT_FALSE(same([](Tokenised* t) { t->skip_bad = true; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->kind.tokenizer[0] = 'b'; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->kind.layout.vocabulary = 901; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->kind.layout.boxes = 7; }));
  EXPECT_FALSE(same([](Tokenised* t) { t->kind.max_turn_tokens = 65; }));
}

TEST(TokenisedFolder, DamageIsFound) {
  const TemporaryFolder run;
  const fs::path folder = run / kTokenisedFolder;
  const Tokenised list = PutTwoFiles(folder);
  const auto found = FindTokenised(folder);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(ToText(*found), ToText(list));
  int blocks = 0;
  EXPECT_TRUE(IsWhole(folder, list, [&] { ++blocks; }));
  EXPECT_EQ(blocks, 3) << "of three shards";
  for (const char* name : {"00000.shard", "00001.shard", "00002.shard", kShardManifest}) {
    const fs::path path = ShardsOf(folder, 0) / name;
    const std::string whole = Slurp(path);
    for (const std::size_t at : {std::size_t{0}, whole.size() / 2, whole.size() - 1}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      run.Put("tokenised/0/" + std::string(name), bytes);
      EXPECT_FALSE(IsWhole(folder, list)) << name << " at " << at;
    }
    fs::remove(path);
    EXPECT_FALSE(IsWhole(folder, list)) << name << " is gone";
    run.Put("tokenised/0/" + std::string(name), whole);
  }
  EXPECT_TRUE(IsWhole(folder, list));
}

TEST(TokenisedFolder, WhatStopsTheLookingIsNoDamage) {
  const TemporaryFolder run;
  const Tokenised list = PutTwoFiles(run / kTokenisedFolder);
  const auto gone = [] { throw Error({"the other processes", "are gone", "", ""}); };
  EXPECT_EQ(ProblemOf([&] { IsWhole(run / kTokenisedFolder, list, gone); }).found, "are gone");
}

TEST(TokenisedFolder, TakesTheOldOnesPlaceAndNoOther) {
  const TemporaryFolder run;
  const fs::path folder = run / kTokenisedFolder, part = run / "tokenised.part0";
  PutTwoFiles(part);
  PutTokenised(part, folder);
  EXPECT_TRUE(FindTokenised(folder).has_value());
  Tokenised list = PutTwoFiles(part);
  list.files[1].bytes = 99;
  WriteFile(part / kTokenisedList, ToText(list));
  PutTokenised(part, folder);
  EXPECT_EQ(FindTokenised(folder)->files[1].bytes, 99);
  EXPECT_THAT(run.Names(), testing::ElementsAre("tokenised"));
  RemoveTokenised(folder);
  EXPECT_THAT(run.Names(), testing::IsEmpty());
  RemoveTokenised(folder);  // there is none
  // A folder of that name which is somebody's own.
  fs::create_directories(folder);
  run.Put("tokenised/notes.txt", "mine");
  PutTwoFiles(part);
  EXPECT_EQ(ProblemOf([&] { PutTokenised(part, folder); }).place, folder.string());
  RemoveTokenised(folder);
  EXPECT_EQ(Slurp(folder / "notes.txt"), "mine");
}

}  // namespace
}  // namespace arcsat
