#include "passed_blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

namespace ram {
namespace {

constexpr uint32_t kParkedMax = 256;
constexpr uint32_t kEmptyMax = 64;

// Someone who opens the file while we hold the lease makes the kernel send a signal: one that does
// nothing by default, where it would be SIGIO, which kills.
void quietLeases(int fd) { ::fcntl(fd, F_SETSIG, SIGURG); }

bool canLease(int fd) {
  if (::fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return false;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
}

// One more, up to `max`: who finds no room never makes it look fuller to others.
bool countUp(std::atomic<uint32_t>& count, uint32_t max) {
  uint32_t now = count.load(std::memory_order_relaxed);
  while (now < max) {
    if (count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed)) return true;
  }
  return false;
}

}  // namespace

bool isOnlyOpen(int fd) {
  quietLeases(fd);
  return canLease(fd);
}

PassedBlobs::PassedBlobs(BlobFiles& blobs)
    : files_(blobs),
      parkedMax_(std::min(kParkedMax, blobs.budget() / 8)),
      emptyMax_(std::min(kEmptyMax, blobs.budget() / 8)),
      allMax_(blobs.budget() / 2) {}

// --- mounts --------------------------------------------------------------------------------------

void PassedBlobs::setDevice(uint32_t mount, BackingDevice* device) {
  std::lock_guard lock(mountsMutex_);
  devices_[mount].store(device, std::memory_order_relaxed);
  mounts_.fetch_or(1u << mount, std::memory_order_release);
}

void PassedBlobs::dropMount(uint32_t mount) {
  std::lock_guard lock(mountsMutex_);
  BackingDevice* device = devices_[mount].load(std::memory_order_relaxed);
  if (device == nullptr) return;
  // From now on no shard gets an id of it, once its lock was to be had.
  mounts_.fetch_and(~(1u << mount), std::memory_order_release);
  for (Shard& shard : shards_) {
    std::lock_guard shardLock(shard.mutex);
    for (auto& [number, blob] : shard.blobs) {
      if (blob.ids[mount] > 0) device->closeBacking(blob.ids[mount]);
      blob.ids[mount] = 0;
    }
  }
  devices_[mount].store(nullptr, std::memory_order_relaxed);
}

void PassedBlobs::closeIds(Blob& blob) {
  for (uint32_t mount = 0; mount < kMaxMounts; ++mount) {
    if (blob.ids[mount] > 0) {
      devices_[mount].load(std::memory_order_relaxed)->closeBacking(blob.ids[mount]);
    }
    blob.ids[mount] = 0;
  }
}

// --- which are in here ---------------------------------------------------------------------------

// Lock: none.
int PassedBlobs::insert(uint64_t number) {
  while (!countUp(all_, allMax_)) {
    if (!dropParked() && !dropEmpty()) return -EMFILE;
  }
  BlobFiles::Lease lease;
  if (const int status = files_.acquire(number, &lease); status < 0) {
    all_.fetch_sub(1, std::memory_order_relaxed);
    return status;
  }
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  shard.blobs.emplace(number, Blob{std::move(lease)});
  return 0;
}

void PassedBlobs::unpark(Shard& shard, Blob& blob) {
  if (!blob.parked) return;
  shard.parked.erase(blob.place);
  blob.parked = false;
  parkedCount_.fetch_sub(1, std::memory_order_relaxed);
}

void PassedBlobs::drop(Shard& shard, Blobs::iterator found) {
  closeIds(found->second);
  unpark(shard, found->second);
  shard.blobs.erase(found);
  all_.fetch_sub(1, std::memory_order_relaxed);
}

// false: there was none.
bool PassedBlobs::dropParked() {
  const uint32_t first = turn_.fetch_add(1, std::memory_order_relaxed);
  for (uint32_t i = 0; i < kShards; ++i) {
    Shard& shard = shards_[(first + i) % kShards];
    std::lock_guard lock(shard.mutex);
    if (shard.parked.empty()) continue;
    drop(shard, shard.blobs.find(shard.parked.front()));
    return true;
  }
  return false;
}

bool PassedBlobs::dropEmpty() {
  uint64_t number = 0;
  if (!popEmpty(&number)) return false;
  {
    Shard& shard = shardOf(number);
    std::lock_guard lock(shard.mutex);
    drop(shard, shard.blobs.find(number));
  }
  files_.remove(number);
  return true;
}

// --- empty ones ----------------------------------------------------------------------------------

bool PassedBlobs::popEmpty(uint64_t* number) {
  if (emptyCount_.load(std::memory_order_relaxed) == 0) return false;
  for (uint32_t i = 0; i < kThreadGroups; ++i) {
    Empties& empties = empties_[(threadGroup() + i) % kThreadGroups];
    if (empties.count.load(std::memory_order_relaxed) == 0) continue;
    std::lock_guard lock(empties.mutex);
    if (empties.numbers.empty()) continue;
    *number = empties.numbers.back();
    empties.numbers.pop_back();
    empties.count.fetch_sub(1, std::memory_order_relaxed);
    emptyCount_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

bool PassedBlobs::takeEmpty(uint64_t* number, BlobFiles::Lease* out) {
  // It is open here already: that can't fail.
  return popEmpty(number) && files_.acquire(*number, out) >= 0;
}

bool PassedBlobs::makeEmpty(Blob& blob, bool empty) {
  if (!countUp(emptyCount_, emptyMax_)) return false;
  const bool done = (!blob.reached || isOnlyOpen(blob)) &&
                    (empty || ::ftruncate(blob.lease.fd(), 0) == 0);
  if (!done) emptyCount_.fetch_sub(1, std::memory_order_relaxed);
  return done;
}

bool PassedBlobs::recycle(uint64_t number, bool empty) {
  Shard& shard = shardOf(number);
  {
    std::lock_guard lock(shard.mutex);
    cover(shard, number);
    const auto found = shard.blobs.find(number);
    if (found == shard.blobs.end()) return false;
    Blob& blob = found->second;
    if (!makeEmpty(blob, empty)) {
      drop(shard, found);
      return false;
    }
    unpark(shard, blob);
    blob.reached = blob.large = false;
  }
  Empties& empties = empties_[threadGroup()];
  std::lock_guard lock(empties.mutex);
  empties.numbers.push_back(number);
  empties.count.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// --- one of them ---------------------------------------------------------------------------------

void PassedBlobs::enter(uint64_t number) { insert(number); }

int PassedBlobs::acquire(uint64_t number, uint32_t mount, int flags) {
  Shard& shard = shardOf(number);
  std::unique_lock lock(shard.mutex);
  if (!passes(mount)) return -ENODEV;
  auto found = shard.blobs.find(number);
  if (found == shard.blobs.end()) {
    lock.unlock();
    if (const int error = insert(number); error < 0) return error;
    lock.lock();
    found = shard.blobs.find(number);  // nobody drops what is not parked
    // Earlier mappings of its clients are not known any more.
    found->second.reached = true;
  }
  Blob& blob = found->second;
  unpark(shard, blob);
  const int access = flags & O_ACCMODE;
  if (access != O_WRONLY) blob.reached = true;
  if (access != O_RDONLY) blob.large = false;
  const int id = idOn(mount, blob);
  const auto isId = [](int32_t one) { return one > 0; };
  if (id < 0 && std::none_of(blob.ids.begin(), blob.ids.end(), isId)) drop(shard, found);
  return id;
}

int PassedBlobs::idOn(uint32_t mount, Blob& blob) {
  if (blob.ids[mount] != 0) return blob.ids[mount];
  // The bit before the pointer: dropMount() clears the bit, takes this shard's lock, then clears
  // the pointer.
  if (!passes(mount)) return -ENODEV;
  BackingDevice* device = devices_[mount].load(std::memory_order_relaxed);
  const int id = device->openBacking(blob.lease.fd());
  if (id <= 0) return id < 0 ? id : -EIO;
  return blob.ids[mount] = id;
}

void PassedBlobs::park(uint64_t number) {
  {
    Shard& shard = shardOf(number);
    std::lock_guard lock(shard.mutex);
    const auto found = shard.blobs.find(number);
    if (found == shard.blobs.end() || found->second.parked) return;
    found->second.parked = true;
    found->second.place = shard.parked.insert(shard.parked.end(), number);
    if (parkedCount_.fetch_add(1, std::memory_order_relaxed) < parkedMax_) return;
  }
  dropParked();
}

int PassedBlobs::fd(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.blobs.find(number);
  return found == shard.blobs.end() ? -EBADF : found->second.lease.fd();
}

PassedBlobs::State PassedBlobs::state(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.blobs.find(number);
  if (found == shard.blobs.end()) return {};
  return {true, found->second.reached, found->second.large};
}

void PassedBlobs::noteLarge(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.blobs.find(number);
  if (found != shard.blobs.end()) found->second.large = true;
}

void PassedBlobs::resize(uint64_t number) {
  if (mounts_.load(std::memory_order_relaxed) == 0) return;
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.blobs.find(number);
  if (found != shard.blobs.end()) found->second.large = false;
}

bool PassedBlobs::isOnlyOpen(Blob& blob) {
  if (!blob.quiet) quietLeases(blob.lease.fd());
  blob.quiet = true;
  return canLease(blob.lease.fd());
}

int PassedBlobs::settle(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.blobs.find(number);
  if (found == shard.blobs.end()) return -EBADF;
  if (!isOnlyOpen(found->second)) return 0;
  found->second.reached = false;
  cover(shard, number);
  return 1;
}

void PassedBlobs::forget(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  cover(shard, number);
  const auto found = shard.blobs.find(number);
  if (found != shard.blobs.end()) drop(shard, found);
}

// --- what clients may map ------------------------------------------------------------------------

void PassedBlobs::expose(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  if (shard.exposed.insert(number).second) {
    shard.exposedCount.fetch_add(1, std::memory_order_relaxed);
  }
}

void PassedBlobs::cover(uint64_t number) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  cover(shard, number);
}

void PassedBlobs::cover(Shard& shard, uint64_t number) {
  if (shard.exposed.erase(number) == 0) return;
  shard.exposedCount.fetch_sub(1, std::memory_order_relaxed);
}

bool PassedBlobs::isExposed(uint64_t number) {
  Shard& shard = shardOf(number);
  if (shard.exposedCount.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(shard.mutex);
  return shard.exposed.contains(number);
}

}  // namespace ram
