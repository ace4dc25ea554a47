#include "model/known_turns_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>

#include "data/error.h"
#include "data/files.h"
#include "model/known_turns.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
using TurnIds = std::vector<std::int32_t>;

class KnownTurnsFileTest : public ::testing::Test {
 protected:
  KnownTurnsFileTest()
      : path_((fs::path(testing::TempDir()) /
               (std::string("turns-") +
                testing::UnitTest::GetInstance()->current_test_info()->name()))
                  .string()) {
    fs::remove(path_);
  }
  ~KnownTurnsFileTest() override { fs::remove(path_); }

  KnownTurnsFile::Place Place() const {
    return {path_, std::string(64, 'a'), /*width=*/4, /*most=*/1 << 20};
  }
  /// Why it cannot be opened; empty where it can.
  static std::string Refusal(const KnownTurnsFile::Place& place) {
    try {
      KnownTurnsFile file(place);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  static torch::Tensor States(std::int64_t tokens, double value) {
    return torch::full({tokens, 4}, value);
  }
  void Spoil(std::size_t at) const {
    std::string bytes = ReadFile(path_);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    WriteFile(path_, bytes);
  }
  /// Three turns; the header takes 80 bytes, a turn of n tokens 16 + 20 n.
  void Fill() const {
    KnownTurnsFile file(Place());
    file.Keep({2, 7, 3}, States(3, 0.5));
    file.Keep({2, 8, 3}, States(3, -1.5));
    file.Keep({5}, States(1, 9));
  }

  std::string path_;
};

TEST_F(KnownTurnsFileTest, ALaterProcessFindsWhatWasKept) {
  Fill();
  KnownTurnsFile file(Place());
  EXPECT_EQ(file.turns(), 3);
  EXPECT_EQ(file.bytes(), 80 + 76 + 76 + 36);
  EXPECT_TRUE(torch::equal(file.Find({2, 7, 3}), States(3, 0.5)));
  EXPECT_TRUE(torch::equal(file.Find({2, 8, 3}), States(3, -1.5)));
  EXPECT_TRUE(torch::equal(file.Find({5}), States(1, 9)));
  EXPECT_FALSE(file.Find({2, 7}).defined());
  EXPECT_EQ(file.found(), 3);
}

TEST_F(KnownTurnsFileTest, WhatIsHalfWrittenIsCutOffAndTheRestStays) {
  Fill();
  const std::string whole = ReadFile(path_);
  for (std::size_t cut = 80 + 76 + 76 + 1; cut < whole.size(); ++cut) {
    WriteFile(path_, whole.substr(0, cut));
    KnownTurnsFile file(Place());
    EXPECT_EQ(file.turns(), 2) << cut;
    file.Keep({5}, States(1, 9));
    EXPECT_EQ(ReadFile(path_), whole) << cut;
  }
}

TEST_F(KnownTurnsFileTest, WhatWasDamagedIsNotBelieved) {
  Fill();
  const std::size_t size = ReadFile(path_).size();
  for (std::size_t at = 80; at < size; ++at) {
    fs::remove(path_);
    Fill();
    Spoil(at);
    KnownTurnsFile file(Place());
    for (const auto& [ids, value] :
         {std::pair(TurnIds{2, 7, 3}, 0.5), std::pair(TurnIds{2, 8, 3}, -1.5),
          std::pair(TurnIds{5}, 9.0)}) {
      const torch::Tensor found = file.Find(ids);
      if (!found.defined()) continue;
      EXPECT_TRUE(torch::equal(found, States(static_cast<std::int64_t>(ids.size()), value))) << at;
    }
    EXPECT_LT(file.found(), 3) << at;
  }
}

TEST_F(KnownTurnsFileTest, AnotherModelsFileIsRefusedAndStays) {
  Fill();
  const std::string whole = ReadFile(path_);
  KnownTurnsFile::Place place = Place();
  place.fingerprint = std::string(64, 'b');
  EXPECT_THAT(Refusal(place), ::testing::HasSubstr("belongs to another model"));
  place = Place();
  place.width = 5;
  EXPECT_THAT(Refusal(place), ::testing::HasSubstr("belongs to another model"));
  EXPECT_EQ(ReadFile(path_), whole);
}

TEST_F(KnownTurnsFileTest, AFileOfSomethingElseIsRefusedAndStays) {
  for (const std::string& bytes : {std::string("my letters"), std::string(500, 'x')}) {
    WriteFile(path_, bytes);
    EXPECT_THAT(Refusal(Place()), ::testing::HasSubstr("holds no turns"));
    EXPECT_EQ(ReadFile(path_), bytes);
  }
  KnownTurnsFile::Place place = Place();
  place.path = "/dev/null";
  EXPECT_THAT(Refusal(place), ::testing::HasSubstr("is no regular file"));
  place.path = "/nowhere/turns";
  EXPECT_THAT(Refusal(place), ::testing::HasSubstr("opening failed"));
}

TEST_F(KnownTurnsFileTest, OneProcessAtATime) {
  KnownTurnsFile file(Place());
  EXPECT_THAT(Refusal(Place()), ::testing::HasSubstr("in use by another process"));
}

TEST_F(KnownTurnsFileTest, AFullFileTakesNoMoreAndGivesWhatItHas) {
  KnownTurnsFile::Place place = Place();
  place.most = 80 + 76 + 50;
  KnownTurnsFile file(place);
  file.Keep({2, 7, 3}, States(3, 0.5));
  file.Keep({2, 8, 3}, States(3, 1));
  EXPECT_EQ(file.turns(), 1);
  file.Keep({5}, States(1, 9));  // there is room for a shorter one
  EXPECT_EQ(file.turns(), 2);
  EXPECT_TRUE(file.Find({2, 7, 3}).defined());
}

TEST_F(KnownTurnsFileTest, OneRowOfATurnTakesThePlaceOfOne) {
  KnownTurnsFile::Place place = Place();
  place.one_row = true;
  {
    KnownTurnsFile file(place);
    file.Keep({2, 7, 3}, States(1, 0.5));
    file.Keep({5}, States(1, 9));
    EXPECT_EQ(file.bytes(), 80 + (16 + 12 + 16) + (16 + 4 + 16));
  }
  KnownTurnsFile file(place);
  EXPECT_TRUE(torch::equal(file.Find({2, 7, 3}), States(1, 0.5)));
  EXPECT_TRUE(torch::equal(file.Find({5}), States(1, 9)));
}

TEST_F(KnownTurnsFileTest, MemoryIsAskedFirstAndTheFileGetsWhatIsNew) {
  {
    KnownTurnsFile file(Place());
    KnownTurns known(1 << 20, &file);
    known.Keep({1, 2}, States(2, 3));
    EXPECT_TRUE(known.Find({1, 2}).defined());
    EXPECT_EQ(file.found(), 0);
    EXPECT_EQ(file.turns(), 1);
  }
  KnownTurnsFile file(Place());
  KnownTurns known(1 << 20, &file);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(torch::equal(known.Find({1, 2}), States(2, 3)));
  }
  EXPECT_EQ(file.found(), 1);
  EXPECT_EQ(file.turns(), 1);
}

}  // namespace
}  // namespace arcsat
