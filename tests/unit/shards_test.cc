#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "data/files.h"
#include "data/random.h"
#include "data/shards/sharded.h"
#include "data/shards/writer.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;
using Which = ShardedConversations::Which;

constexpr std::int32_t kIds = 70'000;  // more than two bytes hold

/// A conversation of its own, with what `seed` decides: times, ratings, an answer or none.
EncodedConversation DrawnTalk(std::uint64_t seed, std::int32_t vocabulary) {
  Random random(MixSeed(seed, 0));
  EncodedConversation c;
  c.id = "talk-" + std::to_string(seed);
  c.channel = static_cast<int>(random.Below(3));
  if (random.Chance(0.6)) {
    c.satisfied = random.Chance(0.5) ? 1 : 0;
    c.survey = static_cast<float>(random.Uniform());
  }
  const std::size_t turns = 1 + random.Below(6);
  for (std::size_t i = 0; i < turns; ++i) {
    EncodedTurn turn;
    auto ids = std::make_shared<std::vector<std::int32_t>>();
    const std::size_t length = 2 + random.Below(9);
    for (std::size_t t = 0; t < length; ++t) {
      ids->push_back(
          static_cast<std::int32_t>(random.Below(static_cast<std::uint64_t>(vocabulary))));
    }
    turn.tokens = ids;
    turn.speaker = static_cast<Speaker>(random.Below(3));
    if (i > 0 && random.Chance(0.5)) {
      turn.has_time = 1;
      turn.gap = static_cast<float>(random.Uniform());
    }
    if (random.Chance(0.1)) {
      turn.rating = 0.5F;
      turn.rating_exceeds = {1, 0.5F, 0.5F, 0};
    }
    c.tokens += static_cast<std::int64_t>(length);
    c.turns.push_back(std::move(turn));
  }
  return c;
}

void ExpectSame(const EncodedConversation& a, const EncodedConversation& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.channel, b.channel);
  EXPECT_EQ(a.satisfied, b.satisfied);
  EXPECT_EQ(a.survey, b.survey);
  EXPECT_EQ(a.tokens, b.tokens);
  ASSERT_EQ(a.turns.size(), b.turns.size());
  for (std::size_t i = 0; i < a.turns.size(); ++i) {
    EXPECT_EQ(*a.turns[i].tokens, *b.turns[i].tokens);
    EXPECT_EQ(a.turns[i].speaker, b.turns[i].speaker);
    EXPECT_EQ(a.turns[i].gap, b.turns[i].gap);
    EXPECT_EQ(a.turns[i].has_time, b.turns[i].has_time);
    EXPECT_EQ(a.turns[i].rating, b.turns[i].rating);
    EXPECT_EQ(a.turns[i].rating_exceeds, b.turns[i].rating_exceeds);
  }
}

ShardKind TalkKind(std::int32_t vocabulary = 900) {
  return {LayoutFor(vocabulary, 5), 64, std::string(64, 'a'), {}};
}

void Write(const TemporaryFolder& folder, const std::vector<EncodedConversation>& all,
           const ShardKind& kind, std::int64_t most = 10) {
  ShardWriter writer(folder / ".", {kind, {}}, most);
  for (const EncodedConversation& conversation : all) {
    std::string record;
    const ShardEntry entry = AppendRecord(conversation, kind.layout, &record);
    writer.Add(record, entry);
  }
  writer.Finish();
}

std::vector<EncodedConversation> ManyTalks(int count, std::int32_t vocabulary = 900) {
  std::vector<EncodedConversation> all;
  for (int i = 0; i < count; ++i)
    all.push_back(DrawnTalk(static_cast<std::uint64_t>(i), vocabulary));
  return all;
}

TEST(Shards, GiveWhatWasWrittenInOrder) {
  for (const std::int32_t vocabulary : {900, kIds}) {
    const auto all = ManyTalks(35, vocabulary);
    const TemporaryFolder folder;
    Write(folder, all, TalkKind(vocabulary));
    EXPECT_EQ(folder.Names().size(), 5U) << "four shards and shards.json";
    ShardedConversations shards(folder / ".", TalkKind(vocabulary), Which::kAll, 1);
    ASSERT_EQ(shards.size(), 35);
    for (std::int64_t i = 0; i < 35; ++i) {
      ExpectSame(*shards.Get(i), all[static_cast<std::size_t>(i)]);
      for (const int turns : {1, 3, 100}) {
        EXPECT_EQ(shards.Tokens(i, turns), TokensOfLast(all[static_cast<std::size_t>(i)], turns));
      }
    }
  }
}

TEST(Shards, AreWhatTheSameConversationsInMemoryAre) {
  auto all = ManyTalks(60);
  const TemporaryFolder folder;
  Write(folder, all, TalkKind());
  std::erase_if(all, [](const EncodedConversation& c) {
    const auto rated = [](const EncodedTurn& turn) { return turn.rating >= 0; };
    return c.satisfied < 0 && std::none_of(c.turns.begin(), c.turns.end(), rated);
  });
  for (EncodedConversation& c : all) c.weight = 0.3F;
  InMemoryConversations listed(all);
  ShardedConversations shards(folder / ".", TalkKind(), Which::kLabelled, 0.3);
  listed.Weigh(1.9, 0.7);
  shards.Weigh(1.9, 0.7);
  ASSERT_EQ(shards.size(), listed.size());
  ASSERT_LT(shards.size(), 60);
  EXPECT_EQ(shards.labels().satisfied, listed.labels().satisfied);
  EXPECT_EQ(shards.labels().dissatisfied, listed.labels().dissatisfied);
  EXPECT_EQ(shards.labels().rated, listed.labels().rated);
  EXPECT_GT(listed.labels().rated, 0);
  for (std::int64_t i = 0; i < shards.size(); ++i) {
    ExpectSame(*shards.Get(i), *listed.Get(i));
    EXPECT_EQ(shards.Get(i)->weight, listed.Get(i)->weight);
    EXPECT_EQ(shards.Answer(i), listed.Answer(i));
  }
}

TEST(Shards, StoredFilesHaveTheFingerprintOfMemory) {
  const auto all = ManyTalks(40);
  const TemporaryFolder first, second;
  Write(first, {all.begin(), all.begin() + 20}, TalkKind());
  Write(second, {all.begin() + 30, all.end()}, TalkKind());
  auto weighed = all;
  for (std::size_t i = 0; i < weighed.size(); ++i) weighed[i].weight = i < 20 ? 0.3F : 2.0F;
  weighed[25].guess = 0.75F;
  InMemoryConversations listed(weighed);
  StoredFiles stored;
  stored.Add(std::make_unique<ShardedConversations>(first / ".", TalkKind(), Which::kAll, 0.3));
  stored.Add(std::make_unique<InMemoryConversations>(
      std::vector<EncodedConversation>(weighed.begin() + 20, weighed.begin() + 30)));
  stored.Add(std::make_unique<ShardedConversations>(second / ".", TalkKind(), Which::kAll, 2));
  EXPECT_EQ(stored.Fingerprint(), listed.Fingerprint());
  const std::string before = stored.Fingerprint(), identity = stored.Identity();
  int parts = 0;
  stored.TakeFingerprint([&] { ++parts; });
  EXPECT_GT(parts, 0);
  EXPECT_EQ(stored.Fingerprint(), before);
  listed.Weigh(1.5, 0.5);
  stored.Weigh(1.5, 0.5);
  EXPECT_EQ(stored.Fingerprint(), listed.Fingerprint());
  EXPECT_NE(stored.Fingerprint(), before);
  EXPECT_NE(stored.Identity(), identity);
}

TEST(Shards, ALongConversationIsCountedByReadingIt) {
  EncodedConversation c = DrawnTalk(3, 900);
  const EncodedTurn turn = c.turns.front();
  c.turns.assign(70'000, turn);
  c.tokens = 70'000 * std::ssize(*turn.tokens);
  const TemporaryFolder folder;
  Write(folder, {c}, TalkKind());
  const ShardedConversations shards(folder / ".", TalkKind(), Which::kAll, 1);
  EXPECT_EQ(shards.Tokens(0, 66'000), 66'000 * std::ssize(*turn.tokens));
  EXPECT_EQ(shards.Tokens(0, 100'000), c.tokens);
}

TEST(Shards, JoinedSetsAreOneAfterAnother) {
  const auto all = ManyTalks(25);
  const TemporaryFolder folder;
  Write(folder, {all.begin(), all.begin() + 15}, TalkKind());
  JoinedSets joined;
  joined.Add(std::make_unique<InMemoryConversations>(
      std::vector<EncodedConversation>(all.begin() + 15, all.end())));
  const std::string alone = joined.Fingerprint();
  EXPECT_EQ(alone, InMemoryConversations({all.begin() + 15, all.end()}).Fingerprint());
  joined.Add(std::make_unique<ShardedConversations>(folder / ".", TalkKind(), Which::kAll, 1));
  ASSERT_EQ(joined.size(), 25);
  EXPECT_NE(joined.Fingerprint(), alone);
  for (std::int64_t i = 0; i < 25; ++i) {
    const auto place = static_cast<std::size_t>((i + 15) % 25);
    ExpectSame(*joined.Get(i), all[place]);
    EXPECT_EQ(joined.Tokens(i, 2), TokensOfLast(all[place], 2));
    EXPECT_EQ(joined.Answer(i), all[place].satisfied);
  }
}

TEST(Shards, AnIdThatIsThereTwiceIsRefused) {
  auto all = ManyTalks(25);
  all[21].id = all[4].id;
  const TemporaryFolder folder;
  EXPECT_EQ(ProblemOf([&] { Write(folder, all, TalkKind()); }).found,
            "the id \"talk-4\" is there twice");
  EXPECT_FALSE(HoldsShards(folder / "."));
}

TEST(Shards, AnIdOfOneThatWasLeftOutIsRefusedToo) {
  const auto all = ManyTalks(15);
  const TemporaryFolder folder;
  const auto found = [&](const std::string& left_out) {
    ShardWriter writer(folder / ".", {TalkKind(), {}}, 10);
    for (const EncodedConversation& conversation : all) {
      std::string record;
      const ShardEntry entry = AppendRecord(conversation, TalkKind().layout, &record);
      writer.Add(record, entry);
    }
    for (const std::string& id : {std::string("silent"), left_out}) writer.LeaveOut(id);
    return ProblemOf([&] { writer.Finish({"calls.jsonl", {}}); });
  };
  for (const char* id : {"talk-12", "silent"}) {
    EXPECT_EQ(found(id).found, fmt::format("the id \"{}\" is there twice", id));
    EXPECT_EQ(found(id).place, "calls.jsonl");
    EXPECT_EQ(found(id).expected, "expected every conversation once");
  }
  EXPECT_FALSE(HoldsShards(folder / "."));
}

TEST(Shards, NothingIsNoFolderOfShards) {
  const TemporaryFolder folder;
  EXPECT_EQ(ProblemOf([&] { Write(folder, {}, TalkKind()); }).found,
            "holds no conversation with turns");
}

TEST(Shards, AnotherModelsAreRefused) {
  const TemporaryFolder folder;
  Write(folder, ManyTalks(3), TalkKind());
  const auto found = [&](const std::function<void(ShardKind*)>& change) {
    ShardKind wanted = TalkKind();
    change(&wanted);
    return ProblemOf([&] { ShardedConversations(folder / ".", wanted, Which::kLabelled, 1); })
        .found;
  };
  EXPECT_THAT(found([](ShardKind* k) { k->tokenizer[0] = 'b'; }), HasSubstr("the tokenizer"));
  EXPECT_THAT(found([](ShardKind* k) { k->layout.vocabulary = 901; }), HasSubstr("vocabulary"));
  EXPECT_THAT(found([](ShardKind* k) { k->max_turn_tokens = 65; }),
              HasSubstr("max_turn_tokens 64"));
  EXPECT_THAT(found([](ShardKind* k) { k->layout.boxes = 7; }), HasSubstr("model.boxes 5"));
  EXPECT_THAT(found([](ShardKind* k) { k->survey.target = "attribute:x"; }),
              HasSubstr("survey.target survey"));
  EXPECT_THAT(found([](ShardKind* k) { k->survey.satisfied_from = 3; }),
              HasSubstr("survey.satisfied_from -1"));
  ShardKind other_survey = TalkKind();  // which masked words have no use for
  other_survey.survey.target = "attribute:x";
  EXPECT_EQ(ShardedConversations(folder / ".", other_survey, Which::kAll, 1).size(), 3);
}

/// Reads everything of a folder; "read" where that went well, else what was found.
std::string ReadAll(const TemporaryFolder& folder, std::int64_t* same,
                    const std::vector<EncodedConversation>& all) {
  try {
    ShardedConversations shards(folder / ".", TalkKind(), Which::kAll, 1);
    shards.labels();
    for (std::int64_t i = 0; i < shards.size(); ++i) {
      const auto got = shards.Get(i);
      *same += got->id == all[static_cast<std::size_t>(i)].id &&
                       got->tokens == all[static_cast<std::size_t>(i)].tokens
                   ? 1
                   : 0;
    }
  } catch (const Error& error) {
    return error.problem().found;
  }
  return "read";
}

TEST(Shards, WhatIsCutOffIsRefused) {
  const auto all = ManyTalks(4);
  const TemporaryFolder folder;
  Write(folder, all, TalkKind());
  const std::string whole = Slurp(folder / "00000.shard");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    folder.Put("00000.shard", whole.substr(0, size));
    std::int64_t same = 0;
    EXPECT_NE(ReadAll(folder, &same, all), "read") << size;
  }
}

TEST(Shards, AFlippedBitIsFoundWhereItMatters) {
  const auto all = ManyTalks(4);
  const TemporaryFolder folder;
  Write(folder, all, TalkKind());
  const std::string whole = Slurp(folder / "00000.shard");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      folder.Put("00000.shard", bytes);
      std::int64_t same = 0;
      // An index's hash, length or label may be another; what is learned from is not.
      const bool read = ReadAll(folder, &same, all) == "read";
      EXPECT_TRUE(!read || same == 4) << at;
    }
  }
}

TEST(Shards, AManifestOfSomethingElseIsRefused) {
  const TemporaryFolder folder;
  Write(folder, ManyTalks(3), TalkKind());
  const Json good = Json::parse(Slurp(folder / kShardManifest));
  const auto found = [&](const std::function<void(Json*)>& damage) {
    Json json = good;
    damage(&json);
    folder.Put(kShardManifest, json.dump());
    return Describe(ProblemOf([&] { ReadShardManifest(folder / "."); }));
  };
  EXPECT_THAT(found([](Json* j) { (*j)["format"] = "x"; }), HasSubstr("format"));
  EXPECT_THAT(found([](Json* j) { (*j)["version"] = 2; }), HasSubstr("use a newer arcsat"));
  EXPECT_THAT(found([](Json* j) { (*j)["token_bytes"] = 3; }), HasSubstr("2 or 4"));
  EXPECT_THAT(found([](Json* j) { j->erase("boxes"); }), HasSubstr("boxes"));
  EXPECT_THAT(found([](Json* j) { (*j)["vocabulary"] = "x"; }), HasSubstr("vocabulary"));
  EXPECT_THAT(found([](Json* j) { (*j)["files"] = Json::array(); }), HasSubstr("a list of files"));
  EXPECT_THAT(found([](Json* j) { (*j)["files"][0]["name"] = "../x"; }),
              HasSubstr("in this folder"));
  EXPECT_THAT(found([](Json* j) { (*j)["files"][0]["conversations"] = 0; }), HasSubstr("from 1"));
  EXPECT_THAT(found([](Json* j) { *j = Json::array(); }), HasSubstr("format"));
}

}  // namespace
}  // namespace arcsat
