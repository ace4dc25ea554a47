#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arcsat {

/// Reads comma-separated values by RFC 4180: a field in double quotes may hold separators, line
/// breaks and doubled quotes. Taken beyond the RFC: "\n" and "\r" as line ends, a quote inside a
/// field that does not begin with one (it stands for itself), and another separator. Empty lines
/// are passed over. `text` must outlive the reader.
///
///   CsvReader rows(text, GuessSeparator(text), "turns.csv");
///   for (std::vector<std::string> row; rows.Next(&row);) use(row, rows.place());
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator, std::string place);
  /// False at the end. Error where a quoted field does not end, or goes on behind its quote.
  bool Next(std::vector<std::string>* row);
  /// "file:line" of the row last returned, where it begins.
  std::string place() const;

 private:
  std::string_view text_;
  char separator_;
  std::string name_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1, row_line_ = 1;
};

/// The one of "," ";" tab and "|" that the first line has most of outside quotes; "," for none.
char GuessSeparator(std::string_view text);

/// One field as RFC 4180 has it.
std::string CsvQuoted(std::string_view text);

/// The same for people. A text that a spreadsheet would take for a formula (it begins with
/// = + - @, a tab or a carriage return, and is no plain number) gets a ' before it.
std::string CsvField(std::string_view text);

/// The text of ="00123", which spreadsheets write to keep an id from becoming a number; other
/// texts as they are. False in `*formula` turns true where the cell is a formula: it has a leading
/// = and no such text.
std::string CellText(std::string_view cell, bool* formula);

}  // namespace arcsat
