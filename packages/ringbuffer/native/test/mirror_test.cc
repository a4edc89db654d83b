#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <unistd.h>

#include "mirror.h"

namespace {

using ram::Mirror;
using ram::MirrorMaker;

struct Named {
  const char* name;
  MirrorMaker maker;
};

constexpr Named kMakers[] = {
    {"memfd", MirrorMaker::kMemfd},          {"tmpfile", MirrorMaker::kTmpfile},
    {"shm", MirrorMaker::kShm},              {"mmap+shm", MirrorMaker::kMmapShm},
    {"remap_file_pages", MirrorMaker::kRemapFilePages},
};

TEST_CASE("a write in either half shows in the other, with every maker") {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const Named& made : kMakers) {
    for (size_t bytes : {page, 3 * page, 64 * page}) {
      CAPTURE(made.name);
      Mirror mirror;
      const char* call = "";
      int result = ram::makeMirror(made.maker, bytes, "/tmp", &mirror, &call);
      if (made.maker == MirrorMaker::kRemapFilePages && result == -ENOSYS) {
        MESSAGE("[not run: remap_file_pages: the kernel refuses it]");
        break;
      }
      CAPTURE(call);
      REQUIRE(result == 0);
      CHECK(mirror.base[0] == 0);
      for (size_t i = 0; i < bytes; i += 509) mirror.base[i] = static_cast<uint8_t>(i * 31);
      CHECK(memcmp(mirror.base, mirror.base + bytes, bytes) == 0);
      mirror.base[2 * bytes - 1] = 77;
      CHECK(mirror.base[bytes - 1] == 77);
      ram::dropMirror(mirror);
    }
  }
}

TEST_CASE("what can't be made says which call failed") {
  Mirror mirror;
  const char* call = "";
  CHECK(ram::makeMirror(MirrorMaker::kTmpfile, 4096, "/nowhere", &mirror, &call) == -ENOENT);
  CHECK(strcmp(call, "open") == 0);
  // More than any machine has.
  CHECK(ram::makeMirror(MirrorMaker::kMemfd, size_t{1} << 46, "", &mirror, &call) == -ENOMEM);
  CHECK(strcmp(call, "fallocate") == 0);
}

}  // namespace
