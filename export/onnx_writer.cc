#include "export/onnx_writer.h"

#include <fmt/format.h>

#include <limits>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include "data/error.h"
#include "data/files.h"

namespace arcsat::onnx {
namespace {

using protozero::pbf_writer;

// Field numbers of onnx.proto, by message.
namespace attribute {
enum Field : protozero::pbf_tag_type {
  kName = 1,
  kF = 2,
  kI = 3,
  kS = 4,
  kG = 6,
  kInts = 8,
  kType = 20
};
enum Kind : std::int32_t { kFloat = 1, kInt = 2, kString = 3, kGraph = 5, kIntList = 7 };
}  // namespace attribute
namespace value_info {
enum Field : protozero::pbf_tag_type { kName = 1, kType = 2, kDoc = 3 };
}
namespace node {
enum Field : protozero::pbf_tag_type {
  kInput = 1,
  kOutput = 2,
  kName = 3,
  kOp = 4,
  kAttribute = 5,
  kDomain = 7
};
}
namespace model_proto {
enum Field : protozero::pbf_tag_type {
  kIrVersion = 1,
  kProducer = 2,
  kProducerVersion = 3,
  kModelVersion = 5,
  kDoc = 6,
  kGraph = 7,
  kOpset = 8,
  kMetadata = 14
};
}
namespace graph {
enum Field : protozero::pbf_tag_type {
  kNode = 1,
  kName = 2,
  kInitializer = 5,
  kDoc = 10,
  kInput = 11,
  kOutput = 12
};
}
namespace tensor {
enum Field : protozero::pbf_tag_type {
  kDims = 1,
  kType = 2,
  kName = 8,
  kRaw = 9,
  kExternalData = 13,
  kDataLocation = 14
};
}

/// Tag and length of a field whose bytes follow.
std::string Head(protozero::pbf_tag_type field, std::uint64_t length) {
  std::string out;
  constexpr std::uint32_t kLengthDelimited = 2;
  protozero::write_varint(std::back_inserter(out), field << 3U | kLengthDelimited);
  protozero::write_varint(std::back_inserter(out), length);
  return out;
}

void AddValueInfo(const ValueInfo& info, protozero::pbf_tag_type field, pbf_writer* out) {
  pbf_writer message(*out, field);
  message.add_string(value_info::kName, info.name);
  {
    pbf_writer type(message, value_info::kType);
    pbf_writer tensor_type(type, 1);  // TypeProto.tensor_type
    tensor_type.add_int32(1, static_cast<std::int32_t>(info.type));
    if (info.has_shape) {
      std::string dims;  // an open sub-message would vanish where a scalar has none
      pbf_writer shape(dims);
      for (const Dim& dim : info.shape) {
        pbf_writer dimension(shape, 1);
        if (const auto* size = std::get_if<std::int64_t>(&dim)) {
          dimension.add_int64(1, *size);
        } else {
          dimension.add_string(2, std::get<std::string>(dim));
        }
      }
      tensor_type.add_message(2, dims);
    }
  }
  if (!info.doc.empty()) message.add_string(value_info::kDoc, info.doc);
}

void AddGraphParts(const GraphDef& def, pbf_writer* out);

void AddAttribute(const Attribute& item, pbf_writer* out) {
  pbf_writer message(*out, node::kAttribute);
  message.add_string(attribute::kName, item.name);
  if (const auto* integer = std::get_if<std::int64_t>(&item.value)) {
    message.add_int64(attribute::kI, *integer);
    message.add_enum(attribute::kType, attribute::kInt);
  } else if (const auto* number = std::get_if<float>(&item.value)) {
    message.add_float(attribute::kF, *number);
    message.add_enum(attribute::kType, attribute::kFloat);
  } else if (const auto* text = std::get_if<std::string>(&item.value)) {
    message.add_bytes(attribute::kS, *text);
    message.add_enum(attribute::kType, attribute::kString);
  } else if (const auto* list = std::get_if<std::vector<std::int64_t>>(&item.value)) {
    for (const std::int64_t element : *list) message.add_int64(attribute::kInts, element);
    message.add_enum(attribute::kType, attribute::kIntList);
  } else {
    pbf_writer body(message, attribute::kG);
    AddGraphParts(*std::get<std::shared_ptr<const GraphDef>>(item.value), &body);
    body.commit();
    message.add_enum(attribute::kType, attribute::kGraph);
  }
}

void AddNode(const Node& item, pbf_writer* out) {
  pbf_writer message(*out, graph::kNode);
  for (const std::string& input : item.inputs) message.add_string(node::kInput, input);
  for (const std::string& output : item.outputs) message.add_string(node::kOutput, output);
  message.add_string(node::kName, item.name);
  message.add_string(node::kOp, item.op);
  for (const Attribute& one : item.attributes) AddAttribute(one, &message);
  if (!item.domain.empty()) message.add_string(node::kDomain, item.domain);
}

/// Everything of a GraphProto but its constants.
void AddGraphParts(const GraphDef& def, pbf_writer* out) {
  for (const Node& item : def.nodes) AddNode(item, out);
  out->add_string(graph::kName, def.name);
  if (!def.doc.empty()) out->add_string(graph::kDoc, def.doc);
  for (const ValueInfo& info : def.inputs) AddValueInfo(info, graph::kInput, out);
  for (const ValueInfo& info : def.outputs) AddValueInfo(info, graph::kOutput, out);
}

void CheckBytes(const Initialiser& item) {
  std::int64_t count = 1;
  for (const std::int64_t dim : item.dims) count *= dim;
  if (static_cast<std::uint64_t>(count * SizeOf(item.type)) == item.bytes.size()) return;
  throw Error({"constant " + item.name, fmt::format("found {} bytes", item.bytes.size()),
               fmt::format("expected {} elements", count), "this is a fault in arcsat; report it"});
}

/// Constants that lie in a file beside the graph's.
struct External {
  static constexpr std::uint64_t kLeast = 1024;    // a graph's shapes and axes stay in it
  static constexpr std::uint64_t kAligned = 4096;  // a page

  std::string file;
  std::uint64_t size = 0;

  static bool Takes(const Initialiser& item) { return item.bytes.size() >= kLeast; }
  /// Where the next one begins.
  std::uint64_t Place(std::uint64_t bytes) {
    const std::uint64_t begin = (size + kAligned - 1) / kAligned * kAligned;
    size = begin + bytes;
    return begin;
  }
};

/// A TensorProto up to where its bytes begin; a whole one where they lie elsewhere.
std::string TensorHead(const Initialiser& item, External* external) {
  CheckBytes(item);
  std::string out;
  pbf_writer message(out);
  for (const std::int64_t dim : item.dims) message.add_int64(tensor::kDims, dim);
  message.add_int32(tensor::kType, static_cast<std::int32_t>(item.type));
  message.add_string(tensor::kName, item.name);
  if (external == nullptr || !External::Takes(item)) {
    return out + Head(tensor::kRaw, item.bytes.size());
  }
  const std::pair<const char*, std::string> told[] = {
      {"location", external->file},
      {"offset", std::to_string(external->Place(item.bytes.size()))},
      {"length", std::to_string(item.bytes.size())}};
  for (const auto& [key, value] : told) {
    pbf_writer entry(message, tensor::kExternalData);
    entry.add_string(1, key);
    entry.add_string(2, value);
  }
  message.add_enum(tensor::kDataLocation, 1);  // EXTERNAL
  return out;
}

/// The constants of a graph as their file has them, in the same order.
void WriteExternal(const GraphDef& def, const std::filesystem::path& path) {
  AtomicFile out(path);
  External written;
  for (const Initialiser& item : def.initialisers) {
    if (!External::Takes(item)) continue;
    const std::uint64_t before = written.size;
    out.Write(std::string(written.Place(item.bytes.size()) - before, '\0'));
    out.Write(item.bytes);
  }
  out.Commit();
}

/// What stands of a graph's constants in its own file, and how long it is with them.
struct Constants {
  std::vector<std::string> heads;
  std::uint64_t size = 0;
};

Constants MakeConstants(const GraphDef& def, External* external) {
  Constants constants;
  for (const Initialiser& item : def.initialisers) {
    const std::string begin = TensorHead(item, external);
    const bool here = external == nullptr || !External::Takes(item);
    const std::uint64_t bytes = here ? item.bytes.size() : 0;
    constants.heads.push_back(Head(graph::kInitializer, begin.size() + bytes) + begin);
    constants.size += constants.heads.back().size() + bytes;
  }
  return constants;
}

std::string ModelHead(const ModelDef& model) {
  std::string out;
  pbf_writer message(out);
  message.add_int64(model_proto::kIrVersion, model.ir_version);
  message.add_string(model_proto::kProducer, model.producer);
  message.add_string(model_proto::kProducerVersion, model.producer_version);
  message.add_int64(model_proto::kModelVersion, 1);
  if (!model.doc.empty()) message.add_string(model_proto::kDoc, model.doc);
  const auto add_opset = [&](const std::string& domain, std::int64_t version) {
    pbf_writer opset(message, model_proto::kOpset);
    opset.add_string(1, domain);
    opset.add_int64(2, version);
  };
  add_opset("", model.opset);  // the default domain
  for (const std::string& domain : model.domains) add_opset(domain, 1);
  for (const auto& [key, value] : model.metadata) {
    pbf_writer entry(message, model_proto::kMetadata);
    entry.add_string(1, key);
    entry.add_string(2, value);
  }
  return out;
}

}  // namespace

std::int64_t SizeOf(Type type) {
  switch (type) {
    case Type::kFloat:
      return 4;
    case Type::kFloat16:
      return 2;
    case Type::kUint8:
    case Type::kInt8:
    case Type::kBool:
      return 1;
    case Type::kInt64:
    case Type::kDouble:
      return 8;
    case Type::kString:
      return 0;
  }
  return 0;
}

void WriteOnnx(const ModelDef& model, const std::filesystem::path& path, std::uint64_t limit) {
  const std::string head = ModelHead(model);
  std::string parts;
  {
    pbf_writer writer(parts);
    AddGraphParts(model.graph, &writer);
  }
  const auto total = [&](const Constants& constants) {
    constexpr std::uint64_t kGraphHead = 16;  // at most
    return head.size() + kGraphHead + parts.size() + constants.size;
  };
  Constants constants = MakeConstants(model.graph, nullptr);
  const bool beside = total(constants) > limit;
  if (beside) {
    External external{path.filename().string() + ".data"};
    constants = MakeConstants(model.graph, &external);
    WriteExternal(model.graph, path.string() + ".data");
  }
  if (total(constants) > kLargestOnnx) {
    throw Error({path.string(), fmt::format("would take {} bytes", total(constants)),
                 "expected less than 2 GiB without its weights", "train with a smaller encoder"});
  }
  AtomicFile out(path);
  out.Write(head);
  out.Write(Head(model_proto::kGraph, parts.size() + constants.size));
  out.Write(parts);
  for (std::size_t i = 0; i < constants.heads.size(); ++i) {
    const Initialiser& item = model.graph.initialisers[i];
    out.Write(constants.heads[i]);
    if (!beside || !External::Takes(item)) out.Write(item.bytes);
  }
  out.Commit();
}

}  // namespace arcsat::onnx
