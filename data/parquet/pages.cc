#include "data/parquet/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

#include "data/error.h"
#include "data/importers/archive.h"
#include "data/parquet/snappy.h"
#include "data/parquet/thrift.h"
#include "data/parquet/values.h"

namespace arcsat {
namespace {

constexpr std::int64_t kDataPage = 0, kDictionaryPage = 2, kDataPageV2 = 3;
constexpr std::int64_t kPlain = 0, kPlainDictionary = 2, kRle = 3, kRleDictionary = 8;

struct Page {
  std::int64_t type = -1, unpacked = -1, packed = -1, values = -1, encoding = -1;
  std::int64_t levels = 0, repetitions = 0;  ///< bytes, in a page of the second version
  bool is_packed = true;
};

/// DataPageHeader and DictionaryPageHeader, which begin alike, or DataPageHeaderV2.
void ReadInner(ThriftReader* thrift, bool second, Page* page) {
  thrift->Struct([&](int id, int type) {
    if (id == 1) return thrift->Take(type, &page->values);
    if (id == (second ? 4 : 2)) return thrift->Take(type, &page->encoding);
    if (second && id == 5) return thrift->Take(type, &page->levels);
    if (second && id == 6) return thrift->Take(type, &page->repetitions);
    if (second && id == 7) return ThriftReader::Take(type, &page->is_packed);
    return false;
  });
}

Page ReadPage(ThriftReader* thrift) {
  Page page;
  thrift->Struct([&](int id, int type) {
    if (id == 1) return thrift->Take(type, &page.type);
    if (id == 2) return thrift->Take(type, &page.unpacked);
    if (id == 3) return thrift->Take(type, &page.packed);
    if (type != ThriftReader::kStruct || (id != 5 && id != 7 && id != 8)) return false;
    ReadInner(thrift, id == 8, &page);
    return true;
  });
  return page;
}

/// Reads a chunk's pages one after the other.
class ChunkReader {
 public:
  ChunkReader(const ParquetColumn& column, const ParquetChunk& chunk, const std::string& place,
              ParquetBudget* budget)
      : column_(column), chunk_(chunk), place_(place), budget_(*budget) {}

  ParquetCells Read(std::string_view bytes) {
    while (static_cast<std::int64_t>(cells_.ends.size()) < chunk_.values) {
      if (bytes.empty()) Fail("fewer values than it says");
      ThriftReader thrift(bytes, place_);
      const Page page = ReadPage(&thrift);
      bytes.remove_prefix(thrift.used());
      if (page.packed < 0 || page.unpacked < 0 || page.values < 0 ||
          page.packed > static_cast<std::int64_t>(bytes.size())) {
        Fail("a page that is cut off");
      }
      Take(page, bytes.substr(0, static_cast<std::size_t>(page.packed)));
      bytes.remove_prefix(static_cast<std::size_t>(page.packed));
    }
    return std::move(cells_);
  }

 private:
  void Take(const Page& page, std::string_view bytes) {
    if (page.type == kDictionaryPage) {
      const std::string text = Unpack(bytes, page.unpacked);
      rest_ = text;
      bit_ = 0;
      dictionary_ = {};
      for (std::int64_t i = 0; i < page.values; ++i) TakePlain(&dictionary_);
    } else if (page.type == kDataPage) {
      const std::string text = Unpack(bytes, page.unpacked);
      rest_ = text;
      const std::string_view repetitions = column_.repetitions > 0 ? TakeCounted() : "";
      TakeValues(page, repetitions, column_.definitions > 0 ? TakeCounted() : "");
    } else if (page.type == kDataPageV2) {
      const std::int64_t most = std::min(page.packed, page.unpacked);
      if (page.levels < 0 || page.repetitions < 0 || page.levels > most ||
          page.repetitions > most - page.levels ||
          (page.repetitions > 0 && column_.repetitions == 0)) {
        Fail("a page that contradicts itself");
      }
      const auto repetitions = static_cast<std::size_t>(page.repetitions);
      const std::size_t levels = repetitions + static_cast<std::size_t>(page.levels);
      const std::string text =
          page.is_packed
              ? Unpack(bytes.substr(levels), page.unpacked - static_cast<std::int64_t>(levels))
              : std::string(bytes.substr(levels));
      rest_ = text;
      TakeValues(page, bytes.substr(0, repetitions),
                 bytes.substr(repetitions, levels - repetitions));
    }
  }

  std::string Unpack(std::string_view bytes, std::int64_t claimed) {
    const auto size = static_cast<std::uint64_t>(claimed);
    budget_.Spend(size);
    std::string text;
    if (size == 0 && bytes.empty()) return text;
    if (chunk_.codec == static_cast<int>(ParquetCodec::kNone)) {
      text = bytes;
    } else if (chunk_.codec == static_cast<int>(ParquetCodec::kSnappy)) {
      text = UnpackSnappy(bytes, size, place_);
    } else if (chunk_.codec == static_cast<int>(ParquetCodec::kGzip) ||
               chunk_.codec == static_cast<int>(ParquetCodec::kZstd)) {
      text = Unpacked(std::string(bytes), place_, size);
    } else {
      throw Error({place_ + ": " + column_.name, fmt::format("found compression {}", chunk_.codec),
                   "expected Snappy, gzip, Zstandard or none", "write the file with one of these"});
    }
    if (text.size() != size) Fail("a page of another size than it says");
    return text;
  }

  /// Four bytes of length, and as many bytes.
  std::string_view TakeCounted() {
    const std::size_t size = ParquetNumber(TakeBytes(4), 4);
    return TakeBytes(size);
  }

  std::string_view TakeBytes(std::size_t size) {
    if (size > rest_.size()) Fail("a page that ends too early");
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  void TakePlain(ParquetCells* cells) {
    if (column_.type == ParquetType::kBool) {
      if (rest_.empty()) Fail("a page that ends too early");
      cells->text += ((static_cast<unsigned char>(rest_[0]) >> bit_) & 1) != 0 ? "true" : "false";
      bit_ = (bit_ + 1) % 8;
      if (bit_ == 0) rest_.remove_prefix(1);
    } else {
      const std::size_t width = ParquetWidth(column_.type);
      AppendParquetValue(column_, width > 0 ? TakeBytes(width) : TakeCounted(), &cells->text);
    }
    End(cells);
  }

  void End(ParquetCells* cells) {
    const std::size_t begin = cells->ends.empty() ? 0 : cells->ends.back();
    cells->ends.push_back(cells->text.size());
    budget_.Spend(cells->text.size() - begin + sizeof(std::size_t));
  }

  /// Notes a value's levels; whether it is there.
  bool TakeLevels(ParquetRuns* repetitions, ParquetRuns* definitions) {
    std::uint32_t repetition = 0, definition = 0;
    if ((column_.repetitions > 0 && !repetitions->Next(&repetition)) ||
        (column_.definitions > 0 && !definitions->Next(&definition))) {
      Fail("fewer levels than values");
    }
    if (repetition > static_cast<std::uint32_t>(column_.repetitions) ||
        definition > static_cast<std::uint32_t>(column_.definitions)) {
      Fail("levels that its schema has not");
    }
    if (!column_.flat) {
      budget_.Spend(2);
      cells_.repetitions.push_back(static_cast<std::uint8_t>(repetition));
      cells_.definitions.push_back(static_cast<std::uint8_t>(definition));
    }
    return definition == static_cast<std::uint32_t>(column_.definitions);
  }

  void TakeValues(const Page& page, std::string_view repetition_levels,
                  std::string_view definition_levels) {
    const auto width = [](int most) {
      return static_cast<unsigned>(std::bit_width(static_cast<unsigned>(most)));
    };
    ParquetRuns repetitions(repetition_levels, width(column_.repetitions));
    ParquetRuns definitions(definition_levels, width(column_.definitions));
    std::optional<ParquetRuns> runs;
    const bool dictionary = page.encoding == kPlainDictionary || page.encoding == kRleDictionary;
    const bool truths = page.encoding == kRle && column_.type == ParquetType::kBool;
    if (!dictionary && !truths && page.encoding != kPlain) {
      throw Error({place_ + ": " + column_.name, fmt::format("found encoding {}", page.encoding),
                   "expected plain values or a dictionary",
                   "write the file with the encodings of Parquet 1.0"});
    }
    // A page of nulls may have nothing behind its levels.
    if (dictionary && !rest_.empty()) {
      const auto bits = static_cast<unsigned>(ParquetNumber(TakeBytes(1), 1));
      if (bits > 32) Fail("places in a dictionary of more than 32 bits");
      runs.emplace(rest_, bits);
    } else if (truths && !rest_.empty()) {
      runs.emplace(TakeCounted(), 1);
    }
    bit_ = 0;
    for (std::int64_t i = 0; i < page.values; ++i) {
      std::uint32_t value = 0;
      if (!TakeLevels(&repetitions, &definitions)) {
        End(&cells_);
      } else if (page.encoding == kPlain) {
        TakePlain(&cells_);
      } else {
        if (!runs || !runs->Next(&value)) Fail("a page that ends too early");
        if (truths) {
          cells_.text += value != 0 ? "true" : "false";
        } else if (value < dictionary_.ends.size()) {
          cells_.text += dictionary_[value];
        } else {
          Fail("a place behind the dictionary's end");
        }
        End(&cells_);
      }
    }
  }

  [[noreturn]] void Fail(const char* found) const {
    throw Error({place_ + ": " + column_.name, std::string("found a Parquet column with ") + found,
                 "expected a whole Parquet file", "write the file anew"});
  }

  const ParquetColumn& column_;
  const ParquetChunk& chunk_;
  const std::string& place_;
  ParquetBudget& budget_;
  ParquetCells cells_, dictionary_;
  std::string_view rest_;  ///< of the page under way
  unsigned bit_ = 0;       ///< of rest_[0], of truth values
};

}  // namespace

void ParquetBudget::Spend(std::uint64_t bytes) {
  if (bytes > left_) {
    throw Error({place_, "found a table that is too large, unpacked", "expected a smaller one",
                 "write it in smaller groups of rows, or raise --import.file_limit"});
  }
  left_ -= bytes;
}

ParquetCells ReadParquetChunk(std::string_view file, const ParquetColumn& column,
                              const ParquetChunk& chunk, const std::string& place,
                              ParquetBudget* budget) {
  const bool has_dictionary = chunk.dictionary > 0 && chunk.dictionary < chunk.offset;
  const std::int64_t begin = has_dictionary ? chunk.dictionary : chunk.offset;
  const auto size = static_cast<std::int64_t>(file.size());
  if (begin < 4 || begin > size || chunk.size < 0 || chunk.size > size - begin) {
    throw Error({place + ": " + column.name, "found a Parquet column outside the file",
                 "expected a whole Parquet file", "write the file anew"});
  }
  return ChunkReader(column, chunk, place, budget)
      .Read(file.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(chunk.size)));
}

}  // namespace arcsat
