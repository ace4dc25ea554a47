#include "eval/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "eval/report/assets.h"
#include "eval/report/columns.h"
#include "eval/report/json_view.h"
#include "eval/report/markdown.h"
#include "eval/report/page.h"
#include "eval/report/payload.h"
#include "eval/report/verdict.h"

namespace arcsat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Json ReportFigure(double value, double low, double high) {
  return {{"value", value}, {"interval", {low, high}}};
}

Json ReportSurvey(double value, double low, double high) {
  return {{"options", {{"level", 0.95}, {"threshold", 0.5}}},
          {"survey",
           {{{"by", "all"},
             {"value", "all"},
             {"n", 371},
             {"shares", {{"satisfied", 0.73}, {"dissatisfied", 0.27}}},
             {"figures", {{"accuracy", ReportFigure(value, low, high)}}},
             {"majority", {{"accuracy", {{"value", 0.728}, {"interval", nullptr}}}}}}}}};
}

ReportConversation Plain(const std::string& id, double delta = 0, double p = 0.5,
                         std::optional<bool> satisfied = std::nullopt) {
  ReportConversation conversation;
  conversation.id = id;
  conversation.turns = 9;
  conversation.entry = 0.4;
  conversation.exit = 0.4 + delta;
  conversation.delta = delta;
  conversation.p_satisfied = p;
  conversation.satisfied = satisfied;
  conversation.states = {{0, 0.4, 0.5}, {3, 0.4 + delta, p}};
  return conversation;
}

std::string HashOf(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char base64[64];
  EVP_EncodeBlock(base64, digest, SHA256_DIGEST_LENGTH);
  return "'sha256-" + std::string(reinterpret_cast<const char*>(base64)) + "'";
}

// The contents of the page's elements that begin with `open`.
std::vector<std::string> Contents(const std::string& html, const std::string& open,
                                  const std::string& close) {
  std::vector<std::string> found;
  for (std::size_t at = html.find(open); at != std::string::npos; at = html.find(open, at + 1)) {
    const std::size_t begin = at + open.size();
    found.push_back(html.substr(begin, html.find(close, begin) - begin));
  }
  return found;
}

std::string Policy(const std::string& html) {
  return Contents(html, "http-equiv=\"Content-Security-Policy\" content=\"", "\">").at(0);
}

TEST(ReportJson, EscapesWhatCouldEndTheScript) {
  EXPECT_EQ(ScriptJson({{"a<b", "</script><!--&\xE2\x80\xA8\xE2\x80\xA9\"\\"}}),
            R"({"a\u003cb":"\u003c/script\u003e\u003c!--\u0026\u2028\u2029\"\\"})");
}

TEST(ReportJson, ReplacesBrokenUtf8) {
  EXPECT_EQ(ScriptJson("a\xFF\xE2\x80z"), "\"a\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(ReportJson, RoundsToSignificantDigits) {
  const Json json = {0.123456789,   1e-12 / 3, 12345.678,           7,
                     "0.123456789", nullptr,   {{"x", -0.98765432}}};
  EXPECT_EQ(Rounded(json, 3).dump(),
            R"([0.123,3.33e-13,12300.0,7,"0.123456789",null,{"x":-0.988}])");
  EXPECT_TRUE(Rounded(std::numeric_limits<double>::quiet_NaN(), 3).is_null());
}

TEST(ReportArc, PacksFiveCharactersAPoint) {
  // 0: "A"; 0.5 is 500 = 7 * 64 + 52: "H0"; 1 is 1000 = 15 * 64 + 40: "Po".
  EXPECT_EQ(PackArc({{0, 0.5, 1.0}, {2, 0.0, 0.5}}, 10), "AH0PoCAAH0");
  EXPECT_EQ(PackArc({}, 10), "");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(PackArc({{0, nan, -3.0}}, 10), "A//AA") << "unknown, and cut to 0";
  // A gap of 63 or more: "/", then 18 bits; 1000 is "APo".
  EXPECT_EQ(PackArc({{1000, 0.0, 0.0}}, 10), "/APoAAAA");
}

TEST(ReportArc, ThinsOutEvenlyAndKeepsTheEnds) {
  std::vector<ReportState> states;
  for (int i = 0; i < 100; ++i) states.push_back({i, 0.0, 0.0});
  // Turns 0, 33, 66, 99.
  EXPECT_EQ(PackArc(states, 4), "AAAAAhAAAAhAAAAhAAAA");
}

TEST(ReportList, KeepsReadableAndAnsweredOnesAndTheOrder) {
  std::vector<ReportConversation> conversations;
  for (int i = 0; i < 100; ++i) conversations.push_back(Plain(std::to_string(i)));
  conversations[90].transcript = {{Speaker::kCustomer, "hello"}};
  for (const int i : {10, 50, 95}) conversations[static_cast<std::size_t>(i)].satisfied = true;
  EXPECT_THAT(ListedConversations(conversations, 6), ElementsAre(0, 10, 50, 90, 95, 99));
  EXPECT_THAT(ListedConversations(conversations, 2), ElementsAre(10, 90));
  EXPECT_THAT(ListedConversations(conversations, 0), ElementsAre());
  EXPECT_EQ(ListedConversations(conversations, 1000).size(), 100u);
}

TEST(ReportList, ChoosesWhatIsWorthReading) {
  std::vector<ReportConversation> conversations;
  for (int i = 0; i < 50; ++i) conversations.push_back(Plain(std::to_string(i), 0.01, 0.7, true));
  conversations[7] = Plain("rise", 0.5, 0.9);
  conversations[8] = Plain("fall", -0.4, 0.1);
  conversations[9] = Plain("mistake", 0.01, 0.99, false);
  conversations[10] = Plain("unsure", 0.01, 0.5);
  const auto chosen = ChooseTranscripts(conversations, 5);
  EXPECT_THAT(chosen, ElementsAre(0, 7, 8, 9, 10)) << "0: the first of the typical satisfied ones";
  EXPECT_EQ(ChooseTranscripts(conversations, 1000).size(), 50u);
  EXPECT_TRUE(ChooseTranscripts({}, 3).empty());
}

TEST(ReportPayload, ColumnsAndDictionaries) {
  ReportData data;
  data.conversations = {Plain("a", 0.1234, 0.8766, true), Plain("b", -0.2, 0.25)};
  data.conversations[0].channel = "chat";
  data.conversations[0].transcript = {{Speaker::kAgent, "hello"}, {Speaker::kCustomer, "hi"}};
  const Json columns = MakePayload(data, {})["conversations"];
  EXPECT_EQ(columns["channel"].dump(), R"({"values":["chat",""],"codes":[0,1]})");
  EXPECT_EQ(columns["length"].dump(), R"({"values":["9-16"],"codes":[0,0]})");
  EXPECT_EQ(columns["delta"].dump(), "[123,-200]");
  EXPECT_EQ(columns["p"].dump(), "[877,250]");
  EXPECT_EQ(columns["answer"].dump(), "[1,2]");
  EXPECT_EQ(columns["texts"].dump(), R"({"0":[[1,"hello"],[0,"hi"]]})");
}

TEST(ReportPayload, TranscriptsStayWithinTheirBytes) {
  ReportData data;
  for (int i = 0; i < 10; ++i) {
    data.conversations.push_back(Plain(std::to_string(i)));
    data.conversations.back().transcript = {{Speaker::kCustomer, std::string(1000, 'x')}};
  }
  ReportOptions options;
  options.transcript_bytes = 3500;
  EXPECT_EQ(MakePayload(data, options)["conversations"]["texts"].size(), 3u);
  options.transcripts = 2;
  EXPECT_EQ(MakePayload(data, options)["conversations"]["texts"].size(), 2u);
  data.conversations[0].transcript = {{Speaker::kCustomer, std::string(3999, 'x') + "é" + "yz"}};
  EXPECT_EQ(MakePayload(data, {})["conversations"]["texts"]["0"][0][1].get<std::string>(),
            std::string(3999, 'x') + "…")
      << "cut between characters";
}

TEST(ReportHtml, PolicyHashesWhatIsInThePage) {
  const std::string html = RenderHtml({});
  const std::string policy = Policy(html);
  const auto scripts = Contents(html, "<script>", "</script>");
  ASSERT_EQ(scripts.size(), 3u);
  for (const std::string& script : scripts) EXPECT_THAT(policy, HasSubstr(HashOf(script)));
  const auto styles = Contents(html, "<style>", "</style>");
  ASSERT_EQ(styles.size(), 1u);
  EXPECT_THAT(policy, HasSubstr("style-src " + HashOf(styles[0])));
  EXPECT_THAT(policy, ::testing::StartsWith("default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

// What a parser of HTML would change or end early would not be what was hashed.
TEST(ReportHtml, AssetsAreSafeInTheirElements) {
  for (const auto asset : {assets::D3(), assets::Plot(), assets::Script(), assets::Style()}) {
    ASSERT_GT(asset.size(), 1000u);
    for (const char* forbidden : {"</script", "</style", "<!--", "\r"}) {
      EXPECT_EQ(asset.find(forbidden), std::string_view::npos) << forbidden;
    }
    EXPECT_EQ(asset.find('\0'), std::string_view::npos);
  }
  EXPECT_NE(assets::D3().find("Permission to use, copy"), std::string_view::npos);
  EXPECT_NE(assets::Plot().find("Permission to use, copy"), std::string_view::npos);
}

TEST(ReportHtml, DataCannotLeaveTheirElement) {
  ReportData data;
  const std::string hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>@D3@";
  data.title = data.program = data.made_at = hostile;
  data.conversations = {Plain(hostile)};
  data.conversations[0].channel = data.conversations[0].problem_type = hostile;
  data.conversations[0].transcript = {{Speaker::kCustomer, hostile}};
  data.evaluation = {{"model", hostile}, {"notes", {hostile}}, {hostile, hostile}};
  data.making = {{hostile, hostile}};
  const std::string html = RenderHtml(data);
  EXPECT_THAT(html, Not(HasSubstr("alert(1)<")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_EQ(Contents(html, "<script", "</script>").size(), 4u);
  EXPECT_EQ(Contents(html, "@D3@", "\"").size(), 13u) << "what is put in is not filled again";
}

TEST(ReportHtml, TwentyThousandConversationsStayBelowTenMegabytes) {
  ReportData data;
  for (int i = 0; i < 20000; ++i) {
    ReportConversation conversation = Plain("conversation-" + std::to_string(i), 0.1, 0.5, true);
    conversation.states.clear();
    for (int turn = 0; turn < 40; ++turn) conversation.states.push_back({3 * turn, 0.123, 0.987});
    if (i % 20 == 0) conversation.transcript.assign(120, {Speaker::kAgent, std::string(90, 'w')});
    data.conversations.push_back(std::move(conversation));
  }
  const std::string html = RenderHtml(data);
  EXPECT_LT(html.size(), 10'000'000u);
  EXPECT_GT(html.size(), 6'000'000u) << "arcs and words are in it";
}

TEST(ReportVerdict, AccuracyAgainstTheTarget) {
  const auto result = [](double value, double low, double high) {
    const Finding finding = Judge(ReportSurvey(value, low, high), {}).findings.at(0);
    return finding.result + "/" + Name(finding.standing);
  };
  EXPECT_EQ(result(0.93, 0.91, 0.95), "target reached/good");
  EXPECT_EQ(result(0.91, 0.88, 0.93), "target not yet proven/open");
  EXPECT_EQ(result(0.89, 0.86, 0.92), "target not shown/open");
  EXPECT_EQ(result(0.85, 0.82, 0.88), "target missed/bad");
  const Verdict verdict = Judge(ReportSurvey(0.8922, 0.8565, 0.9198), {});
  EXPECT_EQ(verdict.headline, "Right in 89.2% of 371 answered conversations");
  EXPECT_EQ(verdict.findings[0].text,
            "The 95% interval is 85.7 to 92.0%. That is below the target of 90.0%, which the "
            "interval does not rule out. The baseline is 60.0%, and always naming the commoner "
            "answer is right in 72.8%; the model is clearly above both.");
}

TEST(ReportVerdict, Calibration) {
  Json evaluation = ReportSurvey(0.9, 0.88, 0.92);
  const auto result = [&](double low, double high) {
    evaluation["survey"][0]["figures"]["calibration_error_debiased"] =
        ReportFigure(0.04, low, high);
    const Finding finding = Judge(evaluation, {}).findings.at(1);
    return finding.result + "/" + Name(finding.standing);
  };
  EXPECT_EQ(result(0.0, 0.05), "calibrated/good");
  EXPECT_EQ(result(0.01, 0.08), "not settled/open");
  EXPECT_EQ(result(0.06, 0.09), "not calibrated/bad");
  evaluation["calibrated"] = false;
  EXPECT_THAT(Judge(evaluation, {}).findings[1].text, HasSubstr("the network's own chances"));
}

TEST(ReportVerdict, PopulationAndClaim) {
  Json evaluation = ReportSurvey(0.9, 0.88, 0.92);
  evaluation["population"]["overall"] = {{"n", 5000},
                                         {"answered", 450},
                                         {"measured", ReportFigure(0.78, 0.74, 0.82)},
                                         {"prediction_powered", ReportFigure(0.713, 0.69, 0.736)}};
  evaluation["claim"]["verdict"] = {{"supported", false}, {"text", "It adds nothing."}};
  const Verdict verdict = Judge(evaluation, {});
  EXPECT_EQ(verdict.findings.at(2).text,
            "Of all 5,000 conversations 71.3% (69.0 to 73.6%) are satisfied, prediction-powered. "
            "The 450 answers alone say 78.0%, 6.7 points higher.");
  EXPECT_EQ(verdict.findings.at(3).result, "claim not supported");
  EXPECT_EQ(verdict.findings.at(3).text, "It adds nothing.");
}

TEST(ReportVerdict, CountsHaveSeparators) {
  EXPECT_EQ(Count(999), "999");
  EXPECT_EQ(Count(1000), "1,000");
  EXPECT_EQ(Count(1234567), "1,234,567");
}

TEST(ReportVerdict, NothingMeasuredIsSaid) {
  const Verdict verdict = Judge(Json::object(), {});
  EXPECT_EQ(verdict.headline, "Nothing was measured");
  ASSERT_EQ(verdict.findings.size(), 4u);
  for (const Finding& finding : verdict.findings) {
    EXPECT_EQ(finding.standing, FindingStanding::kUnknown);
    EXPECT_FALSE(finding.text.empty());
  }
  // Values of another kind than expected are passed over, not taken for zero.
  EXPECT_EQ(Judge({{"survey", 3}, {"population", {{"overall", "x"}}}}, {}).headline,
            "Nothing was measured");
}

TEST(ReportMarkdown, TextsFromDataStandAsCode) {
  EXPECT_EQ(CodeSpan("a|b"), "`a|b`");
  EXPECT_EQ(CodeCell("a|b\\"), "`a\\|b\\`");
  EXPECT_EQ(CodeSpan("x``y`"), "``` x``y` ```");
  EXPECT_EQ(CodeSpan("<img>\n@me\x01"), "`<img> @me `");
  EXPECT_EQ(CodeSpan(" a "), "`  a  `");
  EXPECT_EQ(CodeSpan(""), "–");
  EXPECT_EQ(CodeSpan("  \n"), "–");
  EXPECT_EQ(PlainMarkdown("a_b <i> [x](y) @me & #1"),
            "a\\_b \\<i\\> \\[x\\](y) @<!-- -->me \\& \\#1");
  EXPECT_EQ(PlainMarkdown("see http://x.y or www.z, 1: 2."), "see http\\://x.y or www\\.z, 1: 2.");
}

TEST(ReportMarkdown, Whole) {
  ReportData data;
  data.title = "STAR: task done";
  data.program = "arcsat 0.1.0";
  data.evaluation = ReportSurvey(0.8922, 0.8565, 0.9198);
  data.evaluation["notes"] = {"population: everyone answered"};
  EXPECT_EQ(
      RenderMarkdown(data),
      "### Right in 89.2% of 371 answered conversations\n\n`STAR: task done`\n\n"
      "- 🟡 **Accuracy: target not shown.** The 95% interval is 85.7 to 92.0%. That is below "
      "the target of 90.0%, which the interval does not rule out. The baseline is 60.0%, and "
      "always naming the commoner answer is right in 72.8%; the model is clearly above "
      "both.\n"
      "- ⚪ **Calibration: not measured.** No calibration error could be measured.\n"
      "- ⚪ **Population CSAT: not estimated.** What those who did not answer would have said "
      "was not estimated.\n"
      "- ⚪ **Transition: not tested.** Whether the way from entry to exit tells more than its "
      "ends was not tested.\n\n"
      "| Answered conversations | model | commonest class |\n| :-- | --: | --: |\n"
      "| `accuracy` | 0.892 (0.857 to 0.920) | 0.728 |\n\n"
      "**Not in this evaluation**\n\n- `population: everyone answered`\n\n"
      "<sub>by `arcsat 0.1.0`</sub>\n");
}

TEST(ReportMarkdown, OneLineOfAnswers) {
  ReportData data;
  data.evaluation = ReportSurvey(0.9, 0.88, 0.92);
  EXPECT_THAT(RenderMarkdown(data), Not(HasSubstr("Answer on")));
  Json& answers = data.evaluation["answers"];
  answers["csat"]["n"] = 1200;
  answers["csat"]["figures"] = {{"mae", ReportFigure(0.7, 0.65, 0.75)},
                                {"bias", ReportFigure(-0.1, -0.15, -0.05)}};
  answers["boxes"] = nullptr;
  const std::string line =
      "\n**Answer on the survey's scale**, 1,200 answers: mean absolute error 0.700 (0.650 to "
      "0.750), bias -0.100 (-0.150 to -0.050), skill –";
  EXPECT_THAT(RenderMarkdown(data), HasSubstr(line + "\n\n"));
  answers["boxes"] = Json::object();
  answers["boxes"]["figures"] = {{"rps", ReportFigure(0.15, 0.14, 0.16)},
                                 {"accuracy", ReportFigure(0.5, 0.45, 0.55)}};
  EXPECT_THAT(RenderMarkdown(data),
              HasSubstr(line + "; ranked probability score 0.150 (0.140 to 0.160), likeliest box "
                               "right 0.500 (0.450 to 0.550)\n\n"));
}

TEST(ReportLearningCurve, AveragesLossesAndKeepsValidations) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "report_metrics.jsonl";
  std::ofstream out(path);
  for (int update = 1; update <= 10; ++update) {
    out << R"({"kind":"train","update":)" << update << R"(,"epoch":)" << (update > 5 ? 2 : 1)
        << R"(,"loss":)" << update << ".0}\n";
    if (update == 5)
      out << R"({"kind":"note","update":5})"
          << "\n";
  }
  out << R"({"kind":"validation","update":4,"surveyed":9,"log_loss":0.5,"auc":0.9,"best":true})"
      << "\n";
  out.close();
  const auto points = ReadLearningCurve(path, 5);
  ASSERT_EQ(points.size(), 6u);
  EXPECT_EQ(points[0].update, 2);
  EXPECT_DOUBLE_EQ(*points[0].loss, 1.5);
  EXPECT_EQ(*points[4].epoch, 2);
  EXPECT_EQ(points[2].update, 4);
  EXPECT_THAT(points[2].validation, ElementsAre(std::pair<std::string, double>("log_loss", 0.5),
                                                std::pair<std::string, double>("auc", 0.9)));
  EXPECT_TRUE(points[2].best);
  EXPECT_FALSE(points[2].loss.has_value());
}

}  // namespace
}  // namespace arcsat
