// What changes of size and owner take away: S_ISUID, and S_ISGID as inode_operations has it.
#include <doctest/doctest.h>

#include "harness.h"

namespace ram::fuse {
namespace {

struct Who {
  uint32_t uid, gid;
};

// The mode after a file of `mode`, of user 7 and group 7, was changed, as the reply tells it. The
// caller has no number: its groups are the first, its capabilities those of its uid.
uint32_t modeAfter(uint32_t mode, Who who, SetattrIn change) {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 0644, "x");
  SetattrIn birth{};
  birth.valid = kValidMode | kValidUid | kValidGid;
  birth.mode = mode;
  birth.uid = birth.gid = 7;
  harness.call(RequestBuilder(kSetattr, inode).with(birth).as(0, 0));
  auto reply =
      harness.call(RequestBuilder(kSetattr, inode).with(change).as(who.uid, who.gid));
  CHECK(reply.header.error == 0);
  auto told = reply.as<AttributesOut>().attributes.mode & 07777;
  auto kept = harness.call(RequestBuilder(kGetattr, inode).with(GetattrIn{}))
                  .as<AttributesOut>()
                  .attributes.mode;
  CHECK((kept & 07777) == told);
  return told;
}

constexpr Who kStranger{5, 5}, kMember{5, 7}, kOwnerOutside{7, 5}, kRoot{0, 0};

SetattrIn truncation(bool kills) {
  SetattrIn in{};
  in.valid = kValidSize;
  if (kills) in.valid |= kValidKillPrivileges;
  return in;
}

}  // namespace

TEST_CASE("privileges: a new size takes what a write takes, where the kernel says so") {
  for (Who who : {kStranger, kOwnerOutside}) {
    CHECK(modeAfter(02767, who, truncation(true)) == 0767);
    CHECK(modeAfter(02777, who, truncation(true)) == 0777);
    CHECK(modeAfter(04767, who, truncation(true)) == 0767);
    CHECK(modeAfter(06767, who, truncation(true)) == 0767);
  }
  CHECK(modeAfter(02767, kMember, truncation(true)) == 02767);
  CHECK(modeAfter(06767, kMember, truncation(true)) == 02767);
  CHECK(modeAfter(06777, kMember, truncation(true)) == 0777);
  // Root without CAP_FSETID, whatever /proc would say.
  CHECK(modeAfter(06767, kRoot, truncation(true)) == 0767);
  CHECK(modeAfter(06767, kRoot, truncation(false)) == 06767);
}

TEST_CASE("privileges: a new owner takes the odd set-gid bit where the caller may not keep it") {
  SetattrIn change{};
  change.valid = kValidUid | kValidKillPrivileges;
  change.uid = 8;
  CHECK(modeAfter(06767, kRoot, change) == 02767);
  CHECK(modeAfter(06777, kRoot, change) == 0777);
  CHECK(modeAfter(06767, kMember, change) == 02767);
  CHECK(modeAfter(06767, kOwnerOutside, change) == 0767);
}

TEST_CASE("privileges: of no new owner the same") {
  CHECK(modeAfter(06767, kRoot, SetattrIn{}) == 02767);
  CHECK(modeAfter(06777, kRoot, SetattrIn{}) == 0777);
  CHECK(modeAfter(06767, kOwnerOutside, SetattrIn{}) == 0767);
}

}  // namespace ram::fuse
