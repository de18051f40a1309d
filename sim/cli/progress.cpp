#include "sim/cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace fleetcache::cli {
namespace {

constexpr int kBarCells = 30;

double period_s(ProgressMode mode) {
  switch (mode) {
    case ProgressMode::kBar:
      return 0.1;
    case ProgressMode::kJson:
      return 0.25;
    case ProgressMode::kLine:
    case ProgressMode::kNone:
      break;
  }
  return 30;
}

bool environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

ProgressMode progress_mode(const std::string& name) {
  if (name == "none") return ProgressMode::kNone;
  if (name == "json") return ProgressMode::kJson;
  if (name == "bar") return ProgressMode::kBar;
  if (name == "line") return ProgressMode::kLine;
  return isatty(STDERR_FILENO) != 0 && !environment("CI") ? ProgressMode::kBar
                                                          : ProgressMode::kLine;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long long>(std::clamp(seconds, 0.0, 3.6e8) + 0.5);
  char text[40];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

Progress::Progress(ProgressMode mode, std::size_t jobs) : Progress(mode, jobs, nullptr) {}

Progress::Progress(ProgressMode mode, std::size_t jobs, Weigh weigh)
    : mode_(mode),
      done_(jobs, 0.0),
      weigh_(std::move(weigh)),
      start_(Clock::now()),
      shown_(start_) {}

Progress::~Progress() { clear_bar(); }

void Progress::clear_bar() {
  if (bar_on_screen_) std::fprintf(stderr, "\r%*s\r", 79, "");
  bar_on_screen_ = false;
}

void Progress::update(std::size_t job, double done) {
  if (mode_ == ProgressMode::kNone) return;
  const std::lock_guard lock(mutex_);
  if (job >= done_.size()) done_.resize(job + 1, 0.0);  // --until adds jobs as it goes
  done_[job] = std::clamp(done, 0.0, 1.0);
  const auto now = Clock::now();
  if (done_.front() < 1 || (job == 0 && first_s_ == 0)) {
    first_s_ = std::chrono::duration<double>(now - start_).count();
  }
  if (std::chrono::duration<double>(now - shown_).count() < period_s(mode_)) return;
  shown_ = now;
  if (weigh_) return show(weigh_(done_, first_s_));
  double sum = 0;
  for (const double share : done_) sum += share;
  Outlook outlook{sum / static_cast<double>(done_.size()), std::nullopt};
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  if (outlook.share > 0.01) outlook.left_s = elapsed * (1 - outlook.share) / outlook.share;
  show(outlook);
}

void Progress::show(const Outlook& outlook) {
  const double share = outlook.share;
  const double elapsed = std::chrono::duration<double>(shown_ - start_).count();
  if (mode_ == ProgressMode::kJson) {
    char eta[40] = "null";
    if (outlook.left_s) std::snprintf(eta, sizeof eta, "%.1f", *outlook.left_s);
    std::fprintf(stderr, "{\"done\": %.4f, \"elapsed_s\": %.1f, \"eta_s\": %s}\n", share, elapsed,
                 eta);
    return;
  }
  const std::string eta = outlook.left_s ? clock_text(*outlook.left_s) : "?";
  if (mode_ == ProgressMode::kLine) {
    std::fprintf(stderr, "%3.0f %% done after %s, about %s left\n", 100 * share,
                 clock_text(elapsed).c_str(), eta.c_str());
    return;
  }
  const int full = static_cast<int>(share * kBarCells);
  std::string bar;
  for (int i = 0; i < kBarCells; ++i) bar += i < full ? "█" : "░";
  std::fprintf(stderr, "\r%s %3.0f %%  %s  ETA %s   ", bar.c_str(), 100 * share,
               clock_text(elapsed).c_str(), eta.c_str());
  bar_on_screen_ = true;
}

void Progress::say(const std::string& text) {
  if (mode_ == ProgressMode::kNone || mode_ == ProgressMode::kJson) return;
  const std::lock_guard lock(mutex_);
  clear_bar();
  std::fprintf(stderr, "%s\n", text.c_str());
}

}  // namespace fleetcache::cli
