#include "train/long_work.h"

#include <algorithm>
#include <vector>

#include "data/error.h"
#include "train/processes.h"

namespace arcsat {
namespace {

/// All processes meet in a sum, again and again, until nobody is at work.
class Meetings {
 public:
  explicit Meetings(Processes& processes) : processes_(processes) {}

  /// Whether somebody is at work still. Error where the work of one has failed.
  bool Meet(bool at_work) {
    over_ = true;  // unless this one goes well
    const std::vector<double> sums = processes_.Sum({at_work ? 1.0 : 0.0, 0.0});
    if (sums[1] > 0) {
      throw Error({"the other processes", "one has failed at work that the others wait for",
                   "expected it to be done", "look at the message of that process"});
    }
    over_ = false;
    return sums[0] > 0;
  }

  /// Tells the others that the work of this one has failed.
  void Fail() {
    if (over_) return;  // they know, or are gone
    try {
      processes_.Sum({0.0, 1.0});
    } catch (const Error&) {
      // Why the work failed is what matters.
    }
  }

 private:
  Processes& processes_;
  bool over_ = false;  ///< nobody meets any more
};

/// Often enough that a slow moment between two pulses does not count.
std::chrono::milliseconds PulseEvery(std::chrono::seconds timeout) {
  constexpr std::chrono::milliseconds kMost{5000};
  return std::min(kMost, std::chrono::milliseconds(timeout) / 4);
}

}  // namespace

void WhileOthersWait(Processes& processes, std::chrono::seconds timeout,
                     const std::function<void(const Pulse&)>& work) {
  using Clock = std::chrono::steady_clock;
  Meetings meetings(processes);
  if (work) {
    auto met = Clock::now();
    try {
      work([&] {
        if (Clock::now() - met < PulseEvery(timeout)) return;
        meetings.Meet(/*at_work=*/true);
        met = Clock::now();
      });
    } catch (...) {
      meetings.Fail();
      throw;
    }
  }
  while (meetings.Meet(/*at_work=*/false)) {
  }
}

}  // namespace arcsat
