#include "data/simulator/roughen.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "data/conversation.h"

namespace arcsat {
namespace {

constexpr RoughenOptions kClean{0, 0, 0, 0};

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
  const std::string heard = Roughen(text, {0.1, 0, 0.5, 0}, &random);
  EXPECT_NEAR(RoughCount(heard, "table") / 20000.0, 0.92, 0.01);
  EXPECT_NEAR(RoughCount(heard, "<unk>") / 20000.0, 0.03, 0.005);
}

TEST(Roughen, NeverEmptyAndAlwaysUtf8) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    EXPECT_FALSE(Roughen("no", {1, 0, 0.2, 0}, &random).empty());
    const std::string heard =
        Roughen("Zoë has €20 in Málaga, übrigens", {1, 0.5, 0.2, 0.5}, &random);
    EXPECT_NO_THROW(Json(heard).dump()) << heard;
  }
}

TEST(Roughen, NoiseMarks) {
  Random random(2);
  EXPECT_EQ(Roughen("yes", {0, 1, 0, 0}, &random), "[noise] yes [noise]");
  EXPECT_EQ(Roughen("", {0, 1, 0, 0}, &random), "[noise] [noise]");
}

}  // namespace
}  // namespace arcsat
