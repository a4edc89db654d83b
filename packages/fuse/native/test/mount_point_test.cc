#include "mount_point.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace ram::fuse {
namespace {

constexpr std::string_view kTable =
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "36 22 0:40 / /mnt/ram rw,nosuid,nodev - fuse.ram my\\040disk rw,user_id=0\n"
    "37 22 0:41 / /mnt/sp\\040ace\\134x rw shared:5 master:1 - fuse /dev/fuse rw\n"
    "38 36 7:42 / /mnt/ram rw - tmpfs tmpfs rw\n"
    "39\n"
    "40 22 what / /mnt/odd rw - tmpfs tmpfs rw";

}  // namespace

TEST_CASE("mount point: the topmost mount of a directory is found") {
  uint32_t major = 99, minor = 99;
  CHECK(findMount(kTable, "/mnt/sp ace\\x", &major, &minor));
  CHECK(major == 0);
  CHECK(minor == 41);
  CHECK(findMount(kTable, "/mnt/ram", &major, &minor));
  CHECK(major == 7);
  CHECK(minor == 42);
  bool isFuse = false;
  CHECK(findMount(kTable, "/mnt/sp ace\\x", &major, &minor, &isFuse));
  CHECK(isFuse);
  CHECK(findMount(kTable, "/mnt/ram", &major, &minor, &isFuse));
  CHECK_FALSE(isFuse);
  CHECK_FALSE(findMount(kTable, "/mnt", &major, &minor));
  CHECK_FALSE(findMount(kTable, "/mnt/odd", &major, &minor));
  CHECK_FALSE(findMount("", "/", &major, &minor));
}

TEST_CASE("mount point: what is no FUSE mount is not taken for the new one") {
  MountPoint mount{"/proc", {}, 0, 0};
  CHECK(identifyMount(-1, &mount) == -ESTALE);
  mount.directory = "/no/such/place";
  CHECK(identifyMount(-1, &mount) == -ESTALE);
  CHECK(mount.minor == 0);
}

TEST_CASE("mount point: a connection that has no control file is not ended") {
  int sockets[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  CHECK(abortConnection(sockets[0], UINT32_MAX) < 0);
  ::close(sockets[0]);
  ::close(sockets[1]);
}

}  // namespace ram::fuse
