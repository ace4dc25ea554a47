#include "data/parquet/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/error.h"
#include "data/importers/archive.h"

namespace arcsat {
namespace {

/// Bytes that are not UTF-8 stay as they are: what reads the line says so, and of which row.
void AppendQuoted(std::string_view text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      *out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      *out += c;
    }
  }
  *out += '"';
}

/// JSON from a cell: its line breaks are white space there, and would end the line here.
void AppendOnOneLine(std::string_view json, std::string* out) {
  for (const char c : json) *out += c == '\n' || c == '\r' ? ' ' : c;
}

/// Whether a text of this name, of the row itself, may be JSON written out.
bool MayBeWrittenOut(const std::string& name) {
  return name == "turns" || name == "survey" || name == "attributes";
}

}  // namespace

void ParquetRowBuilder::Load(std::string_view file, const ParquetRows& group) {
  std::uint64_t size = 0;
  for (const ParquetChunk& chunk : group.chunks) {
    size += static_cast<std::uint64_t>(std::max<std::int64_t>(chunk.size, 0));
  }
  constexpr std::uint64_t kAlways = std::uint64_t{64} << 20;
  const std::uint64_t most = std::min<std::uint64_t>(size, file.size()) * kMostUnpacked;
  ParquetBudget budget(std::max(kAlways, most), place_);
  bool known = false;
  for (std::size_t i = 0; i < cursors_.size(); ++i) {
    cursors_[i] = {};
    if (!Known(i)) continue;
    known = true;
    cursors_[i].cells =
        ReadParquetChunk(file, metadata_.columns[i], group.chunks[i], place_, &budget);
  }
  // Nothing else bounds the rows that a few bytes may promise.
  if (known || group.rows == 0) return;
  throw Error({place_, fmt::format("found {} rows without a column that can be read", group.rows),
               "expected columns of texts, numbers, times, lists or groups",
               "docs/import.md says what of Parquet is read"});
}

void ParquetRowBuilder::Append(std::string* out) {
  for (std::size_t i = 0; i < cursors_.size(); ++i) {
    if (Known(i) && (cursors_[i].ended() || Repetition(i) != 0)) Contradicted(i);
  }
  AppendGroup(metadata_.schema.front(), /*top=*/true, out);
}

void ParquetRowBuilder::CheckEnded() const {
  for (std::size_t i = 0; i < cursors_.size(); ++i) {
    if (Known(i) && !cursors_[i].ended()) Contradicted(i);
  }
}

int ParquetRowBuilder::Repetition(std::size_t column) const {
  const Cursor& cursor = cursors_[column];
  return metadata_.columns[column].flat ? 0 : cursor.cells.repetitions[cursor.at];
}

/// How many of the fields around the column's next value are there.
int ParquetRowBuilder::Definition(std::size_t column) const {
  const Cursor& cursor = cursors_[column];
  const ParquetColumn& told = metadata_.columns[column];
  if (!told.flat) return cursor.cells.definitions[cursor.at];
  return told.definitions;  // of a flat column null is an empty cell, see AppendValue()
}

/// The first column of a field that can be read; none: as many as there are columns.
std::size_t ParquetRowBuilder::FirstKnown(const ParquetNode& node) const {
  for (std::size_t i = node.column; i < node.column + node.columns; ++i) {
    if (Known(i)) return i;
  }
  return metadata_.columns.size();
}

/// Passes over a field that is not there.
void ParquetRowBuilder::Skip(const ParquetNode& node) {
  for (std::size_t i = node.column; i < node.column + node.columns; ++i) {
    if (!Known(i)) continue;
    if (cursors_[i].ended()) Contradicted(i);
    ++cursors_[i].at;
  }
}

/// `begin` and a field; nothing where it is missing. Whether it was there.
bool ParquetRowBuilder::AppendField(const ParquetNode& node, std::string_view begin, bool top,
                                    std::string* out) {
  const std::size_t first = FirstKnown(node);
  if (first == metadata_.columns.size()) return false;
  if (cursors_[first].ended()) Contradicted(first);
  if (!node.repeated && Definition(first) < node.definitions) {
    Skip(node);
    return false;
  }
  const std::size_t size = out->size();
  *out += begin;
  if (node.repeated) {
    AppendList(node, node, out);
  } else if (!AppendContent(node, top, out)) {
    out->resize(size);
    return false;
  }
  return true;
}

/// A field that is there, once; false where it is null after all.
bool ParquetRowBuilder::AppendContent(const ParquetNode& node, bool top, std::string* out) {
  if (node.kind == ParquetNode::Kind::kColumn) return AppendValue(node, top, out);
  if (node.children.size() == 1) {
    const ParquetNode& inner = metadata_.schema[node.children.front()];
    if (inner.repeated && node.kind == ParquetNode::Kind::kList) {
      AppendList(inner, Element(inner), out);
      return true;
    }
    if (inner.repeated && node.kind == ParquetNode::Kind::kMap && inner.children.size() == 2) {
      AppendMap(inner, out);
      return true;
    }
  }
  AppendGroup(node, /*top=*/false, out);
  return true;
}

void ParquetRowBuilder::AppendGroup(const ParquetNode& node, bool top, std::string* out) {
  *out += '{';
  bool any = false;
  for (const std::size_t child : node.children) {
    const ParquetNode& field = metadata_.schema[child];
    std::string begin = any ? "," : "";
    AppendQuoted(field.name, &begin);
    begin += ':';
    any = AppendField(field, begin, top, out) || any;
  }
  *out += '}';
}

/// What stands in a list's repeated field: the field itself, or what alone is in it (the format's
/// rules for lists, those for older writers included).
const ParquetNode& ParquetRowBuilder::Element(const ParquetNode& repeated) const {
  const bool wrapper = repeated.kind == ParquetNode::Kind::kGroup &&
                       repeated.children.size() == 1 && repeated.name != "array" &&
                       !repeated.name.ends_with("_tuple");
  return wrapper ? metadata_.schema[repeated.children.front()] : repeated;
}

/// Calls `use` once for each of a repeated field's occurrences, which has to take it.
template <class Use>
void ParquetRowBuilder::ForEach(const ParquetNode& repeated, Use use) {
  const std::size_t first = FirstKnown(repeated);
  if (cursors_[first].ended()) Contradicted(first);
  if (Definition(first) < repeated.definitions) return Skip(repeated);
  for (bool more = true; more;) {
    const std::size_t before = cursors_[first].at;
    use();
    if (cursors_[first].at == before) Contradicted(first);
    more = !cursors_[first].ended() && Repetition(first) == repeated.repetitions;
  }
}

void ParquetRowBuilder::AppendList(const ParquetNode& repeated, const ParquetNode& element,
                                   std::string* out) {
  *out += '[';
  bool any = false;
  ForEach(repeated, [&] {
    if (any) *out += ',';
    any = true;
    const bool there = &element == &repeated ? AppendContent(element, /*top=*/false, out)
                                             : AppendField(element, "", /*top=*/false, out);
    if (!there) *out += "null";
  });
  *out += ']';
}

void ParquetRowBuilder::AppendMap(const ParquetNode& repeated, std::string* out) {
  *out += '{';
  bool any = false;
  ForEach(repeated, [&] {
    std::string key, begin = any ? "," : "";
    AppendField(metadata_.schema[repeated.children[0]], "", /*top=*/false, &key);
    if (key.starts_with('"')) {
      begin += key;
    } else {  // a number
      AppendQuoted(key, &begin);
    }
    begin += ':';
    any = AppendField(metadata_.schema[repeated.children[1]], begin, /*top=*/false, out) || any;
  });
  *out += '}';
}

/// A column's next value; false where it is null after all: a flat column's, or a number that JSON
/// has not.
bool ParquetRowBuilder::AppendValue(const ParquetNode& node, bool top, std::string* out) {
  const ParquetColumn& column = metadata_.columns[node.column];
  Cursor& cursor = cursors_[node.column];
  if (cursor.ended() || Definition(node.column) != column.definitions) Contradicted(node.column);
  const std::string_view cell = cursor.cells[cursor.at++];
  const bool text = column.type == ParquetType::kBytes;
  if (cell.empty() && (!text || (column.flat && column.definitions > 0))) return false;
  const bool number =
      !text && column.type != ParquetType::kInt96 &&
      (column.meaning == ParquetMeaning::kPlain || column.meaning == ParquetMeaning::kDecimal);
  const bool json =
      column.meaning == ParquetMeaning::kJson || (text && top && MayBeWrittenOut(node.name) &&
                                                  (cell.starts_with('[') || cell.starts_with('{')));
  if (number || json) {
    AppendOnOneLine(cell, out);
  } else {
    AppendQuoted(cell, out);
  }
  return true;
}

void ParquetRowBuilder::Contradicted(std::size_t column) const {
  throw Error({place_ + ": " + metadata_.columns[column].name,
               "found a Parquet column that contradicts those beside it",
               "expected a whole Parquet file", "write the file anew"});
}

}  // namespace arcsat
