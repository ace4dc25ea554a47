#include "data/parquet/metadata.h"

#include <fmt/format.h>

#include "data/parquet/thrift.h"

namespace arcsat {
namespace {

constexpr std::string_view kMagic = "PAR1";

[[noreturn]] void Fail(const std::string& place, const std::string& found) {
  throw Error({place, "found " + found, "expected a whole Parquet file", "write the file anew"});
}

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
  const bool other = element.converted == 7 || element.converted == 8 || element.converted >= 20;
  return other ? ParquetMeaning::kOther : ParquetMeaning::kPlain;
}

ParquetColumn ColumnOf(const Element& element, bool top) {
  constexpr std::int64_t kRepeated = 2, kMostDecimals = 18;
  ParquetColumn column;
  column.name = std::string(element.name);
  column.type = static_cast<ParquetType>(element.type);
  column.meaning = MeaningOf(element);
  column.optional = element.repetition == 1;
  const bool number = column.type == ParquetType::kInt32 || column.type == ParquetType::kInt64;
  column.flat = top && element.repetition != kRepeated && column.type != ParquetType::kFixed &&
                column.meaning != ParquetMeaning::kOther;
  if (column.meaning == ParquetMeaning::kDecimal) {
    column.flat = column.flat && number && element.scale >= 0 && element.scale <= kMostDecimals;
    column.scale = column.flat ? static_cast<int>(element.scale) : 0;
  }
  return column;
}

/// The leaves of the schema, which is a tree written depth first.
std::vector<ParquetColumn> ColumnsOf(const std::vector<Element>& elements,
                                     const std::string& place) {
  std::vector<ParquetColumn> columns;
  std::vector<std::int64_t> open;  // children to come, of each group around
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0 && open.empty()) Fail(place, "a schema with more columns than it says");
    if (i > 0) --open.back();
    if (elements[i].children > 0) {
      open.push_back(elements[i].children);
    } else if (i > 0) {
      if (elements[i].type < 0 || elements[i].type > 7) Fail(place, "a column of unknown type");
      columns.push_back(ColumnOf(elements[i], open.size() == 1));
    }
    while (!open.empty() && open.back() == 0) open.pop_back();
  }
  if (!open.empty()) Fail(place, "a schema with fewer columns than it says");
  return columns;
}

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
  return bytes.size() > 12 && bytes.starts_with(kMagic) && bytes.ends_with(kMagic);
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
  metadata.columns = ColumnsOf(elements, place);
  for (const ParquetRows& group : metadata.groups) {
    if (group.chunks.size() != metadata.columns.size() || group.rows < 0) {
      Fail(place, fmt::format("{} columns in a group of rows, {} in the schema",
                              group.chunks.size(), metadata.columns.size()));
    }
  }
  return metadata;
}

}  // namespace arcsat
