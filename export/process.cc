#include "export/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace arcsat {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{64} << 20;
constexpr std::size_t kMaxLog = 4000;

std::string ReadAll(int descriptor) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    if (text.size() < kMaxOutput) text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

/// The last part of a file that is open at any place.
std::string ReadEnd(std::FILE* file) {
  std::fseek(file, 0, SEEK_END);
  const long size = std::ftell(file);
  const long keep = size > static_cast<long>(kMaxLog) ? static_cast<long>(kMaxLog) : size;
  std::string text(keep > 0 ? static_cast<std::size_t>(keep) : 0, '\0');
  std::fseek(file, -keep, SEEK_END);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  return text;
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& words) {
  ProcessResult result;
  int pipe_ends[2];
  std::FILE* log = std::tmpfile();
  if (log == nullptr || ::pipe2(pipe_ends, O_CLOEXEC) != 0) {
    result.log = std::strerror(errno);
    if (log != nullptr) std::fclose(log);
    return result;
  }
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ::fileno(log), 2);
  pid_t child = 0;
  const int failed =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  if (failed != 0) {
    result.log = std::strerror(failed);
  } else {
    result.started = true;
    result.output = ReadAll(pipe_ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.log = ReadEnd(log);
  }
  ::close(pipe_ends[0]);
  std::fclose(log);
  return result;
}

}  // namespace arcsat
