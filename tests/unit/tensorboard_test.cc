#include "train/tensorboard.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "data/error.h"

namespace arcsat {
namespace {

class TensorBoardTest : public testing::Test {
 protected:
  TensorBoardTest()
      : folder(std::filesystem::temp_directory_path() /
               ("arcsat-events-" +
                std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  ~TensorBoardTest() override { std::filesystem::remove_all(folder); }

  static std::string Bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::filesystem::path folder;
};

TEST(Crc32cTest, MatchesTheVectorsOfRfc3720) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(Crc32c(falling), 0x113FDB5CU);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(TfRecordTest, HasLengthAndMaskedChecksums) {
  const std::string record = TfRecord("abc");
  ASSERT_EQ(record.size(), 8U + 4U + 3U + 4U);
  EXPECT_EQ(record.substr(0, 8), std::string("\x03\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
  // CRC-32C("abc") = 0x364B3FB7; rotated right by 15 and 0xA282EAD8 added: 0x21F1577E.
  EXPECT_EQ(Crc32c("abc"), 0x364B3FB7U);
  EXPECT_EQ(record.substr(15), std::string("\x6e\x57\xf1\x21", 4));
}

TEST_F(TensorBoardTest, BeginsWithTheFormatsVersion) {
  const EventWriter writer(folder);
  const std::string bytes = Bytes(writer.path());  // before any flush
  // Length 24: a double (9 bytes) and a string of 13 (15 bytes).
  ASSERT_EQ(bytes.size(), 24U + 16U);
  EXPECT_EQ(bytes.substr(12 + 9, 15),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(writer.path().filename().string().rfind("events.out.tfevents.", 0), 0U);
}

TEST_F(TensorBoardTest, AScalarIsWrittenWhenFlushed) {
  EventWriter writer(folder);
  const std::size_t before = Bytes(writer.path()).size();
  writer.Scalar("a", 3, 1.0, 2.0);
  EXPECT_EQ(Bytes(writer.path()).size(), before);
  writer.Flush();
  const std::string event(
      "\x09\0\0\0\0\0\0\0\x40"  // wall_time 2.0
      "\x10\x03"                // step 3
      "\x2a\x0a"                // summary
      "\x0a\x08"                // value
      "\x0a\x01"
      "a"                  // tag
      "\x15\0\0\x80\x3f",  // simple_value 1.0
      9 + 2 + 2 + 2 + 3 + 5);
  EXPECT_EQ(Bytes(writer.path()).substr(before), TfRecord(event));
}

TEST_F(TensorBoardTest, TwoWritersHaveFilesOfTheirOwn) {
  const EventWriter first(folder), second(folder);
  EXPECT_NE(first.path(), second.path());
}

TEST_F(TensorBoardTest, AMissingFolderIsAnError) {
  try {
    const EventWriter writer(folder / "none");
    FAIL() << "the folder does not exist";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("No such file"), std::string::npos) << error.what();
  }
}

TEST_F(TensorBoardTest, ADiskWithoutRoomIsAnErrorThatNamesTheFile) {
  EventWriter writer(folder);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{.rlim_cur = 64, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  for (int i = 0; i < 10; ++i) writer.Scalar("loss", i, 0.5);
  std::string message;
  try {
    writer.Flush();
  } catch (const Error& error) {
    message = error.what();
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(message.rfind(writer.path().string() + ": cannot be written", 0), 0U) << message;
  writer.Flush();  // there is room again: the records come whole
  const std::string bytes = Bytes(writer.path());
  EXPECT_EQ((bytes.size() - 40) % 10, 0U);
  EXPECT_NE(bytes.find(std::string("\x10\x09", 2)), std::string::npos)
      << "the last step is missing";
}

}  // namespace
}  // namespace arcsat
