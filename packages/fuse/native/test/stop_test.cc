// A mount that lives, with a notice stuck in the kernel, is let go in time. Needs the real device.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "dev_fuse.h"
#include "fake_file_system.h"
#include "mount_point.h"
#include "session.h"

namespace ram::fuse {
namespace {

uint32_t minorOf(const std::string& directory) {
  std::ifstream file("/proc/self/mountinfo");
  std::string table{std::istreambuf_iterator<char>(file), {}};
  uint32_t major = 0, minor = 0;
  return findMount(table, directory, &major, &minor) ? minor : 0;
}

// A client waits for a page that nobody reads for it any more, with the page locked, and a notice
// about the page waits for the client.
bool stopsWithStuckNotice(const std::string& directory, int device) {
  FakeFileSystem files;
  DevFuse transport(device, 1);
  Session session(&files, transport, {});
  if (session.attach() < 0 || transport.start(&session, nullptr, nullptr) < 0) return false;
  int file = ::open((directory + "/file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  char page[4096] = "text";
  if (::write(file, page, sizeof(page)) != sizeof(page)) return false;
  if (::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) return false;
  Attributes attributes;
  if (files.lookup({}, kRootInode, "file", &attributes) != 0) return false;
  transport.stop();

  ssize_t length = 0;
  std::thread client([&] { length = ::pread(file, page, sizeof(page), 0); });
  pollfd queue{device, POLLIN, 0};
  while (::poll(&queue, 1, -1) != 1) {
  }
  session.notifier.inodeChanged({0, 0, 1, 9, 0}, attributes.inode, 0, UINT64_MAX);
  while (session.notifier.queued() != 0) std::this_thread::yield();

  bool aborted = abortConnection(device, minorOf(directory)) == 0;
  session.notifier.stop();
  session.close();
  client.join();
  bool again = abortConnection(device, minorOf(directory)) == -ENOTCONN;
  ::close(file);
  return aborted && again && length < 0;
}

// Whether the child ended with 0 within ten seconds. Then the mount goes by force, which also
// frees a child that is stuck.
bool endsWell(pid_t child, const char* directory) {
  int status = -1;
  pid_t ended = 0;
  for (int waited = 0; ended == 0 && waited < 1000; waited++) {
    ended = ::waitpid(child, &status, WNOHANG);
    if (ended == 0) ::usleep(10'000);  // waitpid(2) has no time limit of its own
  }
  ::umount2(directory, MNT_FORCE);
  ::umount2(directory, MNT_DETACH);
  if (ended == 0) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return ended == child && status == 0;
}

}  // namespace

TEST_CASE("stop: a notice that waits for a client is freed by the end of the connection") {
  char directory[] = "/tmp/ram-fuse-stop-XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  const char* syscall;
  int device = mountWithDevice(
      {directory, "stop", "fuse.ram", MS_NOSUID | MS_NODEV, "default_permissions"}, &syscall);
  if (device < 0) {
    MESSAGE("[not run: mounting takes root and /dev/fuse]");
  } else {
    pid_t child = ::fork();
    if (child == 0) ::_exit(stopsWithStuckNotice(directory, device) ? 0 : 1);
    ::close(device);
    CHECK(endsWell(child, directory));
  }
  ::rmdir(directory);
}

}  // namespace ram::fuse
