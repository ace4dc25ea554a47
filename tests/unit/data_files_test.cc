#include "data/files.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <utility>

#include "data/timestamp.h"
#include "tests/unit/data_test_support.h"

namespace arcsat {
namespace {

using Filter = int (*)(archive*);

const std::vector<std::pair<const char*, Filter>> kFilters = {
    {"gz", archive_write_add_filter_gzip},
    {"zst", archive_write_add_filter_zstd},
    {"xz", archive_write_add_filter_xz},
    {"bz2", archive_write_add_filter_bzip2}};

std::string Compress(const std::string& bytes, Filter filter) {
  std::string out(bytes.size() + 100000, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_bytes_per_block(writer, 0);
  filter(writer);
  archive_write_set_format_raw(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  EXPECT_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

std::vector<std::string> Lines(const std::string& path, std::size_t limit = 1 << 20) {
  LineReader reader(path, limit);
  std::vector<std::string> lines;
  for (std::string line; reader.Next(&line);) lines.push_back(line);
  return lines;
}

TEST(AtomicFile, AppearsOnlyWhenWhole) {
  const TemporaryFolder folder;
  const auto path = folder / "a.txt";
  AtomicFile file(path);
  file.Write("one\n");
  EXPECT_FALSE(std::filesystem::exists(path));
  file.Write("two\n");
  file.Commit();
  EXPECT_EQ(Slurp(path), "one\ntwo\n");
  EXPECT_EQ(folder.Names(), (std::vector<std::string>{"a.txt"}));
}

TEST(AtomicFile, WithoutCommitLeavesTheOldFileAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a.txt", "old");
  {
    AtomicFile file(path);
    file.Write(std::string(3 << 20, 'x'));
  }
  EXPECT_EQ(Slurp(path), "old");
  EXPECT_EQ(folder.Names(), (std::vector<std::string>{"a.txt"}));
}

TEST(AtomicFile, KeepsPermissionsAndLinks) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a.txt", "old");
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  std::filesystem::create_symlink(path, folder / "link");
  WriteFile(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(Slurp(path), "new");
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(AtomicFile, MissingFolderFileAsFolderAndFolderAsFile) {
  const TemporaryFolder folder;
  const std::string file = folder.Put("a.txt", "old");
  const std::vector<std::filesystem::path> bad = {folder / "none/b.txt", file + "/b.txt",
                                                  folder / "", "/proc/b.txt", "/proc/none/b.txt"};
  for (const auto& path : bad) {
    SCOPED_TRACE(path);
    const Problem problem = ProblemOf([&] { WriteFile(path, "x"); });
    EXPECT_EQ(problem.place, path.string());
    EXPECT_FALSE(problem.remedy.empty());
  }
  std::filesystem::create_directory(folder / "d");
  EXPECT_THROW(WriteFile(folder / "d", "x"), Error);
  EXPECT_EQ(Slurp(file), "old");
  EXPECT_EQ(folder.Names().size(), 2U);
}

TEST(AtomicFile, FullDeviceIsAnErrorAndDevicesAreNotReplaced) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const Problem problem = ProblemOf([] { WriteFile("/dev/full", "x"); });
  EXPECT_EQ(problem.place, "/dev/full");
  EXPECT_NE(problem.found.find("No space left"), std::string::npos);
  EXPECT_EQ(problem.remedy, "make room on the disk, or write to another one");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
  WriteFile("/dev/null", "x");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(AtomicFile, NoRoomLeavesNothingBehind) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a.txt", "old");
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {1 << 20, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string message;
  try {
    AtomicFile file(path);
    for (int i = 0; i < 10; ++i) file.Write(std::string(1 << 19, 'x'));
    file.Commit();
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(message.find("a.txt"), std::string::npos);
  EXPECT_NE(message.find("make room"), std::string::npos);
  EXPECT_EQ(Slurp(path), "old");
  EXPECT_EQ(folder.Names(), (std::vector<std::string>{"a.txt"}));
}

TEST(AtomicFile, NothingAfterCommit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a");
  file.Commit();
  EXPECT_THROW(file.Write("x"), Error);
  EXPECT_THROW(file.Commit(), Error);
  EXPECT_EQ(Slurp(folder / "a"), "");
}

TEST(ReadFile, LimitAndMissing) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a", "12345");
  EXPECT_EQ(ReadFile(path), "12345");
  EXPECT_EQ(ReadFile(path, 5), "12345");
  EXPECT_THROW(ReadFile(path, 4), Error);
  EXPECT_THROW(ReadFile("/dev/zero", 1 << 21), Error);
  EXPECT_EQ(ProblemOf([&] { ReadFile(folder / "none"); }).place, (folder / "none").string());
  EXPECT_THROW(ReadFile(folder / ""), Error);
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(Sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const TemporaryFolder folder;
  EXPECT_EQ(Sha256File(folder.Put("m", std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(LineReader, LinesNumbersAndPlaces) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a", "\xEF\xBB\xBFone\r\n\ntwo\nlast");
  LineReader reader(path);
  std::string line;
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "one");
  EXPECT_EQ(reader.place(), path + ":1");
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "");
  ASSERT_TRUE(reader.Next(&line));
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "last");
  EXPECT_EQ(reader.line_number(), 4);
  EXPECT_FALSE(reader.Next(&line));
  EXPECT_EQ(reader.bytes_total(), 17U);
  EXPECT_EQ(reader.bytes_read(), 17U);
}

TEST(LineReader, EmptyMissingAndFolder) {
  const TemporaryFolder folder;
  EXPECT_TRUE(Lines(folder.Put("empty", "")).empty());
  EXPECT_THROW(Lines((folder / "none").string()), Error);
  EXPECT_EQ(ProblemOf([&] { Lines((folder / "").string()); }).remedy, "name a file, not a folder");
}

TEST(LineReader, LongLineIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.Put("a", "ok\n" + std::string(2000, 'x') + "\n");
  EXPECT_EQ(Lines(path, 2000).size(), 2U);
  EXPECT_EQ(ProblemOf([&] { Lines(path, 1999); }).place, path + ":2");
}

TEST(LineReader, CompressedFilesReadLikePlainOnes) {
  const TemporaryFolder folder;
  std::string text;
  std::vector<std::string> expected;
  for (int i = 0; i < 50000; ++i) {
    expected.push_back("line " + std::to_string(i * 7919 % 50021));
    text += expected.back() + "\n";
  }
  EXPECT_EQ(Lines(folder.Put("plain", text)), expected);
  for (const auto& [name, filter] : kFilters) {
    SCOPED_TRACE(name);
    const std::string packed = Compress(text, filter);
    ASSERT_LT(packed.size(), text.size());
    EXPECT_EQ(Lines(folder.Put(name, packed)), expected);
    EXPECT_TRUE(Lines(folder.Put("empty", Compress("", filter))).empty());
  }
  const std::string gz = Compress("a\n", kFilters[0].second);
  EXPECT_EQ(Lines(folder.Put("two.gz", gz + gz)), (std::vector<std::string>{"a", "a"}));
}

TEST(LineReader, TruncatedCompressedFilesAreErrors) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 50000; ++i) text += "line " + std::to_string(i * 7919 % 50021) + "\n";
  for (const auto& [name, filter] : kFilters) {
    const std::string packed = Compress(text, filter);
    for (const std::size_t size : {std::size_t{6}, packed.size() / 2, packed.size() - 1}) {
      SCOPED_TRACE(std::string(name) + " cut to " + std::to_string(size));
      const std::string path = folder.Put(name, packed.substr(0, size));
      EXPECT_EQ(ProblemOf([&] { Lines(path); }).remedy, "copy or compress the file again");
    }
  }
}

TEST(Timestamp, KnownTimes) {
  EXPECT_EQ(ParseTimestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseTimestamp("2026-01-05T09:30:00Z"), 1767605400);
  EXPECT_EQ(ParseTimestamp("2026-01-05T10:30:00+01:00"), 1767605400);
  EXPECT_EQ(ParseTimestamp("2026-01-05 04:00:00.5-0530"), 1767605400.5);
  EXPECT_EQ(ParseTimestamp("2026-01-05T09:30"), 1767605400);
  EXPECT_EQ(ParseTimestamp("2024-02-29"), 1709164800);
  EXPECT_EQ(FormatTimestamp(1767605400), "2026-01-05T09:30:00Z");
  for (const char* bad : {"", "2026", "2026-02-30", "2026-13-01", "2026-01-05T25:00", "2026-01-05T",
                          "2026-01-05T09:30:00X", "2026-01-05T09:30:00.Z", "05.01.2026",
                          "2026-01-05T09:30:00+1", "2026-01-05T09:30:00+01:"}) {
    EXPECT_FALSE(ParseTimestamp(bad)) << bad;
  }
}

}  // namespace
}  // namespace arcsat
