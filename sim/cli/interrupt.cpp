#include "sim/cli/interrupt.hpp"

#include <unistd.h>

#include <csignal>

#include "sim/cli/verb.hpp"

namespace fleetcache::cli {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<int> g_signal{0};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  if (g_interrupted.exchange(true)) _exit(kInterrupted);
  g_signal = signal;
}

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

const std::atomic<bool>& interrupted() { return g_interrupted; }

int interrupt_exit_code() { return g_signal == SIGTERM ? kRetry : kInterrupted; }

}  // namespace fleetcache::cli
