#include "views.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kPage = 4096;

class Mapped {
 public:
  Mapped(SmallStore& store, uint64_t inode, bool writable) {
    REQUIRE(store->mapView(inode, writable, &view_) == 0);
  }
  ~Mapped() { Store::unmapView(view_.id); }
  char* bytes() const { return static_cast<char*>(view_.address); }
  std::string text() const { return std::string(bytes(), view_.length); }
  uint64_t length() const { return view_.length; }

 private:
  View view_{};
};

int resize(SmallStore& store, uint64_t inode, uint64_t size) {
  SetAttributes change{};
  Attributes out;
  change.fields = kSetSize;
  change.size = size;
  return store->setAttributes(kSelf, inode, change, &out);
}

void fillDisk(SmallStore& store) {
  const uint64_t filler = store.make("filler");
  for (uint64_t at = 0;;) {
    const int64_t n = store.write(filler, at, std::string(kPage, 'f'));
    if (n <= 0) break;
    at += static_cast<uint64_t>(n);
  }
}

// Races with the core's remapping, as any program's reads of a view do.
__attribute__((noinline, no_sanitize("thread"))) char peek(const char* at) {
  return *static_cast<const volatile char*>(at);
}

TEST_CASE("a view shows the live bytes; stores into a read-only one reach nobody") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("f");
  store.write(file, 0, "0123456789" + std::string(2 * kPage, 'x'));
  Mapped view(store, file, false);
  CHECK(view.text().substr(0, 10) == "0123456789");
  store.write(file, 3, "LIVE");
  CHECK(view.text().substr(0, 10) == "012LIVE789");
  view.bytes()[0] = '!';
  CHECK(store.read(file).substr(0, 10) == "012LIVE789");
  store.write(file, kPage, "next page");
  CHECK(view.text().substr(kPage, 9) == "next page");
}

TEST_CASE("stores into a writable view are the file's bytes, and make it direct") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("f");
  store.write(file, 0, std::string(100, '.'));
  {
    Mapped view(store, file, true);
    Mapped other(store, file, false);
    view.bytes()[50] = 'W';
    CHECK(store.read(file)[50] == 'W');
    CHECK(other.bytes()[50] == 'W');
    OpenResult opened{};
    CHECK(store->open(kSelf, file, O_RDONLY, 0, &opened) == 0);
    CHECK(opened.direct);
    store->close(kSelf, file, opened.handle);
  }
  OpenResult opened{};
  CHECK(store->open(kSelf, file, O_RDONLY, 0, &opened) == 0);
  CHECK_FALSE(opened.direct);
  store->close(kSelf, file, opened.handle);
}

TEST_CASE("making a view changes neither bytes nor times, and fills holes") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("sparse");
  store.write(file, 50 * kPage, "end");
  const Attributes before = store.stat(file);
  CHECK(before.blocks == 8);
  Mapped view(store, file, false);
  const Attributes after = store.stat(file);
  CHECK(after.blocks == 51 * 8);
  CHECK(after.modified.nanoseconds == before.modified.nanoseconds);
  CHECK(after.changed.nanoseconds == before.changed.nanoseconds);
  CHECK(view.text() == std::string(50 * kPage, '\0') + "end");
}

TEST_CASE("a view that has no room for its holes is ENOSPC and leaves the file as it was") {
  SmallStore store(kMiB);
  const uint64_t file = store.make("sparse");
  store.write(file, 600 * kPage, "end");
  View view;
  CHECK(store->mapView(file, false, &view) == -ENOSPC);
  CHECK(store.stat(file).blocks == 8);
  CHECK(store->mapView(kRootInode, false, &view) == -EISDIR);
}

TEST_CASE("cut ranges read as zeros, and the file comes back when it grows") {
  for (const bool writable : {false, true}) {
    CAPTURE(writable);
    SmallStore store(4 * kMiB);
    const uint64_t file = store.make("f");
    const std::string bytes(10 * kPage, 'a');
    store.write(file, 0, bytes);
    Mapped view(store, file, writable);
    Mapped second(store, file, false);
    CHECK(resize(store, file, 3 * kPage + 100) == 0);
    const std::string cut = bytes.substr(0, 3 * kPage + 100);
    CHECK(view.text() == cut + std::string(view.length() - cut.size(), '\0'));
    view.bytes()[8 * kPage] = 'm';  // into memory that is nobody's file
    CHECK(resize(store, file, 0) == 0);
    CHECK(view.text().substr(0, 3 * kPage + 200) == std::string(3 * kPage + 200, '\0'));
    CHECK(second.text() == std::string(view.length(), '\0'));

    store.write(file, 2 * kPage, "back");
    CHECK(view.text().substr(2 * kPage, 4) == "back");
    CHECK(resize(store, file, 6 * kPage) == 0);
    store.write(file, 5 * kPage, "again");
    CHECK(second.text().substr(5 * kPage, 5) == "again");
    CHECK(store->allocate(kSelf, file, 0, 0, 20 * kPage, 0) == 0);
    store.write(file, 9 * kPage, "whole");
    CHECK(view.text().substr(9 * kPage, 5) == "whole");
    CHECK(view.text() == store.read(file).substr(0, view.length()));
    if (writable) {
      view.bytes()[9 * kPage] = 'W';
      CHECK(store.read(file).substr(9 * kPage, 5) == "Whole");
    }
  }
}

TEST_CASE("on a full disk no byte of a view is out of reach") {
  SmallStore store(kMiB);
  const uint64_t file = store.make("f");
  store.write(file, 0, std::string(40 * kPage, 'a'));
  Mapped view(store, file, true);
  Mapped copy(store, file, false);
  CHECK(resize(store, file, 10 * kPage) == 0);
  CHECK(store->allocate(kSelf, file, 0, kPage, 3 * kPage,
                        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) == 0);
  fillDisk(store);
  std::string expected(40 * kPage, '\0');
  expected.replace(0, 10 * kPage, std::string(10 * kPage, 'a'));
  expected.replace(kPage, 3 * kPage, std::string(3 * kPage, '\0'));
  CHECK((view.text() == expected));
  for (uint64_t i = 0; i < view.length(); i += kPage) copy.bytes()[i] = 'p';
  for (uint64_t i = 0; i < view.length(); i += kPage) view.bytes()[i] = 'w';
  CHECK(store.read(file)[kPage] == 'w');
  // There is no memory for what the views would have to show.
  CHECK(resize(store, file, 40 * kPage) == -ENOSPC);
  CHECK(store.stat(file).size == 10 * kPage);
  CHECK(store.write(file, 39 * kPage, "x") == -ENOSPC);
  CHECK(store.stat(file).size == 10 * kPage);
  CHECK(view.bytes()[20 * kPage] == 'w');
  CHECK(store->unlink(kSelf, kRootInode, "filler") == 0);
  CHECK(resize(store, file, 40 * kPage) == 0);
  CHECK(view.bytes()[20 * kPage] == '\0');
}

TEST_CASE("a view outlives the name, the inode's number and the store") {
  View view{};
  View empty{};
  {
    SmallStore store(4 * kMiB);
    const uint64_t file = store.make("f");
    store.write(file, 0, "kept bytes");
    REQUIRE(store->mapView(file, true, &view) == 0);
    REQUIRE(store->mapView(store.make("empty"), false, &empty) == 0);
    CHECK(empty.length == 0);
    CHECK(store->unlink(kSelf, kRootInode, "f") == 0);
    // A file that takes the number is not the view's.
    const uint64_t next = store.make("g");
    store.write(next, 0, "other");
    CHECK(resize(store, next, 0) == 0);
    CHECK(std::string(static_cast<char*>(view.address), view.length) == "kept bytes");
    Store::unmapView(empty.id);
  }
  CHECK(std::string(static_cast<char*>(view.address), view.length) == "kept bytes");
  static_cast<char*>(view.address)[0] = 'K';
  Store::unmapView(view.id);
  Store::unmapView(view.id);
  Store::unmapView(987654321);
}

TEST_CASE("views are left out of core dumps and of forked children") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("f");
  store.write(file, 0, std::string(8 * kPage, 'a'));
  Mapped view(store, file, true);
  CHECK(resize(store, file, 4 * kPage) == 0);
  CHECK(resize(store, file, 8 * kPage) == 0);
  const auto address = reinterpret_cast<uintptr_t>(view.bytes());
  std::ifstream smaps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  int seen = 0;
  while (std::getline(smaps, line)) {
    uintptr_t from = 0, to = 0;
    if (::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
      inside = from >= address && from < address + 8 * kPage;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      ++seen;
      CHECK(line.find(" dd") != std::string::npos);
      CHECK(line.find(" dc") != std::string::npos);
    }
  }
  CHECK(seen >= 1);
}

TEST_CASE("too many mappings are ENOMEM and harm neither file nor views") {
  ::fflush(nullptr);  // else the child may print the report once more
  const pid_t child = ::fork();
  if (child == 0) {
    // Without a sanitizer's own mappings in the way: take nearly all that a process may have.
    StoreOptions options;
    options.maxBytes = 4 * kMiB;
    Store* store = nullptr;
    const char* syscall = "";
    if (Store::make(options, &store, &syscall) != 0) ::_exit(1);
    Attributes out;
    WriteResult written;
    if (store->makeNode(kSelf, kRootInode, "f", S_IFREG | 0600, 0, &out) != 0) ::_exit(2);
    const std::string bytes(4 * kPage, 'a');
    store->write(kSelf, out.inode, 0, 0, bytes.data(), bytes.size(), 0, &written);
    View first;
    if (store->mapView(out.inode, false, &first) != 0) ::_exit(3);
    for (;;) {
      void* page = ::mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (page == MAP_FAILED) break;
      void* other = ::mmap(nullptr, kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      if (other == MAP_FAILED) break;
    }
    View second;
    if (store->mapView(out.inode, false, &second) != -ENOMEM) ::_exit(4);
    SetAttributes change{};
    change.fields = kSetSize;
    change.size = kPage;
    if (store->setAttributes(kSelf, out.inode, change, &out) != -ENOMEM) ::_exit(5);
    Attributes now;
    if (store->getAttributes(kSelf, out.inode, &now) != 0 || now.size != 4 * kPage) ::_exit(6);
    for (uint64_t i = 0; i < 4 * kPage; ++i) {
      if (static_cast<char*>(first.address)[i] != 'a') ::_exit(7);
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("readers of a view run on while the file is cut and grown") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("f");
  store.write(file, 0, std::string(64 * kPage, 'a'));
  Mapped view(store, file, false);
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        for (uint64_t i = 0; i < view.length(); i += kPage) {
          const char c = peek(view.bytes() + i);
          if (c != 'a' && c != '\0') ++wrong;
        }
      }
    });
  }
  for (unsigned i = 0; i < 400; ++i) {
    CHECK(resize(store, file, (i * 7 % 64) * kPage + i % 100) == 0);
    CHECK(store.write(file, (i * 13 % 64) * kPage, std::string(kPage, 'a')) == kPage);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

}  // namespace
}  // namespace ram
