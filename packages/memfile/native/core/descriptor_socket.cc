#include "descriptor_socket.h"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace ram {
namespace {

struct Message {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  char byte = 0;
  iovec part{&byte, 1};
  msghdr header{};

  Message() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

int receiveOn(int socket) {
  Message message;
  ssize_t got;
  do {
    got = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
  const cmsghdr* found = CMSG_FIRSTHDR(&message.header);
  if (found == nullptr || found->cmsg_level != SOL_SOCKET || found->cmsg_type != SCM_RIGHTS) {
    return -ENODATA;
  }
  int fd = -1;
  memcpy(&fd, CMSG_DATA(found), sizeof fd);
  return fd;
}

}  // namespace

int sendDescriptor(int socket, int fd) {
  Message message;
  cmsghdr* added = CMSG_FIRSTHDR(&message.header);
  added->cmsg_level = SOL_SOCKET;
  added->cmsg_type = SCM_RIGHTS;
  added->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(added), &fd, sizeof fd);
  return sendmsg(socket, &message.header, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int receiveDescriptor(const char* path, int timeoutMs) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, length);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  timeval limit{timeoutMs / 1000, timeoutMs % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int result = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  result = result < 0 ? -errno : receiveOn(fd);
  close(fd);
  return result;
}

}  // namespace ram
