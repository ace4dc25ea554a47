#pragma once

#include <Eigen/Dense>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace arcsat {

/// What is known of a conversation before its customer is asked.
struct SurveyContext {
  std::string channel;             ///< "chat", "voice", or empty
  std::string problem_type;        ///< or empty
  int turns = 0;                   ///< everyone's, >= 0
  double entry = 0.5, exit = 0.5;  ///< calibrated states, 0..1
  std::optional<bool> escalated;   ///< where the data say so
};

/// Every covariate as numbers, for the response model and for the balance.
namespace covariates {

struct Field {
  const char* name;
  std::string (*of)(const SurveyContext&);  ///< "(none)" where it is missing
};
struct Measure {
  const char* name;
  double (*of)(const SurveyContext&);
};

const std::vector<Field>& Fields();      ///< channel, problem_type, escalated
const std::vector<Measure>& Measures();  ///< turns, entry, exit

/// How many conversations have a value, and how many of them answered.
struct Tally {
  int n = 0, answered = 0;
};
std::map<std::string, Tally> Count(const Field& field, const std::vector<SurveyContext>& contexts,
                                   const std::vector<int>& answered);

}  // namespace covariates

/// The columns of the response model, chosen on the conversations it is fitted to:
///   channel[voice], problem_type[billing], escalated[yes]: an indicator for each value but the one
///       with most answers. Values with fewer than `per_column` answers share one, "[(rare)]", or
///       have none and count as the commonest, where they have too few together.
///   log turns, entry, exit: straight lines with kinks, "exit above 0.42", evenly spaced from the
///       2nd to the 98th percentile. The more answers (and silences) there are, the more kinks, up
///       to `kinks`: `per_column` of them a column. Where states are bimodal, as those of settled
///       and unsettled problems are, quantiles or smooth curves would miss what lies between.
/// A measure that is the same for all has no column.
class ResponseColumns {
 public:
  ResponseColumns() = default;
  /// `answered` is 0 or 1 a conversation; `kinks` >= 0, `per_column` >= 1.
  ResponseColumns(const std::vector<SurveyContext>& contexts, const std::vector<int>& answered,
                  int kinks, int per_column);

  const std::vector<std::string>& names() const { return names_; }
  /// "channel[voice]": values of which there are conversations but no answers.
  const std::vector<std::string>& silent() const { return silent_; }
  /// (columns). A value not seen before counts as rare, or as the commonest where none was rare.
  Eigen::VectorXd Row(const SurveyContext& context) const;
  /// (conversations, columns).
  Eigen::MatrixXd Matrix(const std::vector<SurveyContext>& contexts) const;

 private:
  struct Indicators {
    std::string commonest;            // all zeros
    std::vector<std::string> values;  // a column each, sorted
    bool rare = false;                // one more column
  };
  void AddIndicators(const covariates::Field& field, const std::vector<SurveyContext>& contexts,
                     const std::vector<int>& answered, int per_column);
  void AddLine(const covariates::Measure& measure, const std::vector<SurveyContext>& contexts,
               int kinks);

  struct Line {
    bool varies = false;  // else no column
    std::vector<double> kinks;
  };
  std::vector<Indicators> indicators_;  // one a field
  std::vector<Line> lines_;             // one a measure
  std::vector<std::string> names_, silent_;
};

}  // namespace arcsat
