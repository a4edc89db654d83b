// Works on files in a directory from several threads and compares all that it reads with what it
// must be. Ends with 0 and one line of counts, or with what is wrong.
#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "worker.h"

namespace exercise {
namespace {

using Count = unsigned long long;

[[noreturn]] void stop(const char* what) {
  std::perror(what);
  ::_exit(1);
}

void onBadMemory(int signal) {
  Context::printAll();
  const char* text = signal == SIGBUS ? "FAILED: SIGBUS\n" : "FAILED: SIGSEGV\n";
  (void)!::write(2, text, std::strlen(text));
  ::_exit(3);
}

void writeFile(const std::string& path, const std::vector<char>& bytes) {
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) stop(path.c_str());
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    stop(path.c_str());
  }
  ::close(fd);
}

Grounds prepare(const Options& options) {
  Grounds grounds;
  const std::string& root = options.directory;
  grounds.common = root + "/common";
  grounds.sharedFile = root + "/shared";
  std::filesystem::create_directory(grounds.common);
  for (unsigned thread = 0; thread < options.threads; ++thread) {
    std::filesystem::create_directories(root + "/t" + std::to_string(thread) + "/a");
    std::filesystem::create_directories(root + "/t" + std::to_string(thread) + "/b");
  }
  // Parts meet at page borders: a page that is mapped is written back whole.
  grounds.partBytes = std::min<uint64_t>(options.sizeMax / 4096 * 4096, 48 * 4096);
  writeFile(grounds.sharedFile, std::vector<char>(grounds.partBytes * options.threads));
  Random random(options.seed);
  for (const uint64_t size : {1500ull, 40'000ull, 300'000ull}) {
    std::vector<char> bytes(std::min<uint64_t>(size, options.sizeMax));
    for (char& byte : bytes) byte = static_cast<char>(random.next());
    grounds.readOnly.push_back(root + "/read" + std::to_string(size));
    writeFile(grounds.readOnly.back(), bytes);
    grounds.readOnlyBytes.push_back(std::move(bytes));
  }
  return grounds;
}

uint64_t freeBytes(const std::string& directory) {
  struct statvfs at;
  if (::statvfs(directory.c_str(), &at) != 0) stop("statvfs");
  return at.f_bfree * at.f_frsize;
}

// All memory comes back, though a little after the last close.
bool awaitFree(const std::string& directory, uint64_t want) {
  for (int i = 0; i < 500; ++i) {
    if (freeBytes(directory) >= want) return true;
    ::usleep(10'000);
  }
  return false;
}

int run(const Options& options) {
  const uint64_t before = freeBytes(options.directory);
  const Grounds grounds = prepare(options);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned thread = 0; thread < options.threads; ++thread) {
    workers.push_back(std::make_unique<Worker>(options, thread, grounds));
  }
  std::vector<std::thread> threads;
  for (auto& worker : workers) threads.emplace_back([&worker] { worker->run(); });
  for (auto& thread : threads) thread.join();
  Tally sum;
  for (auto& worker : workers) {
    const Tally& tally = worker->tally();
    sum.steps += tally.steps;
    sum.bytesWritten += tally.bytesWritten;
    sum.bytesCompared += tally.bytesCompared;
    sum.noSpace += tally.noSpace;
    sum.unsupported += tally.unsupported;
    sum.staleLinks += tally.staleLinks;
  }
  workers.clear();
  for (const auto& entry : std::filesystem::directory_iterator(options.directory)) {
    std::filesystem::remove_all(entry.path());
  }
  // A store may keep some pages for itself.
  constexpr uint64_t kKept = 512 * 1024;
  if (options.full && !awaitFree(options.directory, before - kKept)) {
    std::fprintf(stderr, "FAILED with seed %llu: %llu bytes were free, %llu are\n",
                 Count(options.seed), Count(before), Count(freeBytes(options.directory)));
    return 1;
  }
  if (options.full && sum.noSpace == 0) return std::fputs("the disk was never full\n", stderr), 1;
  std::printf("ok seed %llu: %llu steps, %llu MiB written, %llu MiB compared, %llu times full, "
              "%llu stale links\n",
              Count(options.seed), Count(sum.steps), Count(sum.bytesWritten >> 20),
              Count(sum.bytesCompared >> 20), Count(sum.noSpace), Count(sum.staleLinks));
  return 0;
}

}  // namespace
}  // namespace exercise

int main(int argc, char** argv) {
  exercise::Options options;
  if (!exercise::parseOptions(argc, argv, &options)) return std::fputs(exercise::kUsage, stderr), 2;
  while (options.seed == 0) {
    if (::getrandom(&options.seed, 4, 0) != 4) return 2;
  }
  ::signal(SIGBUS, exercise::onBadMemory);
  ::signal(SIGSEGV, exercise::onBadMemory);
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  return exercise::run(options);
}
