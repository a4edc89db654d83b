// Requests of one mount by one thread and by two, without a kernel: what driver and store let
// happen at once. Prints for each case the time of an operation with one thread, how many times
// as many are done by two, and what they did with locks.
//
//   parallel_requests [--quick] [--locks] [CASE…]
//
// --locks names the locks that several threads took.
#include <cxxabi.h>
#include <dlfcn.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "client.h"
#include "counted_locks.h"
#include "store.h"

namespace ram::fuse {
namespace {

constexpr uint32_t kThreads = 2;
constexpr uint32_t kFiles = 64;
constexpr uint32_t kSmall = 16 << 10, kLarge = 1 << 20;
constexpr uint64_t kBytes = uint64_t{1} << 30;

struct File {
  std::string name;
  uint64_t node = 0, handle = 0;
};

// What one thread works on: files that no other knows. Those of a mount that passes files through
// are closed between the operations.
struct Work {
  Client client;
  uint64_t directory = 0;
  std::vector<File> small;
  File large, shared;
  uint64_t sum = 0;

  const File& file(uint64_t i) const { return small[i % small.size()]; }
};

struct Case {
  const char* name;
  uint64_t count;
  void (*run)(Work&, uint64_t i);
  bool passed = false;  // on the mount that passes files through
};

void compute(Work& work, uint64_t i) {
  for (int n = 0; n < 100; ++n) work.sum = (work.sum ^ i) * 0x9e3779b97f4a7c15ull;
}
void getAttributes(Work& work, uint64_t i) { work.client.getAttributes(work.file(i).node); }
void lookup(Work& work, uint64_t i) {
  uint64_t node;
  work.client.lookup(work.directory, work.file(i).name, &node);
}
void openAndRelease(Work& work, uint64_t i) {
  const uint64_t node = work.file(i).node;
  uint64_t handle;
  work.client.open(node, &handle);
  work.client.release(node, handle);
}
void openPassed(Work& work, const File& file, uint64_t i) {
  constexpr int kFlags[] = {O_RDWR, O_RDONLY, O_WRONLY, O_RDWR};
  const int flags = kFlags[i % 4];
  uint64_t handle;
  work.client.open(file.node, &handle, flags);
  // A small file that is only read is served.
  if (!work.client.isPassed() && (&file == &work.large || flags != O_RDONLY)) {
    std::fputs("a file was not passed through\n", stderr);
    std::exit(1);
  }
  work.client.release(file.node, handle, flags);
}
void openPassedLarge(Work& work, uint64_t i) { openPassed(work, work.large, i); }
void openPassedSmall(Work& work, uint64_t i) { openPassed(work, work.small[0], i); }
template <uint32_t kLength>
void createAndUnlink(Work& work, uint64_t i) {
  const std::string name = "new-" + std::to_string(i % kFiles);
  uint64_t node, handle;
  work.client.create(work.directory, name, &node, &handle);
  if (kLength > 0) work.client.write(node, handle, 0, kLength);
  work.client.release(node, handle);
  work.client.unlink(work.directory, name);
  work.client.forget(node);
}
void makeAndRemoveDirectory(Work& work, uint64_t) {
  uint64_t node;
  work.client.makeDirectory(work.directory, "directory", &node);
  work.client.removeDirectory(work.directory, "directory");
  work.client.forget(node);
}
void rename(Work& work, uint64_t i) {
  const std::string names[] = {"small-0", "renamed"};
  work.client.rename(work.directory, names[i % 2], names[1 - i % 2]);
}
void readSmall(Work& work, uint64_t i) {
  const File& file = work.file(i);
  work.client.read(file.node, file.handle, i % 4 * 4096, 4096);
}
void writeSmall(Work& work, uint64_t i) {
  const File& file = work.file(i);
  work.client.write(file.node, file.handle, i % 4 * 4096, 4096);
}
template <uint32_t kLength>
void readLarge(Work& work, uint64_t i) {
  const uint64_t offset = i % (kLarge / kLength) * kLength;
  work.client.read(work.large.node, work.large.handle, offset, kLength);
}
template <uint32_t kLength>
void writeLarge(Work& work, uint64_t i) {
  const uint64_t offset = i % (kLarge / kLength) * kLength;
  work.client.write(work.large.node, work.large.handle, offset, kLength);
}
void largeAttributes(Work& work, uint64_t) { work.client.getAttributes(work.large.node); }
void sharedAttributes(Work& work, uint64_t) { work.client.getAttributes(work.shared.node); }
void sharedRead(Work& work, uint64_t i) {
  work.client.read(work.shared.node, work.shared.handle, i % 4 * 4096, 4096);
}

const Case kCases[] = {
    {"no request", 400'000, compute},
    {"getattr", 400'000, getAttributes},
    {"lookup", 300'000, lookup},
    {"open+release", 200'000, openAndRelease},
    {"open+release, passed", 100'000, openPassedLarge, true},
    {"open+release, passed small", 40'000, openPassedSmall, true},
    {"create+release+unlink", 60'000, createAndUnlink<0>},
    {"create+write 4 KiB+unlink", 40'000, createAndUnlink<4096>},
    {"mkdir+rmdir", 60'000, makeAndRemoveDirectory},
    {"create, passed+unlink", 40'000, createAndUnlink<0>, true},
    {"rename", 100'000, rename},
    {"read 4 KiB", 300'000, readSmall},
    {"read 128 KiB", 10'000, readLarge<131072>},
    {"read 1 MiB", 1'000, readLarge<kLarge>},
    {"write 4 KiB", 200'000, writeSmall},
    {"write 128 KiB", 10'000, writeLarge<131072>},
    {"getattr, large file", 100'000, largeAttributes},
    {"getattr, same file", 300'000, sharedAttributes},
    {"read 4 KiB, same file", 300'000, sharedRead},
};

// Whether the inode's locks, of which store and driver have 256 each, are in the thread's half, and
// what the store keeps of files that are passed through.
bool isApart(uint64_t inode, uint32_t thread) {
  const bool upper = InodeLocks::stripe(inode) >= InodeLocks::kStripes / 2;
  return upper == (thread == 1) && inode * 0x9e3779b97f4a7c15ull >> 63 == thread &&
         (inode % 64 >= 32) == (thread == 1);
}

File makeFile(Work& work, uint32_t thread, const std::string& name, uint32_t size) {
  File file;
  for (uint32_t i = 0;; ++i) {
    file.name = name + (i == 0 ? "" : "-" + std::to_string(i));
    work.client.create(work.directory, file.name, &file.node, &file.handle);
    if (isApart(file.node, thread)) break;
    work.client.release(file.node, file.handle);
  }
  for (uint32_t at = 0; at < size; at += 4096) work.client.write(file.node, file.handle, at, 4096);
  return file;
}

void prepare(Work& work, uint32_t thread, bool passed) {
  work.client.makeDirectory(kRootInode, "thread-" + std::to_string(thread), &work.directory);
  for (uint32_t i = 0; i < (passed ? 1 : kFiles); ++i) {
    work.small.push_back(makeFile(work, thread, "small-" + std::to_string(i), kSmall));
  }
  work.large = makeFile(work, thread, "large", kLarge);
  if (!passed) return;
  for (const File* file : {&work.small[0], &work.large}) {
    work.client.release(file->node, file->handle);
  }
}

// A store, and its only mount.
struct Mount {
  Store* store = nullptr;
  NoTransport transport;
  std::unique_ptr<Session> session;
  std::vector<Work> works;

  explicit Mount(bool passed) {
    StoreOptions options;
    options.maxBytes = kBytes;
    const char* syscall = "";
    if (Store::make(options, &store, &syscall) < 0) std::perror(syscall), std::exit(1);
    SessionOptions how;
    how.passthrough = passed;
    session = std::make_unique<Session>(store, transport, how);
    if (session->attach() < 0) std::fputs("attach\n", stderr), std::exit(1);
    Client(*session, 0, 1).init();
    for (uint32_t t = 0; t < kThreads; ++t) {
      works.push_back({Client(*session, t, kThreads), 0, {}, {}, {}, 0});
    }
    for (uint32_t t = 0; t < kThreads; ++t) prepare(works[t], t, passed);
    if (!passed) works[0].shared = works[1].shared = makeFile(works[0], 0, "shared", kSmall);
  }
  ~Mount() {
    session->close();
    store->close();
    store->release();
  }
};

int64_t nanoseconds() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void pinTo(uint32_t cpu) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(cpu % std::thread::hardware_concurrency(), &only);
  ::sched_setaffinity(0, sizeof only, &only);
}

// Nanoseconds until all of `threads` have done `count`.
int64_t measure(const Case& one, std::vector<Work>& works, uint32_t threads, uint64_t count,
                std::vector<CountedLocks>* locks) {
  std::barrier together(threads + 1);
  std::vector<std::thread> running;
  for (uint32_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      pinTo(t);
      if (locks != nullptr) (*locks)[t].start();
      together.arrive_and_wait();
      for (uint64_t i = 0; i < count; ++i) one.run(works[t], i);
      CountedLocks::stop();
      together.arrive_and_wait();
    });
  }
  together.arrive_and_wait();
  const int64_t begin = nanoseconds();
  together.arrive_and_wait();
  const int64_t elapsed = nanoseconds() - begin;
  for (std::thread& thread : running) thread.join();
  return elapsed;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void printLock(const LockSum& lock, double operations) {
  Dl_info info{};
  ::dladdr(lock.place, &info);
  int status = 0;
  char* name = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
  std::printf("  %.4f taken, %.4f awaited: %s\n", static_cast<double>(lock.taken) / operations,
              static_cast<double>(lock.awaited) / operations,
              name != nullptr ? name : "?");
  std::free(name);
}

bool isInodeLock(Store& store, const void* lock) {
  const auto* bytes = static_cast<const char*>(lock);
  const auto* locks = reinterpret_cast<const char*>(&store.locks());
  return bytes >= locks && bytes < locks + sizeof(InodeLocks);
}

void run(const Case& one, Store& store, std::vector<Work>& works, bool quick, bool names) {
  const uint64_t count = quick ? one.count / 200 * 2 : one.count;  // even: rename goes back
  std::vector<double> alone, gains;
  for (int round = 0; round < (quick ? 1 : 5); ++round) {
    const auto single = static_cast<double>(measure(one, works, 1, count, nullptr));
    const auto both = static_cast<double>(measure(one, works, kThreads, count, nullptr));
    alone.push_back(single / static_cast<double>(count));
    gains.push_back(kThreads * single / both);
  }
  std::vector<CountedLocks> locks(kThreads);
  measure(one, works, kThreads, count, &locks);
  const double operations = static_cast<double>(kThreads * count);
  uint64_t shared = 0, inode = 0, awaited = 0;
  const std::vector<LockSum> sums = sumOf(locks);
  for (const LockSum& lock : sums) {
    awaited += lock.awaited;
    if (lock.threads > 1) (isInodeLock(store, lock.lock) ? inode : shared) += lock.taken;
  }
  std::printf("{\"case\":\"%s\",\"nanoseconds\":%.0f,\"gain\":%.2f,\"shared\":%.4f,"
              "\"inode\":%.4f,\"awaited\":%.4f}\n",
              one.name, median(alone), median(gains), static_cast<double>(shared) / operations,
              static_cast<double>(inode) / operations, static_cast<double>(awaited) / operations);
  std::fflush(stdout);
  for (const LockSum& lock : sums) {
    if (names && lock.threads > 1 && !isInodeLock(store, lock.lock)) printLock(lock, operations);
  }
}

}  // namespace
}  // namespace ram::fuse

int main(int argc, char** argv) {
  using namespace ram::fuse;
  bool quick = false, names = false;
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--quick") quick = true;
    else if (word == "--locks") names = true;
    else wanted.push_back(word);
  }
  Mount served(false), passing(true);
  for (const Case& one : kCases) {
    const bool asked = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& part) {
      return std::string(one.name).find(part) != std::string::npos;
    });
    Mount& mount = one.passed ? passing : served;
    if (wanted.empty() || asked) run(one, *mount.store, mount.works, quick, names);
  }
  return 0;
}
