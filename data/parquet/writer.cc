#include "data/parquet/writer.h"

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "data/parquet/metadata.h"

namespace arcsat {
namespace {

constexpr std::size_t kGroupBytes = std::size_t{32} << 20;
// Of parquet.thrift.
constexpr int kPlainEncoding = 0, kRleEncoding = 3, kUtf8 = 0, kJsonText = 19;

void AppendVarint(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

/// Little-endian, as the machines are that this program is built for.
template <class Number>
void AppendBytes(Number value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Thrift's compact protocol; fields go in by rising number.
class ThriftWriter {
 public:
  explicit ThriftWriter(std::string* out) : out_(*out) {}

  void Int32(int id, std::int64_t value) { Whole(id, 5, value); }
  void Int64(int id, std::int64_t value) { Whole(id, 6, value); }
  void Text(int id, std::string_view text) {
    Header(id, 8);
    Bytes(text);
  }
  /// A list of `size` elements of a type (5: int32, 8: text, 12: structs), which are appended next.
  void List(int id, std::size_t size, int type) {
    Header(id, 9);
    if (size < 15) {
      out_.push_back(static_cast<char>(size << 4 | static_cast<unsigned>(type)));
    } else {
      out_.push_back(static_cast<char>(0xF0 | type));
      AppendVarint(size, &out_);
    }
  }
  void Bytes(std::string_view text) {
    AppendVarint(text.size(), &out_);
    out_.append(text);
  }
  void ZigZag(std::int64_t value) {
    AppendVarint(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63),
                 &out_);
  }
  /// A struct as a field; End() closes it, and the outermost one.
  void Begin(int id) {
    Header(id, 12);
    BeginElement();
  }
  /// A struct as an element of a list.
  void BeginElement() {
    before_.push_back(last_);
    last_ = 0;
  }
  void End() {
    out_.push_back('\0');
    if (before_.empty()) return;
    last_ = before_.back();
    before_.pop_back();
  }

 private:
  void Header(int id, int type) {
    const int step = id - last_;
    if (step < 1 || step > 15) throw std::logic_error("thrift: fields out of order");
    out_.push_back(static_cast<char>(step << 4 | type));
    last_ = id;
  }
  void Whole(int id, int type, std::int64_t value) {
    Header(id, type);
    ZigZag(value);
  }

  std::string& out_;
  int last_ = 0;
  std::vector<int> before_;
};

int TypeOf(ParquetKind kind) {
  switch (kind) {
    case ParquetKind::kNumber:
      return static_cast<int>(ParquetType::kDouble);
    case ParquetKind::kWhole:
      return static_cast<int>(ParquetType::kInt64);
    default:
      return static_cast<int>(ParquetType::kBytes);
  }
}

/// Definition levels of one bit: runs of equal ones, behind their length.
std::string Levels(const std::vector<bool>& filled) {
  std::string runs;
  for (std::size_t i = 0; i < filled.size();) {
    std::size_t end = i;
    while (end < filled.size() && filled[end] == filled[i]) ++end;
    AppendVarint((end - i) << 1, &runs);
    runs.push_back(filled[i] ? 1 : 0);
    i = end;
  }
  std::string out;
  AppendBytes(static_cast<std::uint32_t>(runs.size()), &out);
  return out + runs;
}

/// A root without a type of its own, and a leaf for each field.
void WriteSchema(const std::vector<ParquetField>& fields, ThriftWriter* file) {
  file->List(2, fields.size() + 1, 12);
  file->BeginElement();
  file->Text(4, "schema");
  file->Int32(5, static_cast<std::int64_t>(fields.size()));
  file->End();
  for (const ParquetField& field : fields) {
    file->BeginElement();
    file->Int32(1, TypeOf(field.kind));
    file->Int32(3, field.optional ? 1 : 0);
    file->Text(4, field.name);
    if (field.kind == ParquetKind::kText) file->Int32(6, kUtf8);
    if (field.kind == ParquetKind::kJson) file->Int32(6, kJsonText);
    file->End();
  }
}

}  // namespace

ParquetWriter::ParquetWriter(std::vector<ParquetField> fields)
    : fields_(std::move(fields)), columns_(fields_.size()) {}

void ParquetWriter::Put(std::size_t field, const ParquetCell& cell) {
  Column& column = columns_[field];
  const ParquetField& told = fields_[field];
  const bool filled = !std::holds_alternative<std::monostate>(cell);
  if (told.optional) {
    column.filled.push_back(filled);
    if (!filled) return;
  }
  switch (told.kind) {
    case ParquetKind::kNumber:
      return AppendBytes(std::get<double>(cell), &column.values);
    case ParquetKind::kWhole:
      return AppendBytes(std::get<std::int64_t>(cell), &column.values);
    default:
      const auto& text = std::get<std::string>(cell);
      AppendBytes(static_cast<std::uint32_t>(text.size()), &column.values);
      column.values += text;
  }
}

std::string ParquetWriter::Add(const std::vector<ParquetCell>& row) {
  if (row.size() != fields_.size()) throw std::logic_error("parquet: a row of another width");
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    Put(i, row[i]);
    bytes += columns_[i].values.size();
  }
  ++rows_;
  return bytes >= kGroupBytes ? Flush() : "";
}

std::string ParquetWriter::Page(const Column& column, bool optional) const {
  const std::string levels = optional ? Levels(column.filled) : "";
  const auto size = static_cast<std::int64_t>(levels.size() + column.values.size());
  std::string out;
  ThriftWriter header(&out);
  header.Int32(1, 0);  // a data page
  header.Int32(2, size);
  header.Int32(3, size);  // compressed
  header.Begin(5);
  header.Int32(1, rows_);
  header.Int32(2, kPlainEncoding);
  header.Int32(3, kRleEncoding);  // of definition levels
  header.Int32(4, kRleEncoding);  // of repetition levels, which a flat table has not
  header.End();
  header.End();
  return out + levels + column.values;
}

std::string ParquetWriter::Flush() {
  std::string out = written_ == 0 ? std::string(kParquetMagic) : "";
  if (rows_ == 0) {
    written_ += static_cast<std::int64_t>(out.size());
    return out;
  }
  Group group{rows_, 0, {}};
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string page = Page(columns_[i], fields_[i].optional);
    const auto size = static_cast<std::int64_t>(page.size());
    group.chunks.push_back({written_ + static_cast<std::int64_t>(out.size()), size});
    group.size += size;
    out += page;
    columns_[i] = {};
  }
  groups_.push_back(std::move(group));
  rows_ = 0;
  written_ += static_cast<std::int64_t>(out.size());
  return out;
}

std::string ParquetWriter::Footer() const {
  std::string out;
  ThriftWriter file(&out);
  std::int64_t rows = 0;
  for (const Group& group : groups_) rows += group.rows;
  file.Int32(1, 2);
  WriteSchema(fields_, &file);
  file.Int64(3, rows);
  file.List(4, groups_.size(), 12);
  for (const Group& group : groups_) {
    file.BeginElement();
    file.List(1, group.chunks.size(), 12);
    for (std::size_t i = 0; i < group.chunks.size(); ++i) {
      const Chunk& chunk = group.chunks[i];
      file.BeginElement();
      file.Int64(2, chunk.offset);
      file.Begin(3);
      file.Int32(1, TypeOf(fields_[i].kind));
      file.List(2, 2, 5);
      file.ZigZag(kPlainEncoding);
      file.ZigZag(kRleEncoding);
      file.List(3, 1, 8);
      file.Bytes(fields_[i].name);
      file.Int32(4, 0);  // uncompressed
      file.Int64(5, group.rows);
      file.Int64(6, chunk.size);
      file.Int64(7, chunk.size);
      file.Int64(9, chunk.offset);
      file.End();
      file.End();
    }
    file.Int64(2, group.size);
    file.Int64(3, group.rows);
    file.End();
  }
  file.Text(6, "arcsat");
  file.End();
  return out;
}

std::string ParquetWriter::Finish() {
  std::string out = Flush();
  const std::string footer = Footer();
  out += footer;
  AppendBytes(static_cast<std::uint32_t>(footer.size()), &out);
  return out + std::string(kParquetMagic);
}

}  // namespace arcsat
