#include "data/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "data/error.h"

namespace arcsat {
namespace {

/// "-1.5" and "+2", and not "-1+1", which a spreadsheet would compute.
bool IsNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(text.substr(1).starts_with('-') ? 0 : 1);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  return code == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

}  // namespace

CsvReader::CsvReader(std::string_view text, char separator, std::string place)
    : text_(text), separator_(separator), name_(std::move(place)) {}

std::string CsvReader::place() const { return fmt::format("{}:{}", name_, row_line_); }

bool CsvReader::Next(std::vector<std::string>* row) {
  row->clear();
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
    line_ += text_[at_] == '\n' ? 1 : 0;
    ++at_;
  }
  row_line_ = line_;
  if (at_ >= text_.size()) return false;
  const auto refuse = [&](const char* found) {
    throw Error({fmt::format("{}:{}", name_, row_line_), found,
                 "expected fields as RFC 4180 has them", "write the table anew, or mend the row"});
  };
  for (;;) {
    std::string field;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_;;) {
        const std::size_t quote = text_.find('"', at_);
        if (quote == std::string_view::npos) refuse("found a quoted field that does not end");
        field.append(text_.substr(at_, quote - at_));
        at_ = quote + 1;
        if (at_ >= text_.size() || text_[at_] != '"') break;
        field += '"';
        ++at_;
      }
      line_ += std::count(field.begin(), field.end(), '\n');
      const bool ends = at_ >= text_.size() || text_[at_] == separator_ || text_[at_] == '\n' ||
                        text_[at_] == '\r';
      if (!ends) refuse("found text behind a quoted field");
    } else {
      const char ends[] = {separator_, '\n', '\r'};
      const std::size_t end =
          std::min(text_.find_first_of(std::string_view(ends, 3), at_), text_.size());
      field = text_.substr(at_, end - at_);
      at_ = end;
    }
    row->push_back(std::move(field));
    if (at_ >= text_.size()) return true;
    const char c = text_[at_++];
    if (c == separator_) continue;
    if (c == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return true;
  }
}

char GuessSeparator(std::string_view text) {
  constexpr std::string_view kSeparators = ",;\t|";
  std::size_t counts[4] = {};
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n' || c == '\r') break;
    const std::size_t which = kSeparators.find(c);
    if (which != std::string_view::npos) ++counts[which];
  }
  return kSeparators[static_cast<std::size_t>(std::max_element(counts, counts + 4) - counts)];
}

std::string CsvQuoted(std::string_view text) {
  if (text.find_first_of(",;|\"\r\n\t") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string CsvField(std::string_view text) {
  const bool formula = !text.empty() && !IsNumber(text) &&
                       std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  return CsvQuoted(formula ? "'" + std::string(text) : std::string(text));
}

std::string CellText(std::string_view cell, bool* formula) {
  const bool wrapped = cell.size() >= 3 && cell.starts_with("=\"") && cell.ends_with('"') &&
                       cell.substr(2, cell.size() - 3).find('"') == std::string_view::npos;
  if (wrapped) return std::string(cell.substr(2, cell.size() - 3));
  if (cell.starts_with('=')) *formula = true;
  return std::string(cell);
}

}  // namespace arcsat
