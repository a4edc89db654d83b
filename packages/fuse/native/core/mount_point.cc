#include "mount_point.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

extern char** environ;

namespace ram::fuse {
namespace {

constexpr int kHelperWaitMs = 2000;
// Of <linux/mount.h>, which cannot be included besides <sys/mount.h> everywhere.
constexpr unsigned kFsopenCloexec = 1, kFsconfigCreate = 6, kFsmountCloexec = 1;
constexpr const char* kConnections = "/sys/fs/fuse/connections/";
constexpr const char* kMountTable = "/proc/self/mountinfo";

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

std::string_view takeField(std::string_view* line) {
  std::string_view field = line->substr(0, line->find(' '));
  line->remove_prefix(std::min(line->size(), field.size() + 1));
  return field;
}

// Space, tab, newline and backslash are written as three octal digits.
std::string unescape(std::string_view field) {
  std::string text;
  for (size_t at = 0; at < field.size(); at++) {
    if (field[at] == '\\' && at + 3 < field.size()) {
      auto digit = [&](size_t i) { return field[at + i] - '0'; };
      text += static_cast<char>(digit(1) * 64 + digit(2) * 8 + digit(3));
      at += 3;
    } else {
      text += field[at];
    }
  }
  return text;
}

// Returns a descriptor or -errno.
int openText(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// All of it, from where `fd` stands. Returns 0 or -errno.
int readText(int fd, std::string* text) {
  char part[4096];
  ssize_t got;
  while ((got = ::read(fd, part, sizeof(part))) > 0) text->append(part, static_cast<size_t>(got));
  return got < 0 ? -errno : 0;
}

bool isTopmost(const MountPoint& mount) {
  std::string text;
  uint32_t major, minor;
  return MountTable().read(&text) == 0 && findMount(text, mount.directory, &major, &minor) &&
         major == mount.major && minor == mount.minor;
}

// Whether the kernel tells what this /dev/fuse serves, and that is another mount.
bool servesAnother(int device, uint32_t minor) {
  constexpr const char* kField = "fuse_connection:";
  std::string facts;
  const int fd = openText("/proc/self/fdinfo/" + std::to_string(device));
  if (fd < 0) return false;
  readText(fd, &facts);
  ::close(fd);
  size_t at = facts.find(kField);
  uint32_t served;
  if (at == std::string::npos) return false;
  const char* number = facts.c_str() + at + std::strlen(kField);
  return std::sscanf(number, "%u", &served) == 1 && served != minor;
}

bool isConnected(int device) {
  pollfd queue{device, POLLIN, 0};
  return ::poll(&queue, 1, 0) >= 0 && (queue.revents & (POLLERR | POLLNVAL)) == 0;
}

// A control file where the control file system is mounted nowhere: in a mount that nobody sees.
int openHiddenControl(const char* name) {
  int context = static_cast<int>(::syscall(SYS_fsopen, "fusectl", kFsopenCloexec));
  if (context < 0) return -1;
  int mount = -1, control = -1;
  if (::syscall(SYS_fsconfig, context, kFsconfigCreate, nullptr, nullptr, 0) == 0) {
    mount = static_cast<int>(::syscall(SYS_fsmount, context, kFsmountCloexec, 0));
  }
  if (mount >= 0) control = ::openat(mount, name, O_WRONLY | O_CLOEXEC);
  int error = errno;
  if (mount >= 0) ::close(mount);
  ::close(context);
  errno = error;
  return control;
}

// Returns -1 with errno: EACCES where the connection is another user's.
int openControl(uint32_t minor) {
  std::string name = std::to_string(minor) + "/abort";
  int control = ::open((kConnections + name).c_str(), O_WRONLY | O_CLOEXEC);
  return control < 0 && errno == ENOENT ? openHiddenControl(name.c_str()) : control;
}

}  // namespace

MountTable::MountTable() : fd_(openText(kMountTable)) {}

MountTable::~MountTable() {
  if (fd_ >= 0) ::close(fd_);
}

int MountTable::read(std::string* text) const {
  if (fd_ < 0) return fd_;
  return ::lseek(fd_, 0, SEEK_SET) < 0 ? -errno : readText(fd_, text);
}

int mountWithDevice(const MountRequest& request, const char** syscall) {
  *syscall = "open";
  int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return -errno;
  std::string data = "fd=" + std::to_string(device) + ",rootmode=40000,user_id=" +
                     std::to_string(::getuid()) + ",group_id=" + std::to_string(::getgid());
  if (!request.data.empty()) data += "," + request.data;
  *syscall = "mount";
  if (::mount(request.source.c_str(), request.directory.c_str(), request.type.c_str(),
              request.flags, data.c_str()) == 0) {
    return device;
  }
  int error = -errno;
  ::close(device);
  return error;
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

bool findMount(std::string_view table, std::string_view directory, uint32_t* major,
               uint32_t* minor, bool* isFuse) {
  bool found = false;
  while (!table.empty()) {
    std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(table.size(), line.size() + 1));
    // 36 22 0:40 / /mnt/point rw,… - fuse.ram source rw
    std::string_view fields[5];
    for (auto& field : fields) field = takeField(&line);
    if (unescape(fields[4]) != directory) continue;
    std::string numbers(fields[2]);
    found = std::sscanf(numbers.c_str(), "%u:%u", major, minor) == 2;
    size_t end = line.find(" - ");
    std::string_view rest = line.substr(end == line.npos ? line.size() : end + 3);
    std::string_view type = takeField(&rest);
    if (isFuse != nullptr) *isFuse = type == "fuse" || type.starts_with("fuse.");
  }
  return found;
}

int identifyMount(int device, MountPoint* mount, const MountTable& table) {
  std::string text;
  if (const int error = table.read(&text); error < 0) return error;
  uint32_t major, minor;
  bool isFuse = false;
  if (!findMount(text, mount->directory, &major, &minor, &isFuse) || !isFuse ||
      servesAnother(device, minor)) {
    return -ESTALE;
  }
  mount->major = major;
  mount->minor = minor;
  return 0;
}

void unmountAtExit(const MountPoint& mount) {
  if (!isTopmost(mount)) return;
  if (!mount.helper.empty()) return runHelper(mount.helper, mount.directory);
  const char* directory = mount.directory.c_str();
  if (::umount2(directory, UMOUNT_NOFOLLOW) != 0 && isTopmost(mount)) {
    ::umount2(directory, UMOUNT_NOFOLLOW | MNT_DETACH);
  }
}

int endConnection(uint32_t minor) {
  int control = openControl(minor);
  if (control < 0) return -errno;
  int result = ::write(control, "1", 1) < 0 ? -errno : 0;
  ::close(control);
  return result;
}

int abortConnection(int device, uint32_t minor) {
  int control = openControl(minor);
  if (control < 0) return -errno;
  // The number belongs to this connection for as long as it lives, afterwards perhaps to another.
  // It lives now, so it did when the file was opened; an open file ends nobody else's.
  int result = -ENOTCONN;
  if (isConnected(device)) result = ::write(control, "1", 1) < 0 ? -errno : 0;
  ::close(control);
  return result;
}

}  // namespace ram::fuse
