// What listeners hear of files that a kernel writes by itself.
#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "event_reader.h"
#include "passing_mount.h"

namespace ram {
namespace {

std::vector<std::string> texts(const std::vector<SeenEvent>& events) {
  std::vector<std::string> all;
  for (const SeenEvent& event : events) all.push_back(event.text());
  return all;
}

constexpr uint32_t kEndings = eventBit(EventKind::kWritten) | eventBit(EventKind::kClosed);
using Texts = std::vector<std::string>;

struct Heard {
  SmallStore store{16 << 20};
  Mount mount{store};
  EventReader reader;

  explicit Heard(bool contents = false) { reader.listen(*store, kEndings, "", contents); }
  Texts next() { return texts(reader.read()); }
  // A client that opens the file, does `act` with the kernel's descriptor, and closes.
  template <class F>
  void client(const Mount::Open& open, F act) {
    REQUIRE(open.result.backing > 0);
    const int fd = mount.kernel.open(open.result.backing);
    act(fd);
    ::close(fd);
    mount.close(open);
  }
};

TEST_CASE("closed says whether the kernel wrote, however soon after") {
  Heard heard;
  if (!passes(heard.mount)) return;
  uint64_t inode = 0;
  const Mount::Open made = heard.mount.create("f");
  inode = made.inode;
  heard.client(made, [](int fd) { CHECK(::pwrite(fd, "one", 3, 0) == 3); });
  CHECK(heard.next() == Texts{"written /f 3", "closed /f 3 wrote"});
  for (int round = 0; round < 50; ++round) {
    heard.client(heard.mount.open(inode, O_RDWR), [](int) {});
    CHECK(heard.next() == Texts{"closed /f 3"});
    heard.client(heard.mount.open(inode, O_WRONLY), [](int fd) {
      CHECK(::pwrite(fd, "two", 3, 0) == 3);
    });
    CHECK(heard.next() == Texts{"written /f 3", "closed /f 3 wrote"});
  }
  heard.client(heard.mount.create("empty"), [](int) {});
  CHECK(heard.next() == Texts{"closed /empty 0"});
}

TEST_CASE("what others change meanwhile is not what the handle wrote") {
  Heard heard;
  if (!passes(heard.mount)) return;
  SmallStore& store = heard.store;
  const uint64_t inode = store.make("f");
  CHECK(store.write(inode, 0, std::string(100'000, 'a')) == 100'000);
  heard.next();
  const Mount::Open idle = heard.mount.open(inode, O_RDWR);
  const Mount::Open reader = heard.mount.open(inode, O_RDONLY);
  CHECK(store.write(inode, 5, "in process") == 10);
  SetAttributes times{};
  times.fields = kSetModified;
  times.modified.seconds = 5;
  Attributes out;
  CHECK(store->setAttributes(kSelf, inode, times, &out) == 0);
  CHECK(store->allocate(kSelf, inode, 0, 0, 200'000, 0) == 0);
  heard.next();
  heard.client(idle, [](int) {});
  heard.client(reader, [](int) {});
  CHECK(heard.next() == Texts{"closed /f 200000", "closed /f 200000"});

  const Mount::Open writer = heard.mount.open(inode, O_RDWR);
  heard.client(writer, [&](int fd) {
    CHECK(::pwrite(fd, "kernel", 6, 0) == 6);
    CHECK(store.write(inode, 5, "in process") == 10);
  });
  CHECK(heard.next() ==
        Texts{"written /f 200000", "written /f 200000", "closed /f 200000 wrote"});
}

TEST_CASE("contents are those of the close, and are taken again when more was written") {
  Heard heard(true);
  if (!passes(heard.mount)) return;
  const Mount::Open file = heard.mount.create("f");
  const int fd = heard.mount.kernel.open(file.result.backing);
  CHECK(::pwrite(fd, "first", 5, 0) == 5);
  heard.store->flush(heard.mount.caller, file.inode, file.result.handle);
  CHECK(::pwrite(fd, "again", 5, 0) == 5);
  heard.store->flush(heard.mount.caller, file.inode, file.result.handle);
  ::close(fd);
  CHECK(heard.store.write(file.inode, 0, "other") == 5);
  heard.mount.close(file);
  const std::vector<SeenEvent> seen = heard.reader.read();
  REQUIRE(!seen.empty());
  CHECK(seen.back().text() == "closed /f 5 wrote");
  CHECK(seen.back().contents == "again");
}

}  // namespace
}  // namespace ram
