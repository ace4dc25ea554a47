#include "train/tensorboard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <protozero/pbf_writer.hpp>

#include "data/error.h"

namespace arcsat {
namespace {

constexpr std::size_t kBufferBytes = 1 << 16;

// Field numbers of tensorflow/core/util/event.proto, framework/summary.proto and tensor.proto.
constexpr protozero::pbf_tag_type kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3,
                                  kEventSummary = 5;
constexpr protozero::pbf_tag_type kSummaryValue = 1;
constexpr protozero::pbf_tag_type kValueTag = 1, kValueSimple = 2, kValueTensor = 8,
                                  kValueMetadata = 9;
constexpr protozero::pbf_tag_type kMetadataPlugin = 1, kPluginName = 1;
constexpr protozero::pbf_tag_type kTensorType = 1, kTensorShape = 2, kTensorString = 8;
constexpr std::int32_t kTypeString = 7;

double Now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string LittleEndian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((number >> (8 * i)) & 0xFFU);
  return text;
}

/// TFRecord's mask: a CRC of data that holds CRCs would else say little.
std::uint32_t Masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

constexpr std::array<std::uint32_t, 256> CrcTable() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0x82F63B78U : crc >> 1;
    table[i] = crc;
  }
  return table;
}

Error Failure(const std::filesystem::path& path, const char* what) {
  return Error({path.string(), fmt::format("{}: {}", what, std::strerror(errno)),
                "expected a folder that can be written and a disk with room",
                "free some space, or give another --out"});
}

}  // namespace

std::uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = CrcTable();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  }
  return ~crc;
}

std::string TfRecord(std::string_view bytes) {
  const std::string length = LittleEndian(bytes.size(), 8);
  std::string record = length + LittleEndian(Masked(Crc32c(length)), 4);
  record += bytes;
  return record + LittleEndian(Masked(Crc32c(bytes)), 4);
}

EventWriter::EventWriter(const std::filesystem::path& folder) {
  char host[256] = "localhost";
  if (gethostname(host, sizeof host - 1) != 0) std::strcpy(host, "localhost");
  const double now = Now();
  // The number keeps two writers apart that one process opens within a second.
  for (int n = 0; descriptor_ < 0; ++n) {
    path_ = folder / fmt::format("events.out.tfevents.{:010}.{}.{}.{}",
                                 static_cast<std::int64_t>(now), host, getpid(), n);
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (descriptor_ < 0 && errno != EEXIST) throw Failure(path_, "cannot be created");
  }
  std::string event;
  protozero::pbf_writer writer(event);
  writer.add_double(kEventWallTime, now);
  writer.add_string(kEventFileVersion, "brain.Event:2");
  buffer_ = TfRecord(event);
  try {
    Flush();
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

EventWriter::~EventWriter() {
  try {
    Flush();
  } catch (const Error&) {
    // The curves lose their end; metrics.jsonl has it, and the run's own failure is told elsewhere.
  }
  close(descriptor_);
}

void EventWriter::Scalar(std::string_view tag, std::int64_t step, double value, double wall_time) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_string(kValueTag, tag.data(), tag.size());
  writer.add_float(kValueSimple, static_cast<float>(value));
  Append(bytes, step, wall_time);
}

void EventWriter::Text(std::string_view tag, std::int64_t step, std::string_view text,
                       double wall_time) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_string(kValueTag, tag.data(), tag.size());
  {
    protozero::pbf_writer tensor(writer, kValueTensor);
    tensor.add_enum(kTensorType, kTypeString);
    tensor.add_message(kTensorShape, std::string());  // no dimensions: one string
    tensor.add_bytes(kTensorString, text.data(), text.size());
  }
  {
    protozero::pbf_writer metadata(writer, kValueMetadata);
    protozero::pbf_writer plugin(metadata, kMetadataPlugin);
    plugin.add_string(kPluginName, "text");
  }
  Append(bytes, step, wall_time);
}

void EventWriter::Append(std::string_view value, std::int64_t step, double wall_time) {
  std::string event;
  protozero::pbf_writer writer(event);
  writer.add_double(kEventWallTime, wall_time < 0 ? Now() : wall_time);
  writer.add_int64(kEventStep, step);
  {
    protozero::pbf_writer summary(writer, kEventSummary);
    summary.add_message(kSummaryValue, value.data(), value.size());
  }
  buffer_ += TfRecord(event);
  if (buffer_.size() >= kBufferBytes) Flush();
}

void EventWriter::Flush() {
  std::size_t at = 0;
  while (at < buffer_.size()) {
    const ssize_t written = write(descriptor_, buffer_.data() + at, buffer_.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      buffer_.erase(0, at);  // so that a later flush goes on in the middle of the record
      throw Failure(path_, "cannot be written");
    }
    at += static_cast<std::size_t>(written);
  }
  buffer_.clear();
}

}  // namespace arcsat
