#include "model/safetensors.h"

#include <gmock/gmock.h>

#include "data/files.h"
#include "tests/torch/torch_test_support.h"

namespace arcsat {
namespace {

/// A .safetensors file put together by hand.
std::string Bytes(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header +
         std::string(data_bytes, '\1');
}

std::string Entry(const std::string& name, const std::string& type, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + offsets + "]}";
}

TEST(Safetensors, RoundTripKeepsTypesShapesBitsAndMetadata) {
  const TemporaryFolder folder;
  TensorFile file;
  file.metadata = {{"format", "pt"}};
  file.tensors["b.half"] = torch::randn({3, 2}).to(torch::kFloat16);
  file.tensors["a.bf16"] = torch::randn({5}).to(torch::kBFloat16);
  file.tensors["long"] = torch::tensor({1, -2, 3}, torch::kInt64);
  file.tensors["scalar"] = torch::full({}, 0.5);
  file.tensors["empty"] = torch::empty({0, 4});
  file.tensors["turned"] = torch::arange(6, torch::kFloat32).view({2, 3}).t();
  file.tensors["odd"] = torch::tensor({7, 8, 9}, torch::kUInt8);
  WriteSafetensors(folder / "a.safetensors", file);
  const TensorFile read = ReadSafetensors(folder / "a.safetensors");
  EXPECT_EQ(read.metadata, file.metadata);
  ASSERT_EQ(read.tensors.size(), file.tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    const torch::Tensor found = read.tensors.at(name);
    EXPECT_EQ(found.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(found, tensor)) << name;
  }
  EXPECT_THAT(folder.Names(), testing::ElementsAre("a.safetensors"));
}

TEST(Safetensors, ReadsWhatTheFormatSays) {
  const TemporaryFolder folder;
  std::string bytes = Bytes("{" + Entry("x", "F32", "2", "0,8") + "}", 0);
  const float values[] = {1.5F, -2};
  bytes.append(reinterpret_cast<const char*>(values), sizeof(values));
  const auto x = ReadSafetensors(folder.Put("x", bytes)).tensors.at("x");
  EXPECT_EQ(x[0].item<float>(), 1.5F);
  EXPECT_EQ(x[1].item<float>(), -2.0F);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const TemporaryFolder folder;
  WriteSafetensors(folder / "a", {{{"x", torch::ones({4})}, {"y", torch::ones({3})}}, {}});
  const std::string whole = Slurp(folder / "a");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = folder.Put("cut", whole.substr(0, size));
    EXPECT_THROW(ReadSafetensors(cut), Error) << size << " bytes of " << whole.size();
  }
  EXPECT_THROW(ReadSafetensors(folder.Put("long", whole + "x")), Error);
}

TEST(Safetensors, ABitFlipOfTheHeaderNeverPassesAsTheSameTensors) {
  const TemporaryFolder folder;
  WriteSafetensors(folder / "a", {{{"x", torch::ones({4, 2})}, {"y", torch::ones({3})}}, {}});
  const std::string whole = Slurp(folder / "a");
  const auto before = ReadSafetensors(folder / "a").tensors;
  const std::size_t header_end = whole.size() - 44;
  int refused = 0, changed = 0, same = 0;
  for (std::size_t at = 0; at < header_end; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      try {
        const auto after = ReadSafetensors(folder.Put("flipped", flipped)).tensors;
        // Another name is all that a flip can do unseen (a digest guards against it), or another
        // kind of white space.
        bool equal = after.size() == before.size();
        for (const auto& [name, tensor] : before) {
          equal = equal && after.contains(name) && after.at(name).sizes() == tensor.sizes();
        }
        ++(equal ? same : changed);
      } catch (const Error& error) {
        ++refused;
        EXPECT_FALSE(error.problem().remedy.empty());
      }
    }
  }
  EXPECT_GT(refused, 40 * (changed + same));
}

TEST(Safetensors, OverlapsGapsAndWrongSizesAreRefused) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& entries, std::size_t data, const char* what) {
    const std::string path = folder.Put("bad", Bytes("{" + entries + "}", data));
    const Problem problem = ProblemOf([&] { ReadSafetensors(path); });
    EXPECT_EQ(problem.place, path) << entries;
    EXPECT_THAT(problem.found + problem.expected, testing::HasSubstr(what)) << entries;
  };
  refuse(Entry("x", "F32", "2", "0,8") + "," + Entry("y", "F32", "2", "4,12"), 12, "byte 4");
  refuse(Entry("x", "F32", "2", "0,8") + "," + Entry("y", "F32", "2", "12,20"), 20, "byte 12");
  refuse(Entry("x", "F32", "2", "0,8") + "," + Entry("y", "F32", "2", "0,8"), 8, "byte 0");
  refuse(Entry("x", "F32", "2", "0,8"), 9, "9 bytes of data");
  refuse(Entry("x", "F32", "3", "0,8"), 8, "takes 12");
  refuse(Entry("x", "F32", "2", "8,0"), 8, "bytes 8..0");
  refuse(Entry("x", "F32", "2", "0,16"), 8, "bytes 0..16");
  refuse(Entry("x", "F99", "2", "0,8"), 8, "F99");
  refuse(Entry("x", "F32", "-2", "0,8"), 8, "whole number");
  refuse(Entry("x", "F32", "2.0", "0,8"), 8, "whole number");
  refuse("\"x\":3", 0, "missing");
  refuse("\"__metadata__\":{\"a\":1}", 0, "non-string");
}

TEST(Safetensors, HugeSizesAreRefusedBeforeAnythingIsAllocated) {
  const TemporaryFolder folder;
  for (const char* shape :
       {"2305843009213693952", "4611686018427387904", "9223372036854775808", "18446744073709551615",
        "4294967296,4294967296", "0,18446744073709551615",
        "0,4611686018427387904,4611686018427387904", "65536,65536,65536,65536", "1000000000"}) {
    for (const char* type : {"F64", "F32", "BF16", "U8"}) {
      const std::string path =
          folder.Put("huge", Bytes("{" + Entry("x", type, shape, "0,0") + "}", 0));
      EXPECT_THROW(ReadSafetensors(path), Error) << type << " " << shape;
    }
  }
  std::string lies = Bytes("{}", 0);
  for (const int at : {7, 4}) {  // a header of 2^56 or 2^32 bytes
    std::string bytes = lies;
    bytes[static_cast<std::size_t>(at)] = 1;
    EXPECT_THROW(ReadSafetensors(folder.Put("lies", bytes)), Error);
  }
}

TEST(Safetensors, AMissingFolderIsAnErrorAndLeavesNothing) {
  const TemporaryFolder folder;
  const TensorFile file{{{"x", torch::ones({2})}}, {}};
  EXPECT_THROW(WriteSafetensors(folder / "none" / "a", file), Error);
  EXPECT_THROW(ReadSafetensors(folder / "none"), Error);
  EXPECT_TRUE(folder.Names().empty());
}

}  // namespace
}  // namespace arcsat
