#include "data/survey_table.h"

#include <gtest/gtest.h>

#include "data/csv.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

std::vector<std::vector<std::string>> Rows(const std::string& text, char separator = ',') {
  std::vector<std::vector<std::string>> rows;
  CsvReader reader(text, separator, "t");
  for (std::vector<std::string> row; reader.Next(&row);) rows.push_back(row);
  return rows;
}

TEST(Csv, Rfc4180AndTheLineEndsInUse) {
  using Table = std::vector<std::vector<std::string>>;
  EXPECT_EQ(Rows("a,b\r\n1,2\r\n"), (Table{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(Rows("a,b\n\n1,2"), (Table{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(Rows("a,b\r1,2\r"), (Table{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(Rows("\"a,\"\"b\"\"\",\"c\nd\"\n"), (Table{{"a,\"b\"", "c\nd"}}));
  EXPECT_EQ(Rows("a\"b,,\n"), (Table{{"a\"b", "", ""}}));
  EXPECT_EQ(Rows("a;b,c\n", ';'), (Table{{"a", "b,c"}}));
  EXPECT_EQ(Rows(""), Table{});
  EXPECT_EQ(Rows("\"\""), (Table{{""}}));
  EXPECT_EQ(ProblemOf([] { Rows("a,b\n1,\"2\n"); }).place, "t:2");
  EXPECT_EQ(ProblemOf([] { Rows("a\n\"b\nc\"\n\"d\"e\n"); }).place, "t:4");
  EXPECT_EQ(GuessSeparator("a;b;\"c,d,e\"\nx,y,z,w"), ';');
  EXPECT_EQ(GuessSeparator("a"), ',');
}

TEST(Csv, FormulasAreWrittenAsText) {
  EXPECT_EQ(CsvField("=1+1"), "'=1+1");
  EXPECT_EQ(CsvField("@cmd"), "'@cmd");
  for (const char* number : {"-1.5", "+2", "-1e-5", "7"}) EXPECT_EQ(CsvField(number), number);
  for (const char* sum : {"-1+1", "+-1", "-", "+", "-inf", "-1e999"}) {
    EXPECT_EQ(CsvField(sum), std::string("'") + sum);
  }
  EXPECT_EQ(CsvField("+49 30"), "'+49 30");
  EXPECT_EQ(CsvField("a,\"b\""), "\"a,\"\"b\"\"\"");
  EXPECT_EQ(CsvField("=a,b"), "\"'=a,b\"");
  bool formula = false;
  EXPECT_EQ(CellText("=\"007\"", &formula), "007");
  EXPECT_FALSE(formula);
  CellText("=HYPERLINK(\"x\")", &formula);
  EXPECT_TRUE(formula);
}

TEST(AnswerScale, RulesAreExplicit) {
  const auto answer = [](const char* rule, const char* text) {
    return AnswerOf(text, ParseAnswerScale(rule));
  };
  EXPECT_EQ(answer("1..7", " 7 "), 7);
  EXPECT_EQ(answer("1..7", "0"), std::nullopt);
  EXPECT_EQ(answer("0..10", "10 (extremely likely)"), 10);
  EXPECT_EQ(answer("1..5", "5 - Very satisfied"), 5);
  EXPECT_EQ(answer("1..5", "5 of 7"), std::nullopt);
  EXPECT_EQ(answer("1..5", "4%"), std::nullopt);
  EXPECT_EQ(answer("1..5", "nan"), std::nullopt);
  EXPECT_EQ(answer("thumbs", "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD"), 1);
  EXPECT_EQ(answer("thumbs", "Thumbs down"), 0);
  EXPECT_EQ(answer("smileys", "\xE2\x98\xB9\xEF\xB8\x8F"), 2);
  EXPECT_EQ(answer("smileys", ":-)"), 4);
  EXPECT_EQ(answer("words", "Very Dissatisfied"), 1);
  EXPECT_EQ(answer("no=0,ja=1", "JA"), 1);
  EXPECT_EQ(ParseAnswerScale("bad=1,fair=2,good=3").high, 3);
  for (const char* bad :
       {"", "5", "5..1", "1..x", "a", "a=1", "a=1,a=2", "a=1,b=1", "1..", "=1,b=2"}) {
    EXPECT_THROW(ParseAnswerScale(bad), UsageError) << bad;
  }
}

Conversation Named(const std::string& id) {
  Conversation c;
  c.id = id;
  return c;
}

TEST(SurveyTable, JoinsAndCountsBothSides) {
  const TemporaryFolder folder;
  SurveyTableOptions options;
  options.files = {folder.Put("s.csv",
                              "\xEF\xBB\xBFTicket ID,CSAT,Comments,Category,Assignee\n"
                              "a,5,nice,billing,x\n"
                              "b,,,billing,\n"
                              "a,1,,,\n"
                              ",4,,,\n"
                              "c,9,,,\n"
                              "gone,2,,,\n")};
  SurveyTable table(options);
  Conversation a = Named("a"), b = Named("b"), none = Named("z");
  a.agent_id = "before";
  table.Join(&a);
  table.Join(&b);
  table.Join(&none);
  EXPECT_EQ(ToJsonLine(a),
            R"({"id":"a","agent_id":"x","problem_type":"billing","turns":[],"survey":)"
            R"({"offered":true,"score":5,"scale":[1,5],"rule":"1..5","comment":"nice"}})");
  EXPECT_TRUE(b.survey->offered);
  EXPECT_FALSE(b.survey->score);
  EXPECT_TRUE(none.survey->offered);
  EXPECT_FALSE(none.survey->score);
  const JoinCounts counts = table.counts();
  EXPECT_EQ(counts.rows, 6);
  EXPECT_EQ(counts.matched, 2);
  EXPECT_EQ(counts.repeated, 1);
  EXPECT_EQ(counts.refused, 2);
  EXPECT_EQ(counts.unmatched_conversations, 1);
  EXPECT_EQ(counts.unmatched_rows, 1);
  EXPECT_NE(counts.reasons.at(1).find("s.csv:6"), std::string::npos);
}

TEST(SurveyTable, QualtricsAndSurveyMonkeyHeaders) {
  const TemporaryFolder folder;
  SurveyTableOptions options;
  options.scale = "0..10";
  options.files = {folder.Put(
      "qualtrics.csv",
      "StartDate,RecordedDate,ExternalReference,Q1\n"
      "Start Date,Recorded Date,External Data Reference,\"How satisfied are you, overall?\"\n"
      "\"{\"\"ImportId\"\":\"\"startDate\"\"}\",\"{\"\"ImportId\"\":\"\"r\"\"}\",x,y\n"
      "2026-01-05 09:30:00,2026-01-05 09:40:00,a,10\n")};
  SurveyTable qualtrics(options);
  Conversation a = Named("a");
  qualtrics.Join(&a);
  EXPECT_EQ(a.survey->score, 10);
  EXPECT_EQ(a.survey->answered_at, "2026-01-05 09:40:00");
  EXPECT_EQ(qualtrics.counts().rows, 1);

  SurveyTableOptions monkey;
  monkey.scale = "words";
  monkey.id = "custom data";
  monkey.score = "How satisfied were you?";
  monkey.files = {folder.Put("monkey.csv",
                             "Respondent ID,Custom Data,How satisfied were you?\n"
                             ",,Response\n"
                             "1,a,Very satisfied\n")};
  SurveyTable table(monkey);
  Conversation again = Named("a");
  table.Join(&again);
  EXPECT_EQ(again.survey->score, 5);
  EXPECT_EQ(table.counts().refused, 0);
}

TEST(SurveyTable, NothingToJoinIsAnError) {
  const TemporaryFolder folder;
  SurveyTableOptions options;
  options.files = {folder.Put("s.csv", "a,b\n1,2\n")};
  EXPECT_THROW(SurveyTable table(options), Error);
  options.id = "gone";
  EXPECT_THROW(SurveyTable table(options), UsageError);
  options.files = {folder.Put("s.json", "{}")};
  EXPECT_THROW(SurveyTable table(options), Error);
  options.offered_to_all = false;
  options.id = "";
  options.files = {folder.Put("t.csv", "id,score\na,1\n")};
  SurveyTable table(options);
  Conversation none = Named("z");
  table.Join(&none);
  EXPECT_FALSE(none.survey->offered);
}

}  // namespace
}  // namespace arcsat
