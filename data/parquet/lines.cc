#include "data/parquet/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "data/error.h"
#include "data/mapped_file.h"
#include "data/parquet/metadata.h"
#include "data/parquet/rows.h"

namespace arcsat {

bool BeginsLikeParquet(std::string_view bytes) { return bytes.starts_with(kParquetMagic); }

std::string ParquetToLines(std::string_view bytes, const std::string& place, std::uint64_t limit) {
  const ParquetMetadata metadata = ReadParquetMetadata(bytes, place);
  std::string text;
  if (std::none_of(metadata.schema.begin(), metadata.schema.end(),
                   [](const ParquetNode& node) { return node.name == "turns"; })) {
    return text;
  }
  ParquetRowBuilder rows(metadata, place);
  for (const ParquetRows& group : metadata.groups) {
    rows.Load(bytes, group);
    for (std::int64_t i = 0; i < group.rows; ++i) {
      rows.Append(&text);
      text += '\n';
      if (text.size() > 4 * limit) {
        throw Error({place, "found a table that is too large, unpacked", "expected a smaller one",
                     "raise --import.file_limit, or split the file"});
      }
    }
    rows.CheckEnded();
  }
  return text;
}

struct ParquetLines::Impl {
  Impl(const std::string& path, std::size_t most)
      : name(path),
        limit(most),
        file(path, "Parquet file"),
        metadata(ReadParquetMetadata(file.bytes(), name)),
        rows(metadata, name) {
    for (const ParquetRows& group : metadata.groups) total += group.rows;
    if (std::none_of(metadata.columns.begin(), metadata.columns.end(),
                     [](const ParquetColumn& column) { return column.known; })) {
      throw Error({name, "found no column that can be read", "expected texts and numbers",
                   "write the file with an id and turns"});
    }
  }

  std::string name;
  std::size_t limit;
  MappedFile file;
  ParquetMetadata metadata;
  ParquetRowBuilder rows;
  std::size_t next_group = 0;
  std::int64_t left = 0;  // rows of the group under way
  std::int64_t done = 0, total = 0;
};

ParquetLines::ParquetLines(const std::string& path, std::size_t limit)
    : impl_(std::make_unique<Impl>(path, limit)) {}

ParquetLines::~ParquetLines() = default;

bool ParquetLines::Next(std::string* line) {
  line->clear();
  while (impl_->left == 0) {
    if (impl_->next_group > 0) impl_->rows.CheckEnded();
    if (impl_->next_group == impl_->metadata.groups.size()) return false;
    const ParquetRows& group = impl_->metadata.groups[impl_->next_group++];
    impl_->left = group.rows;
    impl_->rows.Load(impl_->file.bytes(), group);
  }
  impl_->rows.Append(line);
  --impl_->left;
  ++impl_->done;
  if (line->size() > impl_->limit) {
    throw Error({fmt::format("{}:{}", impl_->name, impl_->done),
                 fmt::format("found a row longer than {} bytes", impl_->limit),
                 "expected one conversation a row", "check what the table's rows are"});
  }
  return true;
}

std::uint64_t ParquetLines::bytes_read() const {
  const double share =
      impl_->total > 0 ? static_cast<double>(impl_->done) / static_cast<double>(impl_->total) : 1.0;
  return static_cast<std::uint64_t>(share * static_cast<double>(bytes_total()));
}

std::uint64_t ParquetLines::bytes_total() const { return impl_->file.bytes().size(); }

}  // namespace arcsat
