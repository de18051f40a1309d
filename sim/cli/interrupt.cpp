#include "sim/cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

constexpr double kPatience_s = 2;

std::atomic<bool> g_interrupted{false};
std::atomic<bool> g_at_once{false};
std::atomic<int> g_signal{0};
std::atomic<int> g_signals{0};
std::atomic<std::int64_t> g_first_ns{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
              std::atomic<std::int64_t>::is_always_lock_free);

// All that follows is called from the handler: only what is async-signal-safe.

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void say(std::string_view text) {
  const ssize_t ignored = write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(ignored);
}

void on_signal(int signal) {
  const int number = ++g_signals;
  const std::int64_t now = now_ns();
  if (number == 1) {
    g_first_ns = now;
    g_signal = signal;
    g_interrupted = true;
  }
  if (g_at_once) {
    say("\nerror: interrupted: closed forms have no partial answer\n");
    _exit(interrupt_exit_code());
  }
  switch (signal_action(number, static_cast<double>(now - g_first_ns) * 1e-9)) {
    case SignalAction::kFinish:
      break;
    case SignalAction::kAgain:
      say("\ninterrupted: finishing the partial answer; once more ends without it\n");
      break;
    case SignalAction::kEnd:
      say("\nerror: interrupted again: ended at once, the partial answer is lost\n");
      _exit(interrupt_exit_code());
  }
}

}  // namespace

EndsAtOnce::EndsAtOnce() { g_at_once = true; }
EndsAtOnce::~EndsAtOnce() { g_at_once = false; }

SignalAction signal_action(int number, double since_first_s) {
  if (number <= 1) return SignalAction::kFinish;
  return number == 2 && since_first_s < kPatience_s ? SignalAction::kAgain : SignalAction::kEnd;
}

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  // One handler at a time, whichever signal it is.
  sigaddset(&action.sa_mask, SIGINT);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const std::atomic<bool>& interrupted() { return g_interrupted; }

int interrupt_exit_code() { return g_signal == SIGTERM ? kRetry : kInterrupted; }

}  // namespace fleetcache::cli
