#include "data/roughen/roughen.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "data/conversation.h"

namespace arcsat {
namespace {

constexpr RoughenOptions kClean{0, 0, 0, 0, nullptr};

std::string Clean(std::string_view text) {
  Random random(1);
  return Roughen(text, kClean, &random);
}

int RoughCount(const std::string& text, const std::string& word) {
  std::istringstream words(text);
  int count = 0;
  for (std::string next; words >> next;) count += next == word ? 1 : 0;
  return count;
}

TEST(Roughen, SpokenForm) {
  EXPECT_EQ(Clean("Hello, I paid £45.20 on 3 March!"),
            "hello i paid forty five pounds twenty on three march");
  EXPECT_EQ(Clean("It's order A-0417... OK?"), "it's order a zero four one seven ok");
  EXPECT_EQ(Clean("Zoë in Kraków"), "zoë in kraków");
  EXPECT_EQ(Clean("the 'Old Inn' — don\u2019t…"), "the old inn don't");
  EXPECT_EQ(Clean("$1,250 or 1,2 or 1,2345"),
            "twelve fifty dollars or one two or one twenty three forty five");
  EXPECT_EQ(Clean(""), "");
  EXPECT_EQ(Clean("?!"), "");
}

TEST(Roughen, Numbers) {
  EXPECT_EQ(NumberWords("0"), "zero");
  EXPECT_EQ(NumberWords("20"), "twenty");
  EXPECT_EQ(NumberWords("412"), "four hundred and twelve");
  EXPECT_EQ(NumberWords("2000"), "two thousand");
  EXPECT_EQ(NumberWords("1900"), "nineteen hundred");
  EXPECT_EQ(NumberWords("1905"), "nineteen oh five");
  EXPECT_EQ(NumberWords("2026"), "twenty twenty six");
  EXPECT_EQ(NumberWords("0047"), "zero zero four seven");
  EXPECT_EQ(NumberWords("12345"), "one two three four five");
}

TEST(Roughen, ErrorsComeAtTheirRate) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "table ";
  Random random(7);
  // Of the errors, 0.6 replace the word, 0.2 lose it and 0.2 add another after it.
  const std::string heard = Roughen(text, {0.1, 0, 0.5, 0, nullptr}, &random);
  EXPECT_NEAR(RoughCount(heard, "table") / 20000.0, 0.92, 0.01);
  EXPECT_NEAR(RoughCount(heard, "<unk>") / 20000.0, 0.03, 0.005);
}

TEST(Roughen, NeverEmptyAndAlwaysUtf8) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    EXPECT_FALSE(Roughen("no", {1, 0, 0.2, 0, nullptr}, &random).empty());
    const std::string heard =
        Roughen("Zoë has €20 in Málaga, übrigens", {1, 0.5, 0.2, 0.5, nullptr}, &random);
    EXPECT_NO_THROW(Json(heard).dump()) << heard;
  }
}

/// The words of a support conversation, as they are written.
std::string Written() {
  std::string text;
  for (int i = 0; i < 400; ++i) {
    text += "Hello, my order has not arrived and nobody could tell me when the refund is paid. ";
  }
  return text;
}

/// Words substituted, lost and added, over the words spoken.
double WordErrorRate(const std::string& spoken, const std::string& heard) {
  const auto words = [](const std::string& text) {
    std::istringstream stream(text);
    return std::vector<std::string>(std::istream_iterator<std::string>(stream), {});
  };
  const auto a = words(spoken), b = words(heard);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t same = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({same, row[j] + 1, diagonal + 1});
    }
  }
  return static_cast<double>(row.back()) / static_cast<double>(a.size());
}

TEST(Roughen, WordErrorRateIsTheOneAskedFor) {
  Confusions confusions;
  for (const double rate : {0.0, 0.1, 0.2, 0.3}) {
    Random random(5);
    const std::string heard = Roughen(Written(), WordErrors(rate, &confusions), &random);
    EXPECT_NEAR(WordErrorRate(Clean(Written()), heard), rate, 0.02) << rate;
  }
}

TEST(Roughen, PlaceholdersStay) {
  Confusions confusions;
  Random random(5);
  const std::string heard =
      Roughen("Is that [email 1], [name 12]? [Paid, 5!] [", WordErrors(1, &confusions), &random);
  EXPECT_THAT(heard, testing::HasSubstr("[email 1]"));
  EXPECT_THAT(heard, testing::HasSubstr("[name 12]"));
  EXPECT_THAT(heard, testing::Not(testing::HasSubstr("5!]")));
}

TEST(Roughen, ChatsBecomeCallsAndCallsStay) {
  Confusions confusions;
  Conversation chat = ParseConversation(
      R"({"id":"a","channel":"chat","turns":[{"speaker":"customer","text":"It's $5!"}]})", "x");
  RoughenConversation(WordErrors(0, &confusions), 1, &chat);
  EXPECT_EQ(chat.turns[0].text, "it's five dollars");
  EXPECT_EQ(chat.channel, Channel::kVoice);
  EXPECT_EQ(chat.attributes["roughened"]["word_error"], 0.0);
  Conversation call = chat;
  call.turns[0].text = "It's $5!";
  RoughenConversation(WordErrors(0, &confusions), 1, &call);
  EXPECT_EQ(call.turns[0].text, "It's $5!");
}

TEST(Confusions, SoundCodes) {
  EXPECT_EQ(SoundCode("robert"), "r163");
  EXPECT_EQ(SoundCode("Rupert"), "r163");
  EXPECT_EQ(SoundCode("tymczak"), "t522");
  EXPECT_EQ(SoundCode("pfister"), "p236");
  EXPECT_EQ(SoundCode("honeyman"), "h555");
  EXPECT_EQ(SoundCode("receive"), "r21");
  EXPECT_EQ(SoundCode("ß1"), "");
}

TEST(Confusions, AreWordsThatSoundAlikeAndNeverTheSame) {
  Confusions confusions;
  Random random(3);
  std::set<std::string_view> heard;
  for (int i = 0; i < 200; ++i) heard.insert(confusions.Of("their", &random));
  EXPECT_THAT(heard, testing::SizeIs(Confusions::kNearest));
  EXPECT_THAT(heard, testing::Contains("there"));
  EXPECT_THAT(heard, testing::Not(testing::Contains("their")));
  EXPECT_FALSE(confusions.Of("", &random).empty());
  EXPECT_FALSE(confusions.Of("żółć", &random).empty());
  EXPECT_FALSE(confusions.Of(std::string(5000, 'k'), &random).empty());
}

TEST(Roughen, NoiseMarks) {
  Random random(2);
  EXPECT_EQ(Roughen("yes", {0, 1, 0, 0, nullptr}, &random), "[noise] yes [noise]");
  EXPECT_EQ(Roughen("", {0, 1, 0, 0, nullptr}, &random), "[noise] [noise]");
}

}  // namespace
}  // namespace arcsat
