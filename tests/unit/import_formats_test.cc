#include <gtest/gtest.h>

#include "tests/unit/import_test_support.h"

namespace arcsat {
namespace {

TEST(ContactLens, CallWithBackchannelOverlapAndSentiment) {
  EXPECT_EQ(
      ImportLine("contact_lens_voice.json"),
      R"(contact-lens: {"id":"call-1","channel":"voice","language":"en-US","turns":[)"
      R"({"speaker":"agent","text":"Hello, how can I help?","at":0,"end":2,)"
      R"("vendor_sentiment":"NEUTRAL"},)"
      R"({"speaker":"customer","text":"My parcel never came and I want my money back.","at":2.5,)"
      R"("end":7,"vendor_sentiment":["NEGATIVE","NEGATIVE"],)"
      R"("backchannels":[{"speaker":"agent","text":"Mhm.","at":4.4}]},)"
      R"({"speaker":"agent","text":"I am sorry, I will refund it.","at":6.5,"end":9,)"
      R"("overlap":0.5,"vendor_sentiment":"POSITIVE"},)"
      R"({"speaker":"customer","text":"Thank you.","at":15,"end":16,)"
      R"("vendor_sentiment":"POSITIVE"}],)"
      R"("attributes":{"vendor_sentiment":{"OverallSentiment":{"AGENT":0,"CUSTOMER":-1.5}},)"
      R"("categories":["refund"],)"
      R"("voice":{"segments":6,"dropped":0,"backchannels":1,"overlapping":1}}})");
}

TEST(ContactLens, ChatMessagesOnlyAndBotsAreBots) {
  EXPECT_EQ(ImportLine("contact_lens_chat.json"),
            R"(contact-lens: {"id":"chat-1","channel":"chat","started_at":"2026-01-05T09:30:01Z",)"
            R"("language":"en-US","agent_id":"p-2","turns":[)"
            R"({"speaker":"bot","text":"Welcome. An agent will be with you.","at":0},)"
            R"({"speaker":"customer","text":"My card [PII] is **blocked**.","at":9.25,)"
            R"("vendor_sentiment":"NEGATIVE"},)"
            R"({"speaker":"agent","text":"I have unblocked it.","at":59}],)"
            R"("attributes":{"redacted":true,"vendor_sentiment":{)"
            R"("DetailsByParticipantRole":{"AGENT":2,"CUSTOMER":-3}},"categories":[]}})");
}

TEST(CallAnalytics, WordConfidencesAreKept) {
  EXPECT_EQ(
      ImportLine("call_analytics.json"),
      R"(call-analytics: {"id":"job-7","channel":"voice","language":"en-US","turns":[)"
      R"({"speaker":"agent","text":"Good morning.","at":0.1,"end":0.9,"confidence":0.95,)"
      R"("word_confidence":[0.9,1],"vendor_sentiment":"NEUTRAL"},)"
      R"({"speaker":"customer","text":"My line is dead.","at":1.5,"end":3,)"
      R"("vendor_sentiment":"NEGATIVE"}],)"
      R"("attributes":{"vendor_sentiment":{"OverallSentiment":{"AGENT":1,"CUSTOMER":-2}},)"
      R"("categories":[],"voice":{"segments":2,"dropped":0,"backchannels":0,"overlapping":0}}})");
}

TEST(Transcribe, SpeakersFromTheirOwnListAndRolesByCues) {
  const std::string line =
      R"(transcribe: {"id":"job-8","channel":"voice","language":"en-US","turns":[)"
      R"({"speaker":"agent","text":"Thank you for calling.","at":0,"end":1,"confidence":0.975,)"
      R"("word_confidence":[0.99,0.98,0.97,0.96]},)"
      R"({"speaker":"customer","text":"My phone broke.","at":1.5,"end":2.5,"confidence":0.6,)"
      R"("word_confidence":[0.5,0.6,0.7]},)"
      R"({"speaker":"agent","text":"Sorry.","at":4,"end":4.5,"confidence":0.8,)"
      R"("word_confidence":[0.8]}],"attributes":{"roles":"cues",)"
      R"("voice":{"segments":3,"dropped":0,"backchannels":0,"overlapping":0}}})";
  EXPECT_EQ(ImportLine("transcribe.json"), line);
  // What the caller says goes before what the text says.
  ImportOptions options;
  options.roles = {"spk_1=customer", "spk_0=agent"};
  const auto all = ImportAll("transcribe", Fixture("import/transcribe.json"), options);
  EXPECT_EQ(all.at(0).turns.at(0).speaker, Speaker::kCustomer);
  EXPECT_EQ(all.at(0).attributes["roles"], "given");
}

TEST(GoogleInsights, EntriesInBothCasesWithNumbersAsText) {
  EXPECT_EQ(ImportLine("google_entries.json"),
            R"(google-insights: {"id":"google_entries","started_at":"2026-01-05T09:30:00Z",)"
            R"("agent_id":"agent-3","problem_type":"router","team":"emea","turns":[)"
            R"({"speaker":"agent","text":"Hello, what can I do?","at":0},)"
            R"({"speaker":"customer","text":"My router is dead.","at":10.5},)"
            R"({"speaker":"bot","text":"Please wait.","at":20}],)"
            R"("survey":{"offered":true,"score":4,"scale":[1,5]},)"
            R"("attributes":{"participants":[{"speaker":"agent","name":"Ada Example"}]}})");
}

TEST(GoogleInsights, ExportedCall) {
  EXPECT_EQ(
      ImportLine("google_resource.json"),
      R"(google-insights: {"id":"conv-9","channel":"voice","started_at":"2026-01-05T09:30:00Z",)"
      R"("language":"en-US","agent_id":"agent-4","turns":[)"
      R"({"speaker":"agent","text":"good morning","at":0.5,"end":1.2,"confidence":0.85,)"
      R"("word_confidence":[0.9,0.8]},)"
      R"({"speaker":"customer","text":"my bill is wrong","at":2,"end":3.5,)"
      R"("vendor_sentiment":{"magnitude":0.5,"score":-0.5}}],)"
      R"("survey":{"offered":true,"score":2,"scale":[1,5]},)"
      R"("attributes":{"voice":{"segments":2,"dropped":0,"backchannels":0,"overlapping":0}}})");
  // A rating of 2 is an answer on 0..10 as well; one of 20 is on no scale that was named.
  ImportOptions ten;
  ten.scale = ParseAnswerScale("0..10");
  const auto all = ImportAll("google-insights", Fixture("import/google_resource.json"), ten);
  EXPECT_EQ(all.at(0).survey->scale_high, 10);
  const TemporaryFolder folder;
  std::string text = Slurp(Fixture("import/google_resource.json"));
  text.replace(text.find("Rating\": 2"), 10, "Rating\": 20");
  const std::string path = folder.Put("a.json", text);
  EXPECT_EQ(ProblemOf([&] { ImportAll("google-insights", path); }).place,
            path + ": qualityMetadata.customerSatisfactionRating");
}

TEST(Genesys, OffsetsAndTimesSince1970AreToldApart) {
  const std::string rest =
      R"("channel":"voice","started_at":"2026-01-05T09:30:00Z","language":"en-us",)"
      R"("agent_id":"user-5","team":"team-2","turns":[)"
      R"({"speaker":"customer","text":"Hi, I'm calling about my bill.","at":0.5,"end":2.5,)"
      R"("confidence":0.95,"word_confidence":[0.95],"vendor_sentiment":-1},)"
      R"({"speaker":"agent","text":"one moment","at":4.2,"end":5}],)"
      R"("attributes":{"voice":{"segments":2,"dropped":0,"backchannels":0,"overlapping":0}}})";
  EXPECT_EQ(ImportLine("genesys_offset.json"), R"(genesys: {"id":"conv-g1",)" + rest);
  // Without the call's own time the first phrase is its beginning.
  std::string epoch = R"(genesys: {"id":"conv-g2",)" + rest;
  for (const auto& [from, to] : {std::pair{R"("at":0.5,"end":2.5)", R"("at":0,"end":2)"},
                                 {R"("at":4.2,"end":5)", R"("at":3.7,"end":4.5)"}}) {
    epoch.replace(epoch.find(from), std::string(from).size(), to);
  }
  EXPECT_EQ(ImportLine("genesys_epoch.json"), epoch);
}

TEST(Zendesk, HtmlNotesRatingsAndABadTicket) {
  const auto path = Fixture("import/zendesk.json");
  EXPECT_EQ(DetectImporter(path.string()).name(), "zendesk");
  EXPECT_THROW(ImportAll("zendesk", path), Error);
  ReadReport report;
  ImportOptions options;
  options.skip_bad = true;
  const auto all = ImportAll("zendesk", path, options, &report);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(ToJsonLine(all[0]),
            R"({"id":"101","channel":"chat","started_at":"2026-01-05T09:30:00Z","agent_id":"21",)"
            R"("customer_id":"11","problem_type":"problem","team":"7","turns":[)"
            R"({"speaker":"customer","text":"Hello,\nmy order & invoice are wrong.\nPlease help",)"
            R"("at":0},{"speaker":"agent","text":"Sorry! It's fixed.","at":1800},)"
            R"({"speaker":"bot","text":"This ticket is solved.","at":1801}],)"
            R"("survey":{"offered":true,"score":1,"scale":[0,1],"rule":"good=1,bad=0",)"
            R"("comment":"quick"},"attributes":{"via":"email","tags":["refund"],)"
            R"("participants":[{"speaker":"customer","name":"Cy Example"},)"
            R"({"speaker":"agent","name":"Ada Example"}],"internal_notes":1}})");
  EXPECT_EQ(all[1].turns.at(0).text, "a < b && c");
  EXPECT_TRUE(all[1].survey->offered);
  EXPECT_FALSE(all[1].survey->score);
  EXPECT_FALSE(all[2].survey->offered);
  EXPECT_EQ(all[3].survey->score, 0);
  EXPECT_EQ(report.skipped, 1);
  EXPECT_NE(report.reasons.at(0).find("satisfaction_rating.score"), std::string::npos);
}

TEST(Intercom, PartsHtmlAndRating) {
  EXPECT_EQ(ImportLine("intercom.json"),
            R"(intercom: {"id":"900","channel":"chat","started_at":"2026-01-05T09:30:00Z",)"
            R"("agent_id":"31","customer_id":"u-1","team":"5","turns":[)"
            R"({"speaker":"customer","text":"Where is my refund?","at":0},)"
            R"({"speaker":"bot","text":"I am Fin.","at":2},)"
            R"({"speaker":"agent","text":"It was paid today.\nreceipt","at":60}],)"
            R"("survey":{"offered":true,"score":5,"scale":[1,5],"rule":"1..5","comment":"thanks"},)"
            R"("attributes":{"participants":[{"speaker":"customer","name":"Cy Example"},)"
            R"({"speaker":"agent","name":"Ada Example"}],"internal_notes":1,"tags":["refund"]}})");
}

TEST(Twilio, MessagesAndSentences) {
  EXPECT_EQ(
      ImportLine("twilio_messages.json"),
      R"(twilio: {"id":"CH1","channel":"chat","started_at":"2026-01-05T09:30:00Z",)"
      R"("agent_id":"ada","turns":[{"speaker":"customer","text":"Hi, my order is late","at":0},)"
      R"({"speaker":"agent","text":"Let me look.","at":20}],"attributes":{"roles":"cues"}})");
  EXPECT_EQ(ImportLine("twilio_sentences.json"),
            R"(twilio: {"id":"GT1","channel":"voice","turns":[)"
            R"({"speaker":"agent","text":"Thank you for calling, how can I help?","at":0.1,)"
            R"("end":1.5},{"speaker":"customer","text":"It broke.","at":2,"end":3}],)"
            R"("attributes":{"roles":"cues",)"
            R"("voice":{"segments":2,"dropped":0,"backchannels":0,"overlapping":0}}})");
}

TEST(WebVtt, VoicesNotesAndStyles) {
  EXPECT_EQ(ImportLine("call.vtt"),
            R"(webvtt: {"id":"call","channel":"voice","turns":[)"
            R"({"speaker":"agent","text":"Good morning, how may I help?","at":1,"end":3},)"
            R"({"speaker":"customer","text":"My & your bill is wrong again.","at":4,"end":6}],)"
            R"("attributes":{"roles":"label",)"
            R"("participants":[{"speaker":"agent","name":"Agent Ada"},)"
            R"({"speaker":"customer","name":"Cy"}],)"
            R"("voice":{"segments":3,"dropped":0,"backchannels":0,"overlapping":0}}})");
  const TemporaryFolder folder;
  const std::string path = folder.Put("b.vtt", "WEBVTT\n\n00:xx --> 00:02.000\n<v A>hi\n");
  EXPECT_EQ(ProblemOf([&] { ImportAll("webvtt", path); }).place, path + ":3");
  const std::string one = folder.Put("c.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n");
  EXPECT_EQ(ProblemOf([&] { ImportAll("webvtt", one); }).found, "found fewer than two speakers");
}

TEST(Whisper, WordsOfAnotherSpeakerAndASlipOfTheDiarisation) {
  EXPECT_EQ(ImportLine("whisperx.json"),
            R"(whisper: {"id":"whisperx","channel":"voice","language":"en","turns":[)"
            R"({"speaker":"agent","text":"Thanks for calling, how can I help?","at":0.2,"end":2,)"
            R"("confidence":0.8,"word_confidence":[0.9,0.8,0.7]},)"
            R"({"speaker":"customer","text":"my phone does not ring any more","at":3,"end":4.7,)"
            R"("confidence":0.817,"word_confidence":[0.9,0.9,0.4,0.9,0.9,0.9]},)"
            R"({"speaker":"agent","text":"okay","at":5.2,"end":5.6,"confidence":0.9,)"
            R"("word_confidence":[0.9]}],"attributes":{"roles":"cues",)"
            R"("voice":{"segments":3,"dropped":0,"backchannels":0,"overlapping":0}}})");
  const TemporaryFolder folder;
  const std::string path = folder.Put(
      "a.json",
      R"({"text":"x","segments":[{"id":0,"start":0,"end":1,"text":"hi"}],"language":"en"})");
  EXPECT_EQ(ProblemOf([&] { ImportAll("whisper", path); }).found, "found one speaker only");
}

TEST(Harper, BothSchemas) {
  EXPECT_EQ(DetectImporter(Fixture("import/harper").string()).name(), "harper");
  const auto all = ImportAll("harper", Fixture("import/harper"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ToJsonLine(all[0]),
            R"({"id":"0a1b","channel":"voice","started_at":"2026-01-05T09:30:00Z","language":"en",)"
            R"("agent_id":"3","customer_id":"8","problem_type":"replace card","turns":[)"
            R"({"speaker":"agent","text":"hello this is ada","at":1,"end":2.5,)"
            R"("vendor_sentiment":{"negative":0.1,"neutral":0.3,"positive":0.6}},)"
            R"({"speaker":"customer","text":"i lost my <unk> card","at":3,"end":4.5,)"
            R"("vendor_sentiment":{"negative":0.5,"neutral":0.3,"positive":0.2}}],)"
            R"("survey":{"offered":true,"score":7,"scale":[0,10],"rule":"0..10","comment":"fine"},)"
            R"("attributes":{"participants":[{"speaker":"agent","name":"Ada"},)"
            R"({"speaker":"customer","name":"Cy Example"}],"labels":{"caller_mos":4.0},)"
            R"("voice":{"segments":3,"dropped":1,"backchannels":0,"overlapping":0}}})");
  EXPECT_EQ(all[1].turns.at(1).text, "hi");
  EXPECT_TRUE(all[1].survey->offered);
  EXPECT_FALSE(all[1].survey->score);
  ImportOptions people;
  people.human_transcript = true;
  EXPECT_EQ(ImportAll("harper", Fixture("import/harper"), people).at(0).turns.at(1).text,
            "i lost my debit card");
}

TEST(Convokit, OpenerIsTheCustomer) {
  EXPECT_EQ(DetectImporter(Fixture("import/convokit").string()).name(), "convokit");
  const auto all = ImportAll("convokit", Fixture("import/convokit"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ToJsonLine(all[0]),
            R"({"id":"u1","channel":"chat","started_at":"2026-01-05T09:30:00Z","agent_id":"ada",)"
            R"("customer_id":"cy","turns":[)"
            R"({"speaker":"customer","text":"My order is late.","at":0,"meta":{"score":1}},)"
            R"({"speaker":"agent","text":"So sorry!","at":10}],)"
            R"("attributes":{"roles":"label","meta":{"topic":"order"}}})");
  EXPECT_EQ(all[1].turns.at(0).speaker, Speaker::kCustomer);
}

TEST(Csv, RowsOfSeveralConversations) {
  const auto path = Fixture("import/turns.csv");
  EXPECT_EQ(DetectImporter(path.string()).name(), "csv");
  const auto all = ImportAll("csv", path);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ToJsonLine(all[0]),
            R"({"id":"c-1","channel":"chat","started_at":"2026-01-05T09:30:00Z","turns":[)"
            R"({"speaker":"customer","text":"Hello, \"friend\"","at":0},)"
            R"({"speaker":"agent","text":"Two\nlines","at":5}],)"
            R"("survey":{"offered":true,"score":5,"scale":[1,5],"rule":"1..5"},)"
            R"("attributes":{"Plan":"gold"}})");
  EXPECT_EQ(ToJsonLine(all[1]),
            R"({"id":"c-2","channel":"voice","turns":[)"
            R"({"speaker":"customer","text":"=1+1 is 2","at":0},)"
            R"({"speaker":"agent","text":"yes","at":1.5}],)"
            R"("survey":{"offered":true,"score":2,"scale":[1,5],"rule":"1..5"}})");
}

TEST(Csv, ColumnsMakeNoKeyTwice) {
  const TemporaryFolder folder;
  // Nobody's role is known, so the importer has a field "roles" of its own; "x" is there twice.
  const auto all = ImportAll("csv", folder.Put("t.csv",
                                               "id,speaker,text,roles,x,x\n"
                                               "a,Ann,hi,mine,1,2\na,Bob,yes,mine,1,2\n"));
  const std::string line = ToJsonLine(all.at(0));
  EXPECT_NE(line.find(R"("attributes":{"roles":"mine","x":"1"})"), std::string::npos) << line;
  EXPECT_EQ(ToJsonLine(ParseConversation(line, "t")), line);
}

TEST(Csv, BadRowsTakeTheirConversationAlong) {
  const TemporaryFolder folder;
  ImportOptions skip;
  skip.skip_bad = true;
  const std::string head = "id,speaker,text,at\n";
  const std::string good = "a,customer,hi,0\na,agent,yes,1\n";
  for (const char* row : {"b,customer,hi", "b,customer,hi,0,5", "=A1,customer,hi,0", ",agent,hi,0",
                          "b,,hi,0", "b,agent,hi,later", "b,agent,hi,-1"}) {
    SCOPED_TRACE(row);
    const std::string path = folder.Put("t.csv", head + good + row + "\n");
    EXPECT_EQ(ProblemOf([&] { ImportAll("csv", path); }).place, path + ":4");
    ReadReport report;
    EXPECT_EQ(ImportAll("csv", path, skip, &report).size(), 1U);
    EXPECT_EQ(report.skipped, 1);
  }
  EXPECT_THROW(ImportAll("csv", folder.Put("q.csv", head + "a,agent,\"hi,0\n")), Error);
  EXPECT_THROW(ImportAll("csv", folder.Put("h.csv", "a,b,c\n1,2,3\n")), Error);
  ImportOptions named;
  named.columns.id = "key";
  named.columns.text = "What";
  named.columns.speaker = "Who";
  const std::string other = folder.Put("o.csv", "Key;Who;What\n=\"007\";Kunde=x;hallo\n");
  named.roles = {"Kunde=x=customer"};
  const auto all = ImportAll("csv", other, named);
  EXPECT_EQ(all.at(0).id, "007");
  EXPECT_EQ(all.at(0).turns.at(0).speaker, Speaker::kCustomer);
  named.columns.text = "gone";
  EXPECT_THROW(ImportAll("csv", other, named), UsageError);
}

}  // namespace
}  // namespace arcsat
