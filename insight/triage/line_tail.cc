#include "insight/triage/line_tail.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "data/error.h"

namespace arcsat {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;

}  // namespace

LineTail::LineTail(const std::string& path, bool follow, std::size_t limit)
    : path_(path), follow_(follow && path != "-"), limit_(limit) {
  Open();
}

LineTail::~LineTail() {
  if (descriptor_ > 0) close(descriptor_);
}

void LineTail::Open() {
  if (descriptor_ > 0) close(descriptor_);
  descriptor_ = path_ == "-" ? 0 : open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ >= 0) return;
  throw Error({path_, fmt::format("cannot be opened: {}", std::strerror(errno)),
               "expected a file of events", "check the name; - is standard input"});
}

std::string LineTail::place() const {
  return fmt::format("{}:{}", path_ == "-" ? "standard input" : path_, number_);
}

bool LineTail::TakeLine(std::string* line) {
  const std::size_t end = buffer_.find('\n', std::max(start_, seen_));
  if (end == std::string::npos) {
    seen_ = buffer_.size();
    if (buffer_.size() - start_ <= limit_) return false;
    throw Error({fmt::format("{}:{}", path_, number_ + 1),
                 fmt::format("found a line of more than {} bytes", limit_), "expected an event",
                 "check that it is a file of JSON lines"});
  }
  line->assign(buffer_, start_, end - start_);
  if (line->ends_with('\r')) line->pop_back();
  start_ = seen_ = end + 1;
  ++number_;
  return true;
}

ssize_t LineTail::Fill(double seconds) {
  if (!follow_) {  // a file that grows is always readable, so only others can be waited for
    struct pollfd waiting = {descriptor_, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(seconds * 1000)) == 0) return -1;
  }
  buffer_.erase(0, start_);
  seen_ -= std::min(seen_, start_);
  start_ = 0;
  const std::size_t size = buffer_.size();
  buffer_.resize(size + kChunk);
  const ssize_t got = read(descriptor_, buffer_.data() + size, kChunk);
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got >= 0) return got;
  if (errno == EINTR || errno == EAGAIN) return -1;
  throw Error({path_, fmt::format("cannot be read: {}", std::strerror(errno)),
               "expected a file of events", "check it, and begin again"});
}

bool LineTail::Replaced() const {
  struct stat now = {}, opened = {};
  if (stat(path_.c_str(), &now) != 0 || fstat(descriptor_, &opened) != 0) return false;
  return now.st_ino != opened.st_ino || now.st_dev != opened.st_dev ||
         now.st_size < lseek(descriptor_, 0, SEEK_CUR);
}

LineTail::Got LineTail::Next(double seconds, std::string* line) {
  if (TakeLine(line)) return kLine;
  const ssize_t got = Fill(seconds);
  if (got > 0) return TakeLine(line) ? kLine : kNothing;
  if (got < 0) return kNothing;
  if (follow_) {
    if (!Replaced()) {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
      return kNothing;
    }
    buffer_.clear();
    start_ = seen_ = 0;
    number_ = 0;
    Open();
    return kNothing;
  }
  if (start_ >= buffer_.size()) return kEnd;
  line->assign(buffer_, start_);
  buffer_.clear();
  start_ = seen_ = 0;
  ++number_;
  return kLine;
}

}  // namespace arcsat
