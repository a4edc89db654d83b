#include "address_space_keeper.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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

// The child. Its thread-local memory, errno above all, is that of the thread that started it: so
// bare system calls only, and none that fails. Signals stay blocked; a group's don't reach it.
__attribute__((no_sanitize("address", "thread", "undefined"))) int keep(void* argument) {
  const auto process = static_cast<int>(reinterpret_cast<intptr_t>(argument));
  ::syscall(SYS_setsid);
  ::syscall(SYS_prctl, PR_SET_NAME, "ram-keeper", 0, 0, 0);
  ::syscall(SYS_chdir, "/");
  if (process > 0) ::syscall(SYS_close_range, 0, process - 1, 0);
  ::syscall(SYS_close_range, process + 1, UINT_MAX, 0);
  // Readable when all its threads are gone.
  pollfd ended{process, POLLIN, 0};
  while (::syscall(SYS_ppoll, &ended, 1, nullptr, nullptr, 0) != 1) {
  }
  ::syscall(SYS_exit_group, 0);
  return 0;
}

}  // namespace

int AddressSpaceKeeper::start() {
  if (child_ >= 0) return 0;
#ifdef __SANITIZE_THREAD__
  return -EOPNOTSUPP;  // it takes every clone(2) for a fork
#endif
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  if (process < 0) return -errno;
  stack_ = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack_ == MAP_FAILED) stack_ = nullptr;
  int error = ENOMEM;
  if (stack_ != nullptr) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    id_ = ::clone(keep, static_cast<std::byte*>(stack_) + kStackBytes, CLONE_VM | CLONE_PIDFD,
                  reinterpret_cast<void*>(intptr_t{process}), &child_);
    error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ::close(process);
  if (id_ > 0) return 0;
  id_ = 0;
  stop();
  return -error;
}

void AddressSpaceKeeper::stop() {
  if (child_ >= 0) {
    ::syscall(SYS_pidfd_send_signal, child_, SIGKILL, nullptr, 0);
    siginfo_t ended;
    while (::waitid(P_PIDFD, static_cast<id_t>(child_), &ended, WEXITED | __WCLONE) != 0 &&
           errno == EINTR) {
    }
    ::close(child_);
  }
  if (stack_ != nullptr) ::munmap(stack_, kStackBytes);
  child_ = -1;
  id_ = 0;
  stack_ = nullptr;
}

}  // namespace ram::fuse
