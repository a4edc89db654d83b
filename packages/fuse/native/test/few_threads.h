// What happens where a process may have no more threads, tried in a process of its own.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ram::fuse {

// No further thread can be made from here on. Root is not held to the limit: it becomes a user
// without other processes.
inline void limitThreads() {
  rlimit none{0, 0};
  if (::geteuid() == 0 && ::setuid(54321) != 0) ::_exit(2);
  if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(2);
}

// Whether `work`, done in a child, returned true.
template <class Work>
bool inChild(Work work) {
  pid_t child = ::fork();
  if (child == 0) ::_exit(work() ? 0 : 1);
  int status = -1;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace ram::fuse
