// One of several clients of one Volume, on different mounts, that get into each other's way: the
// same few names and pages, by every call that takes locks in the kernel or in the store. What a
// race refuses is fine; that a call comes back is what counts. Arguments: directory, rounds, seed.
// Prints ok.
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

constexpr off_t kLargest = 200'000;

std::mt19937 source;
sigjmp_buf faulted;

uint32_t pick(uint32_t below) { return source() % below; }

std::string file() {
  return (pick(2) == 0 ? "one/f" : "two/f") + std::to_string(pick(4));
}

/// A store, which a truncation elsewhere may turn into SIGBUS.
void storeInto(int fd) {
  size_t length = 1 + pick(kLargest);
  void* at = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return;
  if (sigsetjmp(faulted, 1) == 0) {
    static_cast<volatile char*>(at)[pick(static_cast<uint32_t>(length))] = 's';
    if (pick(2) == 0) msync(at, length, MS_SYNC);
  }
  munmap(at, length);
}

void useFile() {
  char bytes[8192];
  std::memset(bytes, 'a' + static_cast<int>(pick(26)), sizeof bytes);
  int flags = O_RDWR | O_CREAT | (pick(8) == 0 ? O_TRUNC : 0) | (pick(4) == 0 ? O_APPEND : 0);
  int fd = open(file().c_str(), flags, 0666);
  if (fd < 0) return;
  off_t at = pick(kLargest);
  switch (pick(7)) {
    case 0: if (pwrite(fd, bytes, 1 + pick(sizeof bytes), at) < 0) errno = 0; break;
    case 1: if (pread(fd, bytes, sizeof bytes, at) < 0) errno = 0; break;
    case 2: if (ftruncate(fd, at) < 0) errno = 0; break;
    case 3: storeInto(fd); break;
    case 4: fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, 10'000); break;
    case 5: fsync(fd); break;
    case 6: {
      off64_t from = at, to = pick(kLargest);
      int other = open(file().c_str(), O_RDWR);
      if (other >= 0) {
        if (copy_file_range(other, &from, fd, &to, 20'000, 0) < 0) errno = 0;
        close(other);
      }
    }
  }
  close(fd);
}

void useNames() {
  std::string path = file();
  struct stat status;
  switch (pick(8)) {
    case 0: unlink(path.c_str()); break;
    case 1: rename(path.c_str(), file().c_str()); break;
    case 2: if (link(path.c_str(), file().c_str()) < 0) errno = 0; break;
    case 3: renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, file().c_str(), RENAME_EXCHANGE); break;
    case 4: stat(path.c_str(), &status); break;
    case 5: chmod(path.c_str(), 0600 + pick(64)); break;
    case 6: mkdir("one/sub", 0777); rename("one/sub", "two/sub"); break;
    case 7: rmdir(pick(2) == 0 ? "one/sub" : "two/sub"); break;
  }
}

void list() {
  DIR* directory = opendir(pick(2) == 0 ? "one" : "two");
  if (directory == nullptr) return;
  struct stat status;
  while (dirent* entry = readdir(directory)) {
    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
  }
  closedir(directory);
}

}  // namespace

int main(int, char** arguments) {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { siglongjmp(faulted, signal); };
  sigaction(SIGBUS, &action, nullptr);
  if (chdir(arguments[1]) != 0) return 1;
  int rounds = std::atoi(arguments[2]);
  source.seed(static_cast<uint32_t>(std::atoi(arguments[3])));
  for (int round = 0; round < rounds; round++) {
    uint32_t what = pick(20);
    if (what < 11) {
      useFile();
    } else if (what < 18) {
      useNames();
    } else {
      list();
    }
  }
  std::puts("ok");
}
