#include "tests/end_to_end/binary.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "policies/base/check.hpp"

namespace fleetcache::test {
namespace {

namespace fs = std::filesystem;

fs::path fresh_folder() {
  std::string pattern = (fs::temp_directory_path() / "fleetcache_test_XXXXXX").string();
  FLEETCACHE_CHECK(mkdtemp(pattern.data()) != nullptr, "a temporary folder can be made");
  return pattern;
}

pid_t start(const std::string& arguments, const std::string& out, const std::string& err) {
  // `exec` lets a signal reach the binary and not the shell.
  const std::string line = std::string("exec ") + FLEETCACHE_BINARY + " " + arguments;
  // A signal that comes before the binary is there must not reach the tests' own handler.
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t pid = fork();
  if (pid == 0) {
    for (const int number : {SIGINT, SIGTERM}) signal(number, SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid != 0) return pid;
  const int out_fd = open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(out_fd, STDOUT_FILENO);
  dup2(err_fd, STDERR_FILENO);
  execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

int wait_for(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Outcome invoke(const std::string& arguments) {
  const Scratch scratch;
  Outcome outcome;
  outcome.exit_code = wait_for(start(arguments, scratch.path("out"), scratch.path("err")));
  outcome.out = read_file(scratch.path("out"));
  outcome.err = read_file(scratch.path("err"));
  return outcome;
}

Outcome invoke_interrupted(const std::string& arguments, int signal, const std::string& word,
                           int times, int gap_ms) {
  const Scratch scratch;
  const pid_t pid = start(arguments, scratch.path("out"), scratch.path("err"));
  for (int i = 0; i < 600; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (read_file(scratch.path("err")).find(word) != std::string::npos) break;
  }
  for (int i = 0; i < times; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(gap_ms));
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == 0) kill(pid, signal);
  }
  Outcome outcome;
  outcome.exit_code = wait_for(pid);
  outcome.out = read_file(scratch.path("out"));
  outcome.err = read_file(scratch.path("err"));
  return outcome;
}

Outcome invoke_interrupted_after(const std::string& arguments, int signal, int after_ms,
                                 int limit_ms) {
  const Scratch scratch;
  const pid_t pid = start(arguments, scratch.path("out"), scratch.path("err"));
  std::this_thread::sleep_for(std::chrono::milliseconds(after_ms));
  kill(pid, signal);
  Outcome outcome;
  outcome.hung = true;
  for (int waited_ms = 0; outcome.hung && waited_ms < limit_ms; waited_ms += 10) {
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    outcome.hung = ended.si_pid == 0;
    if (outcome.hung) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (outcome.hung) kill(pid, SIGKILL);
  outcome.exit_code = wait_for(pid);
  outcome.out = read_file(scratch.path("out"));
  outcome.err = read_file(scratch.path("err"));
  return outcome;
}

Scratch::Scratch() : folder_(fresh_folder()) {}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Scratch::file(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

std::size_t Scratch::entries() const {
  return static_cast<std::size_t>(
      std::distance(fs::recursive_directory_iterator(folder_), fs::recursive_directory_iterator()));
}

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  FLEETCACHE_CHECK(at != std::string::npos, "the text to replace is there");
  return text.replace(at, from.size(), to);
}

}  // namespace fleetcache::test
