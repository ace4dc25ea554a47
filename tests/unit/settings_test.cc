#include "data/settings.h"

#include <gmock/gmock.h>

#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

TEST(SettingsTest, ReadsSectionsCommentsQuotesAndLists) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("run.cfg",
                                      "# a comment\n"
                                      "data = a.jsonl\n"
                                      "data = b.jsonl   # again\n"
                                      "\n"
                                      "[train]  # of the training\n"
                                      "epochs=4\r\n"
                                      "note = \"with a # inside\\n\" # after\n"
                                      "empty =\n"
                                      "[a.b]\n"
                                      "c = d = e");
  const std::vector<Setting> settings = ReadSettings(path);
  std::vector<std::string> shown;
  for (const Setting& s : settings) shown.push_back(s.key + "|" + s.value);
  EXPECT_THAT(shown,
              testing::ElementsAre("data|a.jsonl", "data|b.jsonl", "train.epochs|4",
                                   "train.note|with a # inside\n", "train.empty|", "a.b.c|d = e"));
  EXPECT_EQ(settings[2].place, path + ":6");
}

TEST(SettingsTest, NamesTheLineThatIsNone) {
  EXPECT_EQ(ProblemOf([] { ParseSettings("a = 1\nno setting\n", "x.cfg"); }).place, "x.cfg:2");
  EXPECT_EQ(ProblemOf([] { ParseSettings("[broken\n", "x.cfg"); }).place, "x.cfg:1");
  EXPECT_EQ(ProblemOf([] { ParseSettings("\na = \"open\n", "x.cfg"); }).place, "x.cfg:2");
  EXPECT_EQ(ProblemOf([] { ParseSettings("a = \"closed\" more\n", "x.cfg"); }).place, "x.cfg:1");
  EXPECT_THAT(ParseSettings("", "x.cfg"), testing::IsEmpty());
}

}  // namespace
}  // namespace arcsat
