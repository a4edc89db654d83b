#include "notifier.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "protocol.h"
#include "request.h"

namespace ram::fuse {
namespace {

// A name that no file has: taking the directory's lock is all that its notice does.
constexpr std::string_view kBarrierName = "/";

template <class Body>
struct Message {
  OutHeader header;
  Body body;
};

}  // namespace

void Notifier::inodeChanged(const Caller& caller, uint64_t inode, uint64_t offset,
                            uint64_t length) {
  changes_.fetch_add(1);
  if (caller.mount == 0) {
    std::shared_lock sending(sending_);
    if (!stopping_) sendInode(inode, offset, length);
  } else {
    enqueue({inode, offset, length, {}});
  }
}

void Notifier::entryChanged(const Caller& caller, uint64_t parent, std::string_view name) {
  changes_.fetch_add(1);
  if (caller.mount == 0) {
    std::shared_lock sending(sending_);
    if (!stopping_) sendName(parent, name);
  } else {
    enqueue({parent, 0, 0, std::string(name)});
  }
}

void Notifier::Grant::take() {
  while (taken.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
}

void Notifier::granted(uint64_t inode, uint64_t parent, uint64_t changesBefore) {
  Grant& grant = grants_[grantSlot(inode)];
  grant.take();
  grant.inode = inode;
  grant.parent = parent;
  grant.giveBack();
  if (changes_.load() != changesBefore) enqueue({inode, 0, 0, {}});
}

uint64_t Notifier::grantParent(uint64_t inode) {
  Grant& grant = grants_[grantSlot(inode)];
  grant.take();
  uint64_t parent = grant.inode == inode ? grant.parent : 0;
  grant.giveBack();
  return parent;
}

void Notifier::invalidateAttributesNow(uint64_t inode) { writeInode(inode, -1, 0); }

void Notifier::invalidateLater(uint64_t inode, uint64_t offset, uint64_t length) {
  enqueue({inode, offset, length, {}});
}

void Notifier::sendInode(uint64_t inode, uint64_t offset, uint64_t length) {
  int64_t from = length == 0 ? -1 : static_cast<int64_t>(offset);
  int64_t bytes = length == UINT64_MAX ? 0 : static_cast<int64_t>(length);
  if (writeInode(inode, from, bytes) != -ENOENT) return;
  uint64_t parent = grantParent(inode);
  if (parent == 0) return;
  sendEntry(parent, kBarrierName);
  writeInode(inode, from, bytes);
}

// Where the kernel holds no entry of that name, it does not see that the directory changed: what
// it keeps of the directory's listing, as pages, goes by a second notice. The first one has waited
// for listings that are being read.
void Notifier::sendName(uint64_t parent, std::string_view name) {
  if (sendEntry(parent, name) != 0) sendInode(parent, 0, UINT64_MAX);
}

uint64_t Notifier::nodeOf(uint64_t inode) const {
  uint64_t root = root_.load(std::memory_order_relaxed);
  if (inode == root) return kRootInode;
  return inode == kRootInode ? 0 : inode;
}

int Notifier::writeInode(uint64_t inode, int64_t offset, int64_t length) {
  Message<InvalidateInodeOut> message{};
  message.header = {sizeof(message), static_cast<int32_t>(Notice::kInvalidateInode), 0};
  message.body = {nodeOf(inode), offset, length};
  if (message.body.node == 0) return 0;
  sent_.fetch_add(1, std::memory_order_relaxed);
  return transport_.notify(std::as_bytes(std::span(&message, 1)));
}

int Notifier::sendEntry(uint64_t parent, std::string_view name) {
  if (name.size() > kNameMax) return -EINVAL;
  alignas(8) std::byte buffer[sizeof(Message<InvalidateEntryOut>) + kNameMax + 1];
  Message<InvalidateEntryOut> message{};
  uint32_t length = static_cast<uint32_t>(sizeof(message) + name.size() + 1);
  message.header = {length, static_cast<int32_t>(Notice::kInvalidateEntry), 0};
  message.body = {nodeOf(parent), static_cast<uint32_t>(name.size()), 0};
  if (message.body.parent == 0) return 0;
  std::memcpy(buffer, &message, sizeof(message));
  std::memcpy(buffer + sizeof(message), name.data(), name.size());
  buffer[length - 1] = std::byte{0};
  sent_.fetch_add(1, std::memory_order_relaxed);
  return transport_.notify(std::span(buffer, length));
}

int Notifier::start() {
  std::lock_guard lock(mutex_);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    return -EAGAIN;
  }
  return 0;
}

void Notifier::enqueue(Item item) {
  std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (queue_.size() < kQueueMax) {
    queue_.push_back(std::move(item));
  } else {
    merge(std::move(item));
  }
  wake_.notify_one();
}

void Notifier::merge(Item item) {
  if (item.name.empty()) return mergeInode(item.inode, item.offset, item.length);
  // Names made void by the epoch still change the listings of their directories.
  if (allNames_) {
    directories_.insert(item.inode);
    return;
  }
  names_.insert({item.inode, std::move(item.name)});
  if (names_.size() < kNamesMax || !epochs_) return;
  for (auto& [parent, name] : names_) directories_.insert(parent);
  names_.clear();
  allNames_ = true;
}

void Notifier::mergeInode(uint64_t inode, uint64_t offset, uint64_t length) {
  uint64_t end = length > UINT64_MAX - offset ? UINT64_MAX : offset + length;
  auto [found, isNew] = inodes_.insert({inode, {offset, end}});
  Range& range = found->second;
  if (isNew || length == 0) return;
  bool wasEmpty = range.begin == range.end;
  range = {wasEmpty ? offset : std::min(range.begin, offset),
           wasEmpty ? end : std::max(range.end, end)};
}

// What is next; in merged ones the inode is 0 for all names.
bool Notifier::take(Item* item) {
  if (!queue_.empty()) {
    *item = std::move(queue_.front());
    queue_.pop_front();
  } else if (allNames_) {
    *item = {};
    allNames_ = false;
  } else if (!directories_.empty()) {
    *item = {directories_.extract(directories_.begin()).value(), 0, 0, std::string(kBarrierName)};
  } else if (!names_.empty()) {
    auto node = names_.extract(names_.begin());
    *item = {node.value().first, 0, 0, std::move(node.value().second)};
  } else if (!inodes_.empty()) {
    auto [inode, range] = *inodes_.begin();
    inodes_.erase(inodes_.begin());
    uint64_t length = range.end == UINT64_MAX ? UINT64_MAX : range.end - range.begin;
    *item = {inode, range.begin, length, {}};
  } else {
    return false;
  }
  return true;
}

void Notifier::sendQueued(const Item& item) {
  if (item.inode == 0) {
    OutHeader header{sizeof(header), static_cast<int32_t>(Notice::kIncrementEpoch), 0};
    sent_.fetch_add(1, std::memory_order_relaxed);
    transport_.notify(std::as_bytes(std::span(&header, 1)));
  } else if (item.name.empty()) {
    sendInode(item.inode, item.offset, item.length);
  } else {
    sendName(item.inode, item.name);
  }
}

void Notifier::run() {
  std::unique_lock lock(mutex_);
  Item item;
  while (!stopping_) {
    if (!take(&item)) {
      wake_.wait(lock);
      continue;
    }
    lock.unlock();
    sendQueued(item);
    lock.lock();
  }
}

size_t Notifier::queued() {
  std::lock_guard lock(mutex_);
  return queue_.size() + names_.size() + directories_.size() + inodes_.size();
}

void Notifier::stop() {
  std::thread thread;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    names_.clear();
    directories_.clear();
    inodes_.clear();
    thread.swap(thread_);
    wake_.notify_all();
  }
  if (thread.joinable()) thread.join();
  std::lock_guard sending(sending_);
}

}  // namespace ram::fuse
