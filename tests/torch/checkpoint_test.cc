#include "train/checkpoint.h"

#include <gmock/gmock.h>

#include <fstream>

#include "data/files.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

Checkpoint At(std::int64_t updates) {
  Checkpoint checkpoint;
  checkpoint.weights["w"] = torch::full({3}, static_cast<double>(updates));
  checkpoint.optimizer["moment.w"] = torch::full({3}, 0.25);
  checkpoint.state.updates = updates;
  checkpoint.state.batches = 2 * updates;
  checkpoint.state.best = 0.1 + 0.2;  // has no short decimal
  checkpoint.state.losses["loss"] = 1.0 / 3;
  checkpoint.state.fingerprint = "abc";
  return checkpoint;
}

std::string Write(const TemporaryFolder& folder, std::int64_t updates, int keep = 9) {
  const Checkpoint checkpoint = At(updates);
  const std::string name = CheckpointName(checkpoint.state, 0);
  WriteCheckpoint(folder / ".", name, checkpoint, {.last = keep});
  return name;
}

TEST(Checkpoint, NamesSortBySteps) {
  TrainState state;
  state.updates = 400;
  EXPECT_EQ(CheckpointName(state, 0), "step-000400");
  EXPECT_EQ(CheckpointName(state, 2), "step-000400+2");
}

TEST(Checkpoint, RoundTrip) {
  const TemporaryFolder folder;
  const auto path = folder / Write(folder, 7);
  EXPECT_TRUE(std::filesystem::exists(path / "MANIFEST.json"));
  const Json manifest = Json::parse(Slurp(path / "MANIFEST.json"));
  for (const char* file : {"model.safetensors", "optimizer.safetensors", "state.json"}) {
    EXPECT_EQ(manifest["files"][file]["bytes"], std::filesystem::file_size(path / file)) << file;
  }
  const Checkpoint read = ReadCheckpoint(path);
  EXPECT_TRUE(torch::equal(read.weights.at("w"), torch::full({3}, 7.0)));
  EXPECT_TRUE(torch::equal(read.optimizer.at("moment.w"), torch::full({3}, 0.25)));
  EXPECT_EQ(ToJson(read.state), ToJson(At(7).state));
  EXPECT_EQ(*read.state.best, 0.1 + 0.2);
  EXPECT_EQ(read.state.losses.at("loss"), 1.0 / 3);
}

TEST(Checkpoint, TheNewestAreKept) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "step-000002.part77");  // of a run that was killed
  for (const std::int64_t updates : {1, 2, 3}) Write(folder, updates, /*keep=*/2);
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-000002", "step-000003"));
  WriteCheckpoint(folder / ".", "step-000003+2", At(3), {.last = 2});
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-000003", "step-000003+2"));
  WriteCheckpoint(folder / ".", "step-000003+10", At(3), {.last = 1});
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-000003+10"));
  WriteCheckpoint(folder / ".", "step-1000000", At(1000000), {.last = 1});
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-1000000"));
}

TEST(Checkpoint, TheBestValidatedAreKeptBesideTheNewest) {
  const TemporaryFolder folder;
  const std::vector<std::optional<double>> figures = {0.7, 0.2, {}, 0.5, 0.1, {}, 0.9, {}};
  for (std::size_t i = 0; i < figures.size(); ++i) {
    Checkpoint checkpoint = At(static_cast<std::int64_t>(i + 1));
    checkpoint.state.validated = figures[i];
    WriteCheckpoint(folder / ".", CheckpointName(checkpoint.state, 0), checkpoint,
                    {.last = 1, .best = 2});
    // What cannot be read is not among the best.
    if (i == 1) WriteFile(folder / "step-000001" / "state.json", "{");
  }
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-000002", "step-000005", "step-000008"));
  EXPECT_EQ(*ReadCheckpoint(folder / "step-000005").state.validated, 0.1);
}

TEST(Checkpoint, OneOfTheSameNameChangesPlacesWithTheNew) {
  const TemporaryFolder folder;
  const auto path = folder / Write(folder, 7);
  Checkpoint again = At(7);
  again.weights["w"] = torch::zeros({3});
  WriteCheckpoint(folder / ".", path.filename().string(), again, {});
  EXPECT_THAT(folder.Names(), UnorderedElementsAre("step-000007"));
  EXPECT_TRUE(torch::equal(ReadCheckpoint(path).weights.at("w"), torch::zeros({3})));
}

TEST(Checkpoint, ADiskWithoutRoomIsToldBeforeTheRun) {
  const TemporaryFolder folder;
  CheckRoom(folder / ".", RoomFor(1000, 3, {}), {});
  // 4 bytes a weight: 4 TB a tensor, four a checkpoint, four checkpoints, the model twice.
  const double needed = RoomFor(1'000'000'000'000, 4, {2, 1});
  const Problem problem = ProblemOf([&] { CheckRoom(folder / ".", needed, {2, 1}); });
  EXPECT_EQ(problem.expected, "expected 72000000 MB more for 4 checkpoints and the model");
  EXPECT_THAT(problem.remedy, HasSubstr("--train.keep_last"));
}

TEST(Checkpoint, EveryCutOfItsFilesIsRefusedByName) {
  const TemporaryFolder folder;
  const auto path = folder / Write(folder, 7);
  int cuts = 0;
  for (const char* name :
       {"model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"}) {
    const std::string whole = Slurp(path / name);
    // The manifest ends in a line break, without which it is whole.
    const std::size_t end = whole.find_last_not_of('\n');
    for (std::size_t length = 0; length <= end; ++length, ++cuts) {
      std::filesystem::resize_file(path / name, length);
      EXPECT_THAT(ProblemOf([&] { ReadCheckpoint(path); }).place, HasSubstr(name)) << length;
      std::ofstream(path / name, std::ios::binary) << whole;
    }
  }
  EXPECT_GT(cuts, 800);
  ReadCheckpoint(path);
}

TEST(Checkpoint, WhatARunWillReplaceIsRoom) {
  const TemporaryFolder folder;
  constexpr std::uintmax_t kBytes = std::uintmax_t{1} << 42;
  std::filesystem::create_directories(folder / "checkpoints/step-000001");
  const auto old = folder / "checkpoints/step-000001/model.safetensors";
  WriteFile(old, "");
  const double needed =
      static_cast<double>(std::filesystem::space(folder / ".").available) + 0.5 * kBytes;
  EXPECT_THROW(CheckRoom(folder / ".", needed, {}), Error);
  std::filesystem::resize_file(old, kBytes);  // a hole: it takes no room
  CheckRoom(folder / ".", needed, {});
}

TEST(Checkpoint, AChangedFileIsRefusedAndTheOlderOneTaken) {
  for (const char* file :
       {"model.safetensors", "optimizer.safetensors", "state.json", "MANIFEST.json"}) {
    for (const bool flip : {false, true}) {
      const TemporaryFolder folder;
      Write(folder, 1);
      const std::string newest = Write(folder, 2);
      const std::string path = newest + "/" + file;
      std::string bytes = Slurp(folder / path);
      if (flip) {
        // In the manifest a digit of a digest, elsewhere any byte.
        const std::size_t at = bytes.find("sha256\": \"") == std::string::npos
                                   ? bytes.size() / 2
                                   : bytes.find("sha256\": \"") + 12;
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
      } else {
        bytes.resize(bytes.size() / 2);
      }
      folder.Put(path, bytes);
      EXPECT_FALSE(ProblemOf([&] { ReadCheckpoint(folder / newest); }).remedy.empty());
      std::vector<std::string> passed;
      const auto found = ReadNewestCheckpoint(
          folder / ".", [&](const std::string& why) { passed.push_back(why); });
      ASSERT_TRUE(found) << path;
      EXPECT_EQ(found->state.updates, 1);
      EXPECT_THAT(passed, testing::ElementsAre(HasSubstr(newest)));
    }
  }
}

TEST(Checkpoint, WithoutAManifestItIsNotWhole) {
  const TemporaryFolder folder;
  const std::string name = Write(folder, 1);
  std::filesystem::remove(folder / (name + "/MANIFEST.json"));
  int passed = 0;
  EXPECT_FALSE(ReadNewestCheckpoint(folder / ".", [&](const std::string&) { ++passed; }));
  EXPECT_EQ(passed, 1);
  EXPECT_FALSE(ReadNewestCheckpoint(folder / "none", [&](const std::string&) { ++passed; }));
  EXPECT_EQ(passed, 1);
}

TEST(Checkpoint, AFolderThatCannotBeWrittenIsAnErrorWithThePlace) {
  const TemporaryFolder folder;
  folder.Put("file", "x");
  const Problem problem =
      ProblemOf([&] { WriteCheckpoint(folder / "file", "step-000001", At(1), {.last = 2}); });
  EXPECT_THAT(problem.place, HasSubstr("step-000001"));
  EXPECT_THAT(problem.remedy, HasSubstr("--resume"));
  EXPECT_THAT(folder.Names(), testing::ElementsAre("file"));
}

TEST(TrainState, AMissingOrNewerFieldIsRefused) {
  Json json = ToJson(At(3).state);
  json.erase("updates");
  EXPECT_THROW(TrainStateFromJson(json, "state.json"), Error);
  json = ToJson(At(3).state);
  json.erase("losses");  // as checkpoints of earlier versions
  EXPECT_TRUE(TrainStateFromJson(json, "state.json").losses.empty());
  json["version"] = 99;
  EXPECT_THAT(ProblemOf([&] { TrainStateFromJson(json, "state.json"); }).found, HasSubstr("99"));
}

}  // namespace
}  // namespace arcsat
