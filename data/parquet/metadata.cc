#include "data/parquet/metadata.h"

#include <fmt/format.h>

#include <utility>

#include "data/parquet/thrift.h"

namespace arcsat {
namespace {

[[noreturn]] void Fail(const std::string& place, const std::string& found) {
  throw Error({place, "found " + found, "expected a whole Parquet file", "write the file anew"});
}

// ConvertedType's numbers of groups.
constexpr std::int64_t kMap = 1, kMapKeyValue = 2, kList = 3;
constexpr std::int64_t kOptional = 1, kRepeated = 2;  // FieldRepetitionType

/// A SchemaElement.
struct Element {
  std::int64_t type = -1, repetition = 0, children = 0, converted = -1, scale = 0;
  std::string_view name;
  ParquetMeaning logical = ParquetMeaning::kPlain;
};

/// TimeUnit, a union: the field that is there is the unit.
ParquetMeaning ReadUnit(ThriftReader* thrift) {
  ParquetMeaning unit = ParquetMeaning::kOther;
  thrift->Struct([&](int id, int) {
    if (id == 1) unit = ParquetMeaning::kMillis;
    if (id == 2) unit = ParquetMeaning::kMicros;
    if (id == 3) unit = ParquetMeaning::kNanos;
    return false;
  });
  return unit;
}

/// LogicalType, a union as well.
void ReadLogical(ThriftReader* thrift, Element* element) {
  thrift->Struct([&](int id, int type) {
    if (id == 6) element->logical = ParquetMeaning::kDate;
    if (id == 5) element->logical = ParquetMeaning::kDecimal;
    if (id == 7 || id >= 13) element->logical = ParquetMeaning::kOther;
    if (id == 12) element->logical = ParquetMeaning::kJson;
    if (id == 2 || id == 3) element->converted = id == 2 ? kMap : kList;
    if (id != 8 || type != ThriftReader::kStruct) return false;
    thrift->Struct([&](int part, int part_type) {
      if (part != 2 || part_type != ThriftReader::kStruct) return false;
      element->logical = ReadUnit(thrift);
      return true;
    });
    return true;
  });
}

Element ReadElement(ThriftReader* thrift) {
  Element element;
  thrift->Struct([&](int id, int type) {
    if (id == 1) return thrift->Take(type, &element.type);
    if (id == 3) return thrift->Take(type, &element.repetition);
    if (id == 4) return thrift->Take(type, &element.name);
    if (id == 5) return thrift->Take(type, &element.children);
    if (id == 6) return thrift->Take(type, &element.converted);
    if (id == 7) return thrift->Take(type, &element.scale);
    if (id != 10 || type != ThriftReader::kStruct) return false;
    ReadLogical(thrift, &element);
    return true;
  });
  return element;
}

ParquetMeaning MeaningOf(const Element& element) {
  if (element.logical != ParquetMeaning::kPlain) return element.logical;
  // ConvertedType, what older writers have.
  if (element.converted == 5) return ParquetMeaning::kDecimal;
  if (element.converted == 6) return ParquetMeaning::kDate;
  if (element.converted == 9) return ParquetMeaning::kMillis;
  if (element.converted == 10) return ParquetMeaning::kMicros;
  if (element.converted == 19) return ParquetMeaning::kJson;
  const bool other = element.converted == 7 || element.converted == 8 || element.converted >= 20;
  return other ? ParquetMeaning::kOther : ParquetMeaning::kPlain;
}

/// The column of a leaf, `node`, which is `top` where it stands in no group.
ParquetColumn ColumnOf(const Element& element, const ParquetNode& node, bool top) {
  constexpr std::int64_t kMostDecimals = 18;
  ParquetColumn column;
  column.name = node.name;
  column.type = static_cast<ParquetType>(element.type);
  column.meaning = MeaningOf(element);
  column.definitions = node.definitions;
  column.repetitions = node.repetitions;
  const bool number = column.type == ParquetType::kInt32 || column.type == ParquetType::kInt64;
  column.known = column.type != ParquetType::kFixed && column.meaning != ParquetMeaning::kOther &&
                 (column.meaning != ParquetMeaning::kJson || column.type == ParquetType::kBytes);
  if (column.meaning == ParquetMeaning::kDecimal) {
    column.known = number && element.scale >= 0 && element.scale <= kMostDecimals;
    column.scale = column.known ? static_cast<int>(element.scale) : 0;
  }
  column.flat = column.known && top && !node.repeated;
  return column;
}

/// The schema, a tree written depth first, and its leaves.
class SchemaReader {
 public:
  SchemaReader(const std::string& place, ParquetMetadata* out) : place_(place), out_(*out) {}

  void Read(const std::vector<Element>& elements) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0 && open_.empty()) Fail(place_, "a schema with more columns than it says");
      Take(elements[i]);
      while (!open_.empty() && open_.back().left == 0) Close();
    }
    if (!open_.empty()) Fail(place_, "a schema with fewer columns than it says");
  }

 private:
  struct Open {
    std::size_t node;
    std::int64_t left;  ///< children to come
  };

  void Take(const Element& element) {
    ParquetNode node;
    node.name = std::string(element.name);
    const std::size_t place = out_.schema.size();
    const bool top = open_.size() == 1;
    if (!open_.empty()) {
      ParquetNode& around = out_.schema[open_.back().node];
      around.children.push_back(place);
      --open_.back().left;
      node.repeated = element.repetition == kRepeated;
      node.repetitions = around.repetitions + (node.repeated ? 1 : 0);
      const bool may_miss = node.repeated || element.repetition == kOptional;
      node.definitions = around.definitions + (may_miss ? 1 : 0);
    }
    node.column = out_.columns.size();
    if (element.children > 0) {
      if (open_.size() >= kDeepest) Fail(place_, "a schema nested too deep");
      const bool map = element.converted == kMap || element.converted == kMapKeyValue;
      node.kind = map                          ? ParquetNode::Kind::kMap
                  : element.converted == kList ? ParquetNode::Kind::kList
                                               : ParquetNode::Kind::kGroup;
      open_.push_back({place, element.children});
    } else if (place > 0) {
      if (element.type < 0 || element.type > 7) Fail(place_, "a column of unknown type");
      out_.columns.push_back(ColumnOf(element, node, top));
    }
    out_.schema.push_back(std::move(node));
  }

  void Close() {
    ParquetNode& node = out_.schema[open_.back().node];
    node.columns = out_.columns.size() - node.column;
    open_.pop_back();
  }

  static constexpr std::size_t kDeepest = 100;
  const std::string& place_;
  ParquetMetadata& out_;
  std::vector<Open> open_;  ///< the groups around
};

ParquetChunk ReadChunk(ThriftReader* thrift) {
  ParquetChunk chunk;
  thrift->Struct([&](int id, int type) {
    if (id != 3 || type != ThriftReader::kStruct) return false;
    thrift->Struct([&](int part, int part_type) {
      if (part == 4) return thrift->Take(part_type, &chunk.codec);
      if (part == 5) return thrift->Take(part_type, &chunk.values);
      if (part == 7) return thrift->Take(part_type, &chunk.size);
      if (part == 9) return thrift->Take(part_type, &chunk.offset);
      if (part == 11) return thrift->Take(part_type, &chunk.dictionary);
      return false;
    });
    return true;
  });
  return chunk;
}

ParquetRows ReadRows(ThriftReader* thrift) {
  ParquetRows rows;
  thrift->Struct([&](int id, int type) {
    if (id == 3) return thrift->Take(type, &rows.rows);
    if (id != 1 || type != ThriftReader::kList) return false;
    thrift->List([&](int) { rows.chunks.push_back(ReadChunk(thrift)); });
    return true;
  });
  return rows;
}

}  // namespace

bool LooksParquet(std::string_view bytes) {
  return bytes.size() > 12 && bytes.starts_with(kParquetMagic) && bytes.ends_with(kParquetMagic);
}

ParquetMetadata ReadParquetMetadata(std::string_view bytes, const std::string& place) {
  if (!LooksParquet(bytes)) Fail(place, "no Parquet file, or half of one");
  std::uint32_t size = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - 8 + i]);
    size |= static_cast<std::uint32_t>(byte) << (8 * i);
  }
  if (size > bytes.size() - 12) Fail(place, "a footer longer than the file");
  ThriftReader thrift(bytes.substr(bytes.size() - 8 - size, size), place);
  std::vector<Element> elements;
  ParquetMetadata metadata;
  thrift.Struct([&](int id, int type) {
    if (type != ThriftReader::kList || (id != 2 && id != 4)) return false;
    thrift.List([&](int) {
      if (id == 2) elements.push_back(ReadElement(&thrift));
      if (id == 4) metadata.groups.push_back(ReadRows(&thrift));
    });
    return true;
  });
  if (elements.empty()) Fail(place, "no schema");
  SchemaReader(place, &metadata).Read(elements);
  for (const ParquetRows& group : metadata.groups) {
    if (group.chunks.size() != metadata.columns.size() || group.rows < 0) {
      Fail(place, fmt::format("{} columns in a group of rows, {} in the schema",
                              group.chunks.size(), metadata.columns.size()));
    }
  }
  return metadata;
}

}  // namespace arcsat
