#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "eval/report/report.h"

namespace arcsat {

constexpr std::size_t kReportNameBytes = 300;  ///< of an id or a name in a page, at most

/// 0..1 in thousandths, cut to that range; 4095 where it is not finite.
int Thousandths(double value);

/// An arc as text, 5 characters a point, each character one of 64 (A-Z a-z 0-9 + /): the turns
/// since the point before (one character; '/' is followed by the number in three), the state and
/// the outlook in thousandths (two each; "//" where unknown). At most `points` are kept, evenly,
/// the first and the last among them.
std::string PackArc(const std::vector<ReportState>& states, std::size_t points);

/// The most points an arc may have so that arcs of these lengths fit into so many bytes; at
/// least 8.
std::size_t PointsThatFit(const std::vector<std::size_t>& lengths, std::size_t bytes);

/// Texts as codes into the list of those that occur: {"values", "codes"}.
class CodedColumn {
 public:
  void Add(const std::string& text);
  Json ToJson() const { return {{"values", values_}, {"codes", column_}}; }

 private:
  std::map<std::string, std::size_t> codes_;
  Json values_ = Json::array(), column_ = Json::array();
};

/// Row -> turns to read, as many as the options allow: {"12": [[speaker, text], …]}, speakers 0
/// customer, 1 agent, 2 bot.
class Transcripts {
 public:
  explicit Transcripts(const ListOptions& options);
  /// Rows in ascending order. One that has no turns, or does not fit any more, is left out.
  void Add(std::size_t row, const std::vector<ReportTurn>& turns);
  const Json& ToJson() const { return texts_; }

 private:
  std::size_t rows_left_, bytes_left_;
  Json texts_ = Json::object();
};

/// At most `limit` items, sorted: the first rank's before the second's and so on, of the rank that
/// does not fit an even sample.
std::vector<std::size_t> TakeByRank(const std::vector<std::vector<std::size_t>>& ranks, int limit);

/// At most `count` items, sorted: the first of each order, then the second of each, and so on.
std::vector<std::size_t> TakeInTurns(const std::vector<std::vector<std::size_t>>& orders,
                                     int count);

}  // namespace arcsat
