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

}  // namespace ram::fuse
