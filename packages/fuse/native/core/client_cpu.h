// Keeps a thread that answers requests on the CPU of the one client that it serves.
//
// A request and its reply are two wake-ups. On one CPU each is a switch of threads; on two, both
// CPUs halt in turn and are woken, which takes several times as long (7 against 35 µs on a virtual
// machine). The kernel leaves client and server where they are, together or apart, until by chance
// it parts or unites them. So the thread is tied to the CPU on which it is found with its client,
// and goes after a client that is elsewhere.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace ram::fuse {

// What ClientCpu asks of the system.
class CpuControl {
 public:
  virtual ~CpuControl() = default;
  // The CPU on which a thread runs or ran last, or -1.
  virtual int cpuOf(uint32_t thread) = 0;
  virtual int cpuOfCaller() = 0;
  // How long the caller was ready to run but did not, in all; -1: unknown.
  virtual std::chrono::nanoseconds delayOfCaller() = 0;
};

// Decides, for the thread that answers, whether to follow the client. Following costs time where
// there is work for two CPUs: it begins late, and ends at the first sign of that.
class ClientCpu {
 public:
  explicit ClientCpu(CpuControl& control) : control_(control) {}

  // To be told, after its reply, of each small request for which `client`, a thread, waits, and how
  // long the caller waited for it. Returns the CPU to go to, or to stay tied to; or -1.
  int served(uint32_t client, std::chrono::nanoseconds waited);
  // There is work for two CPUs, or the caller does something else.
  void letGo();
  // It can't be followed, or to no avail: not tried again for a good while.
  void giveUp();
  // Whether the thread that answers is to be tied to its CPU.
  bool follows() const { return follows_; }

  static constexpr uint32_t kAloneMin = 128, kAloneMax = 2048;
  static constexpr uint32_t kNearMin = 32;  // so many at once, and the client must be here
  static constexpr uint32_t kPeriodMin = 8, kPeriodMax = 256;
  // A request that came at once is worth one, going to another CPU costs so many. Where the kernel
  // wakes the client on yet another CPU each time, the credit is soon used up.
  static constexpr int kCredit = 256, kMove = 32;
  // A client on the same CPU has its next request ready within this time, unless it computes. That
  // holds also for one that closes a file and opens the next. A look takes longer than all that,
  // and may part the two: the kernel wakes who ran for a while on another CPU.
  static constexpr std::chrono::microseconds kNear{20};
  // Someone else wants the CPU when the caller, tied, waits longer than this for each request.
  static constexpr std::chrono::microseconds kDelayMax{100};

 private:
  int look(uint32_t client);
  bool isCrowded();

  CpuControl& control_;
  uint32_t client_ = 0;
  uint32_t inRow_ = 0;            // requests of client_ alone since the last other one
  uint32_t nearInRow_ = 0;        // of those, the last ones that came at once
  uint32_t alone_ = kAloneMin;    // so many must be before it is followed
  uint32_t far_ = 0;              // requests waited for since the last look
  uint32_t period_ = kPeriodMin;  // so many from one look to the next
  uint32_t served_ = 0;           // since delay_ was taken
  std::chrono::nanoseconds delay_{-1};  // of the caller at the last look; -1: unknown
  int credit_ = kCredit;
  bool follows_ = false;
};

class SystemCpus final : public CpuControl {
 public:
  int cpuOf(uint32_t thread) override;
  int cpuOfCaller() override;
  std::chrono::nanoseconds delayOfCaller() override;
};

// Ties a thread to one of the CPUs that it may use.
class CpuTie {
 public:
  bool allows(int cpu) const;  // for the thread itself
  // A thread that sleeps wakes up there. `thread`: an id, or 0 for the caller.
  void tie(pid_t thread, int cpu);
  void untie();  // for the thread itself

 private:
  bool tied_ = false;
  cpu_set_t before_, only_;  // while tied_
};

}  // namespace ram::fuse
