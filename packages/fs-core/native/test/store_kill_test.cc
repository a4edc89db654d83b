// A real process, really killed: two threads change a store at random until kill -9 ends them
// somewhere; whoever opens the segments next must find them sound, and goes on from there.
#include <doctest/doctest.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kBytes = 24 << 20;

Store* openAgain(int descriptor) {
  std::unique_ptr<Backing> backing;
  if (Backing::adopt(::dup(descriptor), &backing) != 0) return nullptr;
  Store* store = nullptr;
  return Store::adopt(std::move(backing), false, &store) == 0 ? store : nullptr;
}

void changeForever(Store* store, unsigned seed) {
  std::mt19937 random(seed);
  const std::string bytes(90'000, static_cast<char>('a' + seed % 26));
  for (;;) {
    const std::string name = "n" + std::to_string(random() % 60);
    const std::string other = "n" + std::to_string(random() % 60);
    Attributes out{};
    WriteResult written;
    const int found = store->lookup(kSelf, kRootInode, name, &out);
    switch (random() % 9) {
      case 0:
        store->makeNode(kSelf, kRootInode, name, S_IFREG | 0600, 0, &out);
        break;
      case 1:
        store->makeSymlink(kSelf, kRootInode, name, other, &out);
        break;
      case 2:
        store->unlink(kSelf, kRootInode, name);
        break;
      case 3:
        store->rename(kSelf, kRootInode, name, kRootInode, other,
                      random() % 2 == 0 ? RENAME_EXCHANGE : 0);
        break;
      case 4:
        if (found == 0) store->link(kSelf, out.inode, kRootInode, other, &out);
        break;
      case 5:
        if (found == 0) store->setXattr(kSelf, out.inode, "user." + other, bytes.data(), 60, 0);
        break;
      case 6:
        store->makeDirectory(kSelf, kRootInode, name, 0700, &out);
        store->removeDirectory(kSelf, kRootInode, other);
        break;
      case 7: {
        SetAttributes change{};
        change.fields = kSetSize;
        change.size = random() % 100'000;
        if (found == 0) store->setAttributes(kSelf, out.inode, change, &out);
        break;
      }
      default:
        if (found == 0) {
          store->write(kSelf, out.inode, 0, random() % 3000, bytes.data(),
                       1 + random() % bytes.size(), 0, &written);
        }
    }
  }
}

[[noreturn]] void childWork(int descriptor, unsigned seed) {
  Store* store = openAgain(descriptor);
  if (store == nullptr) ::_exit(1);
  std::thread second(changeForever, store, seed + 1000);
  changeForever(store, seed);
  ::_exit(0);
}

TEST_CASE("kill -9 at any moment leaves segments that open clean") {
  const char* wanted = ::getenv("RAM_KILL_ROUNDS");
  const int rounds = wanted == nullptr ? 25 : ::atoi(wanted);
  const unsigned seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937 random(seed);
  int descriptor = -1;
  {
    SmallStore first(kBytes, BackingChoice::kTmpfs);
    descriptor = ::dup(first->backing().descriptor());
  }
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) childWork(descriptor, seed + static_cast<unsigned>(round));
    ::usleep(3000 + random() % 30'000);  // the moment is the random part
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    Store* opened = openAgain(descriptor);
    REQUIRE(opened != nullptr);
    SmallStore survivor(opened);  // checks itself
    survivor.dump();
  }
  ::close(descriptor);
}

}  // namespace
}  // namespace ram
