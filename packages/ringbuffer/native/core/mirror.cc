#include "mirror.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <string>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ram {
namespace {

// fallocate of more shared memory than there is doesn't fail: it wakes the OOM killer.
constexpr size_t kCheckFromBytes = size_t{16} << 20;

bool memoryIsAvailable(size_t bytes) {
  if (bytes < kCheckFromBytes) return true;
  FILE* file = fopen("/proc/meminfo", "re");
  if (file == nullptr) return true;
  char line[128];
  unsigned long long available = ~0ull;
  while (fgets(line, sizeof line, file) != nullptr) {
    if (sscanf(line, "MemAvailable: %llu kB", &available) == 1) break;
  }
  fclose(file);
  return available == ~0ull || bytes / 1024 < available;
}

// A disk file system without fallocate: zeros do the same.
int writeZeros(int fd, size_t bytes) {
  const std::string zeros(size_t{1} << 16, '\0');
  for (size_t at = 0; at < bytes;) {
    size_t n = bytes - at < zeros.size() ? bytes - at : zeros.size();
    ssize_t written = pwrite(fd, zeros.data(), n, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? -errno : -EIO;
    at += static_cast<size_t>(written);
  }
  return 0;
}

int openTmpfile(const char* directory, const char** failedCall) {
  *failedCall = "open";
  int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd < 0 ? -errno : fd;
  *failedCall = "mkostemp";
  std::string path = std::string(directory) + "/ram-ring-XXXXXX";
  fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return -errno;
  unlink(path.c_str());
  return fd;
}

int mapFile(int fd, Mirror* mirror, const char** failedCall) {
  int result = allocateFile(fd, mirror->bytes, failedCall);
  if (result == 0) {
    *failedCall = "mmap";
    mirror->base = mapMirrored(fd, 0, mirror->bytes);
    if (mirror->base == nullptr) result = -errno;
  }
  close(fd);
  return result;
}

// SysV shared memory over `base`, twice. The segment lives as long as it is attached.
int attachShm(uint8_t* base, size_t bytes, const char** failedCall) {
  *failedCall = "shmget";
  int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  if (id < 0) return -errno;
  *failedCall = "shmat";
  int result = 0;
  for (uint8_t* at : {base, base + bytes}) {
    if (result == 0 && shmat(id, at, SHM_REMAP) != at) result = -errno;
  }
  shmctl(id, IPC_RMID, nullptr);
  if (result == 0) memset(base, 0, bytes);
  return result;
}

int makeShm(Mirror* mirror, int protection, const char** failedCall) {
  *failedCall = "mmap";
  void* base = mmap(nullptr, 2 * mirror->bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return -errno;
  mirror->base = static_cast<uint8_t*>(base);
  int result = attachShm(mirror->base, mirror->bytes, failedCall);
  if (result < 0) munmap(base, 2 * mirror->bytes);
  return result;
}

int makeRemapped(Mirror* mirror, const char** failedCall) {
  *failedCall = "mmap";
  size_t n = mirror->bytes;
  constexpr int kFlags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
  void* base = mmap(nullptr, 2 * n, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (base == MAP_FAILED) return -errno;
  mirror->base = static_cast<uint8_t*>(base);
  *failedCall = "remap_file_pages";
  // Through syscall(): the wrapper of the C library is deprecated, and absent elsewhere.
  if (syscall(SYS_remap_file_pages, mirror->base + n, n, 0, 0, 0) != 0) {
    int error = errno;
    munmap(base, 2 * n);
    return -error;
  }
  memset(base, 0, n);
  return 0;
}

}  // namespace

int allocateFile(int fd, size_t bytes, const char** failedCall) {
  *failedCall = "fallocate";
  if (!memoryIsAvailable(bytes)) return -ENOMEM;
  int result;
  do {
    result = fallocate(fd, 0, 0, static_cast<off_t>(bytes)) == 0 ? 0 : -errno;
  } while (result == -EINTR);
  if (result != -EOPNOTSUPP) return result;
  *failedCall = "write";
  return writeZeros(fd, bytes);
}

uint8_t* mapMirrored(int fd, size_t headBytes, size_t bytes) {
  size_t total = headBytes + 2 * bytes;
  constexpr int kReserve = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* reserved = mmap(nullptr, total, PROT_NONE, kReserve, -1, 0);
  if (reserved == MAP_FAILED) return nullptr;
  auto* base = static_cast<uint8_t*>(reserved);
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  constexpr int kFlags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
  void* first = mmap(base, headBytes + bytes, kProtection, kFlags, fd, 0);
  auto offset = static_cast<off_t>(headBytes);
  if (first != MAP_FAILED &&
      mmap(base + headBytes + bytes, bytes, kProtection, kFlags, fd, offset) != MAP_FAILED) {
    return base;
  }
  int error = errno;
  munmap(base, total);
  errno = error;
  return nullptr;
}

int makeMirror(MirrorMaker maker, size_t bytes, const char* directory, Mirror* out,
               const char** failedCall) {
  *out = Mirror{nullptr, bytes, maker};
  int fd = -1;
  switch (maker) {
    case MirrorMaker::kMemfd:
      *failedCall = "memfd_create";
      fd = memfd_create("ram-mirror", MFD_CLOEXEC);
      return fd < 0 ? -errno : mapFile(fd, out, failedCall);
    case MirrorMaker::kTmpfile:
      fd = openTmpfile(directory, failedCall);
      return fd < 0 ? fd : mapFile(fd, out, failedCall);
    default:
      break;
  }
  *failedCall = "mmap";
  if (!memoryIsAvailable(bytes)) return -ENOMEM;
  switch (maker) {
    case MirrorMaker::kShm:
      return makeShm(out, PROT_NONE, failedCall);
    case MirrorMaker::kMmapShm:
      return makeShm(out, PROT_READ | PROT_WRITE, failedCall);
    case MirrorMaker::kRemapFilePages:
      return makeRemapped(out, failedCall);
    default:
      return -EINVAL;
  }
}

void dropMirror(const Mirror& mirror) {
  if (mirror.base == nullptr) return;
  if (mirror.maker == MirrorMaker::kShm) {
    shmdt(mirror.base);
    shmdt(mirror.base + mirror.bytes);
  } else {
    munmap(mirror.base, 2 * mirror.bytes);
  }
}

}  // namespace ram
