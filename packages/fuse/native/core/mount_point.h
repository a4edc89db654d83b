// The system calls around a mount: making it as root, taking it away, and what must still happen
// when the process ends.
#pragma once

#include <string>

namespace ram::fuse {

struct MountRequest {
  std::string directory;
  std::string source;   // shown as the device in /proc/mounts
  std::string type;     // "fuse" or "fuse.SUBTYPE"
  unsigned long flags;  // MS_* of mount(2)
  std::string data;     // options besides those that this function adds
};

// Opens /dev/fuse and mounts it, which takes CAP_SYS_ADMIN. Returns the descriptor, or -errno with
// the system call that failed in *syscall.
int mountWithDevice(const MountRequest& request, const char** syscall);

// A pair of sockets for fusermount3, which sends the descriptor of the mount that it made.
int openSocketPair(int sockets[2]);
// Takes a descriptor that was sent, without waiting. -EAGAIN: none yet; -ECONNRESET: none will
// come.
int receiveDescriptor(int socket);

// For the end of the process: takes the mount away at once, also when it is busy. `helper` is the
// path of fusermount3 for mounts that it made, else empty. Waits at most two seconds.
void unmountAtExit(const std::string& directory, const std::string& helper);

}  // namespace ram::fuse
