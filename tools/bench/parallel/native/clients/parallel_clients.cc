// System calls on a directory by several processes at once, each on files of its own:
//
//   parallel_clients DIRECTORY SERVER OPERATION CLIENTS SECONDS
//
// Prints operations per second of all together, and the CPU time of one operation, in microseconds:
// of the clients, and of the process SERVER (0: none).
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

constexpr size_t kFiles = 64;
constexpr size_t kMiB = 1 << 20;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

template <typename T>
T must(T result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

double secondsOf(clockid_t clock) {
  timespec now;
  if (::clock_gettime(clock, &now) != 0) fail("clock_gettime");
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Work {
  std::string directory;
  std::vector<std::string> names;
  int fd = -1;
  std::vector<char> bytes = std::vector<char>(kMiB, 'x');

  void prepare() {
    must(::mkdir(directory.c_str(), 0755), "mkdir");
    for (size_t i = 0; i < kFiles; ++i) names.push_back(directory + "/" + std::to_string(i));
    for (const std::string& name : names) ::close(must(::creat(name.c_str(), 0644), "creat"));
    fd = must(::open((directory + "/large").c_str(), O_RDWR | O_CREAT, 0644), "open");
    must(::write(fd, bytes.data(), kMiB), "write");
  }
  void end() {
    ::close(fd);
    for (const std::string& name : names) ::unlink(name.c_str());
    ::unlink((directory + "/large").c_str());
    ::rmdir(directory.c_str());
  }
  const char* name(size_t i) const { return names[i % kFiles].c_str(); }
};

// A question that the kernel must pass on.
void ask(Work& work, size_t i) {
  struct statx result;
  const int flags = AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC;
  must(::statx(AT_FDCWD, work.name(i), flags, STATX_BASIC_STATS, &result), "statx");
}
void openAndClose(Work& work, size_t i) {
  ::close(must(::open(work.name(i), O_RDONLY), "open"));
}
void createAndUnlink(Work& work, size_t i) {
  const std::string name = std::string(work.name(i)) + "-new";
  ::close(must(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644), "create"));
  must(::unlink(name.c_str()), "unlink");
}
template <size_t kLength>
void readBytes(Work& work, size_t i) {
  const auto at = static_cast<off_t>(i % (kMiB / kLength) * kLength);
  must(::pread(work.fd, work.bytes.data(), kLength, at), "pread");
}
template <size_t kLength>
void writeBytes(Work& work, size_t i) {
  const auto at = static_cast<off_t>(i % (kMiB / kLength) * kLength);
  must(::pwrite(work.fd, work.bytes.data(), kLength, at), "pwrite");
}

struct Operation {
  const char* name;
  void (*run)(Work&, size_t);
};
const Operation kOperations[] = {
    {"stat, uncached", ask},
    {"open+close", openAndClose},
    {"create+close+unlink", createAndUnlink},
    {"read 4 KiB", readBytes<4096>},
    {"read 128 KiB", readBytes<131072>},
    {"read 1 MiB", readBytes<kMiB>},
    {"write 4 KiB", writeBytes<4096>},
};

// Shared by all processes.
struct Meeting {
  std::atomic<uint32_t> ready{0};
  std::atomic<bool> begun{false}, over{false};
  std::atomic<uint64_t> done{0};
};

[[noreturn]] void runClient(const Operation& operation, const std::string& directory,
                            Meeting* meeting) {
  Work work;
  work.directory = directory;
  work.prepare();
  for (size_t i = 0; i < kFiles; ++i) operation.run(work, i);
  meeting->ready.fetch_add(1);
  while (!meeting->begun.load()) ::usleep(100);
  uint64_t done = 0;
  while (!meeting->over.load(std::memory_order_relaxed)) operation.run(work, done++);
  meeting->done.fetch_add(done);
  work.end();
  std::_Exit(0);
}

double clientSeconds() {
  struct rusage used;
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return std::fputs("see parallel_clients.cc\n", stderr), 2;
  const Operation* operation = nullptr;
  for (const Operation& one : kOperations) {
    if (std::string(argv[3]) == one.name) operation = &one;
  }
  if (operation == nullptr) return std::fputs("no such operation\n", stderr), 2;
  const auto server = static_cast<pid_t>(std::atoi(argv[2]));
  const auto clients = static_cast<uint32_t>(std::atoi(argv[4]));
  void* memory = ::mmap(nullptr, sizeof(Meeting), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  auto* meeting = new (memory) Meeting;
  for (uint32_t i = 0; i < clients; ++i) {
    const std::string directory = std::string(argv[1]) + "/client-" + std::to_string(i);
    if (must(::fork(), "fork") == 0) runClient(*operation, directory, meeting);
  }
  while (meeting->ready.load() < clients) {
    ::usleep(1000);
    if (::waitpid(-1, nullptr, WNOHANG) > 0) return 1;
  }
  clockid_t serverClock = CLOCK_MONOTONIC;
  if (server != 0 && ::clock_getcpuclockid(server, &serverClock) != 0) fail("clock_getcpuclockid");
  const double serverBegin = secondsOf(serverClock);
  const double begin = secondsOf(CLOCK_MONOTONIC);
  meeting->begun.store(true);
  ::usleep(static_cast<useconds_t>(std::atof(argv[5]) * 1e6));
  meeting->over.store(true);
  const double elapsed = secondsOf(CLOCK_MONOTONIC) - begin;
  const double served = server == 0 ? 0 : secondsOf(serverClock) - serverBegin;
  int status = 0;
  for (uint32_t i = 0; i < clients; ++i) {
    if (::wait(&status) < 0 || status != 0) return 1;
  }
  // A little more than the measured part: making and removing their files is in it.
  const double done = static_cast<double>(meeting->done.load());
  std::printf("{\"perSecond\":%.0f,\"clientMicroseconds\":%.2f,\"serverMicroseconds\":%.2f}\n",
              done / elapsed, clientSeconds() / done * 1e6, served / done * 1e6);
  return 0;
}
