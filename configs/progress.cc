#include "configs/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "configs/text.h"

namespace arcsat {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 5;
constexpr std::size_t kBarColumns = 24;
constexpr double kFewSeconds = 1;  // before this, a rate says nothing about the time left

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool ColorWanted() {  // https://no-color.org: set and not empty means none
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  return (no_color == nullptr || *no_color == '\0') &&
         (terminal == nullptr || std::string(terminal) != "dumb");
}

std::size_t TerminalColumns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

/// The first `most` columns.
std::string Clip(const std::string& text, std::size_t most) {
  std::size_t end = 0;
  for (std::size_t next = 1; end < text.size() && DisplayWidth(text.substr(0, next)) <= most;
       ++next) {
    end = next;
  }
  return text.substr(0, end);
}

}  // namespace

Progress::Progress(std::string label, std::int64_t total, ProgressOptions options)
    : label_(std::move(label)),
      total_(total),
      options_(std::move(options)),
      terminal_(!options_.quiet && isatty(options_.descriptor) == 1),
      color_(terminal_ && ColorWanted()),
      begin_(options_.now ? options_.now() : SteadySeconds()) {}

Progress::~Progress() { Finish(); }

void Progress::Update(std::int64_t done, const std::string& note) {
  if (options_.quiet) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (finished_) return;
  const double now = options_.now ? options_.now() : SteadySeconds();
  done_ = done;
  note_ = note;
  fresh_ = true;
  if (!shown_ || now - shown_at_ >= (terminal_ ? kRedrawSeconds : kLineSeconds)) Show(now);
}

void Progress::Log(const std::string& line) {
  if (options_.quiet) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!terminal_) return Write(line + "\n");
  Write("\r\x1b[K" + line + "\n");
  if (shown_ && !finished_) Show(options_.now ? options_.now() : SteadySeconds());
}

void Progress::Finish() {
  if (options_.quiet) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (finished_) return;
  finished_ = true;
  if (fresh_) Show(options_.now ? options_.now() : SteadySeconds());
  if (terminal_ && shown_) Write("\n");
}

void Progress::Show(double now) {
  Write(terminal_ ? Bar(now) : Line(now) + "\n");
  shown_ = true;
  shown_at_ = now;
  fresh_ = false;
}

std::string Progress::Count(double value) const {
  if (options_.unit == "bytes") return fmt::format("{:.1f} MB", value / 1e6);
  const std::string number =
      value < 10 && value != static_cast<double>(static_cast<long long>(value))
          ? fmt::format("{:.1f}", value)
          : Thousands(std::llround(value));
  return options_.unit.empty() ? number : number + " " + options_.unit;
}

/// "training  42% (420 of 1,000)  12.3/s  47 s left  loss 0.41", without what is not known.
std::string Progress::Line(double now) const {
  const double elapsed = now - begin_;
  const double counted = static_cast<double>(done_ - options_.start);
  const double rate = elapsed > 0 ? counted / elapsed : 0;
  std::string line = label_;
  if (total_ > 0) {
    line +=
        fmt::format("  {:3}% ({} of {})", std::min<std::int64_t>(100, done_ * 100 / total_),
                    options_.unit == "bytes" ? Count(static_cast<double>(done_)) : Thousands(done_),
                    Count(static_cast<double>(total_)));
  } else {
    line += "  " + Count(static_cast<double>(done_));
  }
  if (rate > 0 && elapsed >= kFewSeconds) line += "  " + Count(rate) + "/s";
  if (finished_) {
    line += "  in " + Duration(elapsed);
  } else if (total_ > 0 && rate > 0 && elapsed >= kFewSeconds && done_ < total_) {
    line += "  " + Duration(static_cast<double>(total_ - done_) / rate) + " left";
  }
  if (!note_.empty()) line += "  " + note_;
  return line;
}

std::string Progress::Bar(double now) const {
  const std::size_t columns = TerminalColumns(options_.descriptor);
  std::string bar;
  if (total_ > 0 && columns >= 60) {
    const auto full =
        std::min(kBarColumns, static_cast<std::size_t>(static_cast<double>(done_) * kBarColumns /
                                                       static_cast<double>(total_)));
    for (std::size_t i = 0; i < kBarColumns; ++i) bar += i < full ? "█" : "░";
    bar += " ";
  }
  // One column stays free: a full last column makes some terminals begin a new line.
  const std::string text = Clip(Line(now), columns - 1 - std::min(columns - 1, DisplayWidth(bar)));
  return color_ ? "\r\x1b[36m" + bar + "\x1b[0m" + text + "\x1b[K" : "\r" + bar + text + "\x1b[K";
}

void Progress::Write(const std::string& text) const {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = write(options_.descriptor, text.data() + at, text.size() - at);
    if (written <= 0) return;
    at += static_cast<std::size_t>(written);
  }
}

}  // namespace arcsat
