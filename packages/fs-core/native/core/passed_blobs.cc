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

}  // namespace

bool isOnlyOpen(int fd) {
  // Someone who opens the file while we hold the lease makes the kernel send a signal: one that
  // does nothing by default, where it would be SIGIO, which kills.
  ::fcntl(fd, F_SETSIG, SIGURG);
  if (::fcntl(fd, F_SETLEASE, F_WRLCK) != 0) return false;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return true;
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

int PassedBlobs::acquire(uint64_t number, uint32_t mount) {
  std::lock_guard lock(mutex_);
  BackingDevice* device = devices_[mount];
  if (device == nullptr) return -ENODEV;
  auto found = blobs_.find(number);
  if (found == blobs_.end()) {
    if (blobs_.size() >= allMax_ && !shrink()) return -EMFILE;
    BlobFiles::Lease lease;
    if (int status = files_.acquire(number, &lease); status < 0) return status;
    found = blobs_.emplace(number, Blob{std::move(lease)}).first;
  }
  Blob& blob = found->second;
  if (blob.parked) parked_.erase(blob.place);
  blob.parked = false;
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

bool PassedBlobs::recycle(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  if (found == blobs_.end()) return false;
  Blob& blob = found->second;
  const int fd = blob.lease.fd();
  if (empty_.size() >= emptyMax_ || !isOnlyOpen(fd) || ::ftruncate(fd, 0) != 0) {
    drop(found);
    return false;
  }
  if (blob.parked) parked_.erase(blob.place);
  blob.parked = false;
  empty_.push_back(number);
  return true;
}

void PassedBlobs::forget(uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(number);
  if (found != blobs_.end()) drop(found);
}

void PassedBlobs::expose(uint64_t number) {
  std::lock_guard lock(mutex_);
  exposed_.insert(number);
  exposedCount_.store(static_cast<uint32_t>(exposed_.size()), std::memory_order_relaxed);
}

void PassedBlobs::cover(uint64_t number) {
  if (exposedCount_.load(std::memory_order_relaxed) == 0) return;
  std::lock_guard lock(mutex_);
  exposed_.erase(number);
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
