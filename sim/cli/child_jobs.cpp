#include "sim/cli/child_jobs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>

extern char** environ;

namespace fleetcache::cli {
namespace {

constexpr int kPollMs = 100;

const char* g_program = "fleetcache";  // set once, before any thread

/// This very binary, even when its file was replaced since.
const char* self() {
  constexpr const char* kSelf = "/proc/self/exe";
  return access(kSelf, X_OK) == 0 ? kSelf : g_program;
}

/// A pipe whose ends close themselves.
struct Pipe {
  int ends[2] = {-1, -1};

  bool open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void close_end(int i) {
    if (ends[i] >= 0) ::close(ends[i]);
    ends[i] = -1;
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
};

/// Starts this binary again in a process group of its own: the terminal's Ctrl-C reaches the parent
/// alone, which passes it on once. Returns 0 or an errno.
int start(const std::vector<std::string>& arguments, const Pipe& out, const Pipe& err, pid_t& pid) {
  std::vector<std::string> words = {"fleetcache"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
  // What the calling thread blocks is its own affair: a child has to hear that it is to stop.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error = posix_spawnp(&pid, self(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error;
}

/// Takes whole lines off the front of `text`: progress goes to `on_done`, the rest to `errors`.
void split_lines(std::string& text, std::string& errors,
                 const std::function<void(double)>& on_done) {
  std::size_t end = 0;
  while ((end = text.find('\n')) != std::string::npos) {
    const std::string line = text.substr(0, end);
    text.erase(0, end + 1);
    const auto parsed = nlohmann::json::parse(line, nullptr, false);
    if (parsed.is_object() && parsed.contains("done") && parsed["done"].is_number()) {
      on_done(parsed["done"].get<double>());
    } else {
      errors += line + "\n";
    }
  }
}

/// Reads what is there. False at the end of the stream.
bool drain(int fd, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n > 0) text.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

void read_until_closed(pid_t pid, Pipe& out, Pipe& err, const std::function<bool()>& stop,
                       ChildOutcome& outcome, const std::function<void(double)>& on_done) {
  std::string pending;
  bool told = false;
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    if (!told && stop()) {
      kill(pid, SIGINT);
      told = true;
    }
    pollfd fds[2] = {{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}};
    if (poll(fds, 2, kPollMs) <= 0) continue;
    if (fds[0].revents != 0 && !drain(out.ends[0], outcome.output)) out.close_end(0);
    if (fds[1].revents != 0 && !drain(err.ends[0], pending)) err.close_end(0);
    split_lines(pending, outcome.errors, on_done);
  }
  outcome.errors += pending;
}

ChildOutcome run_child(const std::vector<std::string>& arguments, const std::function<bool()>& stop,
                       const std::function<void(double)>& on_done) {
  ChildOutcome outcome;
  Pipe out, err;
  pid_t pid = 0;
  const int error = !out.open() || !err.open() ? errno : start(arguments, out, err, pid);
  if (error != 0) {
    outcome.errors = std::string("cannot start a process: ") + std::strerror(error);
    return outcome;
  }
  out.close_end(1);
  err.close_end(1);
  read_until_closed(pid, out, err, stop, outcome, on_done);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace

ChildJobs::ChildJobs(const std::atomic<bool>& stop, OnProgress on_progress)
    : stop_(stop), on_progress_(std::move(on_progress)) {}

std::size_t ChildJobs::add(std::vector<std::string> arguments) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(arguments));
  outcomes_.emplace_back();
  return queue_.size() - 1;
}

bool ChildJobs::take(std::size_t& job, std::vector<std::string>& arguments) {
  const std::lock_guard lock(mutex_);
  if (stop_ || cancelled_ || next_ == queue_.size()) return false;
  job = next_++;
  arguments = queue_[job];
  return true;
}

void ChildJobs::store(std::size_t job, ChildOutcome outcome) {
  const std::lock_guard lock(mutex_);
  outcomes_[job] = std::move(outcome);
}

void ChildJobs::work() {
  std::size_t job = 0;
  std::vector<std::string> arguments;
  while (take(job, arguments)) {
    store(job, run_child(
                   arguments, [this] { return stop_ || cancelled_; },
                   [&](double done) { on_progress_(job, done); }));
    on_progress_(job, 1.0);
  }
}

void remember_program(const char* argv0) { g_program = argv0; }

void end_with_parent() { prctl(PR_SET_PDEATHSIG, SIGTERM); }

}  // namespace fleetcache::cli
