#include "passed_blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

namespace ram {
namespace {

constexpr size_t kParkedMax = 256;
constexpr size_t kEmptyMax = 64;

// Someone who opens the file while we hold the lease makes the kernel send a signal: one that does
// nothing by default, where it would be SIGIO, which kills.
void quietLeases(int fd) { ::fcntl(fd, F_SETSIG, SIGURG); }

bool canLease(int fd) {
  if (::fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return false;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
}

}  // namespace

bool isOnlyOpen(int fd) {
  quietLeases(fd);
  return canLease(fd);
}

PassedBlobs::PassedBlobs(BlobFiles& blobs)
    : files_(blobs),
      parkedMax_(std::min<size_t>(kParkedMax, blobs.budget() / 8)),
      emptyMax_(std::min<size_t>(kEmptyMax, blobs.budget() / 8)),
      allMax_(blobs.budget() / 2) {}

void PassedBlobs::setDevice(uint32_t mount, BackingDevice* device) {
  std::lock_guard lock(mutex_);
  devices_[mount] = device;
  mounts_.fetch_or(1u << mount, std::memory_order_release);
}

void PassedBlobs::dropMount(uint32_t mount) {
  std::lock_guard lock(mutex_);
  if (devices_[mount] == nullptr) return;
  mounts_.fetch_and(~(1u << mount), std::memory_order_release);
  for (auto& [number, blob] : blobs_) {
    if (blob.ids[mount] > 0) devices_[mount]->closeBacking(blob.ids[mount]);
    blob.ids[mount] = 0;
  }
  devices_[mount] = nullptr;
}

bool PassedBlobs::takeEmpty(uint64_t* number, BlobFiles::Lease* out) {
  std::lock_guard lock(mutex_);
  if (empty_.empty()) return false;
  if (files_.acquire(empty_.back(), out) < 0) return false;
  *number = empty_.back();
  empty_.pop_back();
  return true;
}

PassedBlobs::Blobs::iterator PassedBlobs::insert(uint64_t number, int* error) {
  BlobFiles::Lease lease;
  *error = blobs_.size() >= allMax_ && !shrink() ? -EMFILE : files_.acquire(number, &lease);
  return *error < 0 ? blobs_.end() : blobs_.emplace(number, Blob{std::move(lease)}).first;
}

void PassedBlobs::enter(uint64_t number) {
  std::lock_guard lock(mutex_);
  int error = 0;
  insert(number, &error);
}

int PassedBlobs::acquire(uint64_t number, uint32_t mount, int flags) {
  std::lock_guard lock(mutex_);
  BackingDevice* device = devices_[mount];
  if (device == nullptr) return -ENODEV;
  auto found = blobs_.find(number);
  if (found == blobs_.end()) {
    int error = 0;
    found = insert(number, &error);
    if (error < 0) return error;
    // Earlier mappings of its clients are not known any more.
    found->second.reached = true;
  }
  Blob& blob = found->second;
  if (blob.parked) parked_.erase(blob.place);
  blob.parked = false;
  const int access = flags & O_ACCMODE;
  if (access != O_WRONLY) blob.reached = true;
  if (access != O_RDONLY) blob.large = false;
  if (blob.ids[mount] == 0) {
    const int id = device->openBacking(blob.lease.fd());
    if (id <= 0) {
      const bool used = std::any_of(blob.ids.begin(), blob.ids.end(), [](int i) { return i > 0; });
      if (!used) drop(found);
      return id < 0 ? id : -EIO;
    }
    blob.ids[mount] = id;
  }
  return blob.ids[mount];
}

void PassedBlobs::park(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  if (found == blobs_.end() || found->second.parked) return;
  found->second.parked = true;
  found->second.place = parked_.insert(parked_.end(), number);
  if (parked_.size() > parkedMax_) drop(blobs_.find(parked_.front()));
}

int PassedBlobs::fd(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  return found == blobs_.end() ? -EBADF : found->second.lease.fd();
}

PassedBlobs::State PassedBlobs::state(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  if (found == blobs_.end()) return {};
  return {true, found->second.reached, found->second.large};
}

void PassedBlobs::noteLarge(uint64_t number) {
  std::lock_guard lock(mutex_);
  if (const auto found = blobs_.find(number); found != blobs_.end()) found->second.large = true;
}

void PassedBlobs::resize(uint64_t number) {
  if (mounts_.load(std::memory_order_relaxed) == 0) return;
  std::lock_guard lock(mutex_);
  if (const auto found = blobs_.find(number); found != blobs_.end()) found->second.large = false;
}

bool PassedBlobs::isOnlyOpen(Blob& blob) {
  if (!blob.quiet) quietLeases(blob.lease.fd());
  blob.quiet = true;
  return canLease(blob.lease.fd());
}

int PassedBlobs::settle(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  if (found == blobs_.end()) return -EBADF;
  if (!isOnlyOpen(found->second)) return 0;
  found->second.reached = false;
  coverLocked(number);
  return 1;
}

bool PassedBlobs::recycle(uint64_t number, bool empty) {
  std::lock_guard lock(mutex_);
  coverLocked(number);
  const auto found = blobs_.find(number);
  if (found == blobs_.end()) return false;
  Blob& blob = found->second;
  if (empty_.size() >= emptyMax_ || (blob.reached && !isOnlyOpen(blob)) ||
      (!empty && ::ftruncate(blob.lease.fd(), 0) != 0)) {
    drop(found);
    return false;
  }
  if (blob.parked) parked_.erase(blob.place);
  blob.parked = blob.reached = blob.large = false;
  empty_.push_back(number);
  return true;
}

void PassedBlobs::forget(uint64_t number) {
  std::lock_guard lock(mutex_);
  coverLocked(number);
  const auto found = blobs_.find(number);
  if (found != blobs_.end()) drop(found);
}

void PassedBlobs::expose(uint64_t number) {
  std::lock_guard lock(mutex_);
  exposed_.insert(number);
  exposedCount_.store(static_cast<uint32_t>(exposed_.size()), std::memory_order_relaxed);
}

void PassedBlobs::cover(uint64_t number) {
  std::lock_guard lock(mutex_);
  coverLocked(number);
}

// Lock: mutex_.
void PassedBlobs::coverLocked(uint64_t number) {
  if (exposed_.erase(number) == 0) return;
  exposedCount_.store(static_cast<uint32_t>(exposed_.size()), std::memory_order_relaxed);
}

bool PassedBlobs::isExposed(uint64_t number) {
  if (exposedCount_.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(mutex_);
  return exposed_.contains(number);
}

void PassedBlobs::closeIds(Blob& blob) {
  for (uint32_t mount = 0; mount < kMaxMounts; ++mount) {
    if (blob.ids[mount] > 0 && devices_[mount] != nullptr) {
      devices_[mount]->closeBacking(blob.ids[mount]);
    }
    blob.ids[mount] = 0;
  }
}

void PassedBlobs::drop(Blobs::iterator found) {
  closeIds(found->second);
  if (found->second.parked) parked_.erase(found->second.place);
  blobs_.erase(found);
}

// Makes room for one more. false: all are in use.
bool PassedBlobs::shrink() {
  if (!parked_.empty()) {
    drop(blobs_.find(parked_.front()));
    return true;
  }
  if (empty_.empty()) return false;
  const uint64_t number = empty_.back();
  empty_.pop_back();
  drop(blobs_.find(number));
  files_.remove(number);
  return true;
}

}  // namespace ram
