#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "data/importers/archive.h"
#include "data/importers/document.h"
#include "tests/unit/import_test_support.h"

namespace arcsat {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

/// Writes .zip, .tar.gz or (with one file) a bare .zst, by the name's end.
std::string HostilePack(const TemporaryFolder& folder, const std::string& name,
                        const Files& files) {
  archive* writer = archive_write_new();
  const bool raw = name.ends_with(".zst");
  if (name.ends_with(".zip")) {
    archive_write_set_format_zip(writer);
  } else if (raw) {
    archive_write_add_filter_zstd(writer);
    archive_write_set_format_raw(writer);
  } else {
    archive_write_add_filter_gzip(writer);
    archive_write_set_format_pax_restricted(writer);
  }
  const std::string path = (folder / name).string();
  EXPECT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  for (const auto& [file, bytes] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, file.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return path;
}

std::string Text(const std::string& fixture) { return Slurp(Fixture("import/" + fixture)); }

/// A small chat with this id.
std::string Chat(const std::string& id) {
  return R"({"type":"conversation","id":")" + id +
         R"(","source":{"body":"hi","author":{"type":"user"}},)"
         R"("conversation_parts":{"conversation_parts":[]}})";
}

ImportOptions Skipping() {
  ImportOptions options;
  options.skip_bad = true;
  return options;
}

TEST(Mixed, FolderWithArchivesIsReadAndCounted) {
  const TemporaryFolder folder;
  folder.Put("a.json", Text("contact_lens_voice.json"));
  folder.Put("b.vtt", Text("call.vtt"));
  folder.Put("c.csv", Text("turns.csv"));
  folder.Put("notes.txt", "hello");
  folder.Put("logo.png", "x");
  folder.Put(".hidden.json", "{");
  folder.Put("blob.bin", std::string("a\0b", 3));
  folder.Put("broken.json", "{\"Transcript\": [");
  HostilePack(
      folder, "d.zip",
      {{"x/y.json", Text("zendesk.json")}, {"../up.json", Chat("up")}, {"/abs.json", Chat("abs")}});
  HostilePack(folder, "e.tar.gz", {{"g.json", Text("genesys_offset.json")}});
  EXPECT_EQ(DetectImporter((folder / ".").string()).name(), "mixed");
  EXPECT_THROW(ImportAll("mixed", folder / "."), Error);
  ReadReport report;
  const auto all = ImportAll("mixed", folder / ".", Skipping(), &report);
  EXPECT_EQ(all.size(), 9U);
  EXPECT_EQ(report.read, 9);
  EXPECT_EQ(report.formats,
            (std::map<std::string, std::int64_t>{
                {"contact-lens", 1}, {"csv", 2}, {"genesys", 1}, {"webvtt", 1}, {"zendesk", 4}}));
  EXPECT_EQ(report.skipped, 2);  // broken.json, and a ticket
  EXPECT_EQ(report.ignored, 6);  // notes, logo, hidden, blob, up, abs
  for (const std::string& name : report.ignored_names)
    EXPECT_NE(name.find(": "), std::string::npos);
}

TEST(Mixed, OneFormatOfAFolder) {
  const TemporaryFolder folder;
  folder.Put("a.json", Text("contact_lens_voice.json"));
  folder.Put("b.vtt", Text("call.vtt"));
  ReadReport report;
  const auto all = ImportAll("webvtt", folder / ".", {}, &report);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, "b");
  EXPECT_EQ(report.ignored, 1);
  EXPECT_THROW(ImportAll("genesys", folder / "."), Error);
  EXPECT_THROW(ImportAll("webvtt", folder / "a.json"), Error);
}

TEST(Mixed, LinesOfJsonPlainAndCompressed) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += Chat(std::to_string(i)) + "\n";
  const std::string plain = folder.Put("a.jsonl", lines);
  EXPECT_EQ(DetectImporter(plain).name(), "intercom");
  for (const std::string& path : {plain, HostilePack(folder, "a.jsonl.zst", {{"data", lines}}),
                                  HostilePack(folder, "a.tar.gz", {{"a.jsonl", lines}})}) {
    for (const int threads : {1, 3}) {
      ImportOptions options;
      options.threads = threads;
      const auto all = ImportAll("intercom", path, options);
      ASSERT_EQ(all.size(), 500U) << path;
      for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].id, std::to_string(i));
    }
  }
  // Own records among the others, and a bad line named by its number.
  const std::string mixed =
      folder.Put("m.jsonl", Chat("1") + "\n{\"id\":\"own\",\"turns\":[]}\n{\"a\":\n");
  ReadReport report;
  EXPECT_EQ(ImportAll("mixed", mixed, Skipping(), &report).size(), 2U);
  EXPECT_EQ(report.reasons.at(0).rfind(mixed + ":3", 0), 0U);
  std::string cut = Slurp(folder / "a.jsonl.zst");
  cut.resize(cut.size() / 2);
  EXPECT_THROW(ImportAll("intercom", folder.Put("cut.jsonl.zst", cut)), Error);
}

TEST(Mixed, WhatTheCallerThrowsIsNotTheFilesFault) {
  const TemporaryFolder folder;
  for (int i = 0; i < 30; ++i) folder.Put(std::to_string(i) + ".json", Chat(std::to_string(i)));
  int seen = 0;
  EXPECT_THROW(FindImporter("mixed").Read((folder / ".").string(), Skipping(),
                                          [&](Conversation&&) {
                                            if (++seen == 3) throw Error({"disk", "full", "", ""});
                                          }),
               Error);
  EXPECT_EQ(seen, 3);
}

TEST(Hostile, BombsAreRefusedByTheLimitAndByTheRatio) {
  const TemporaryFolder folder;
  const std::string big(3 << 20, ' ');
  ImportOptions options = Skipping();
  options.file_limit = 1 << 20;
  ReadReport report;
  const std::string bomb =
      HostilePack(folder, "b.zip", {{"big.json", big}, {"ok.json", Chat("1")}});
  EXPECT_EQ(ImportAll("mixed", bomb, options, &report).size(), 1U);
  EXPECT_EQ(report.skipped, 1);
  options.skip_bad = false;
  EXPECT_EQ(ProblemOf([&] { ImportAll("mixed", bomb, options); }).place, bomb + ":big.json");
  // A compressed file inside an archive is held to the same limit.
  HostilePack(folder, "inner.zst", {{"data", big}});
  const std::string nested =
      HostilePack(folder, "n.tar.gz", {{"in.json.zst", Slurp(folder / "inner.zst")}});
  EXPECT_EQ(ProblemOf([&] { ImportAll("mixed", nested, options); }).found,
            "found more than 1048576 bytes");
}

TEST(Hostile, WhatIsPassedOverCountsToo) {
  // 1.2 GiB of zeros in a picture that nobody wants.
  const TemporaryFolder folder;
  const std::string path = (folder / "b.tar.zst").string();
  archive* writer = archive_write_new();
  archive_write_add_filter_zstd(writer);
  archive_write_set_format_pax_restricted(writer);
  ASSERT_EQ(archive_write_open_filename(writer, path.c_str()), ARCHIVE_OK);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_pathname(entry, "a.png");
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_size(entry, la_int64_t{1200} << 20);
  archive_write_header(writer, entry);
  const std::string zeros(1 << 20, '\0');
  for (int i = 0; i < 1200; ++i) archive_write_data(writer, zeros.data(), zeros.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  const auto problem = ProblemOf([&] {
    VisitFiles(
        path, [](const std::string&) { return false; }, [](ArchiveFile&&) { return true; });
  });
  EXPECT_EQ(problem.expected, "expected at most 1000 times as many");
}

TEST(Hostile, OnePackedFileIsHeldToTheRatio) {
  const TemporaryFolder folder;
  const std::string packed =
      Slurp(HostilePack(folder, "b.zst", {{"data", std::string(std::size_t{64} << 20, ' ')}}));
  const std::uint64_t limit = std::uint64_t{1} << 30;
  EXPECT_EQ(ProblemOf([&] { Unpacked(packed, "b.zst", limit); }).expected,
            "expected at most 1000 times as many");
  const std::string small =
      Slurp(HostilePack(folder, "s.zst", {{"data", std::string(std::size_t{8} << 20, ' ')}}));
  EXPECT_EQ(Unpacked(small, "s.zst", limit).size(), std::size_t{8} << 20);
}

TEST(Hostile, RecordsThatCouldNotBeReadBack) {
  Conversation c;
  EXPECT_EQ(ProblemOf([&] { CheckReadable(c, "t"); }).found, "found a conversation without an id");
  c.id = "1";
  c.turns.resize(1);
  Json deep = "x";
  for (int i = 0; i < 97; ++i) deep = Json::array({std::move(deep)});
  c.turns[0].extra["meta"] = deep;  // with the record, its turns and the turn 100 levels
  CheckReadable(c, "t");
  ParseConversation(ToJsonLine(c), "t");
  c.turns[0].extra["meta"] = Json::array({deep});
  EXPECT_EQ(ProblemOf([&] { CheckReadable(c, "t"); }).place, "t: 1");
  EXPECT_THROW(ParseConversation(ToJsonLine(c), "t"), Error);
}

TEST(Hostile, DeepJsonDuplicateKeysNumbersAndEncodings) {
  const TemporaryFolder folder;
  const auto found = [&](const std::string& bytes) {
    const std::string path = folder.Put("f.json", bytes);
    return ProblemOf([&] { ImportAll("mixed", path); }).found;
  };
  const std::string chat = Chat("1");
  EXPECT_NE(found(std::string(10'000, '[')).find("nested more than 100 deep"), std::string::npos);
  EXPECT_NE(found("{\"id\":\"1\",\"id\":\"2\"," + chat.substr(1)).find("twice"), std::string::npos);
  EXPECT_NE(found("{\"x\":1e999," + chat.substr(1)), "");
  EXPECT_NE(found("{\"x\":\"\xFF\"," + chat.substr(1)).find("UTF-8"), std::string::npos);
  std::string voice = Text("contact_lens_voice.json");
  voice.replace(voice.find("\"BeginOffsetMillis\": 2500"), 25, "\"BeginOffsetMillis\": -2500");
  EXPECT_EQ(found(voice), "found -2.5");
  // Byte order marks and UTF-16 are read.
  std::string wide = "\xFF\xFE";
  for (const char c : chat) (wide += c) += '\0';
  for (const std::string& bytes : {"\xEF\xBB\xBF" + chat, wide}) {
    EXPECT_EQ(ImportAll("mixed", folder.Put("w.json", bytes)).at(0).id, "1");
  }
  wide.pop_back();
  EXPECT_NE(found(wide).find("UTF-16"), std::string::npos);
}

TEST(Hostile, ManyKeysSegmentsAndSpeakersStayLinear) {
  std::string json = R"({"segments":[)";
  for (int i = 0; i < 20'000; ++i) {
    json += fmt::format(R"({}{{"start":{},"end":{},"text":"a","speaker":"s{}"}})",
                        i == 0 ? "" : ",", i, i + 1, i);
  }
  const TemporaryFolder folder;
  const auto all = ImportAll("whisper", folder.Put("s.json", json + "]}"));
  EXPECT_EQ(all.at(0).turns.size(), 2U);  // an agent, and everybody else
}

}  // namespace
}  // namespace arcsat
