#include "configs/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace arcsat {
namespace {

/// A pipe or a pseudo-terminal that keeps what is written to it.
class Sink {
 public:
  explicit Sink(bool terminal) {
    int ends[2];
    if (terminal) {
      winsize size{.ws_row = 24, .ws_col = 90, .ws_xpixel = 0, .ws_ypixel = 0};
      if (openpty(&ends[0], &ends[1], nullptr, nullptr, &size) != 0) std::abort();
    } else if (pipe(ends) != 0) {
      std::abort();
    }
    read_ = ends[0];
    write_ = ends[1];
  }
  ~Sink() { close(read_); }
  int descriptor() const { return write_; }
  std::string Text() {
    std::string text;
    char buffer[4096];
    // A terminal loses what is unread when its writer closes, so what is there is taken first.
    const std::string mark = "\x04";
    if (write(write_, mark.data(), 1) != 1) std::abort();
    while (text.find(mark) == std::string::npos) {
      const ssize_t got = read(read_, buffer, sizeof buffer);
      if (got <= 0) break;
      text.append(buffer, static_cast<std::size_t>(got));
    }
    close(write_);
    return text.substr(0, text.find(mark));
  }

 private:
  int read_ = -1, write_ = -1;
};

TEST(ProgressTest, WritesLinesOutsideATerminal) {
  Sink sink(false);
  double clock = 0;
  {
    Progress progress(
        "training", 200,
        {.descriptor = sink.descriptor(), .unit = "turns", .now = [&] { return clock; }});
    for (int done = 1; done <= 100; ++done) {
      clock += 0.12;  // 12 s in all: the first line, one at 5 s, one at 10 s, the last
      progress.Update(done, "loss 0.50");
    }
  }
  EXPECT_EQ(sink.Text(),
            "training    0% (1 of 200 turns)  loss 0.50\n"
            "training   21% (43 of 200 turns)  8.3 turns/s  19 s left  loss 0.50\n"
            "training   42% (85 of 200 turns)  8.3 turns/s  14 s left  loss 0.50\n"
            "training   50% (100 of 200 turns)  8.3 turns/s  in 12 s  loss 0.50\n");
}

TEST(ProgressTest, SaysNothingWhenQuiet) {
  Sink sink(false);
  {
    Progress progress("reading", 2, {.quiet = true, .descriptor = sink.descriptor()});
    progress.Update(1);
    progress.Log("a line");
    progress.Finish();
  }
  EXPECT_EQ(sink.Text(), "");
}

TEST(ProgressTest, AnUnknownTotalHasNoPercent) {
  Sink sink(false);
  double clock = 0;
  Progress progress("reading", 0, {.descriptor = sink.descriptor(), .unit = "bytes", .now = [&] {
                                     return clock;
                                   }});
  clock = 2;
  progress.Update(3'000'000);
  progress.Finish();
  progress.Update(4'000'000);  // after the end: nothing
  EXPECT_EQ(sink.Text(), "reading  3.0 MB  1.5 MB/s\n");
}

TEST(ProgressTest, ARateCountsFromWhereTheRunWasResumed) {
  Sink sink(false);
  double clock = 0;
  Progress progress("training", 1000,
                    {.descriptor = sink.descriptor(), .start = 900, .now = [&] { return clock; }});
  clock = 10;
  progress.Update(950);
  EXPECT_EQ(sink.Text(), "training   95% (950 of 1,000)  5/s  10 s left\n");
}

TEST(ProgressTest, DrawsABarOnATerminalAtMostTenTimesASecond) {
  setenv("NO_COLOR", "1", 1);
  Sink sink(true);
  double clock = 0;
  Progress progress("training", 100,
                    {.descriptor = sink.descriptor(), .now = [&] { return clock; }});
  for (int done = 1; done <= 50; ++done) {
    clock += 0.01;
    progress.Update(done);
  }
  progress.Finish();
  const std::string text = sink.Text();
  unsetenv("NO_COLOR");
  // 0.5 s of updates: drawn at 0.01 s and every 0.1 s after, and once more at the end.
  EXPECT_GE(std::count(text.begin(), text.end(), '%'), 5);
  EXPECT_LE(std::count(text.begin(), text.end(), '%'), 7);
  EXPECT_NE(text.find("████████████░░░░░░░░░░░░ training   50% (50 of 100)"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("\x1b[36m"), std::string::npos) << "NO_COLOR was set";
}

TEST(ProgressTest, ManyThreadsMayUpdate) {
  Sink sink(false);
  {
    Progress progress("reading", 4000, {.descriptor = sink.descriptor()});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) progress.Update(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    progress.Update(4000);
  }
  const std::string text = sink.Text();
  EXPECT_NE(text.find("100% (4,000 of 4,000)"), std::string::npos) << text;
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 3);
}

}  // namespace
}  // namespace arcsat
