#include "mount_point.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

extern char** environ;

namespace ram::fuse {
namespace {

constexpr int kHelperWaitMs = 2000;

void sleepMs(int ms) {
  timespec time{ms / 1000, (ms % 1000) * 1'000'000l};
  nanosleep(&time, nullptr);
}

void runHelper(const std::string& helper, const std::string& directory) {
  const char* arguments[] = {helper.c_str(), "-u", "-q", "-z", "--", directory.c_str(), nullptr};
  pid_t child;
  if (posix_spawn(&child, helper.c_str(), nullptr, nullptr, const_cast<char**>(arguments),
                  environ) != 0) {
    return;
  }
  for (int waited = 0; waited < kHelperWaitMs; waited += 5) {
    if (::waitpid(child, nullptr, WNOHANG) != 0) return;
    sleepMs(5);
  }
  ::kill(child, SIGKILL);
}

}  // namespace

int mountWithDevice(const MountRequest& request, const char** syscall) {
  *syscall = "open";
  int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return -errno;
  std::string data = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=" +
                     std::to_string(::getuid()) + ",group_id=" + std::to_string(::getgid());
  if (!request.data.empty()) data += "," + request.data;
  *syscall = "mount";
  if (::mount(request.source.c_str(), request.directory.c_str(), request.type.c_str(),
              request.flags, data.c_str()) != 0) {
    int error = -errno;
    ::close(device);
    return error;
  }
  return device;
}

int openSocketPair(int sockets[2]) {
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 ? -errno : 0;
}

int receiveDescriptor(int socket) {
  char byte;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t length = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return -errno;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (length == 0 || header == nullptr || header->cmsg_type != SCM_RIGHTS) return -ECONNRESET;
  int descriptor;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof(descriptor));
  return descriptor;
}

void unmountAtExit(const std::string& directory, const std::string& helper) {
  if (!helper.empty()) return runHelper(helper, directory);
  if (::umount2(directory.c_str(), UMOUNT_NOFOLLOW) != 0) {
    ::umount2(directory.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH);
  }
}

}  // namespace ram::fuse
