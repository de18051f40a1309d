/// Runs of this binary in processes of their own: SimGrid allows one engine per process.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace fleetcache::cli {

struct ChildOutcome {
  int exit_code = -1;  ///< -1: not started
  std::string output;  ///< stdout
  std::string errors;  ///< stderr without progress lines
};

/// A queue that several threads work off; each call of `work` runs one child at a time.
class ChildJobs {
 public:
  using OnProgress = std::function<void(std::size_t job, double done)>;

  /// `stop`: set to interrupt the running children and to start no more.
  ChildJobs(const std::atomic<bool>& stop, OnProgress on_progress);

  /// Adds a job (arguments without the program) and returns its number. Safe while others work.
  std::size_t add(std::vector<std::string> arguments);
  /// Interrupts the running children and empties the queue.
  void cancel() { cancelled_ = true; }
  /// Runs jobs until none is left in the queue.
  void work();
  /// Jobs added so far. Requires: no thread is inside `work`.
  std::size_t size() const { return queue_.size(); }
  /// Requires: no thread is inside `work`.
  const ChildOutcome& outcome(std::size_t job) const { return outcomes_.at(job); }

 private:
  bool take(std::size_t& job, std::vector<std::string>& arguments);
  void store(std::size_t job, ChildOutcome outcome);

  const std::atomic<bool>& stop_;
  std::atomic<bool> cancelled_{false};
  OnProgress on_progress_;
  std::mutex mutex_;
  std::vector<std::vector<std::string>> queue_;
  std::vector<ChildOutcome> outcomes_;
  std::size_t next_ = 0;
};

/// argv[0], by which children are started where /proc is not mounted (a bare chroot).
void remember_program(const char* argv0);

/// In a child: ends with the parent, so that a killed run leaves nothing behind.
void end_with_parent();

}  // namespace fleetcache::cli
