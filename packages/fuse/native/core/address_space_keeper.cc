#include "address_space_keeper.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>

namespace ram::fuse {
namespace {

constexpr size_t kStackBytes = 16 * 1024;

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Allows read and exit. Whoever can write to this memory later, when the process has given up
// privileges that the child still has, gets nothing from it.
constinit sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
constinit sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

// The child. Its thread-local memory, errno above all, is that of the thread that started it: so
// bare system calls only, and the first that fails is the last but exit. Signals stay blocked; a
// group's don't reach it.
__attribute__((no_sanitize("address", "undefined"))) int keep(void* argument) {
  const auto lifeline = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  char byte;
  if ((lifeline == 0 || ::syscall(SYS_close_range, 0, lifeline - 1, 0) == 0) &&
      ::syscall(SYS_close_range, lifeline + 1, UINT_MAX, 0) == 0 && ::syscall(SYS_setsid) > 0 &&
      ::syscall(SYS_chdir, "/") == 0 &&
      ::syscall(SYS_prctl, PR_SET_NAME, "ram-keeper", 0, 0, 0) == 0 &&
      ::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      ::syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) {
    ::syscall(SYS_read, lifeline, &byte, 1);  // until stop(), or the end of the last thread
  }
  ::syscall(SYS_exit, 0);
  return 0;
}

// Returns the child's id or -errno. No signal is for it.
pid_t startChild(void* stack, int lifeline) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t id = ::clone(keep, static_cast<std::byte*>(stack) + kStackBytes, CLONE_VM,
                           reinterpret_cast<void*>(intptr_t{lifeline}));
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return id < 0 ? -error : id;
}

}  // namespace

int AddressSpaceKeeper::start() {
#ifdef __SANITIZE_THREAD__
  return -EOPNOTSUPP;  // it takes every clone(2) for a fork
#endif
  if (id_ > 0) return 0;
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -errno;
  stack_ = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack_ == MAP_FAILED) stack_ = nullptr;
  lifeline_ = ends[1];
  const pid_t id = stack_ == nullptr ? -ENOMEM : startChild(stack_, ends[0]);
  ::close(ends[0]);
  if (id < 0) stop();
  id_ = id < 0 ? 0 : id;
  return id < 0 ? id : 0;
}

void AddressSpaceKeeper::stop() {
  if (id_ > 0) {
    // Closing alone is not enough where a fork of this process has the descriptor too.
    const char byte = 0;
    ::send(lifeline_, &byte, 1, MSG_NOSIGNAL);
    while (::waitpid(id_, nullptr, __WCLONE) < 0 && errno == EINTR) {
    }
  }
  if (lifeline_ >= 0) ::close(lifeline_);
  if (stack_ != nullptr) ::munmap(stack_, kStackBytes);
  id_ = 0;
  lifeline_ = -1;
  stack_ = nullptr;
}

}  // namespace ram::fuse
