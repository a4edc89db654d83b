// Mounts the test's file system with the driver, without Node:
//   serve_fake DIRECTORY [direct] [locks] [uring]      serves until the directory is unmounted
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../test/fake_file_system.h"
#include "mount_point.h"
#include "mount_transport.h"
#include "operations.h"
#include "session.h"

int main(int argc, char** argv) {
  using namespace ram::fuse;
  if (argc < 2) return 2;
  SessionOptions options;
  bool queues = false;
  for (int i = 2; i < argc; i++) {
    if (std::strcmp(argv[i], "direct") == 0) options.direct = true;
    if (std::strcmp(argv[i], "locks") == 0) options.volumeLocks = true;
    if (std::strcmp(argv[i], "uring") == 0) queues = true;
  }
  FakeFileSystem files;
  const char* syscall;
  int device = mountWithDevice({argv[1], "fake", "fuse.ram", MS_NOSUID | MS_NODEV,
                                "default_permissions,allow_other"},
                               &syscall);
  if (device < 0) return std::fprintf(stderr, "%s: %s\n", syscall, std::strerror(-device)), 1;
  MountTransport transport(device, 8);
  Session session(&files, transport, options);
  if (session.attach() != 0) return 1;
  int ended[2];
  if (::pipe(ended) != 0) return 1;
  auto onEnd = [](void* context) {
    if (::write(static_cast<int*>(context)[1], "x", 1) != 1) std::perror("pipe");
  };
  if (transport.start(&session, queues, onEnd, ended) != 0) return 1;
  char byte;
  if (::read(ended[0], &byte, 1) != 1) return 1;
  transport.stop();
  session.close();
  for (uint32_t i = 0; i < kOpcodeCount; i++) {
    if (uint64_t count = session.counters.requests[i].sum()) {
      std::printf("%s %llu\n", kOperations[i].name, static_cast<unsigned long long>(count));
    }
  }
  std::printf("errors %llu, threads %u\n",
              static_cast<unsigned long long>(session.counters.errors.sum()),
              transport.threadsPeak());
}
