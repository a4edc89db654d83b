// What the store tells those who listen, and how they reach the files they heard of. The locks
// named here are held by the operation that happens; events of an inode thus keep its order.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

namespace ram {
namespace {

constexpr uint32_t kRetainedShare = 16;  // deleted files may keep a sixteenth of the Volume

bool mayWrite(int64_t flags) { return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY; }

}  // namespace

// Lock: of `inode`, at least shared.
EventDraft Store::draftEvent(EventKind kind, const Caller& caller, uint64_t inode,
                             const InodeRecord* record) {
  EventDraft event{kind};
  event.pid = caller.pid;
  event.inode = inode;
  event.generation = record->generation;
  event.size = record->size;
  Attributes now;
  if (S_ISREG(record->mode) && content_.describe(inode, record, &now) == 0) event.size = now.size;
  return event;
}

// Lock: of `inode`, at least shared.
void Store::announce(EventKind kind, const Caller& caller, uint64_t inode,
                     const InodeRecord* record) {
  if (!events_.wants(kind)) return;
  EventPath path(segment_, treeMutex_);
  EventDraft event = draftEvent(kind, caller, inode, record);
  event.hasPath = path.find(inode);
  event.path = path.view();
  events_.put(event);
}

// Lock: exclusive, of the parent.
void Store::announceBirth(const Caller& caller, uint64_t inode, const InodeRecord* record,
                          int openFlags, const OpenResult* opened) {
  announce(EventKind::kCreated, caller, inode, record);
  if (openFlags >= 0) announceOpen(caller, inode, record, openFlags, opened->handle);
}

// Lock: at least shared.
void Store::announceOpen(const Caller& caller, uint64_t inode, const InodeRecord* record,
                         int flags, uint64_t handle) {
  const bool truncates = (flags & O_TRUNC) != 0;
  if (truncates) announce(EventKind::kTruncated, caller, inode, record);
  announce(EventKind::kOpened, caller, inode, record);
  eventHandles_.opened(handle, caller.pid, truncates);
}

// Lock: exclusive.
void Store::announceWrite(const Caller& caller, uint64_t inode, const InodeRecord* record,
                          uint64_t handle) {
  announce(EventKind::kWritten, caller, inode, record);
  eventHandles_.wrote(handle);
}

// Lock: exclusive.
void Store::announceChange(const Caller& caller, uint64_t inode, const InodeRecord* record,
                           const SetAttributes& change) {
  // A truncation sets times as well; set-id bits that a write takes away are part of the write.
  constexpr uint32_t kOwnFields = kSetMode | kSetUid | kSetGid;
  constexpr uint32_t kTimes = kSetAccessed | kSetModified | kSetAccessedNow | kSetModifiedNow |
                              kSetChanged;
  const bool cuts = (change.fields & kSetSize) != 0;
  if (cuts) announce(EventKind::kTruncated, caller, inode, record);
  if (cuts && change.handle != 0) eventHandles_.wrote(change.handle);
  if ((change.fields & (cuts ? kOwnFields : kOwnFields | kTimes)) != 0) {
    announce(EventKind::kAttributes, caller, inode, record);
  }
}

// Takes the bytes as they are at this instant. Lock: none is held; takes the inode's, shared.
EventCopy* Store::copyContents(uint64_t inode) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    Attributes now;
    if (getAttributes(Caller{}, inode, &now) != 0 || !S_ISREG(now.mode)) return nullptr;
    EventCopy* copy = EventCopy::make(now.size);
    if (copy == nullptr) return nullptr;
    LockSet locks(locks_);
    locks.shared(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    const bool same = record != nullptr && content_.describe(inode, record, &now) == 0 &&
                      now.size == copy->length();
    if (same && now.size == 0) return copy;
    ssize_t got = -EAGAIN;
    if (same) got = content_.read(inode, record, 0, copy->bytes(), copy->length());
    if (got == static_cast<ssize_t>(copy->length())) return copy;
    locks.unlock();
    copy->release();
    if (got == Content::kMustPopulate && populate(inode) < 0) return nullptr;
  }
  return nullptr;
}

void Store::flush(const Caller&, uint64_t inode, uint64_t handle) {
  if (!events_.wantsContents()) [[likely]] return;
  HandleRecord record;
  if (!handles_.look(handle, inode, &record)) return;
  const EventHandles::Note note = eventHandles_.find(handle);
  uint64_t version = 0;
  const bool watched = record.backing != 0 && record.version != 0;
  const bool passed = watched && wrotePassed(inode, record.version, &version);
  if (!note.wrote && !passed) return;
  if (note.fresh && eventHandles_.copiedVersion(handle) == version) return;
  if (EventCopy* copy = copyContents(inode)) eventHandles_.keepCopy(handle, {copy, version});
}

// Of a handle that is being closed, and is still itself or of a mount that is gone.
Store::Closing Store::describeClosing(const Caller& caller, uint64_t handle,
                                      const HandleRecord& was) {
  const EventHandles::Note note = eventHandles_.find(handle);
  Closing closing;
  closing.pid = caller.pid != 0 ? caller.pid : note.pid;
  uint64_t version = 0;
  const bool watched = was.backing != 0 && was.version != 0;
  closing.passed = watched && wrotePassed(was.inode, was.version, &version);
  const bool isKnown = note.known && (watched || was.backing == 0 || !mayWrite(was.flags));
  closing.wrote = isKnown ? note.wrote || closing.passed : mayWrite(was.flags);
  const EventHandles::Copy kept = eventHandles_.takeCopy(handle);
  closing.copy = kept.copy;
  const bool isFresh = kept.copy != nullptr && note.fresh && kept.version == version;
  if (!closing.wrote || !events_.wantsContents() || isFresh) return closing;
  if (closing.copy != nullptr) closing.copy->release();
  closing.copy = copyContents(was.inode);
  return closing;
}

// Lock: at least shared. Takes the copy over.
void Store::announceClosed(uint64_t inode, const InodeRecord* record, const Closing& closing) {
  Caller caller{};
  caller.pid = closing.pid;
  if (closing.passed) announce(EventKind::kWritten, caller, inode, record);
  if (events_.wants(EventKind::kClosed) && S_ISREG(record->mode)) {
    EventPath path(segment_, treeMutex_);
    EventDraft event = draftEvent(EventKind::kClosed, caller, inode, record);
    event.hasPath = path.find(inode);
    event.path = path.view();
    event.written = closing.wrote;
    event.copy = closing.copy;
    events_.put(event);
  }
  if (closing.copy != nullptr) closing.copy->release();
}

// Lock: exclusive, of the inode.
void Store::announceRemoval(const Caller& caller, uint64_t inode, const InodeRecord* record,
                            const EventPath& path) {
  EventDraft event = draftEvent(EventKind::kRemoved, caller, inode, record);
  event.path = path.view();
  event.hasPath = !event.path.empty();
  events_.put(event);
}

// Lock: exclusive, of the inode.
void Store::announceRename(const Caller& caller, uint64_t inode, const InodeRecord* record,
                           const EventPath& from, const EventPath& to) {
  EventDraft event = draftEvent(EventKind::kRenamed, caller, inode, record);
  event.path = to.view();
  event.from = from.view();
  event.hasPath = !event.path.empty();
  events_.put(event);
}

void Store::mountChanged(bool mounted, std::string_view directory) {
  const EventKind kind = mounted ? EventKind::kMounted : EventKind::kUnmounted;
  if (!events_.wants(kind)) return;
  EventDraft event{kind};
  event.hasInode = false;
  event.hasPath = true;
  event.pid = static_cast<uint32_t>(::getpid());
  event.path = directory.substr(0, kEventPathMax);
  events_.put(event);
}

// --- listeners -----------------------------------------------------------------------------------

int Store::listen(EventQueue* queue, const EventFilters* filters) {
  if (int status = eventHandles_.start(segment_.super()->handlesCapacity); status < 0) {
    return status;
  }
  const int status = events_.setFilters(queue, filters);
  if (!events_.wantsContents()) eventHandles_.dropCopies();
  return status;
}

void Store::stopListening(EventQueue* queue) {
  events_.remove(queue);
  if (!events_.wantsContents()) eventHandles_.dropCopies();
  letGo(events_.retention.era());
}

void Store::eventsSettled(EventQueue* queue, bool everything, uint64_t oldestEra) {
  const uint64_t now = events_.retention.era();
  queue->settled(everything, oldestEra, now);
  if (!events_.retention.isEmpty()) letGo(now);
}

// --- deleted files that listeners may still open -------------------------------------------------

// Lock: exclusive. An open that nobody made keeps the file.
bool Store::retain(uint64_t inode, InodeRecord* record) {
  if (!S_ISREG(record->mode) || (record->flags & kInodeRetained) != 0) return false;
  if (!events_.isPending() || isLowForKernels()) return false;
  Attributes now;
  if (content_.describe(inode, record, &now) != 0) return false;
  const uint64_t most = segment_.super()->maxBytes / kRetainedShare;
  if (!events_.retention.keep(inode, now.blocks * 512, most)) return false;
  record->flags |= kInodeRetained;
  __atomic_fetch_add(&record->opens, 1, __ATOMIC_RELAXED);
  return true;
}

// Of those that began until `now`, the ones whose events were delivered.
void Store::letGo(uint64_t now) {
  const uint64_t era = std::min(now, events_.doneEra());
  for (const uint64_t inode : events_.retention.takeUntil(era)) dropOpen(inode, nullptr);
}

// For a disk that is full. False: there were none.
bool Store::letGoAll() {
  const std::vector<uint64_t> inodes = events_.retention.takeUntil(UINT64_MAX);
  for (const uint64_t inode : inodes) dropOpen(inode, nullptr);
  return !inodes.empty();
}

}  // namespace ram
