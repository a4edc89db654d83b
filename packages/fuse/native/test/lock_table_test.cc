#include "lock_table.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <cerrno>
#include <map>

#include "fake_file_system.h"

namespace ram::fuse {
namespace {

struct Listener final : LockListener {
  void lockSettled(uint64_t unique, uint32_t, int result) override { settled[unique] = result; }
  std::map<uint64_t, int> settled;
};

constexpr LockOwner kAlice{1, false, 10}, kBob{1, false, 11}, kElsewhere{2, false, 10};

WireLock lock(uint32_t type, uint64_t start = 0, uint64_t end = INT64_MAX) {
  return {start, end, type, 42};
}

}  // namespace

TEST_CASE("locks: readers share, a writer excludes") {
  LockTable table;
  CHECK(table.set(5, kAlice, lock(F_RDLCK), nullptr) == 0);
  CHECK(table.set(5, kBob, lock(F_RDLCK), nullptr) == 0);
  CHECK(table.set(5, kBob, lock(F_WRLCK), nullptr) == -EAGAIN);
  CHECK(table.set(6, kBob, lock(F_WRLCK), nullptr) == 0);
  CHECK(table.set(5, kAlice, lock(F_UNLCK), nullptr) == 0);
  CHECK(table.set(5, kBob, lock(F_WRLCK), nullptr) == 0);
}

TEST_CASE("locks: the same owner number on another mount is another owner") {
  LockTable table;
  CHECK(table.set(5, kAlice, lock(F_WRLCK), nullptr) == 0);
  CHECK(table.set(5, kElsewhere, lock(F_WRLCK), nullptr) == -EAGAIN);
}

TEST_CASE("locks: unlocking the middle leaves both ends") {
  LockTable table;
  table.set(5, kAlice, lock(F_WRLCK, 0, 99), nullptr);
  table.set(5, kAlice, lock(F_UNLCK, 40, 59), nullptr);
  CHECK(table.set(5, kBob, lock(F_WRLCK, 40, 59), nullptr) == 0);
  CHECK(table.set(5, kBob, lock(F_WRLCK, 39, 39), nullptr) == -EAGAIN);
  CHECK(table.set(5, kBob, lock(F_WRLCK, 60, 60), nullptr) == -EAGAIN);
  CHECK(table.set(5, kBob, lock(F_WRLCK, 100, 200), nullptr) == 0);
}

TEST_CASE("locks: of one owner and type that touch are one") {
  LockTable table;
  table.set(5, kAlice, lock(F_WRLCK, 0, 9), nullptr);
  table.set(5, kAlice, lock(F_WRLCK, 20, UINT64_MAX), nullptr);
  table.set(5, kAlice, lock(F_WRLCK, 10, 19), nullptr);
  WireLock asked = lock(F_RDLCK, 5, 5);
  table.query(5, kBob, &asked);
  CHECK(asked.start == 0);
  CHECK(asked.end == UINT64_MAX);
  table.set(5, kAlice, lock(F_RDLCK, 30, 39), nullptr);
  asked = lock(F_WRLCK, 35, 35);
  table.query(5, kBob, &asked);
  CHECK(asked.start == 30);
  CHECK(asked.end == 39);
}

TEST_CASE("locks: query names the one in the way") {
  LockTable table;
  table.set(5, kAlice, lock(F_WRLCK, 10, 19), nullptr);
  WireLock asked = lock(F_RDLCK, 0, 100);
  table.query(5, kBob, &asked);
  CHECK(asked.type == F_WRLCK);
  CHECK(asked.start == 10);
  CHECK(asked.end == 19);
  CHECK(asked.pid == 42);
  asked = lock(F_RDLCK, 20, 100);
  table.query(5, kBob, &asked);
  CHECK(asked.type == F_UNLCK);
}

TEST_CASE("locks: flock and record locks don't see each other") {
  LockTable table;
  LockOwner flock{1, true, 99};
  CHECK(table.set(5, kAlice, lock(F_WRLCK), nullptr) == 0);
  CHECK(table.set(5, flock, lock(F_WRLCK), nullptr) == 0);
}

TEST_CASE("locks: a waiting one is granted on unlock, in order") {
  LockTable table;
  Listener listener;
  table.set(5, kAlice, lock(F_WRLCK), nullptr);
  LockTable::Waiter first{&listener, 100, 0}, second{&listener, 102, 0};
  LockOwner carol{1, false, 12};
  CHECK(table.set(5, kBob, lock(F_WRLCK), &first) == LockTable::kWaiting);
  CHECK(table.set(5, carol, lock(F_WRLCK), &second) == LockTable::kWaiting);
  table.releaseOwner(5, kAlice);
  CHECK(listener.settled == std::map<uint64_t, int>{{100, 0}});
  table.releaseOwner(5, kBob);
  CHECK(listener.settled == std::map<uint64_t, int>{{100, 0}, {102, 0}});
}

TEST_CASE("locks: a waiting one is interrupted, also before it waits") {
  LockTable table;
  Listener listener;
  table.set(5, kAlice, lock(F_WRLCK), nullptr);
  LockTable::Waiter waiter{&listener, 100, 0}, late{&listener, 102, 0};
  table.set(5, kBob, lock(F_WRLCK), &waiter);
  table.interrupt(&listener, 100);
  CHECK(listener.settled == std::map<uint64_t, int>{{100, -EINTR}});
  table.interrupt(&listener, 102);
  CHECK(table.set(5, kBob, lock(F_WRLCK), &late) == -EINTR);
}

TEST_CASE("locks: two that wait for each other are EDEADLK") {
  LockTable table;
  Listener listener;
  LockTable::Waiter waiter{&listener, 100, 0}, other{&listener, 102, 0};
  table.set(5, kAlice, lock(F_WRLCK), nullptr);
  table.set(6, kBob, lock(F_WRLCK), nullptr);
  CHECK(table.set(6, kAlice, lock(F_WRLCK), &waiter) == LockTable::kWaiting);
  CHECK(table.set(5, kBob, lock(F_WRLCK), &other) == -EDEADLK);
}

TEST_CASE("locks: a long chain of many waiters is searched once, and is no deadlock") {
  constexpr uint64_t kFiles = 40, kOwners = 4;
  LockTable table;
  Listener listener;
  auto owner = [](uint64_t file, uint64_t i) { return LockOwner{1, false, file * kOwners + i}; };
  for (uint64_t file = 0; file < kFiles; file++) {
    for (uint64_t i = 0; i < kOwners; i++) {
      CHECK(table.set(100 + file, owner(file, i), lock(F_RDLCK), nullptr) == 0);
    }
  }
  LockTable::Waiter waiter{&listener, 100, 0};
  for (uint64_t file = kFiles - 1; file-- > 0;) {
    for (uint64_t i = 0; i < kOwners; i++) {
      CHECK(table.set(101 + file, owner(file, i), lock(F_WRLCK), &waiter) == LockTable::kWaiting);
    }
  }
  LockOwner last = owner(kFiles - 1, 0);
  CHECK(table.set(100, owner(kFiles, 0), lock(F_WRLCK), &waiter) == LockTable::kWaiting);
  CHECK(table.set(100, last, lock(F_WRLCK), &waiter) == -EDEADLK);
}

TEST_CASE("locks: a mount that ends leaves none, and others go on") {
  LockTable table;
  Listener listener;
  LockTable::Waiter waiter{&listener, 100, 0};
  table.set(5, kAlice, lock(F_WRLCK), nullptr);
  CHECK(table.set(5, kElsewhere, lock(F_WRLCK), &waiter) == LockTable::kWaiting);
  table.releaseMount(1);
  CHECK(listener.settled == std::map<uint64_t, int>{{100, 0}});
}

TEST_CASE("locks: mounts of one file system share a table") {
  FakeFileSystem one, two;
  auto table = LockTable::of(&one);
  CHECK(LockTable::of(&one) == table);
  CHECK(LockTable::of(&two) != table);
}

}  // namespace ram::fuse
