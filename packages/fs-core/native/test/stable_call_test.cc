// Paths are walked inode number by inode number while others remove and make directories: a call
// must never act in a directory that its path did not name.
#include "stable_call.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <atomic>
#include <thread>

#include "local_client.h"
#include "small_store.h"

namespace ram {
namespace {

TEST_CASE("a number freed during a call is not another inode before the call ends") {
  SmallStore store(4 << 20);
  const uint64_t gone = store.make("gone");
  const uint32_t token = store->enterCall();
  REQUIRE(store->unlink(kSelf, kRootInode, "gone") == 0);
  for (int i = 0; i < 2000; ++i) CHECK(store.make("f" + std::to_string(i)) != gone);
  store->leaveCall(token);
  bool reused = false;
  for (int i = 0; i < 2000; ++i) reused = store.make("g" + std::to_string(i)) == gone || reused;
  CHECK(reused);
}

TEST_CASE("removing by path never removes in a directory that took the number over") {
  SmallStore store(16 << 20);
  LocalClient client(&*store, {0, 0, 1, 022});
  REQUIRE(client.makeDirectory("/t", 0755) == 0);
  REQUIRE(client.makeDirectory("/keep", 0755) == 0);
  std::atomic<bool> stop{false};
  std::atomic<int> lost{0};
  std::thread remover([&] {
    while (!stop) client.unlink("/t/a/x");
  });
  for (int round = 0; round < 20'000; ++round) {
    client.makeDirectory("/t/a", 0755);
    client.removeDirectory("/t/a");
    client.makeDirectory("/keep/b", 0755);
    const int file = client.open("/keep/b/x", O_CREAT | O_WRONLY, 0600);
    if (file >= 0) client.close(file);
    if (client.unlink("/keep/b/x") != 0) ++lost;
    client.removeDirectory("/keep/b");
  }
  stop = true;
  remover.join();
  CHECK(lost == 0);
}

}  // namespace
}  // namespace ram
