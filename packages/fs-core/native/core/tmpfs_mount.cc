#include "tmpfs_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ram {
namespace {

constexpr unsigned kChildSeconds = 5;
constexpr size_t kChildStackBytes = 128 * 1024;
#if defined(__SANITIZE_THREAD__)
constexpr bool kMayBorrowMemory = false;  // TSan takes a child in its memory for a fork of it
#else
constexpr bool kMayBorrowMemory = true;
#endif

// Index into kCalls, so that it travels between processes.
enum Call : int { kFsopen, kFsconfig, kFsmount, kUnshare, kOpen, kWrite, kSocketpair, kClone };
constexpr const char* kCalls[] = {"fsopen",  "fsconfig", "fsmount",    "unshare",
                                  "open",    "write",    "socketpair", "clone"};

struct Failure {
  int error;  // positive errno, 0: none
  int call;
};

// What the child needs, ready before it starts: it must not allocate.
struct ChildPlan {
  char size[32];
  bool swap;
  bool ownMemory;  // not shared with the parent
  int socket;
  char uidMap[64];
  char gidMap[64];
};

#define RAM_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

// In the child by itself, not by the C library's function: a sanitizer has one of its own in front
// of that, which knows the parent's descriptors and may wait for a lock of one of its threads.
RAM_IN_CHILD void closeByItself(int fd) { ::syscall(SYS_close, fd); }

// Only async-signal-safe calls: also runs in the child.
RAM_IN_CHILD int mountHere(const char* size, bool swap, Failure* failure) {
  const int context = ::fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) {
    *failure = {errno, kFsopen};
    return -1;
  }
  const bool configured =
      ::fsconfig(context, FSCONFIG_SET_STRING, "size", size, 0) == 0 &&
      ::fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "0", 0) == 0 &&
      ::fsconfig(context, FSCONFIG_SET_STRING, "mode", "0700", 0) == 0 &&
      (swap || ::fsconfig(context, FSCONFIG_SET_FLAG, "noswap", nullptr, 0) == 0) &&
      ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  if (!configured) {
    *failure = {errno, kFsconfig};
    closeByItself(context);
    return -1;
  }
  const int mount = ::fsmount(context, FSMOUNT_CLOEXEC,
                              MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (mount < 0) *failure = {errno, kFsmount};
  closeByItself(context);
  return mount;
}

RAM_IN_CHILD bool writeFile(const char* path, const char* text, Failure* failure) {
  const auto fd =
      static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC));
  if (fd < 0) {
    *failure = {errno, kOpen};
    return false;
  }
  const bool written = ::syscall(SYS_write, fd, text, ::strlen(text)) >= 0;
  if (!written) *failure = {errno, kWrite};
  closeByItself(fd);
  return written;
}

// Ids map to themselves: the files must be the caller's own.
RAM_IN_CHILD bool enterNamespaces(const ChildPlan& plan, Failure* failure) {
  if (plan.ownMemory) ::prctl(PR_SET_DUMPABLE, 1);  // else /proc/self belongs to root
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    *failure = {errno, kUnshare};
    return false;
  }
  return writeFile("/proc/self/setgroups", "deny", failure) &&
         writeFile("/proc/self/uid_map", plan.uidMap, failure) &&
         writeFile("/proc/self/gid_map", plan.gidMap, failure);
}

RAM_IN_CHILD void sendResult(int socket, const Failure& failure, int fd) {
  Failure body = failure;
  iovec vector{&body, sizeof body};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    ::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  ::syscall(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);
}

RAM_IN_CHILD int runChild(void* argument) {
  const auto* plan = static_cast<const ChildPlan*>(argument);
  // All signals are blocked here, so no handler of the parent's runs. The alarm bounds the time.
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGALRM, &standard, nullptr);
  sigset_t alarmOnly;
  ::sigemptyset(&alarmOnly);
  ::sigaddset(&alarmOnly, SIGALRM);
  ::sigprocmask(SIG_UNBLOCK, &alarmOnly, nullptr);
  ::alarm(kChildSeconds);

  Failure failure{0, 0};
  int mount = -1;
  if (enterNamespaces(*plan, &failure)) mount = mountHere(plan->size, plan->swap, &failure);
  sendResult(plan->socket, failure, mount);
  ::syscall(SYS_exit_group, 0);  // no handler of the parent's, nor a sanitizer's, may run
  __builtin_unreachable();
}

int receiveResult(int socket, Failure* failure) {
  iovec vector{failure, sizeof *failure};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got != sizeof *failure) {
    *failure = {ETIMEDOUT, kClone};  // the alarm ended it
    return -1;
  }
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd = -1;
  ::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

// Runs the child to its end. As vfork(2) it borrows our memory, which costs nothing however large
// the process is; but a process that is not dumpable needs a child with memory of its own, which
// may be made dumpable so that it can write its own id maps.
int spawnChild(ChildPlan* plan, Failure* failure) {
  void* stack = ::mmap(nullptr, kChildStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    *failure = {errno, kClone};
    return -1;
  }
  plan->ownMemory = !kMayBorrowMemory || ::prctl(PR_GET_DUMPABLE) != 1;
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // Exit signal 0: nobody's SIGCHLD handler hears of it.
  pid_t child;
  if (plan->ownMemory) {
    child = static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr));
    if (child == 0) runChild(plan);
  } else {
    child = ::clone(runChild, static_cast<char*>(stack) + kChildStackBytes,
                    CLONE_VM | CLONE_VFORK, plan);
  }
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) *failure = {error, kClone};
  while (child > 0 && ::waitpid(child, nullptr, __WALL) < 0 && errno == EINTR) {
  }
  ::munmap(stack, kChildStackBytes);
  return child < 0 ? -1 : 0;
}

int finish(int fd, const Failure& failure, const char** syscall) {
  if (fd >= 0) return fd;
  *syscall = kCalls[failure.call];
  return failure.error != 0 ? -failure.error : -EIO;
}

ChildPlan planOf(const TmpfsOptions& options) {
  ChildPlan plan{};
  plan.swap = options.swap;
  ::snprintf(plan.size, sizeof plan.size, "%llu",
             static_cast<unsigned long long>(options.maxBytes));
  ::snprintf(plan.uidMap, sizeof plan.uidMap, "%u %u 1", ::geteuid(), ::geteuid());
  ::snprintf(plan.gidMap, sizeof plan.gidMap, "%u %u 1", ::getegid(), ::getegid());
  return plan;
}

// Only the initial one maps every id.
bool inInitialUserNamespace() {
  char text[64] = {};
  const int fd = ::open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return true;
  const ssize_t got = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  unsigned inside = 0, outside = 0, count = 0;
  if (got <= 0 || ::sscanf(text, "%u %u %u", &inside, &outside, &count) != 3) return true;
  return inside == 0 && outside == 0 && count == 4294967295u;
}

}  // namespace

int makeTmpfsAsUser(const TmpfsOptions& options, const char** syscall) {
  if (!options.swap) {  // a tmpfs that is not the initial user namespace's refuses noswap
    *syscall = kCalls[kFsconfig];
    return -EPERM;
  }
  Failure failure{0, 0};
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return finish(-1, {errno, kSocketpair}, syscall);
  }
  ChildPlan plan = planOf(options);
  plan.socket = sockets[1];
  int fd = -1;
  if (spawnChild(&plan, &failure) == 0) fd = receiveResult(sockets[0], &failure);
  ::close(sockets[0]);
  ::close(sockets[1]);
  return finish(fd, failure, syscall);
}

int makeTmpfs(const TmpfsOptions& options, const char** syscall) {
  Failure failure{0, 0};
  const ChildPlan plan = planOf(options);
  const int fd = mountHere(plan.size, plan.swap, &failure);
  if (fd < 0 && failure.error == EPERM && failure.call == kFsopen) {
    return makeTmpfsAsUser(options, syscall);
  }
  if (fd < 0 && !options.swap && failure.error == EINVAL) {
    // The root of a user namespace of its own, or a kernel older than noswap.
    failure.error = inInitialUserNamespace() ? EOPNOTSUPP : EPERM;
  }
  return finish(fd, failure, syscall);
}

}  // namespace ram
