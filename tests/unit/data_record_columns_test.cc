#include "data/record_columns.h"

#include <gmock/gmock.h>

namespace arcsat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

Conversation Record(const std::string& fields) {
  return ParseConversation(R"({"id":"c","turns":[])" + fields + "}", "here");
}

std::string TextIn(const Conversation& conversation, const std::string& column) {
  return ValueIn(conversation, column).text;
}

TEST(RecordColumns, EveryPlainFieldIsOne) {
  const Conversation c = Record(
      R"(,"channel":"voice","started_at":"2026-01-05T09:30:00Z","language":"en","agent_id":"a-17",)"
      R"("customer_id":"k-3","problem_type":"billing","team":"emea","escalated":false,)"
      R"("queue":"gold","crm":{"tier":2})");
  EXPECT_EQ(TextIn(c, "channel"), "voice");
  EXPECT_EQ(TextIn(c, "started_at"), "2026-01");
  EXPECT_EQ(TextIn(c, "language"), "en");
  EXPECT_EQ(TextIn(c, "agent"), "a-17");
  EXPECT_EQ(TextIn(c, "agent_id"), "a-17");
  EXPECT_EQ(TextIn(c, "customer_id"), "k-3");
  EXPECT_EQ(TextIn(c, "problem_type"), "billing");
  EXPECT_EQ(TextIn(c, "team"), "emea");
  EXPECT_EQ(TextIn(c, "escalated"), "false");
  EXPECT_EQ(TextIn(c, "queue"), "gold");
  EXPECT_EQ(TextIn(c, "crm.tier"), "2");
  for (const char* column : {"turns", "id", "crm", "region", "", "attribute:", "attribute:team"}) {
    EXPECT_EQ(TextIn(c, column), "") << column;
  }
  EXPECT_EQ(TextIn(Record(""), "channel"), "");
  EXPECT_EQ(TextIn(Record(""), "escalated"), "");
  EXPECT_EQ(TextIn(Record(""), "started_at"), "");
}

TEST(RecordColumns, AttributesAreTextsNumbersAndTruthValues) {
  const Conversation c = Record(
      R"(,"attributes":{"region":"apac","vip":true,"tier":3,"whole":3.0,"price":2.50,"none":null,)"
      R"("tags":["a"],"id":9007199254740993,"crm":{"tier":"gold"},"a.b":1,"empty":""})");
  EXPECT_EQ(TextIn(c, "attribute:region"), "apac");
  EXPECT_EQ(TextIn(c, "attribute:vip"), "true");
  EXPECT_EQ(TextIn(c, "attribute:tier"), "3");
  EXPECT_EQ(TextIn(c, "attribute:whole"), "3");
  EXPECT_EQ(TextIn(c, "attribute:price"), "2.5");
  EXPECT_EQ(TextIn(c, "attribute:id"), "9007199254740993");
  EXPECT_EQ(TextIn(c, "attribute:crm.tier"), "gold");
  EXPECT_EQ(TextIn(c, "attribute:a.b"), "1");
  for (const char* name : {"none", "tags", "crm", "empty", "missing", "crm.missing"}) {
    EXPECT_EQ(TextIn(c, std::string("attribute:") + name), "") << name;
  }
  EXPECT_TRUE(ValueIn(c, "attribute:tier").number);
  EXPECT_FALSE(ValueIn(c, "attribute:vip").number);
  EXPECT_FALSE(ValueIn(c, "attribute:region").number);
}

TEST(ColumnCensus, TellsWhatIsMissingAndWhatThereIs) {
  ColumnCensus census({"team", "attribute:region", "attribute:tags", "length"});
  EXPECT_THAT(census.Add(Record(R"(,"team":"emea","attributes":{"tags":["a"],"x":{"y":1}})")),
              ElementsAre(std::pair<const std::string, std::string>("team", "emea")));
  EXPECT_TRUE(census.Add(Record(R"(,"queue":"gold","attributes":{"region":""})")).empty());
  EXPECT_EQ(census.Fault("team"), "");
  EXPECT_EQ(census.Fault("length"), "");
  EXPECT_TRUE(census.Missing("attribute:region"));
  EXPECT_EQ(census.Fault("attribute:region"), "no conversation has \"attribute:region\"");
  EXPECT_TRUE(census.Missing("attribute:tags"));
  EXPECT_THAT(census.known(), ElementsAre("attribute:x.y", "length", "queue", "team"));
}

TEST(ColumnCensus, ManyDifferentNumbersMakeNoGroups) {
  ColumnCensus census({"attribute:tier", "attribute:price", "attribute:name"});
  for (int i = 0; i <= 50; ++i) {
    const std::string number = std::to_string(i);
    census.Add(Record(R"(,"attributes":{"price":)" + number + R"(,"name":")" + number +
                      R"(","tier":)" + std::to_string(i % 50) + "}"));
  }
  EXPECT_EQ(census.Fault("attribute:tier"), "");
  EXPECT_EQ(census.Fault("attribute:name"), "");  // texts
  EXPECT_FALSE(census.Missing("attribute:price"));
  EXPECT_THAT(census.Fault("attribute:price"), HasSubstr("more than 50 different numbers"));
}

TEST(ColumnCensus, WhatComesFromOutsideDoesNotFillMemory) {
  ColumnCensus census({"attribute:order"});
  for (int i = 0; i < 12'000; ++i) {
    const std::string number = std::to_string(i);
    census.Add(Record(R"(,"attributes":{"order":"o-)" + number + R"(","k)" + number + R"(":1})"));
  }
  EXPECT_THAT(census.Fault("attribute:order"), HasSubstr("more than 10000 different texts"));
  EXPECT_EQ(census.known().size(), ColumnCensus::kMostKnown);
  census.Add(Record(R"(,"team":"emea")"));  // the record's own fields always have room
  EXPECT_THAT(census.known(), IsSupersetOf({"team", "attribute:order", "length"}));
}

}  // namespace
}  // namespace arcsat
