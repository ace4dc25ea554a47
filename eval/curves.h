#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/conversation.h"
#include "eval/metrics.h"

namespace arcsat {

/// One threshold's place on a curve.
struct CurvePoint {
  double x = 0, y = 0;
  std::optional<double> threshold;  ///< satisfied where p >= threshold; empty: none is
};

/// ROC: x false-positive rate, y true-positive rate, from (0, 0) to (1, 1). Precision-recall:
/// x recall, y precision, from recall 0 (precision 1 by convention, as scikit-learn) to 1; between
/// points the curve is a step at the precision of the next one.
struct Curves {
  std::vector<CurvePoint> roc, pr;
};

struct CurveOptions {
  int points = 400;  ///< at most, of each curve, >= 2
};

/// Thresholds are the distinct chances. Points on a straight line between their neighbours are left
/// out (ROC: collinear ones; precision-recall: inside a run of one recall), which changes nothing.
/// Where more than `points` corners remain, those are kept that lie evenly along the curve, both
/// ends always; every point shown is one of the exact curve. ROC is empty unless both classes are
/// there, precision-recall without a satisfied one. Error as metrics.h.
Curves MakeCurves(Values p, Labels y, const CurveOptions& options = {});

/// The object "curves" of evaluation.json: [x, y, threshold], the threshold null where empty.
Json ToJson(const Curves& curves);

/// A conversation as the charts need it.
struct ArcItem {
  double p = 0;                   ///< p_satisfied, 0..1
  std::vector<double> states;     ///< of the customer's turns in order, 0..1
  std::optional<bool> satisfied;  ///< empty where nobody answered
};

/// Counts of conversations by a figure and by outcome.
struct Histogram {
  std::vector<double> edges;  ///< bins + 1; a bin holds its lower edge, the last both
  std::vector<int> satisfied, dissatisfied, no_answer;
};

/// Fixed edges, so that two reports compare: 20 bins over 0..1 for score (p), entry and exit, over
/// -1..1 for delta. Conversations without a customer turn count in `score` only.
struct Histograms {
  Histogram score, delta, entry, exit;
};

/// Error on a figure out of range.
Histograms MakeHistograms(const std::vector<ArcItem>& items);

/// The object "histograms" of evaluation.json.
Json ToJson(const Histograms& histograms);

/// How the state of conversations with one outcome runs from the first customer turn to the last.
struct ArcGroup {
  std::string outcome;                   ///< satisfied | dissatisfied | no_answer
  int n = 0;                             ///< conversations with a customer turn
  std::vector<double> median, q25, q75;  ///< at each place of the grid
};

struct Arcs {
  std::vector<double> grid;  ///< 0, 0.1, ..., 1: first to last customer turn
  std::vector<ArcGroup> groups;
};

/// Each conversation's states are interpolated linearly over the customer's turns, evenly spaced
/// (one turn: the same everywhere); quartiles over conversations (type 7). Outcomes nobody had are
/// left out. Error on a state out of range.
Arcs MakeArcs(const std::vector<ArcItem>& items);

/// The object "arcs" of evaluation.json.
Json ToJson(const Arcs& arcs);

}  // namespace arcsat
