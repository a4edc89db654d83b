#include "io_modes.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

namespace ram::fuse {

TEST_CASE("io modes: the first open decides until the last close") {
  IoModes modes;
  CHECK_FALSE(modes.open(7, false));
  CHECK_FALSE(modes.open(7, true));
  modes.close(7);
  modes.close(7);
  CHECK(modes.open(7, true));
  CHECK(modes.open(7, false));
}

TEST_CASE("io modes: what cannot be cached is direct from then on") {
  IoModes modes;
  CHECK_FALSE(modes.open(7, false));
  modes.needDirect(7);
  CHECK(modes.open(7, false));
  modes.close(7);
  modes.close(7);
  CHECK_FALSE(modes.open(7, false));
}

TEST_CASE("io modes: a close too many does no harm") {
  IoModes modes;
  modes.close(7);
  CHECK(modes.openCount(7) == 0);
}

TEST_CASE("io modes: tell whether anybody may write") {
  IoModes modes;
  CHECK_FALSE(modes.openForWriting(7));
  modes.open(7, false);
  CHECK_FALSE(modes.openForWriting(7));
  modes.open(7, false, true);
  CHECK(modes.openForWriting(7));
  modes.close(7);
  CHECK(modes.openForWriting(7));
  modes.close(7, true);
  CHECK_FALSE(modes.openForWriting(7));
}

TEST_CASE("io modes: counts agree with a model over many inodes") {
  IoModes modes;
  std::map<uint64_t, uint32_t> model;
  std::mt19937_64 random(7);
  for (int step = 0; step < 200'000; step++) {
    uint64_t inode = 1 + random() % 5000;
    if (random() % 2 == 0 || model[inode] == 0) {
      modes.open(inode, false);
      model[inode]++;
    } else {
      modes.close(inode);
      model[inode]--;
    }
  }
  for (auto [inode, count] : model) CHECK(modes.openCount(inode) == count);
}

}  // namespace ram::fuse
