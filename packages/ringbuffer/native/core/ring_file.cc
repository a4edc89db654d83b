#include "ring_file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mirror.h"

namespace ram {
namespace {

using namespace ring;

constexpr int kFixedSize = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

std::string directoryOf(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string linkOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

int layOut(int fd, uint32_t kind, uint32_t capacity, const char** failedCall) {
  size_t bytes = size_t{kDataOffset} + capacity;
  int result = allocateFile(fd, bytes, failedCall);
  if (result < 0) return result;
  *failedCall = "mmap";
  void* base = mmap(nullptr, kDataOffset, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return -errno;
  initialize(static_cast<uint8_t*>(base), kind, capacity);
  munmap(base, kDataOffset);
  *failedCall = "fchmod";
  return fchmod(fd, 0600) == 0 ? 0 : -errno;
}

bool isPowerOfTwo(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

// 0, or why this can't be a ring of ours.
int checkHeader(int fd) {
  struct stat found;
  if (fstat(fd, &found) != 0) return -errno;
  if (!S_ISREG(found.st_mode)) return kRingNotARing;
  if (found.st_uid != geteuid() || (found.st_mode & 077) != 0) return kRingWrongOwner;
  uint32_t head[6] = {};
  if (pread(fd, head, sizeof head, 0) != sizeof head || head[0] != kMagic) return kRingNotARing;
  if (head[1] != kVersion) return kRingOtherVersion;
  bool kindKnown = head[2] == kKindSpsc || head[2] == kKindMpsc;
  bool sizeKnown = isPowerOfTwo(head[3]) && head[3] >= kCapacityMin && head[3] <= kCapacityMax;
  bool placesKnown = head[4] == kDataOffset && head[5] == kSlots;
  if (!kindKnown || !sizeKnown || !placesKnown) return kRingDamaged;
  if (found.st_size != static_cast<off_t>(kDataOffset) + head[3]) return kRingDamaged;
  return 0;
}

// Why `path` can't be opened: others' rings are closed to us.
int refusalOf(const char* path, int error) {
  if (error == ELOOP || error == EISDIR || error == ENXIO) return kRingNotARing;
  struct stat found;
  bool others = error == EACCES && lstat(path, &found) == 0 && found.st_uid != geteuid();
  return others ? kRingWrongOwner : -error;
}

// `path` may be a link of /proc, which must be followed; a named ring's must not.
int openChecked(const char* path, int flags) {
  // O_NONBLOCK: a FIFO of that name must not stop us.
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | flags);
  if (fd < 0) return refusalOf(path, errno);
  int result = checkHeader(fd);
  if (result == 0) return fd;
  close(fd);
  return result;
}

struct flock lockOf(uint32_t slot, short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = slot;
  lock.l_len = 1;
  return lock;
}

}  // namespace

int createRing(const char* path, uint32_t kind, uint32_t capacity, const char** failedCall) {
  *failedCall = path == nullptr ? "memfd_create" : "open";
  int fd = path == nullptr
               ? memfd_create("ram-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING)
               : open(directoryOf(path).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  int result = layOut(fd, kind, capacity, failedCall);
  if (result == 0 && path == nullptr) {
    *failedCall = "fcntl";
    if (fcntl(fd, F_ADD_SEALS, kFixedSize) != 0) result = -errno;
  } else if (result == 0) {
    *failedCall = "linkat";
    // Refuses a name that exists, whatever it is.
    const std::string link = linkOf(fd);
    if (linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path, AT_SYMLINK_FOLLOW) != 0) result = -errno;
  }
  if (result == 0) return fd;
  close(fd);
  return result;
}

int openRingPath(const char* path) { return openChecked(path, O_NOFOLLOW); }

int openRingDescriptor(int fd) {
  if (fcntl(fd, F_GETFD) < 0) return -errno;
  return openChecked(linkOf(fd).c_str(), 0);
}

int RingFile::map(int fd) {
  uint32_t capacity = 0;
  if (pread(fd, &capacity, sizeof capacity, offsetof(Control, capacity)) != sizeof capacity) {
    ::close(fd);
    return -EIO;
  }
  ring_.base = mapMirrored(fd, kDataOffset, capacity);
  if (ring_.base == nullptr) {
    int error = errno;
    ::close(fd);
    return -error;
  }
  mappedBytes_ = kDataOffset + 2 * size_t{capacity};
  fd_ = fd;
  return 0;
}

void RingFile::close() {
  if (ring_.base != nullptr) munmap(ring_.base, mappedBytes_);
  ring_.base = nullptr;
  closeDescriptor();
}

void RingFile::closeDescriptor() {
  int fd = fd_.exchange(-1, std::memory_order_relaxed);
  if (fd < 0) return;
  // The mapping keeps the open file description, and with it the locks, alive.
  struct flock all = lockOf(0, F_UNLCK);
  all.l_len = 0;
  fcntl(fd, F_OFD_SETLK, &all);
  ::close(fd);
}

int64_t RingFile::attach(uint32_t first, uint32_t count) {
  for (uint32_t slot = first; slot < first + count; ++slot) {
    if (holds(slot)) continue;
    struct flock lock = lockOf(slot, F_WRLCK);
    if (fcntl(fd_, F_OFD_SETLK, &lock) != 0) {
      if (errno == EAGAIN || errno == EACCES) continue;
      return -errno;
    }
    held_[slot].store(true, std::memory_order_relaxed);
    // relaxed: only the holder of the slot's lock stores it; a reader that sees the old one takes
    // us for our predecessor, which is gone.
    auto member = atomic(ring_.control()->members[slot]);
    uint32_t last = member.load(std::memory_order_relaxed) >> 1;
    uint32_t generation = (last + 1) & kGenerationMask;
    if (generation == 0) generation = 1;
    member.store(generation << 1 | 1, std::memory_order_seq_cst);
    return generation << kSlotBits | slot;
  }
  return -EBUSY;
}

void RingFile::detach(uint32_t token) {
  uint32_t slot = token & (kSlots - 1);
  if (!holds(slot)) return;
  // seq_cst, before the lock goes: no one may see "attached" without a lock.
  atomic(ring_.control()->members[slot]).fetch_and(~1u, std::memory_order_seq_cst);
  struct flock lock = lockOf(slot, F_UNLCK);
  fcntl(fd_, F_OFD_SETLK, &lock);
  held_[slot].store(false, std::memory_order_relaxed);
}

bool RingFile::isLocked(uint32_t slot) const {
  if (holds(slot)) return true;
  struct flock lock = lockOf(slot, F_WRLCK);
  // Where it can't be told, who is attached lives.
  return fcntl(fd_, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

bool RingFile::isAttached(uint32_t slot) const {
  if (slot >= kSlots) return false;
  return (atomic(ring_.control()->members[slot]).load(std::memory_order_seq_cst) & 1) != 0;
}

// The word is read again behind the lock: a member may have come or gone in between.
bool RingFile::isAbandoned(uint32_t slot) const {
  if (slot >= kSlots) return false;
  uint32_t before = atomic(ring_.control()->members[slot]).load(std::memory_order_seq_cst);
  if ((before & 1) == 0 || isLocked(slot)) return false;
  return atomic(ring_.control()->members[slot]).load(std::memory_order_seq_cst) == before;
}

bool RingFile::isDead(uint32_t token) const {
  uint32_t slot = token & (kSlots - 1);
  uint32_t member = atomic(ring_.control()->members[slot]).load(std::memory_order_seq_cst);
  if (member >> 1 != token >> kSlotBits) return true;
  return (member & 1) == 0 || isAbandoned(slot);
}

int RingFile::stealLock(uint32_t holder) {
  if (holder == 0 || !isDead(holder)) return 0;
  // acq_rel: takes over what the dead one stored, and hands it on.
  bool freed = atomic(ring_.control()->lock)
                   .compare_exchange_strong(holder, 0, std::memory_order_acq_rel);
  if (freed) futexWake(&ring_.control()->lock);
  return freed ? 1 : 0;
}

}  // namespace ram
