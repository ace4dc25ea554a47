#include "data/tokenizers/unicode.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "data/tokenizers/byte_trie.h"

namespace arcsat {
namespace {

TEST(UnicodeTest, InvalidPartsBecomeOneReplacementEach) {
  // Expected: Python's bytes.decode(errors="replace").
  const auto decode = [](std::string_view bytes) { return unicode::ToCodePoints(bytes); };
  EXPECT_EQ(decode("a\x80z"), U"a\uFFFDz");
  EXPECT_EQ(decode("\xE2\x82"), U"\uFFFD");                  // cut short: one part
  EXPECT_EQ(decode("\xE2\x28\xA1"), U"\uFFFD(\uFFFD");       // a byte that cannot follow
  EXPECT_EQ(decode("\xED\xA0\x80"), U"\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(decode("\xC0\xAF"), U"\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(decode("\xF0\x9F\x98x"), U"\uFFFDx");
  EXPECT_EQ(decode("\xF4\x90\x80\x80"), U"\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(decode("\xF0\x9F\x98\x80"), U"\U0001F600");
}

TEST(UnicodeTest, EveryCodePointSurvivesEncodingAndDecoding) {
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string bytes;
    unicode::Append(c, &bytes);
    std::size_t at = 0;
    ASSERT_EQ(unicode::Decode(bytes, &at), c);
    ASSERT_EQ(at, bytes.size());
  }
}

TEST(UnicodeTest, Decomposes) {
  EXPECT_EQ(unicode::Decompose(U"\u00E9", false), U"e\u0301");
  EXPECT_EQ(unicode::Decompose(U"\u1EA1\u0308", false), U"a\u0323\u0308");
  EXPECT_EQ(unicode::Decompose(U"a\u0308\u0323", false), U"a\u0323\u0308");  // 230 after 220
  EXPECT_EQ(unicode::Decompose(U"\uAC01", false), U"\u1100\u1161\u11A8");
  EXPECT_EQ(unicode::Decompose(U"\uFB01\u00BD", false), U"\uFB01\u00BD");
  EXPECT_EQ(unicode::Decompose(U"\uFB01\u00BD", true), U"fi1\u20442");
}

TEST(UnicodeTest, FindsGraphemeClusters) {
  const auto clusters = [](std::u32string_view text) {
    unicode::GraphemeBreaker breaker;
    std::string borders;
    for (const char32_t c : text) borders += breaker.BreaksBefore(c) ? '|' : '.';
    return borders;
  };
  EXPECT_EQ(clusters(U"ab"), "||");
  EXPECT_EQ(clusters(U"\r\n\n"), "|.|");
  EXPECT_EQ(clusters(U"e\u0301\u0323x"), "|..|");
  EXPECT_EQ(clusters(U"\u1100\u1161\u11A8\u1100"), "|..|");
  EXPECT_EQ(clusters(U"\U0001F469\U0001F3FD\u200D\U0001F4BB"), "|...");
  EXPECT_EQ(clusters(U"a\u200D\U0001F4BB"), "|.|");
  EXPECT_EQ(clusters(U"\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\U0001F1E9"), "|.|.|");
}

TEST(ByteTrieTest, FindsWhatWasInserted) {
  ByteTrie trie;
  for (int i = 0; i < 5000; ++i) ASSERT_TRUE(trie.Insert(fmt::format("k{}", i * 7919), i));
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(trie.Find(fmt::format("k{}", i * 7919)), i);
  EXPECT_EQ(trie.Find("k"), -1);
  EXPECT_EQ(trie.Find("absent"), -1);
  EXPECT_FALSE(trie.Insert("k0", 1));
  EXPECT_FALSE(trie.Insert("", 1));
}

}  // namespace
}  // namespace arcsat
