#include "data/importers/segments.h"

#include <gtest/gtest.h>

#include "data/importers/html.h"
#include "data/importers/roles.h"
#include "tests/unit/import_test_support.h"

namespace arcsat {
namespace {

SpeechSegment Said(Speaker speaker, double begin, double end, std::string text) {
  SpeechSegment segment;
  segment.speaker = speaker;
  segment.begin = begin;
  segment.end = end;
  segment.text = std::move(text);
  return segment;
}

/// "agent: text | customer: text" of the turns that the rules make.
std::string Turns(std::vector<SpeechSegment> segments, const TurnRules& rules = {}) {
  Conversation c;
  c.channel = Channel::kVoice;
  SegmentsToTurns(std::move(segments), rules, &c);
  std::string all;
  for (const Turn& turn : c.turns) {
    all += (all.empty() ? "" : " | ") + std::string(Name(turn.speaker)) + ": " + turn.text;
  }
  return all;
}

constexpr Speaker kA = Speaker::kAgent, kC = Speaker::kCustomer;

TEST(Segments, GapDecidesWhatJoins) {
  EXPECT_EQ(Turns({Said(kC, 0, 1, "one"), Said(kC, 3, 4, "two"), Said(kC, 6.1, 7, "three")}),
            "customer: one two | customer: three");
  TurnRules rules;
  rules.gap = 0.5;
  EXPECT_EQ(Turns({Said(kC, 0, 1, "one"), Said(kC, 1.6, 4, "two")}, rules),
            "customer: one | customer: two");
  rules.join = false;
  EXPECT_EQ(Turns({Said(kC, 0, 1, "one"), Said(kC, 1, 2, "two")}, rules),
            "customer: one | customer: two");
}

TEST(Segments, OrderIsByTimeWhateverTheFileSays) {
  EXPECT_EQ(Turns({Said(kA, 5, 6, "b"), Said(kC, 1, 2, "a")}), "customer: a | agent: b");
}

TEST(Segments, BackchannelsAreHeardAndAnswersAreTurns) {
  // Over the other's speech, which goes on: no turn.
  EXPECT_EQ(Turns({Said(kC, 0, 4, "my bill"), Said(kA, 3.8, 4.1, "mhm okay"),
                   Said(kC, 4.2, 6, "is wrong")}),
            "customer: my bill is wrong");
  // Wholly inside what the other says, at the end of the call too.
  EXPECT_EQ(Turns({Said(kC, 0, 4, "my bill is wrong"), Said(kA, 1, 1.5, "Uh-huh.")}),
            "customer: my bill is wrong");
  // In a pause it is an answer.
  EXPECT_EQ(Turns({Said(kA, 0, 2, "is it the blue one"), Said(kC, 2.2, 2.5, "yes"),
                   Said(kA, 2.9, 4, "then wait")}),
            "agent: is it the blue one | customer: yes | agent: then wait");
  // Other words are a turn even inside the other's speech.
  EXPECT_EQ(Turns({Said(kC, 0, 4, "my bill"), Said(kA, 1, 2, "please wait"),
                   Said(kC, 4.2, 6, "is wrong")}),
            "customer: my bill | agent: please wait | customer: is wrong");
  TurnRules none;
  none.backchannel_words = 0;
  EXPECT_EQ(Turns({Said(kC, 0, 4, "my bill"), Said(kA, 1, 2, "mhm")}, none),
            "customer: my bill | agent: mhm");
}

TEST(Segments, MarksGoUnkStaysAndSilenceIsNoTurn) {
  EXPECT_EQ(Turns({Said(kC, 0, 1, "[noise] my <unk> card [laughter]"), Said(kA, 2, 3, "[noise]"),
                   Said(kA, 4, 5, "<unk>"), Said(kA, 6, 7, "  ")}),
            "customer: my <unk> card");
  TurnRules keep;
  keep.keep_marks = true;
  EXPECT_EQ(Turns({Said(kC, 0, 1, "hi [noise]"), Said(kA, 2, 3, "[noise]")}, keep),
            "customer: hi [noise]");
  EXPECT_EQ(WithoutMarks("a <3 b [PII] [name 1] < c"), "a <3 b [PII] [name 1] < c");
}

TEST(Roles, GivenThenLabelThenCuesThenFirst) {
  const ImportOptions none;
  ImportOptions given;
  given.roles = {"x=agent"};
  const auto who = [](const RoleGuess& guess, const char* label) {
    return Name(guess.speakers.at(label)) + std::string(" by ") + guess.by;
  };
  EXPECT_EQ(who(GuessRoles({{"Call-Center Rep 2", "hi"}, {"b", "hi"}}, none), "b"),
            "customer by label");
  EXPECT_EQ(who(GuessRoles({{"a", "hi"}, {"b", "How may I help you?"}}, none), "a"),
            "customer by cues");
  EXPECT_EQ(who(GuessRoles({{"a", "hi"}, {"b", "hi"}}, none), "a"), "agent by first");
  EXPECT_EQ(who(GuessRoles({{"a", "hi"}, {"b", "hi"}}, none, false), "a"), "customer by first");
  EXPECT_EQ(who(GuessRoles({{"y", "how may I help you"}, {"x", "hi"}}, given), "y"),
            "customer by given");
  EXPECT_EQ(RoleOf("End-User"), Speaker::kCustomer);
  EXPECT_EQ(RoleOf("IVR"), Speaker::kBot);
  EXPECT_FALSE(RoleOf("spk_0"));
  EXPECT_THROW(CheckRoles({"spk_0=boss"}), UsageError);
  EXPECT_NO_THROW(CheckRoles({"a=b=agent"}));
}

TEST(Html, TextAsAReaderSeesIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a  b\n c", "a b c"},
      {"<p>a</p><p>b</p>", "a\nb"},
      {"a<br/>b<br>c", "a\nb\nc"},
      {"<ul><li>a<li>b</ul>c", "a\nb\nc"},
      {"<b>a</b><i>b</i>", "ab"},
      {"&lt;b&gt; &amp;amp; &#65;&#x42; &nbsp;&euro;&eacute;", "<b> &amp; AB \xE2\x82\xAC\xC3\xA9"},
      {"&unknown; & &; &#0; &#xD800; &#99999999999;",
       "&unknown; & &; \xEF\xBF\xBD \xEF\xBF\xBD \xEF\xBF\xBD"},
      {"a<script>if (a<b) x('</p>');</script>b", "a\nb"},
      {"a<style>p{}</style><!-- <p>x</p> -->b", "a\nb"},
      {"a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "a\ne"},
      {"<a href=\"x?a>b\">link</a>", "link"},
      {"a < b and b > c", "a < b and b > c"},
      {"a <b", "a"},
      {"<img src=x alt=\"a cat\">", "a cat"},
      {"a<SCRIPT>x</SCRIPT >b", "a\nb"},
      {"\xC3\xA4<p>\xE2\x82\xAC", "\xC3\xA4\n\xE2\x82\xAC"},
      {"", ""}};
  for (const auto& [html, text] : cases) EXPECT_EQ(HtmlToText(html), text) << html;
  EXPECT_TRUE(LooksLikeHtml("<p>a"));
  EXPECT_TRUE(LooksLikeHtml("a &amp; b"));
  EXPECT_FALSE(LooksLikeHtml("a < b & c > d"));
}

TEST(Html, LinearInHostileText) {
  for (const char* part :
       {"<a", "<!--", "&", "<script>", "<a '", "<blockquote>", "<a \">", "<a'>'"}) {
    ExpectLinear(part,
                 [](const std::string& html) { EXPECT_LE(HtmlToText(html).size(), html.size()); });
  }
}

}  // namespace
}  // namespace arcsat
