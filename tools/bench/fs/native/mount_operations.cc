// Makes system calls on a directory and tells how long they took. Reads lines:
//   start OPERATION DIRECTORY COUNT   prepares, in a new directory      -> ok
//   run                               -> ok NANOSECONDS
//   end                               removes what was made             -> ok
//   list                              -> ok NAME;NAME;…
// An answer that doesn't begin with "ok" says what failed; the program then ends.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr size_t kLarge = 64 << 20;
constexpr size_t kSmall = 16 << 10;
constexpr size_t kMiB = 1 << 20;

[[noreturn]] void fail(const char* what) {
  std::printf("%s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

template <typename T>
T must(T result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

// What an operation works on; each operation sets up what it needs.
struct Job {
  std::string directory;
  size_t count = 0;
  std::vector<std::string> names;
  std::vector<std::string> others;
  std::vector<off_t> positions;
  std::vector<char> bytes;
  int fd = -1;

  void makeNames(size_t n, const char* suffix = "") {
    for (size_t i = 0; i < n; ++i) {
      names.push_back(directory + "/file-" + std::to_string(i) + suffix);
    }
  }
  const char* name(size_t i) const { return names[i % names.size()].c_str(); }
  void makeFiles(size_t n, size_t size = 0) {
    makeNames(n);
    bytes.assign(size, 'x');
    for (const std::string& path : names) writeFile(path.c_str());
  }
  void writeFile(const char* path) {
    const int file = must(::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), "open");
    if (!bytes.empty()) must(::write(file, bytes.data(), bytes.size()), "write");
    ::close(file);
  }
  void openFilled(size_t size, size_t piece, bool inOrder) {
    names.push_back(directory + "/file");
    fd = must(::open(name(0), O_RDWR | O_CREAT, 0644), "open");
    bytes.assign(kMiB, 'y');
    for (size_t at = 0; at < size; at += kMiB) {
      const size_t n = size < kMiB ? size : kMiB;
      must(::pwrite(fd, bytes.data(), n, static_cast<off_t>(at)), "pwrite");
    }
    const size_t places = size / piece;
    for (size_t i = 0; i < count; ++i) {
      const size_t place = (inOrder ? i : (i * 2654435761u) >> 7) % places;
      positions.push_back(static_cast<off_t>(place * piece));
    }
    bytes.assign(piece, 'z');
  }
};

struct Operation {
  const char* name;
  void (*prepare)(Job&);
  void (*run)(Job&);
};

void nothing(Job&) {}
void newNames(Job& job) { job.makeNames(job.count); }
void emptyFiles(Job& job) { job.makeFiles(job.count); }
void knownFiles(Job& job) { job.makeFiles(job.count < 1000 ? job.count : 1000); }

template <size_t kBytes>
void newNamesWithBytes(Job& job) {
  job.makeNames(job.count);
  job.bytes.assign(kBytes, 'x');
}

template <size_t kBytes>
void knownFilesWithBytes(Job& job) {
  job.makeFiles(job.count < 200 ? job.count : 200, kBytes);
}

template <int kFlags>
void openEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    ::close(must(::open(job.name(i), kFlags, 0644), "open"));
  }
}

void writeEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) job.writeFile(job.name(i));
}

void readEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    const int fd = must(::open(job.name(i), O_RDONLY), "open");
    must(::read(fd, job.bytes.data(), job.bytes.size()), "read");
    ::close(fd);
  }
}

// A question that the kernel must pass on, and that is answered at once.
void askEach(Job& job) {
  struct statx result;
  for (size_t i = 0; i < job.count; ++i) {
    must(::statx(job.fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &result),
         "statx");
  }
}

void statEach(Job& job) {
  struct stat result;
  for (size_t i = 0; i < job.count; ++i) must(::stat(job.name(i), &result), "stat");
}

void statMissing(Job& job) {
  struct stat result;
  for (size_t i = 0; i < job.count; ++i) {
    if (::stat(job.name(i), &result) == 0) fail("stat of nothing");
  }
}

template <size_t kSize, size_t kPiece, bool kInOrder>
void filledFile(Job& job) {
  job.openFilled(kSize, kPiece, kInOrder);
}

void readAtEach(Job& job) {
  for (const off_t at : job.positions) {
    must(::pread(job.fd, job.bytes.data(), job.bytes.size(), at), "pread");
  }
}

void writeAtEach(Job& job) {
  for (const off_t at : job.positions) {
    must(::pwrite(job.fd, job.bytes.data(), job.bytes.size(), at), "pwrite");
  }
}

void readMapped(Job& job) {
  void* memory = ::mmap(nullptr, kLarge, PROT_READ, MAP_SHARED, job.fd, 0);
  if (memory == MAP_FAILED) fail("mmap");
  const auto* bytes = static_cast<const char*>(memory);
  for (size_t i = 0; i < job.count; ++i) {
    std::memcpy(job.bytes.data(), bytes + i % (kLarge / kMiB) * kMiB, kMiB);
  }
  ::munmap(memory, kLarge);
}

template <size_t kPiece, int kFlags>
void emptyFile(Job& job) {
  job.makeFiles(1);
  job.fd = must(::open(job.name(0), O_WRONLY | kFlags), "open");
  job.bytes.assign(kPiece, 'a');
}

void writeOn(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    must(::write(job.fd, job.bytes.data(), job.bytes.size()), "write");
  }
}

void renameable(Job& job) {
  emptyFiles(job);
  for (const std::string& name : job.names) job.others.push_back(name + "-renamed");
}

void renameEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    must(::rename(job.name(i), job.others[i].c_str()), "rename");
  }
}

void unlinkEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) must(::unlink(job.name(i)), "unlink");
}

void makeDirectories(Job& job) {
  for (size_t i = 0; i < job.count; ++i) must(::mkdir(job.name(i), 0755), "mkdir");
}

void makeAndRemoveDirectories(Job& job) {
  for (size_t i = 0; i < job.count; ++i) must(::mkdir(job.name(i), 0755), "mkdir");
  for (size_t i = 0; i < job.count; ++i) must(::rmdir(job.name(i)), "rmdir");
}

// As mkdir -p: from the top, taking what is there.
void makePaths(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    std::string path = job.names[i];
    for (int level = 0; level < 5; ++level, path += "/d") {
      if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) fail("mkdir");
    }
  }
}

template <typename Each>
void forEachEntry(Job& job, Each each) {
  DIR* directory = ::opendir(job.directory.c_str());
  if (directory == nullptr) fail("opendir");
  size_t found = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    ++found;
    each(::dirfd(directory), entry->d_name);
  }
  ::closedir(directory);
  if (found != job.count) fail("readdir: names are missing");
}

void listNames(Job& job) {
  forEachEntry(job, [](int, const char*) {});
}

// As ls -l, which asks no more for what the file system says that it doesn't have.
void listLong(Job& job) {
  const char* attributes[] = {"security.selinux", "system.posix_acl_access"};
  bool supported[] = {true, true};
  forEachEntry(job, [&](int directory, const char* name) {
    struct stat result;
    must(::fstatat(directory, name, &result, AT_SYMLINK_NOFOLLOW), "fstatat");
    const std::string path = job.directory + "/" + name;
    char value[64];
    for (size_t i = 0; i < 2; ++i) {
      if (!supported[i]) continue;
      supported[i] = ::lgetxattr(path.c_str(), attributes[i], value, sizeof value) >= 0 ||
                     errno != EOPNOTSUPP;
    }
  });
}

void setAndGetXattr(Job& job) {
  char value[16];
  for (size_t i = 0; i < job.count; ++i) {
    must(::setxattr(job.name(i), "user.bench", "0123456789", 10, 0), "setxattr");
    must(::getxattr(job.name(i), "user.bench", value, sizeof value), "getxattr");
  }
}

void truncateEach(Job& job) {
  for (size_t i = 0; i < job.count; ++i) {
    must(::ftruncate(job.fd, static_cast<off_t>(i % 4 * 4096)), "ftruncate");
  }
}

void linkAndRead(Job& job) {
  char target[64];
  for (size_t i = 0; i < job.count; ++i) {
    must(::symlink("../target/of/the/link", job.name(i)), "symlink");
  }
  for (size_t i = 0; i < job.count; ++i) {
    must(::readlink(job.name(i), target, sizeof target), "readlink");
  }
}

constexpr int kCreate = O_WRONLY | O_CREAT;

const Operation kOperations[] = {
    {"null request", filledFile<kSmall, 4096, true>, askEach},
    {"create+close", newNames, openEach<kCreate | O_EXCL>},
    {"open-create-close", newNames, openEach<kCreate | O_TRUNC>},
    {"open+close", knownFiles, openEach<O_RDONLY>},
    {"stat, known path", knownFiles, statEach},
    {"stat, unknown path", [](Job& job) { job.makeNames(100, "-not"); }, statMissing},
    {"readFile 4 KiB", knownFilesWithBytes<4096>, readEach},
    {"readFile 64 KiB", knownFilesWithBytes<65536>, readEach},
    {"writeFile 4 KiB", newNamesWithBytes<4096>, writeEach},
    {"writeFile 64 KiB", newNamesWithBytes<65536>, writeEach},
    {"pread 4 KiB, small file", filledFile<kSmall, 4096, false>, readAtEach},
    {"pwrite 4 KiB, small file", filledFile<kSmall, 4096, false>, writeAtEach},
    {"pread 4 KiB, large file", filledFile<kLarge, 4096, false>, readAtEach},
    {"pwrite 4 KiB, large file", filledFile<kLarge, 4096, false>, writeAtEach},
    {"sequential read 1 MiB", filledFile<kLarge, kMiB, true>, readAtEach},
    {"sequential write 1 MiB", filledFile<kLarge, kMiB, true>, writeAtEach},
    {"mmap read 1 MiB", filledFile<kLarge, kMiB, true>, readMapped},
    {"first write 1 MiB", emptyFile<kMiB, 0>, writeOn},
    {"append 100 bytes", emptyFile<100, O_APPEND>, writeOn},
    {"rename", renameable, renameEach},
    {"unlink", emptyFiles, unlinkEach},
    {"mkdir+rmdir", newNames, makeAndRemoveDirectories},
    {"mkdir", newNames, makeDirectories},
    {"mkdir -p, 5 levels", newNames, makePaths},
    {"readdir of 10,000", nothing, listNames},
    {"ls -l of 10,000", nothing, listLong},
    {"setxattr+getxattr", knownFiles, setAndGetXattr},
    {"ftruncate", filledFile<kSmall, 4096, false>, truncateEach},
    {"symlink+readlink", newNames, linkAndRead},
    {"create 100,000 in one directory", newNames, openEach<kCreate | O_EXCL>},
};

const Operation& find(const std::string& name) {
  for (const Operation& operation : kOperations) {
    if (operation.name == name) return operation;
  }
  fail(("no operation " + name).c_str());
}

long long nanoseconds() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

void end(Job& job) {
  if (job.fd >= 0) ::close(job.fd);
  std::error_code error;
  std::filesystem::remove_all(job.directory, error);
  job = {};
}

}  // namespace

int main() {
  Job job;
  const Operation* operation = nullptr;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string command, name;
    std::getline(words, command, '\t');
    if (command == "start") {
      std::getline(words, name, '\t');
      std::getline(words, job.directory, '\t');
      words >> job.count;
      operation = &find(name);
      // A directory that is there already was filled by somebody else.
      if (::mkdir(job.directory.c_str(), 0755) != 0 && errno != EEXIST) fail("mkdir");
      operation->prepare(job);
      std::puts("ok");
    } else if (command == "run" && operation != nullptr) {
      const long long begin = nanoseconds();
      operation->run(job);
      std::printf("ok %lld\n", nanoseconds() - begin);
    } else if (command == "end") {
      end(job);
      std::puts("ok");
    } else if (command == "list") {
      std::fputs("ok ", stdout);
      for (const Operation& one : kOperations) std::printf("%s;", one.name);
      std::puts("");
    } else {
      std::printf("unknown command %s\n", command.c_str());
      return 1;
    }
    std::fflush(stdout);
  }
  return 0;
}
