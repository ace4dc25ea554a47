#include "data/data_source.h"

#include <gmock/gmock.h>

#include "data/error.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseDataSource, ReadsWhatFollowsThePath) {
  SurveyOptions survey;
  survey.target = "survey";
  const DataSource plain = ParseDataSource("a,b.jsonl", survey);
  EXPECT_EQ(plain.path, "a,b.jsonl");
  EXPECT_EQ(plain.weight, 1);
  EXPECT_EQ(plain.survey.target, "survey");
  EXPECT_TRUE(plain.scores.empty());
  const DataSource full =
      ParseDataSource("a.jsonl,scores=one.jsonl,weight=0.5,target=attribute:x,scores=b", survey);
  EXPECT_EQ(full.path, "a.jsonl");
  EXPECT_EQ(full.weight, 0.5);
  EXPECT_EQ(full.survey.target, "attribute:x");
  EXPECT_THAT(full.scores, ElementsAre("one.jsonl", "b"));
}

TEST(ParseDataSource, RefusesWhatItDoesNotKnow) {
  const auto found = [](const std::string& text) {
    return ProblemOf([&] { ParseDataSource(text, {}); }).found;
  };
  EXPECT_THAT(found("a,weight=x"), HasSubstr("weight is \"x\""));
  EXPECT_THAT(found("a,weight=-1"), HasSubstr("\"-1\""));
  EXPECT_THAT(found("a,weight=nan"), HasSubstr("\"nan\""));
  EXPECT_THAT(found("a,weight=1,colour=red"), HasSubstr("colour=red"));
  EXPECT_THAT(found("a,target="), HasSubstr("target="));
  EXPECT_THAT(found("a,scores="), HasSubstr("scores="));
}

}  // namespace
}  // namespace arcsat
