#include "data/importers/importer.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <map>
#include <tuple>
#include <utility>

#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

std::vector<Conversation> Import(const std::string& name, const std::filesystem::path& path,
                                 ReadReport* report = nullptr, bool skip_bad = false) {
  std::vector<Conversation> all;
  ImportOptions options;
  options.skip_bad = skip_bad;
  const ReadReport result = FindImporter(name).Read(
      path.string(), options, [&](Conversation&& c) { all.push_back(std::move(c)); });
  if (report != nullptr) *report = result;
  return all;
}

/// An archive of (name, bytes), as tar + xz or as zip.
void Pack(const std::filesystem::path& path, bool zip,
          const std::vector<std::pair<std::string, std::string>>& files) {
  archive* writer = archive_write_new();
  if (zip) {
    archive_write_set_format_zip(writer);
  } else {
    archive_write_add_filter_xz(writer);
    archive_write_set_format_pax_restricted(writer);
  }
  ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  for (const auto& [name, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    ASSERT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  ASSERT_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
}

TEST(Importers, RegistryNamesAndDetects) {
  std::vector<std::string> names;
  for (const Importer* importer : Importers()) {
    names.push_back(importer->name());
    EXPECT_FALSE(importer->describe().empty());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"jsonl", "star", "uss", "harper", "convokit", "record",
                                             "contact-lens", "call-analytics", "transcribe",
                                             "google-insights", "genesys", "zendesk", "intercom",
                                             "twilio", "whisper", "webvtt", "csv", "mixed"}));
  EXPECT_THROW(FindImporter("parquet"), UsageError);
  EXPECT_EQ(DetectImporter(Fixture("star").string()).name(), "star");
  EXPECT_EQ(DetectImporter(Fixture("star/dialogues").string()).name(), "star");
  EXPECT_EQ(DetectImporter(Fixture("uss/MINI.txt").string()).name(), "uss");
  EXPECT_EQ(DetectImporter(Fixture("uss").string()).name(), "uss");
  EXPECT_EQ(DetectImporter(Fixture("conversations.jsonl").string()).name(), "jsonl");
  EXPECT_THROW(DetectImporter(Fixture("broken_scores.jsonl").string()), UsageError);
  EXPECT_THROW(DetectImporter(Fixture("none").string()), UsageError);
}

TEST(Star, DialogueBecomesConversation) {
  const auto all = Import("star", Fixture("star"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(
      ToJsonLine(all[0]),
      R"({"id":"star-7","channel":"chat","started_at":"2020-05-20T18:40:10Z","language":"en",)"
      R"("agent_id":"wizard-9","customer_id":"user-1","problem_type":"ride_book+ride_change",)"
      R"("turns":[{"speaker":"customer","text":"I need a ride","at":0},)"
      R"({"speaker":"agent","text":"Where do you want to go?","at":10,)"
      R"("action":"ride_ask_destination"},)"
      R"({"speaker":"agent","text":"There is none, sorry.","at":20}],)"
      R"("survey":{"offered":true,"score":0,"scale":[0,1]},)"
      R"("attributes":{"task_done":false,"calm":true,"user_annoyed":true,)"
      R"("answers":{"Did the assistant find you a suitable ride?":false,)"
      R"("Did the assistant stay calm and helpful throughout the dialogue?":true},)"
      R"("wizard_answers":{)"
      R"("Did the user become aggressive or annoyed during the dialogue?":true},)"
      R"("domains":["ride"],"happy":false,"multi_task":true,"completion":"Complete"}})");
}

TEST(Star, NoTurnsAndNoAnswersAreKept) {
  const Conversation c = Import("star", Fixture("star/dialogues")).at(1);
  EXPECT_EQ(c.id, "star-8");
  EXPECT_TRUE(c.turns.empty());
  EXPECT_EQ(c.started_at, "2020-05-20T18:40:00Z");
  ASSERT_TRUE(c.survey);
  EXPECT_TRUE(c.survey->offered);
  EXPECT_FALSE(c.survey->score);
  EXPECT_FALSE(c.attributes.contains("task_done"));
  EXPECT_FALSE(c.attributes.contains("calm"));
  EXPECT_FALSE(c.attributes.contains("user_annoyed"));
}

TEST(Star, ArchivesReadLikeFolders) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> files = {
      {"STAR-master/README.md", "# STAR"},
      {"STAR-master/tasks/ride.json", "{}"},
      {"STAR-master/dialogues/7.json", Slurp(Fixture("star/dialogues/7.json"))},
      {"STAR-master/dialogues/8.json", Slurp(Fixture("star/dialogues/8.json"))}};
  const auto expected = Import("star", Fixture("star"));
  for (const bool zip : {false, true}) {
    const auto path = folder / (zip ? "star.zip" : "star.tar.xz");
    Pack(path, zip, files);
    EXPECT_EQ(DetectImporter(path.string()).name(), "star");
    const auto all = Import("star", path);
    ASSERT_EQ(all.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(ToJsonLine(all[i]), ToJsonLine(expected[i]));
  }
  const std::string whole = Slurp(folder / "star.tar.xz");
  const std::string cut = folder.Put("cut.tar.xz", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(ProblemOf([&] { Import("star", cut); }).place, cut);
}

TEST(Star, BrokenDialoguesAreErrorsOrSkips) {
  const std::string good = Slurp(Fixture("star/dialogues/7.json"));
  const std::vector<std::pair<std::string, std::string>> edits = {
      {"\"DialogueID\"", "\"Dialogue\""},
      {"\"DialogueID\": 7", "\"DialogueID\": true"},
      {"\"Events\": [", "\"Events\": 7, \"x\": ["},
      {"\"Answer\": false", "\"Answer\": \"no\""},
      {"\"Agent\": \"User\", \"Text\": \"I need a ride\"", "\"Agent\": \"User\""},
      {"\"UnixTime\": 1590000010", "\"UnixTime\": \"now\""},
      {"\"Scenario\": {", "\"Scenario\": 7, \"y\": {"},
      {"\"Happy\": false", "\"Happy\": 0"},
      {"]\n}", "]\n"}};
  for (const auto& [from, to] : edits) {
    SCOPED_TRACE(to);
    const TemporaryFolder folder;
    std::string bad = good;
    const std::size_t place = bad.rfind(from);
    ASSERT_NE(place, std::string::npos);
    bad.replace(place, from.size(), to);
    const std::string path = folder.Put("1.json", bad);
    folder.Put("2.json", good);
    EXPECT_EQ(ProblemOf([&] {
                Import("star", folder / ".");
              }).place.rfind((folder / "." / "1.json").string(), 0),
              0U);
    ReadReport report;
    EXPECT_EQ(Import("star", folder / ".", &report, true).size(), 1U);
    EXPECT_EQ(report.skipped, 1);
    EXPECT_EQ(report.reasons.size(), 1U);
  }
  const TemporaryFolder empty;
  EXPECT_THROW(Import("star", empty / "."), Error);
  EXPECT_THROW(Import("star", empty / "none"), Error);
}

TEST(Uss, ConversationsTurnsAndOverall) {
  const auto all = Import("uss", Fixture("uss/MINI.txt"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(ToJsonLine(all[0]),
            R"({"id":"mini-0001","channel":"chat","turns":[{"speaker":"customer",)"
            R"("text":"I need a taxi.","satisfaction":[3,3,4],"action":"taxi-inform"},)"
            R"({"speaker":"agent","text":"Where from?","action":"taxi-request"},)"
            R"({"speaker":"customer","text":"Never mind.","satisfaction":[2,1,2]}],)"
            R"("survey":{"offered":true,"score":2.3333333333333335,"scale":[1,5]},)"
            R"("attributes":{"overall":[2,3,2]}})");
  EXPECT_EQ(all[1].id, "mini-0002");
  EXPECT_FALSE(all[1].survey);
}

TEST(Uss, BrokenLinesTakeTheirConversationAlong) {
  const TemporaryFolder folder;
  for (const char* line : {"USER\thi", "CALLER\thi\t\t3", "USER\thi\t\t6", "USER\thi\t\t3,",
                           "USER\thi\t\tgood", "USER\t\xFF\t\t3", "USER\ta\tb\t3\te\tf"}) {
    SCOPED_TRACE(line);
    const std::string path =
        folder.Put("A.txt", std::string("USER\tone\t\t3\n\nUSER\ttwo\t\t3\n") + line +
                                "\nSYSTEM\tmore\t\t\n\n\nUSER\tthree\t\t3\n");
    EXPECT_EQ(ProblemOf([&] { Import("uss", path); }).place.rfind(path + ":4", 0), 0U);
    ReadReport report;
    const auto all = Import("uss", path, &report, true);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id, "a-0001");
    EXPECT_EQ(all[1].id, "a-0003");
    EXPECT_EQ(report.skipped, 1);
  }
  const std::string late = folder.Put("B.txt", "USER\tOVERALL\t\t3\nUSER\thi\t\t3\n");
  EXPECT_EQ(ProblemOf([&] { Import("uss", late); }).place, late + ":2");
}

TEST(Jsonl, ReadsAndRefusesNothing) {
  EXPECT_EQ(Import("jsonl", Fixture("conversations.jsonl")).size(), 5U);
  const TemporaryFolder folder;
  EXPECT_THROW(Import("jsonl", folder.Put("e", "\n")), Error);
}

TEST(RealData, StarCounts) {
  const auto path = RealData("star/star.tar.xz");
  if (path.empty()) GTEST_SKIP() << "set ARCSAT_DATA to the folder that holds star/star.tar.xz";
  std::map<std::string, int> count;
  for (const Conversation& c : Import("star", path)) {
    ++count["all"];
    ++count[!c.survey->score ? "no answer" : *c.survey->score == 1 ? "satisfied" : "dissatisfied"];
    const auto done = c.attributes.find("task_done");
    if (done != c.attributes.end()) ++count[done->get<bool>() ? "done" : "not done"];
    count["turns"] += static_cast<int>(c.turns.size());
    count["empty"] += c.turns.empty() ? 1 : 0;
  }
  EXPECT_EQ(count, (std::map<std::string, int>{{"all", 5322},
                                               {"satisfied", 4052},
                                               {"dissatisfied", 614},
                                               {"no answer", 656},
                                               {"done", 1351},
                                               {"not done", 504},
                                               {"turns", 43451 + 37381 + 5841},
                                               {"empty", 357}}));
}

TEST(RealData, UssCounts) {
  const std::vector<std::tuple<std::string, std::size_t, std::string>> files = {
      {"uss/MWOZ.txt", 896, "mwoz-0896"}, {"uss/SGD.txt", 900, "sgd-0900"}};
  for (const auto& [name, size, last] : files) {
    const auto path = RealData(name);
    if (path.empty()) GTEST_SKIP() << "set ARCSAT_DATA to the folder that holds " << name;
    const auto all = Import("uss", path);
    ASSERT_EQ(all.size(), size);
    EXPECT_EQ(all.back().id, last);
    for (const Conversation& c : all) EXPECT_TRUE(c.survey && c.survey->score) << c.id;
  }
}

TEST(RealData, HarperCalls) {
  const auto path = RealData("harper");
  if (path.empty()) GTEST_SKIP() << "set ARCSAT_DATA to the folder that holds harper";
  EXPECT_EQ(DetectImporter(path.string()).name(), "harper");
  std::map<std::string, int> count;
  for (const Conversation& c : Import("harper", path)) {
    ++count["calls"];
    if (c.survey->score) ++count["answered"];
    EXPECT_EQ(c.survey->scale_high, 10);
    EXPECT_FALSE(c.agent_id.empty() || c.customer_id.empty() || c.problem_type.empty());
    double before = 0;
    for (const Turn& turn : c.turns) {
      EXPECT_FALSE(turn.text.empty());
      EXPECT_EQ(turn.text.find("[noise]"), std::string::npos);
      EXPECT_GE(*turn.at, before);
      before = *turn.at;
      ++count[Name(turn.speaker)];
    }
  }
  EXPECT_EQ(count, (std::map<std::string, int>{
                       {"calls", 6}, {"answered", 5}, {"agent", 32}, {"customer", 26}}));
}

}  // namespace
}  // namespace arcsat
