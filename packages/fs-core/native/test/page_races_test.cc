// The last free pages of a full disk are found, also while another thread is just moving them: one
// thread looks for a page at the very moment that another is in fallocate(2).
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "small_store.h"

namespace {

enum class Moment { kNever, kBeforePunch, kAfterMaking };
// Once, in the thread that comes to that moment.
std::atomic<Moment> moment{Moment::kNever};
std::function<void()> meanwhile;

bool isNow(Moment wanted) { return moment.compare_exchange_strong(wanted, Moment::kNever); }

}  // namespace

// Takes the place of the C library's.
extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  const bool punches = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  if (punches && isNow(Moment::kBeforePunch)) meanwhile();
  const auto status = static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
  if (!punches && status == 0 && isNow(Moment::kAfterMaking)) meanwhile();
  return status;
}

namespace ram {
namespace {

// Whether a thread of this process waits for something, as /proc tells.
bool sleeps(pid_t thread) {
  const std::string path = "/proc/self/task/" + std::to_string(thread) + "/stat";
  char text[512];
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t length = fd < 0 ? -1 : ::read(fd, text, sizeof text);
  if (fd >= 0) ::close(fd);
  const std::string_view stat(text, static_cast<size_t>(std::max<ssize_t>(length, 0)));
  const size_t name = stat.rfind(')');
  return name != stat.npos && stat.substr(name + 2).starts_with('S');
}

using Question = std::function<uint32_t()>;

// A thread that asks once.
class Asker {
 public:
  explicit Asker(const Question& question) : thread_([this, question] { ask(question); }) {}
  ~Asker() { thread_.join(); }
  // Until it has its answer, or waits for another thread to get on.
  void awaitRest() const {
    while (!answered_ && !(id_ != 0 && sleeps(id_))) std::this_thread::yield();
  }
  uint32_t answer() const {
    answered_.wait(false);
    return answer_;
  }

 private:
  void ask(const Question& question) {
    id_ = ::gettid();
    answer_ = question();
    answered_ = true;
    answered_.notify_one();
  }

  std::atomic<pid_t> id_{0};
  std::atomic<bool> answered_{false};
  uint32_t answer_ = 0;
  std::thread thread_;
};

// A full disk, and `count` pages in a row of it.
struct FullDisk {
  explicit FullDisk(uint32_t count) {
    while (const uint32_t page = heap.allocatePage()) used.push_back(page);
    std::sort(used.begin(), used.end());
    size_t first = 0;
    while (used.at(first + count - 1) != used[first] + count - 1) ++first;
    const auto begin = used.begin() + static_cast<ptrdiff_t>(first);
    row.assign(begin, begin + count);
    used.erase(begin, begin + count);
  }
  ~FullDisk() {
    for (const uint32_t page : used) heap.freePage(page);
  }

  SmallStore store{4 << 20};
  Heap& heap = store->heap();
  std::vector<uint32_t> used, row;
};

// What another thread gets that asks while `work` is at that moment.
uint32_t askAt(Moment when, const std::function<void()>& work, const Question& question) {
  std::unique_ptr<Asker> asker;
  meanwhile = [&] {
    asker = std::make_unique<Asker>(question);
    asker->awaitRest();
  };
  moment = when;
  work();
  REQUIRE(moment == Moment::kNever);
  return asker->answer();
}

TEST_CASE("a page that another thread is giving back to the kernel is found") {
  for (const bool keeps : {true, false}) {
    FullDisk disk(3);
    Heap& heap = disk.heap;
    for (const uint32_t page : disk.row) heap.freePage(page);
    const auto giveBack = [&] { keeps ? (void)heap.trim() : heap.keepFreePages(false); };
    const uint32_t page =
        askAt(Moment::kBeforePunch, giveBack, [&] { return heap.allocatePage(); });
    CHECK_MESSAGE(page != 0, keeps);
    if (page != 0) disk.used.push_back(page);
  }
}

TEST_CASE("who trims while another thread does so is told of room when there is some") {
  FullDisk disk(3);
  Heap& heap = disk.heap;
  for (const uint32_t page : disk.row) heap.freePage(page);
  const uint32_t bytes = askAt(
      Moment::kBeforePunch, [&] { heap.trim(); },
      [&] { return heap.trim() ? disk.store->backing().freeBytes() : 0; });
  CHECK(bytes == 3 * kPageSize);
}

TEST_CASE("a page that another thread has made ahead is found") {
  FullDisk disk(10);
  Heap& heap = disk.heap;
  for (const uint32_t page : disk.row) heap.freePage(page);
  heap.trim();
  const uint32_t page = askAt(
      Moment::kAfterMaking, [&] { disk.used.push_back(heap.allocatePage()); },
      [&] { return heap.allocatePage(); });
  CHECK(page != 0);
  if (page != 0) disk.used.push_back(page);
}

TEST_CASE("as many threads as there are free pages each find one, whoever moves or trims them") {
  for (const bool keeps : {true, false}) {
    constexpr uint32_t kThreads = 3;
    FullDisk disk(kThreads);
    disk.heap.keepFreePages(keeps);
    for (const uint32_t page : disk.row) disk.heap.freePage(page);
    std::atomic<uint32_t> missed{0}, working{kThreads};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 2000; ++round) {
          if (const uint32_t page = disk.heap.allocatePage()) {
            disk.heap.freePage(page);
          } else {
            ++missed;
          }
        }
        --working;
      });
    }
    while (working > 0) disk.heap.trim();
    for (std::thread& thread : threads) thread.join();
    CHECK(missed == 0);
  }
}

}  // namespace
}  // namespace ram
