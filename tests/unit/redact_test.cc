#include "data/redaction/redact.h"

#include <gtest/gtest.h>

#include "data/tokenizer.h"
#include "tests/unit/import_test_support.h"

namespace arcsat {
namespace {

std::string Redacted(const std::string& text, const std::vector<std::string>& names = {}) {
  Redactor redactor(names);
  redactor.Learn(text);
  return redactor.Redact(text);
}

TEST(Redact, EachTypeHasItsPlaceholder) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"write to Ann.Lee+x@mail.example.co.uk.", "write to [email 1]."},
      {"it is ann dot lee at example dot com", "it is [email 1]"},
      {"a n n at example dot co dot uk please", "[email 1] please"},
      {"call +44 20 7946 0958 now", "call [phone 1] now"},
      {"(555) 010-0199 or 555-010-0199", "[phone 1] or [phone 1]"},
      {"my number is 5550100", "my number is [phone 1]"},
      {"030 12345678", "[phone 1]"},
      {"card 4111 1111 1111 1111, or 4111-1111-1111-1111", "card [card 1], or [card 1]"},
      {"it's four one one one one one one one one one one one one one one one", "it's [card 1]"},
      {"IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban 1]."},
      {"gb82west12345698765432", "[iban 1]"},
      {"my SSN is 536-90-4399", "my SSN is [id 1]"},
      {"AB 12 34 56 C", "[id 1]"},
      {"DNI 12345678Z", "DNI [id 1]"},
      {"passport number 123456789", "passport number [id 1]"},
      {"my account number is 99319394", "my account number is [id 1]"},
      {"2B Corsica 253122B03390957", "2B Corsica [id 1]"},
      {"call 487-705-9640x2359 or (434) 416-8587 ext. 12", "call [phone 1] or [phone 2]"},
      {"6, rue de la Croix, 75001 Paris", "[address 1]"},
      {"Calle de Juan Marquez 58 please", "[address 1] please"},
      {"Flat 9, Collins Grove", "[address 1]"},
      {"910 Craig Isle please", "[address 1] please"},
      {"dr. Ruth E. Hodd. Hodd", "dr. [name 1]. [name 1]"},
      {"at 12 North Main Street, Springfield, IL 62704 today", "at [address 1] today"},
      {"12b baker st. please", "[address 1] please"},
      {"Hauptstra\xC3\x9F"
       "e 12a, 10115 Berlin",
       "[address 1]"},
      {"SW1A 1AA", "[address 1]"},
      {"see https://x.example/reset?token=abc123.", "see [link 1]."},
      {"https://x.example/s/8f3kd93jdk20dkwl30", "[link 1]"},
      {"call five five five zero one zero oh", "call [phone 1]"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(Redacted(text), expected) << text;
}

TEST(Redact, WhatIsNoPersonalDataStays) {
  for (const char* text :
       {"order 123456 of 2026-01-05 at 09:30", "it costs 1,299.00 or 1299.00 euros",
        "4111 1111 1111 1112 is no card", "version 10.2.3.4 on 192.168.100.200",
        "see https://example.com/help/returns", "I have 2 questions about the way it works",
        "I am happy, this is great", "thank you, that is all", "room 12 on the 3rd floor",
        "press one two three", "ref DE12 3456", "100 days and 24 hours",
        "he said: meet me at noon dot", "a 4 star place in the north", "at 4:30 PM with him",
        "the order number is 12345678", "cb21ab De Vere University Arms 12",
        "I'm sorry and this is Berlin"}) {
    EXPECT_EQ(Redacted(text), text);
  }
}

TEST(Redact, NamesAreLearntAndOnePersonIsOnePlaceholder) {
  EXPECT_EQ(Redacted("My name is Ann Lee. Ann, with Mr. Lee's card."),
            "My name is [name 1]. [name 1], with Mr. [name 1]'s card.");
  EXPECT_EQ(Redacted("hi my name is bob stone and i need help bob"),
            "hi my name is [name 1] and i need help [name 1]");
  EXPECT_EQ(Redacted("this is ann lee speaking"), "this is [name 1] speaking");
  EXPECT_EQ(Redacted("Dear Ms Novak, hello"), "Dear Ms [name 1], hello");
  EXPECT_EQ(Redacted("Will you mark it? Ask Will Mark.", {"Will Mark"}),
            "Will you mark it? Ask [name 1].");
  EXPECT_EQ(Redacted("ann and ANN and Zoe", {"Ann Lee", "Zoe"}),
            "[name 1] and [name 1] and [name 2]");
  EXPECT_EQ(Redacted("Anna and annual", {"Ann"}), "Anna and annual");
}

TEST(Redact, WholeRecord) {
  Conversation c = ParseConversation(
      R"({"id":"call-15550100123","customer_id":"ann@example.com","agent_id":"a-1","turns":[)"
      R"({"speaker":"agent","text":"Hello Ann, is it ann@example.com?","note":"ann@example.com"},)"
      R"({"speaker":"customer","text":"Yes. Or bob@example.com"}],)"
      R"("survey":{"score":5,"comment":"Ann is happy"},"mail":"bob@example.com",)"
      R"("card":4111111111111111,"count":12345678,"by":{"ann@example.com":1,)"
      R"("bob@example.com":2,"[email 1]":3},)"
      R"("attributes":{"participants":[{"speaker":"customer","name":"Ann Lee"}]}})",
      "t");
  Conversation again = c;
  PiiCounts counts{};
  RedactConversation("0123456789abcdef", &c, &counts);
  EXPECT_EQ(c.turns[0].text, "Hello [name 1], is it [email 1]?");
  EXPECT_EQ(c.turns[1].text, "Yes. Or [email 2]");
  EXPECT_EQ(c.turns[0].extra["note"], "[email 1]");
  EXPECT_EQ(c.survey->extra["comment"], "[name 1] is happy");
  EXPECT_EQ(c.extra["mail"], "[email 2]");
  EXPECT_EQ(c.attributes["participants"][0]["name"], "[name 1]");
  EXPECT_EQ(c.agent_id, "a-1");
  // Numbers and keys tell as much as texts.
  EXPECT_EQ(c.extra["card"], "[card 1]");
  EXPECT_EQ(c.extra["count"], 12345678);
  EXPECT_EQ(c.extra["by"].dump(), R"({"[email 1]_1":1,"[email 2]":2,"[email 1]":3})");
  EXPECT_EQ(c.customer_id.size(), 14U);
  EXPECT_EQ(c.customer_id.rfind("p-", 0), 0U);
  EXPECT_EQ(counts[static_cast<std::size_t>(PiiType::kEmail)], 7);  // an id's as well
  // The same key gives the same pseudonym in another run, another key another.
  Conversation third = again;
  RedactConversation("0123456789abcdef", &again, &counts);
  RedactConversation("another key 0123", &third, &counts);
  EXPECT_EQ(again.customer_id, c.customer_id);
  EXPECT_NE(third.customer_id, c.customer_id);
}

TEST(Redact, MessagesAndKeys) {
  EXPECT_EQ(RedactMessage("a.json:3: found \"ann@example.com\""), "a.json:3: found \"[email 1]\"");
  EXPECT_EQ(RandomKey().size(), 32U);
  EXPECT_NE(RandomKey(), RandomKey());
}

TEST(Redact, Checks) {
  EXPECT_TRUE(PassesLuhn("79927398713"));
  EXPECT_FALSE(PassesLuhn("79927398710"));
  EXPECT_FALSE(PassesLuhn("0000000000000"));
  EXPECT_TRUE(PassesIban("GB82WEST12345698765432"));
  EXPECT_FALSE(PassesIban("GB82WEST12345698765433"));
}

TEST(Redact, LinearInHostileText) {
  for (const char* part :
       {"1 ", "a@", "a at b dot ", "+1(", "one ", "http://", "12 a ", "A1 ", "my name is ",
        "\xC3\xA4 ", "a-", "A-", "double ", "1 rue a-", "4", "a.", "DE12 ", "Mr "}) {
    ExpectLinear(part, [](const std::string& text) {
      Redactor redactor({"Ann Lee"});
      redactor.Learn(text);
      redactor.Redact(text);
    });
  }
}

TEST(Redact, TokenizersKnowThePlaceholders) {
  const char* given = std::getenv("ARCSAT_MINILM");
  const std::filesystem::path minilm =
      given ? std::filesystem::path(given)
            : std::filesystem::path(ARCSAT_SOURCE_DIR) / ".deps/minilm";
  if (!std::filesystem::exists(minilm / "vocab.txt")) GTEST_SKIP() << "no MiniLM folder";
  const auto tokenizer = LoadTokenizer(minilm);
  for (int i = 0; i < kPiiTypes; ++i) {
    const std::string text = std::string("[") + PlaceholderWord(static_cast<PiiType>(i)) + " 12]";
    const auto ids = tokenizer->Encode(text);
    // A bracket, the word, the number, a bracket: no piece is unknown. "iban" is two pieces.
    EXPECT_LE(ids.size(), 5U) << text;
    for (const std::int32_t id : ids) EXPECT_NE(id, tokenizer->unknown_id()) << text;
  }
}

}  // namespace
}  // namespace arcsat
