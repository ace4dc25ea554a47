#include "data/split.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "data/near_duplicates.h"
#include "data/random.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

std::string RandomText(Random* random, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += fmt::format("w{} ", random->Below(5000));
  return text;
}

std::vector<Conversation> Corpus(int count, int words = 40) {
  Random random(5);
  std::vector<Conversation> all;
  for (int i = 0; i < count; ++i) {
    Conversation& c = all.emplace_back();
    c.id = fmt::format("c-{}", i);
    c.customer_id = fmt::format("u-{}", i % (count / 4 + 1));
    c.agent_id = fmt::format("a-{}", i % 20);
    c.problem_type = i % 10 == 0 ? "rare" : "common";
    c.started_at = fmt::format("2026-01-{:02}T00:00:{:02}Z", 1 + (i * 7) % 28, i % 60);
    c.survey.emplace();
    if (i % 3 != 0) c.survey->score = i % 3 == 1 ? 5 : 1;
    c.turns.emplace_back().text = RandomText(&random, words);
  }
  return all;
}

SplitOptions By(const std::string& by) {
  SplitOptions options;
  options.by = by;
  return options;
}

TEST(Shingles, WordsCaseAndPunctuation) {
  const auto of = [](const std::vector<std::string>& turns) {
    Conversation c;
    for (const std::string& text : turns) c.turns.emplace_back().text = text;
    return Shingles(c);
  };
  EXPECT_TRUE(of({"", " ... "}).empty());
  EXPECT_EQ(of({"hello"}).size(), 1U);
  EXPECT_EQ(of({"one two three"}).size(), 1U);
  EXPECT_EQ(of({"one two three four"}).size(), 2U);
  EXPECT_EQ(of({"One, two!", "THREE four"}), of({"one two three four"}));
  EXPECT_NE(of({"one two four three"}), of({"one two three four"}));
  EXPECT_EQ(of({"a a a a a a"}).size(), 1U);
  EXPECT_EQ(of({"漢字仮名"}).size(), 2U);
}

TEST(Jaccard, Values) {
  EXPECT_EQ(Jaccard({}, {}), 0.0);
  EXPECT_EQ(Jaccard({1, 2, 3}, {2, 3, 4}), 0.5);
  EXPECT_EQ(Jaccard({1, 2}, {1, 2}), 1.0);
  EXPECT_EQ(Jaccard({1}, {2}), 0.0);
}

TEST(NearDuplicates, FindsWhatComparingAllPairsFinds) {
  // Copies with a few words changed, so that similarities lie on both sides of the threshold.
  Random random(9);
  std::vector<Conversation> all;
  for (int i = 0; i < 150; ++i) {
    const std::string text = RandomText(&random, 60);
    for (int copy = 0; copy < 4; ++copy) {
      std::string changed = text;
      for (int k = 0; k < copy; ++k) changed[random.Below(changed.size())] = 'q';
      all.emplace_back().turns.emplace_back().text = changed;
    }
  }
  for (const double threshold : {0.6, 0.9}) {
    DisjointSets found(all.size()), truth(all.size());
    JoinNearDuplicates(all, threshold, &found);
    std::vector<std::vector<std::uint32_t>> shingles;
    for (const Conversation& c : all) shingles.push_back(Shingles(c));
    int pairs = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (Jaccard(shingles[i], shingles[j]) < threshold) continue;
        truth.Join(i, j);
        ++pairs;
      }
    }
    EXPECT_GT(pairs, 100);
    EXPECT_LT(pairs, 900);
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        ASSERT_EQ(found.Find(i) == found.Find(j), truth.Find(i) == truth.Find(j)) << i << " " << j;
      }
    }
  }
}

TEST(NearDuplicates, SilentConversationsAreNotJoined) {
  std::vector<Conversation> all(3);
  DisjointSets sets(3);
  JoinNearDuplicates(all, 0.9, &sets);
  EXPECT_NE(sets.Find(0), sets.Find(1));
}

TEST(Split, SharesAreNearTheirTargets) {
  const auto counts = MakeSplit(Corpus(4000), By("conversation")).Counts();
  // Within four standard deviations of a binomial count.
  EXPECT_NEAR(static_cast<double>(counts[0]), 2800, 4 * std::sqrt(4000 * 0.7 * 0.3));
  for (std::size_t s = 1; s < 4; ++s) {
    EXPECT_NEAR(static_cast<double>(counts[s]), 400, 4 * std::sqrt(4000 * 0.1 * 0.9));
  }
}

TEST(Split, SameConversationSameSideWhateverElseIsThere) {
  std::vector<Conversation> all = Corpus(500);
  const auto before = SidesById(MakeSplit(all, By("conversation")));
  std::vector<Conversation> fewer(all.rbegin(), all.rbegin() + 200);
  for (const auto& [id, side] : MakeSplit(fewer, By("conversation")).assignments) {
    EXPECT_EQ(side, before.at(id));
  }
  SplitOptions other = By("conversation");
  other.seed = 2;
  EXPECT_NE(SidesById(MakeSplit(all, other)), before);
}

TEST(Split, AssignmentsKeepTheInputsOrderAndKnownSides) {
  const Split split = MakeSplit(Corpus(5), By("conversation"));
  std::string line;
  for (const auto& [id, side] : split.assignments) line += id + "=" + Name(side) + " ";
  // Literal (from Python's hashlib), since a new version must not move a conversation.
  EXPECT_EQ(line, "c-0=train c-1=train c-2=validation c-3=validation c-4=train ");
}

TEST(Split, CustomersAndAgentsStayTogether) {
  const std::vector<Conversation> all = Corpus(400);
  for (const char* by : {"customer", "agent"}) {
    std::map<std::string, std::set<Side>> sides;
    const Split split = MakeSplit(all, By(by));
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string& key = by[0] == 'c' ? all[i].customer_id : all[i].agent_id;
      sides[key].insert(split.assignments[i].second);
    }
    for (const auto& [key, seen] : sides) EXPECT_EQ(seen.size(), 1U) << key;
    EXPECT_EQ(split.without_key, 0);
  }
  std::vector<Conversation> some = all;
  some[3].agent_id.clear();
  EXPECT_EQ(MakeSplit(some, By("agent")).without_key, 1);
  for (Conversation& c : some) c.agent_id.clear();
  EXPECT_THROW(MakeSplit(some, By("agent")), Error);
}

TEST(Split, NearDuplicatesShareASideInEveryWay) {
  std::vector<Conversation> all = Corpus(300);
  for (std::size_t i = 0; i < 300; ++i) {
    all.push_back(all[i]);
    all.back().id += "-again";
    all.back().customer_id += "-again";
    all.back().started_at = "2026-02-01";
    all.back().turns[0].text += "bye";
  }
  for (const char* by : {"conversation", "customer", "time", "stratified"}) {
    SCOPED_TRACE(by);
    const Split split = MakeSplit(all, By(by));
    ASSERT_EQ(split.near_duplicates.size(), 300U);
    EXPECT_EQ(split.near_duplicates[0], (std::vector<std::string>{"c-0", "c-0-again"}));
    for (std::size_t i = 0; i < 300; ++i) {
      EXPECT_EQ(split.assignments[i].second, split.assignments[i + 300].second);
    }
    // A group's side must not lean to train because the group is large.
    EXPECT_NEAR(static_cast<double>(split.Counts()[0]), 420, 2 * 4 * std::sqrt(300 * 0.7 * 0.3));
  }
  SplitOptions off = By("conversation");
  off.near_duplicate = 0;
  EXPECT_TRUE(MakeSplit(all, off).near_duplicates.empty());
}

TEST(Split, TimeSendsTheEarliestToTrain) {
  const std::vector<Conversation> all = Corpus(200);
  const Split split = MakeSplit(all, By("time"));
  EXPECT_EQ(split.Counts(), (std::array<std::int64_t, 4>{140, 20, 20, 20}));
  std::map<Side, std::pair<std::string, std::string>> range;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& [first, last] = range[split.assignments[i].second];
    if (first.empty() || all[i].started_at < first) first = all[i].started_at;
    last = std::max(last, all[i].started_at);
  }
  EXPECT_LE(range[Side::kTrain].second, range[Side::kCalibration].first);
  EXPECT_LE(range[Side::kCalibration].second, range[Side::kValidation].first);
  EXPECT_LE(range[Side::kValidation].second, range[Side::kTest].first);
  std::vector<Conversation> timeless = all;
  timeless[7].started_at.clear();
  EXPECT_EQ(ProblemOf([&] { MakeSplit(timeless, By("time")); }).place,
            "conversation c-7: started_at");
}

TEST(Split, StratifiedKeepsTheSharesOfEveryStratum) {
  const std::vector<Conversation> all = Corpus(3000);
  const Split split = MakeSplit(all, By("stratified"));
  EXPECT_EQ(split.Counts(), (std::array<std::int64_t, 4>{2100, 300, 300, 300}));
  std::map<std::string, std::array<double, 4>> strata;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto answer = Satisfied(all[i], {});
    const std::string name = all[i].problem_type + (!answer ? "?" : *answer ? "1" : "0");
    ++strata[name][static_cast<std::size_t>(split.assignments[i].second)];
  }
  ASSERT_EQ(strata.size(), 6U);
  for (const auto& [name, counts] : strata) {
    const double total = counts[0] + counts[1] + counts[2] + counts[3];
    EXPECT_NEAR(counts[0], 0.7 * total, 1.0001) << name;
    for (std::size_t s = 1; s < 4; ++s) EXPECT_NEAR(counts[s], 0.1 * total, 1.0001) << name;
  }
}

TEST(Split, ManySmallStrataDoNotAllGoToTrain) {
  std::vector<Conversation> all = Corpus(1000);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].problem_type = fmt::format("p-{}", i);
  const auto counts = MakeSplit(all, By("stratified")).Counts();
  EXPECT_NEAR(static_cast<double>(counts[0]), 700, 2);
  for (std::size_t s = 1; s < 4; ++s) EXPECT_NEAR(static_cast<double>(counts[s]), 100, 2);
}

TEST(Split, PreviousAssignmentsAreKept) {
  const TemporaryFolder folder;
  std::vector<Conversation> all = Corpus(300);
  const std::vector<Conversation> first(all.begin(), all.begin() + 200);
  SplitOptions options = By("conversation");
  WriteSplit(MakeSplit(first, options), folder / "split.json");
  const auto before = SidesById(ReadSplit(folder / "split.json"));
  all[250].turns = all[0].turns;
  all[251].turns = all[1].turns;
  options.previous = (folder / "split.json").string();
  for (const char* by : {"conversation", "time", "stratified"}) {
    options.by = by;
    options.seed = 77;  // even where the hashes say otherwise
    const Split after = MakeSplit(all, options);
    EXPECT_EQ(after.kept, 200);
    EXPECT_EQ(after.conflicts, 0);
    for (std::size_t i = 0; i < 200; ++i) {
      EXPECT_EQ(after.assignments[i].second, before.at(all[i].id));
    }
    EXPECT_EQ(after.assignments[250].second, after.assignments[0].second);
    EXPECT_EQ(after.assignments[251].second, after.assignments[1].second);
  }
}

TEST(Split, FileRoundTripAndFixture) {
  const TemporaryFolder folder;
  const Split split = MakeSplit(Corpus(50), By("stratified"));
  WriteSplit(split, folder / "s.json");
  const Split back = ReadSplit(folder / "s.json");
  EXPECT_EQ(back.assignments, split.assignments);
  EXPECT_EQ(back.fingerprint, split.fingerprint);
  EXPECT_EQ(ToJson(back), ToJson(split));
  const Split fixture = ReadSplit(Fixture("split.json"));
  EXPECT_EQ(fixture.Counts(), (std::array<std::int64_t, 4>{2, 0, 0, 1}));
  EXPECT_EQ(fixture.near_duplicates.at(0), (std::vector<std::string>{"c-1", "c-2"}));
}

TEST(Split, BrokenFilesAreRefused) {
  const TemporaryFolder folder;
  const std::string good = Slurp(Fixture("split.json"));
  const std::vector<std::pair<std::string, std::string>> edits = {
      {"arcsat-split", "other"},
      {"\"version\": 1", "\"version\": 2"},
      {"\"seed\": 1", "\"seed\": -1"},
      {"\"c-3\": \"test\"", "\"c-3\": \"holdout\""},
      {"\"c-3\": \"test\"", "\"c-4\": \"test\""},  // the fingerprint tells
      {"\"kept\": 0,", ""},
      {"[[", "["},
      {"\"c-3\": \"test\"}", ""}};
  for (const auto& [from, to] : edits) {
    SCOPED_TRACE(to);
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    const std::string path = folder.Put("s.json", bad);
    EXPECT_EQ(ProblemOf([&] { ReadSplit(path); }).place.rfind(path, 0), 0U);
  }
  EXPECT_THROW(ReadSplit(folder / "none"), Error);
}

TEST(Split, OptionsThatMakeNoSense) {
  const std::vector<Conversation> all = Corpus(4);
  EXPECT_THROW(MakeSplit(all, By("weather")), UsageError);
  SplitOptions options;
  options.train = 0.8;
  EXPECT_EQ(ProblemOf([&] { MakeSplit(all, options); }).place, "split.train");
  options.train = 1.2;
  options.test = -0.4;
  EXPECT_THROW(MakeSplit(all, options), UsageError);
  options = {};
  options.near_duplicate = 1.5;
  EXPECT_THROW(MakeSplit(all, options), UsageError);
  EXPECT_THROW(MakeSplit({all[0], all[0]}, {}), Error);
}

}  // namespace
}  // namespace arcsat
