#include "train/profile.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "data/error.h"

namespace arcsat {
namespace {

namespace fs = std::filesystem;
namespace kineto = torch::autograd::profiler;
using torch::profiler::impl::ActivityType;

struct Span {
  std::uint64_t thread = 0, begin = 0, end = 0;
  std::string name;
  bool gpu = false;
};

std::vector<Span> SpansOf(const std::vector<kineto::KinetoEvent>& events) {
  std::vector<Span> spans;
  for (const kineto::KinetoEvent& event : events) {
    const bool gpu = event.deviceType() != c10::DeviceType::CPU;
    spans.push_back({event.startThreadId(), event.startNs(), event.startNs() + event.durationNs(),
                     event.name(), gpu});
  }
  // A thread's operators behind each other, what called before what was called.
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return std::tuple(a.gpu, a.thread, a.begin, b.end) <
           std::tuple(b.gpu, b.thread, b.begin, a.end);
  });
  return spans;
}

/// Each span's time, less that of the spans directly within it.
std::vector<double> OwnSeconds(const std::vector<Span>& spans) {
  std::vector<double> own(spans.size());
  std::vector<std::size_t> open;  // of the thread, outermost first
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    const double seconds = static_cast<double>(span.end - span.begin) * 1e-9;
    own[i] += seconds;
    const auto holds = [&](const Span& outer) {
      return !span.gpu && outer.gpu == span.gpu && outer.thread == span.thread &&
             outer.end >= span.end;
    };
    while (!open.empty() && !holds(spans[open.back()])) open.pop_back();
    if (!open.empty()) own[open.back()] -= seconds;
    open.push_back(i);
  }
  return own;
}

std::set<ActivityType> Activities(torch::Device device) {
  std::set<ActivityType> activities = {ActivityType::CPU};
  if (device.is_cuda()) activities.insert(ActivityType::CUDA);
  return activities;
}

}  // namespace

Profile::Profile(torch::Device device) {
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  kineto::prepareProfiler(config, Activities(device));
  kineto::enableProfiler(config, Activities(device));
}

Profile::~Profile() {
  if (recording_) kineto::disableProfiler();
}

std::vector<OperatorTime> Profile::End(const fs::path& trace) {
  recording_ = false;
  const auto result = kineto::disableProfiler();
  const fs::path part = trace.string() + ".part";
  result->save(part.string());
  std::error_code code;
  fs::rename(part, trace, code);
  if (code) {
    throw Error({trace.string(), "cannot be written: " + code.message(),
                 "expected room for a trace", "free space, or leave out --train.profile"});
  }
  const std::vector<Span> spans = SpansOf(result->events());
  const std::vector<double> own = OwnSeconds(spans);
  std::map<std::pair<bool, std::string>, OperatorTime> by_name;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    OperatorTime& time = by_name[{spans[i].gpu, spans[i].name}];
    time.name = spans[i].name;
    time.gpu = spans[i].gpu;
    ++time.calls;
    time.seconds += own[i];
  }
  std::vector<OperatorTime> operators;
  for (auto& [key, time] : by_name) operators.push_back(std::move(time));
  std::stable_sort(operators.begin(), operators.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return operators;
}

}  // namespace arcsat
