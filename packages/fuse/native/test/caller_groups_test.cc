#include "caller_groups.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace ram::fuse {

TEST_CASE("caller groups: are read from the line of that name") {
  constexpr std::string_view kStatus =
      "Name:\tGroups: 7\nGid:\t8 8 8 8\nGroups:\t0 2100 4294967294 \nNStgid:\t9\n";
  for (uint32_t group : {0u, 2100u, 4294967294u}) CHECK(listsGroup(kStatus, group));
  for (uint32_t group : {7u, 8u, 9u, 21u, 210u}) CHECK_FALSE(listsGroup(kStatus, group));
  CHECK_FALSE(listsGroup("\nGroups:\t\nNStgid:\t9\n", 9));
  CHECK_FALSE(listsGroup("\nGroups:", 0));
  CHECK_FALSE(listsGroup("", 0));
}

TEST_CASE("caller groups: of one who is gone are the first alone") {
  Caller caller{5, 77, 0, 1, 0};
  CHECK(isMember(caller, 77));
  CHECK_FALSE(isMember(caller, 78));
  caller.pid = 0x7fffffff;
  CHECK_FALSE(isMember(caller, 78));
}

TEST_CASE("caller groups: CAP_FSETID is bit 4 of the effective capabilities") {
  CHECK(listsFsetid("Groups:\t\nCapPrm:\t0\nCapEff:\t0000000000000010\nCapBnd:\t0\n"));
  CHECK(listsFsetid("\nCapEff:\t000001ffffffffff\n"));
  CHECK_FALSE(listsFsetid("\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffef\n"));
  for (const char* none : {"", "\nCapEff:", "\nCapEff:\t\n", "\nCapEff:\tx\n"}) {
    CHECK_FALSE(listsFsetid(none));
  }
}

TEST_CASE("caller groups: of one who is gone root alone has CAP_FSETID") {
  for (uint32_t pid : {0u, 0x7fffffffu}) {
    CHECK(hasFsetid(Caller{0, 0, pid, 1, 0}));
    CHECK_FALSE(hasFsetid(Caller{5, 0, pid, 1, 0}));
  }
}

}  // namespace ram::fuse
