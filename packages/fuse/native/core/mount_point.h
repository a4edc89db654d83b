// The system calls around a mount: making it as root, taking it away, and what must still happen
// when the process ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ram::fuse {

struct MountRequest {
  std::string directory;
  std::string source;   // shown as the device in /proc/mounts
  std::string type;     // "fuse" or "fuse.SUBTYPE"
  unsigned long flags;  // MS_* of mount(2)
  std::string data;     // options besides those that this function adds
};

// The mounts that this process sees, as /proc tells them. Reading takes no descriptor.
class MountTable {
 public:
  MountTable();
  ~MountTable();
  MountTable(const MountTable&) = delete;
  MountTable& operator=(const MountTable&) = delete;

  int error() const { return fd_ < 0 ? fd_ : 0; }  // of opening it: 0 or -errno
  // As they are now. Returns 0 or -errno.
  int read(std::string* text) const;

 private:
  int fd_;
};

// Opens /dev/fuse and mounts it, which takes CAP_SYS_ADMIN. Returns the descriptor, or -errno with
// the system call that failed in *syscall.
int mountWithDevice(const MountRequest& request, const char** syscall);

// A pair of sockets for fusermount3, which sends the descriptor of the mount that it made.
int openSocketPair(int sockets[2]);
// Takes a descriptor that was sent, without waiting. -EAGAIN: none yet; -ECONNRESET: none will
// come.
int receiveDescriptor(int socket);

// A mount as this process made it.
struct MountPoint {
  std::string directory;  // absolute, without symlinks
  std::string helper;     // the path of fusermount3 for mounts that it made, else empty
  uint32_t major = 0, minor = 0;  // its device, which tells it from others at that directory
};

// The device of the topmost mount in `table`, which is the text of /proc/self/mountinfo, whose root
// is exactly `directory`. False: there is none. `isFuse` may be null.
bool findMount(std::string_view table, std::string_view directory, uint32_t* major,
               uint32_t* minor, bool* isFuse = nullptr);

// Tells the new mount of `device`, its descriptor of /dev/fuse, from others that may come to the
// same directory; where the kernel says what that descriptor serves (Linux 6.18), a mount that
// another process put over it meanwhile is not taken for it. Returns 0 or -errno: -ESTALE: it is
// not there or covered; others: it could not be looked for. Who mounts opens `table` before: a
// mount that it can't name for lack of descriptors can't be taken away.
int identifyMount(int device, MountPoint* mount, const MountTable& table = {});

// For the end of the process: takes the mount away at once, also when it is busy; leaves alone
// what else is mounted over it, or in its place. Waits at most two seconds.
void unmountAtExit(const MountPoint& mount);

// Ends the connection of the mount with this device, by the kernel's control file, whether or not
// that is mounted anywhere. Returns 0 or -errno: -ENOENT: there is none (any more); -EPERM: it is
// not mounted, and only root can do without.
int endConnection(uint32_t minor);

// Ends the connection of a mount that is still served through `device`, by the kernel's control
// file; then its clients, and notices that wait for them, wait no longer. Without that file only
// root can. Returns 0 or -errno; -ENOTCONN: it has ended already.
int abortConnection(int device, uint32_t minor);

}  // namespace ram::fuse
