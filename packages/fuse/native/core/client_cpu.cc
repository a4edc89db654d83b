#include "client_cpu.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace ram::fuse {
namespace {

constexpr int kFieldsToCpu = 37;  // of /proc/ID/stat, from the name, the 2nd, to the 39th

size_t readFile(const char* path, char* text, size_t size) {
  int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = ::read(file, text, size);
  ::close(file);
  return length > 0 ? static_cast<size_t>(length) : 0;
}

// The number after so many spaces, or -1.
int64_t numberAfter(std::string_view text, int spaces) {
  for (int i = 0; i < spaces; i++) {
    size_t space = text.find(' ');
    if (space == std::string_view::npos) return -1;
    text.remove_prefix(space + 1);
  }
  int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int ClientCpu::served(uint32_t client, std::chrono::nanoseconds waited) {
  if (client != client_) {
    letGo();
    client_ = client;
  }
  inRow_++;
  served_++;
  if (waited < kNear) {
    credit_ = std::min(credit_ + 1, kCredit);
    if (++nearInRow_ < kNearMin || inRow_ < alone_ || follows_ || client == 0) return -1;
    follows_ = true;
    delay_ = std::chrono::nanoseconds(-1);
    return control_.cpuOfCaller();
  }
  nearInRow_ = 0;
  if (client == 0 || ++far_ < period_ || inRow_ < alone_) return -1;
  far_ = 0;
  return look(client);
}

int ClientCpu::look(uint32_t client) {
  if (follows_ && isCrowded()) {
    giveUp();
    return -1;
  }
  int cpu = control_.cpuOf(client);
  if (cpu < 0 || cpu == control_.cpuOfCaller()) {
    period_ = std::min(period_ * 2, kPeriodMax);
    return -1;
  }
  credit_ -= kMove;
  if (credit_ < 0) {
    giveUp();
    return -1;
  }
  period_ = kPeriodMin;
  follows_ = true;
  delay_ = std::chrono::nanoseconds(-1);
  return cpu;
}

bool ClientCpu::isCrowded() {
  auto before = delay_;
  delay_ = control_.delayOfCaller();
  bool crowded = before.count() >= 0 && delay_ - before > kDelayMax * served_;
  served_ = 0;
  return crowded;
}

void ClientCpu::letGo() {
  if (follows_) {
    follows_ = false;
    // Following that lasted was worth it.
    alone_ = inRow_ > alone_ * 4 ? kAloneMin : std::min(alone_ * 2, kAloneMax);
  }
  inRow_ = 0;
  far_ = nearInRow_ = 0;
  period_ = kPeriodMin;
}

void ClientCpu::giveUp() {
  letGo();
  alone_ = kAloneMax;
  credit_ = kCredit;
}

int SystemCpus::cpuOf(uint32_t thread) {
  char path[32], text[1024];
  std::snprintf(path, sizeof(path), "/proc/%u/stat", thread);
  std::string_view fields(text, readFile(path, text, sizeof(text)));
  size_t nameEnd = fields.rfind(')');  // the name may contain anything
  if (nameEnd == std::string_view::npos) return -1;
  return static_cast<int>(numberAfter(fields.substr(nameEnd), kFieldsToCpu));
}

int SystemCpus::cpuOfCaller() { return ::sched_getcpu(); }

std::chrono::nanoseconds SystemCpus::delayOfCaller() {
  char text[128];
  size_t length = readFile("/proc/thread-self/schedstat", text, sizeof(text));
  return std::chrono::nanoseconds(numberAfter({text, length}, 1));
}

bool CpuTie::allows(int cpu) const {
  cpu_set_t all;
  if (!tied_ && ::sched_getaffinity(0, sizeof(all), &all) != 0) return false;
  return CPU_ISSET(cpu, tied_ ? &before_ : &all);
}

void CpuTie::tie(pid_t thread, int cpu) {
  if (!tied_ && ::sched_getaffinity(thread, sizeof(before_), &before_) != 0) return;
  CPU_ZERO(&only_);
  if (cpu < CPU_SETSIZE) CPU_SET(cpu, &only_);
  tied_ = CPU_ISSET(cpu, &before_) && ::sched_setaffinity(thread, sizeof(only_), &only_) == 0;
}

void CpuTie::untie() {
  if (!tied_) return;
  tied_ = false;
  cpu_set_t now;  // another one if somebody else has set it meanwhile
  if (::sched_getaffinity(0, sizeof(now), &now) != 0 || !CPU_EQUAL(&now, &only_)) return;
  ::sched_setaffinity(0, sizeof(before_), &before_);
}

}  // namespace ram::fuse
