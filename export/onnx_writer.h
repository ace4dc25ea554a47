#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace arcsat::onnx {

/// Element types, with their numbers in onnx.proto (TensorProto.DataType).
enum class Type : std::int32_t {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11
};
std::int64_t SizeOf(Type type);  ///< bytes of one element; 0 of a text, which is never a constant

/// A dimension: a size, or the name of one that varies.
using Dim = std::variant<std::int64_t, std::string>;

/// A graph's input or output.
struct ValueInfo {
  std::string name;
  Type type = Type::kFloat;
  bool has_shape = true;  ///< false where even the rank is left open, inside a loop's body
  std::vector<Dim> shape;
  std::string doc;
};

/// A constant tensor. `bytes` are little-endian, row by row, and stay alive through `keep`.
struct Initialiser {
  std::string name;
  Type type = Type::kFloat;
  std::vector<std::int64_t> dims;
  std::string_view bytes;
  std::shared_ptr<const void> keep;
};

struct GraphDef;

struct Attribute {
  std::string name;
  std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
               std::shared_ptr<const GraphDef>>
      value;
};

struct Node {
  std::string op;    ///< "MatMul"
  std::string name;  ///< "encoder/layer.0/attention/scores"
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> attributes;
  std::string domain;  ///< of an operator that is not ONNX's own
};

struct GraphDef {
  std::string name, doc;
  std::vector<Node> nodes;  ///< in an order in which they can be computed
  std::vector<ValueInfo> inputs, outputs;
  std::vector<Initialiser> initialisers;
};

struct ModelDef {
  std::int64_t ir_version = 9;
  std::int64_t opset = 20;
  std::vector<std::string> domains;  ///< of operators that are not ONNX's own, version 1 of each
  std::string producer, producer_version, doc;
  std::vector<std::pair<std::string, std::string>> metadata;
  GraphDef graph;
};

/// The most that protobuf reads in one message.
inline constexpr std::uint64_t kLargestOnnx = (std::uint64_t{1} << 31) - 1;

/// Writes a ModelProto (onnx.proto of ONNX 1.15 and later), constants as raw_data. Where that would
/// take more than `limit` bytes, constants of a kilobyte or more go to a file beside it, NAME.data
/// (ONNX's external data), each at a multiple of 4,096 bytes, so that it can be mapped. Each file
/// appears whole or not at all, the graph last; constants go there straight from where they lie.
/// Error where the rest passes kLargestOnnx, or a constant's bytes do not fit its shape.
void WriteOnnx(const ModelDef& model, const std::filesystem::path& path,
               std::uint64_t limit = kLargestOnnx);

}  // namespace arcsat::onnx
