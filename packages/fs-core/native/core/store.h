// The store of one Volume: every inode, name and byte, in segments on a private tmpfs.
//
// What needs several parts at once is here; each part has a file of its own: InodeTable and
// HandleTable (records), Directory (names), Xattrs, Content (bytes), Heap (memory of all of
// them), Journal (updates of several words), InodeLocks (order in locks.h).
#pragma once

#include <errno.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "backing.h"
#include "blob_files.h"
#include "content.h"
#include "directory.h"
#include "event_handles.h"
#include "event_hub.h"
#include "event_path.h"
#include "handle_table.h"
#include "heap.h"
#include "inode_table.h"
#include "journal.h"
#include "locks.h"
#include "passed_files.h"
#include "ram/file_system.h"
#include "ram/spread.h"
#include "segment.h"
#include "views.h"
#include "xattrs.h"

namespace ram {

struct StoreOptions {
  uint64_t maxBytes = 0;   // limit of everything, metadata included; >= kMinStoreBytes
  uint64_t maxInodes = 0;  // 0: bounded by memory only
  bool swap = true;        // false: the kernel must keep all pages in RAM (root only, -EPERM)
  BackingChoice backing = BackingChoice::kAutomatic;
  uint32_t rootUid = 0, rootGid = 0, rootMode = 0755;  // of the root directory
};

inline constexpr uint64_t kMinStoreBytes = 1 << 20;
inline constexpr uint64_t kMaxStoreBytes = uint64_t{1} << 44;  // 16 TiB

struct StoreUsage {
  uint64_t maxBytes, usedBytes, freeBytes;  // of the whole Volume; used + free = max
  uint64_t slabBytes, fileBytes, externalBytes, metadataBytes;
  uint64_t inodes, maxInodes;
  uint64_t swappedBytes;
};

class Store final : public FileSystem {
 public:
  // On failure returns -errno and names the system call that failed in *syscall.
  static int make(const StoreOptions& options, Store** out, const char** syscall);
  // Opens segments that another process left: completes what it had committed, gives back what
  // only it used. `keepMounts`: its mounts live on, with their references and open files.
  // -EUCLEAN where the segments are damaged.
  static int adopt(std::unique_ptr<Backing> backing, bool keepMounts, Store** out);

  // Ends the store: calls from then on answer -EIO, memory goes back when the last reference and
  // the last view are gone. Idempotent.
  void close() { closed_.store(true, std::memory_order_release); }

  bool isTmpfs() const { return backing_->isTmpfs(); }
  // O(1) while nothing on the machine is in swap; else asks the kernel about each blob file.
  int usage(StoreUsage* out);

  // Promotes a slab to a file, fills its holes (-ENOSPC) and maps it. Not writable: stores into
  // the memory stay private. Writable: -EBUSY while a mount has it open and cached. -EBUSY while
  // one passes it through on a machine without userfaultfd(2).
  int mapView(uint64_t inode, bool writable, View* out);
  // See Content::setSpill(). `directory` stays the caller's. -EBUSY while a mount passes the file
  // through; none does from then on.
  int setSpill(uint64_t inode, uint64_t bytes, int directory);
  static void unmapView(uint64_t id) { ViewRegistry::unmap(id); }

  // --- events; see event_hub.h -----------------------------------------------------------------
  // `queue` gets what `filters` want from now on; both stay the caller's, `filters` until the next
  // call for this queue. Of the queue's consumer. 0, -EMFILE, -ENOMEM.
  int listen(EventQueue* queue, const EventFilters* filters);
  // When it returns, no thread uses the queue or its filters. Idempotent.
  void stopListening(EventQueue* queue);
  // The listeners of `queue` are done with all events, or with those before `oldestEra`.
  void eventsSettled(EventQueue* queue, bool everything, uint64_t oldestEra);

  // Walks everything; returns 0, or -EUCLEAN and what is wrong in `report`. Stops all writers.
  int check(char* report, size_t size);

  Journal& journal() { return journal_; }
  Content& content() { return content_; }
  Segment& segment() { return segment_; }
  Backing& backing() { return *backing_; }
  Heap& heap() { return heap_; }
  InodeLocks& locks() { return locks_; }
  const InodeTable& inodes() const { return inodes_; }

  uint32_t abi() const override { return kFileSystemAbi; }
  void retain() override { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() override;
  int attach(Observer* observer) override;
  void detach(uint32_t mount) override;
  int recordInit(uint32_t mount, const void* reply, size_t length) override;
  void mountChanged(bool mounted, std::string_view directory) override;

  int lookup(const Caller&, uint64_t parent, std::string_view name, Attributes* out) override;
  void forget(const Caller&, uint64_t inode, uint64_t count) override;
  int makeNode(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
               uint64_t device, Attributes* out) override;
  int makeDirectory(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
                    Attributes* out) override;
  int makeSymlink(const Caller&, uint64_t parent, std::string_view name, std::string_view target,
                  Attributes* out) override;
  int link(const Caller&, uint64_t inode, uint64_t parent, std::string_view name,
           Attributes* out) override;
  int unlink(const Caller&, uint64_t parent, std::string_view name) override;
  int removeDirectory(const Caller&, uint64_t parent, std::string_view name) override;
  int rename(const Caller&, uint64_t parent, std::string_view name, uint64_t newParent,
             std::string_view newName, uint32_t flags) override;
  ssize_t readSymlink(const Caller&, uint64_t inode, char* target, size_t size) override;

  int getAttributes(const Caller&, uint64_t inode, Attributes* out) override;
  int setAttributes(const Caller&, uint64_t inode, const SetAttributes& change,
                    Attributes* out) override;
  int access(const Caller&, uint64_t inode, uint32_t mask) override;
  ssize_t getXattr(const Caller&, uint64_t inode, std::string_view name, void* value,
                   size_t size) override;
  int setXattr(const Caller&, uint64_t inode, std::string_view name, const void* value,
               size_t size, int flags) override;
  ssize_t listXattr(const Caller&, uint64_t inode, char* names, size_t size) override;
  int removeXattr(const Caller&, uint64_t inode, std::string_view name) override;
  int statistics(FileSystemStats* out) override;

  int open(const Caller&, uint64_t inode, int flags, uint32_t writeFlags,
           OpenResult* out) override;
  int create(const Caller&, uint64_t parent, std::string_view name, uint32_t mode, int flags,
             Attributes* out, OpenResult* opened) override;
  int makeTemporary(const Caller&, uint64_t parent, uint32_t mode, int flags, Attributes* out,
                    OpenResult* opened) override;
  void close(const Caller&, uint64_t inode, uint64_t handle) override;
  void flush(const Caller&, uint64_t inode, uint64_t handle) override;
  ssize_t read(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, void* data,
               size_t length) override;
  int write(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, const void* data,
            size_t length, uint32_t flags, WriteResult* out) override;
  int sync(const Caller&, uint64_t inode, bool dataOnly) override;
  int allocate(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, uint64_t length,
               int mode) override;
  int64_t seek(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
               int whence) override;
  ssize_t copyRange(const Caller&, uint64_t fromInode, uint64_t fromOffset, uint64_t toInode,
                    uint64_t toOffset, size_t length, uint64_t toHandle = 0) override;

  int readDirectory(const Caller&, uint64_t inode, uint64_t cookie, bool plus,
                    DirectoryVisitor* visitor) override;
  int openDirectory(const Caller&, uint64_t inode, OpenResult* out) override;
  uint32_t enterCall() override { return inodes_.enter(); }
  void leaveCall(uint32_t token) override { inodes_.leave(token); }
  int outcome(uint32_t mount, uint64_t unique, int64_t* result) override;
  int passThrough(uint32_t mount, BackingDevice* device) override;
  uint32_t awaitedForgets() const override {
    return static_cast<uint32_t>(awaitingForget_.sum());
  }

 private:
  // What a new inode starts as.
  struct Birth {
    uint32_t mode = 0;
    uint64_t device = 0;
    std::string_view target;  // of a symlink
    int openFlags = -1;       // >= 0: opened in the same step
  };
  struct Batch;  // of directory entries, see store_directories.cc

  explicit Store(std::unique_ptr<Backing> backing);
  ~Store();
  int format(const StoreOptions& options);
  int setAside();
  int recover(bool keepMounts);
  void recountReferences(bool keepMounts);

  bool isClosed() const { return closed_.load(std::memory_order_acquire); }
  // Runs `operation`; where the disk was full, gives free pages back, moves small contents
  // together, waits for what a kernel is about to forget, and runs it once more after each that
  // helped.
  template <class F>
  auto withRoom(const Caller& caller, F operation) -> decltype(operation());

  int checkName(std::string_view name) const;
  InodeRecord* liveDirectory(uint64_t inode, int* error) const;
  // `isNew`: nobody else has seen it yet.
  int describe(const Caller& caller, uint64_t inode, const InodeRecord* record, Attributes* out,
               bool isNew = false);
  int populate(uint64_t inode);
  struct WriteTarget {
    uint64_t inode, handle;
  };
  int writeOnce(const Caller& caller, WriteTarget target, uint64_t offset, const void* data,
                size_t length, uint32_t flags, WriteResult* out);
  void takeReference(const Caller& caller, uint64_t inode);
  int applyTimes(uint64_t inode, InodeRecord* record, const SetAttributes& change);
  void touch(Transaction& tx, InodeRecord* record, bool modified);
  int64_t openHandle(const Caller& caller, uint64_t inode, InodeRecord* record, int flags,
                     OpenResult* out);
  // Listeners for one of these are told something when a file is closed.
  static constexpr uint32_t kClosingEvents =
      eventBit(EventKind::kClosed) | eventBit(EventKind::kWritten);
  // What a `closed` event says.
  struct Closing {
    bool wrote = false;
    bool passed = false;  // its kernel wrote, of which no event has told yet
    uint32_t pid = 0;
    EventCopy* copy = nullptr;
  };
  void dropOpen(uint64_t inode, const Closing* closing);
  // Of a handle that has been freed. `closing`: for the listeners, or null.
  void closeHandle(const HandleRecord& was, const Closing* closing);
  // Passthrough, see store_passthrough.cc.
  bool passes(const Caller& caller) const;
  uint32_t mountsAttached() const;
  bool wantsPassing(uint64_t inode, const InodeRecord* record, int flags) const;
  bool isReached(uint64_t inode, const InodeRecord* record);
  void passOpen(const Caller& caller, uint64_t inode, InodeRecord* record, int flags,
                OpenResult* out);
  bool wrotePassed(uint64_t inode, uint64_t known, uint64_t* version);
  bool isLowForKernels() const;
  void makeRoomFor(const OpenResult& opened, int flags);
  uint32_t attributeState(uint64_t inode, const Caller& caller);
  void closePassed(const HandleRecord& was, bool mapped, const Closing* closing);
  void endPassing(uint64_t inode, InodeRecord* record, bool mapped);
  void sweepPinned();
  void unpinIfFree(uint64_t inode);
  void dropReferences(uint32_t mount);
  void reclaimLater(uint64_t inode);
  int fillBatch(const Caller& caller, uint64_t inode, uint64_t cookie, bool plus, Batch* batch);
  // Frees an inode that nothing refers to any more. Lock: exclusive.
  void reclaimIfUnused(uint64_t inode, InodeRecord* record);
  void fillRecord(const Caller& caller, InodeRecord* record, const InodeRecord* parent,
                  const Birth& birth, uint32_t* mode);
  int makeInode(const Caller& caller, uint64_t parent, std::string_view name, const Birth& birth,
                Attributes* out, OpenResult* opened);
  // Locks `parent` and the inode that `name` means there; found is empty where there is none.
  int lockEntry(LockSet& locks, uint64_t parent, std::string_view name, InodeRecord** directory,
                Directory::Found* found);
  int killPrivileges(InodeRecord* record, bool bits);
  int remove(const Caller& caller, uint64_t parent, std::string_view name, bool wantDirectory);

  struct Move;  // one rename, see store_rename.cc
  int lockMove(LockSet& locks, Move& move);
  int checkMove(const Move& move, uint32_t flags) const;
  bool isAncestor(uint64_t ancestor, uint64_t inode) const;
  int commitMove(const Caller& caller, Move& move, uint32_t flags);
  void announceMove(const Caller& caller, const Move& move, uint32_t flags, const EventPath& from,
                    const EventPath& to);

  // store_events.cc; the locks that each needs are said there.
  EventDraft draftEvent(EventKind kind, const Caller& caller, uint64_t inode,
                        const InodeRecord* record);
  void announce(EventKind kind, const Caller& caller, uint64_t inode, const InodeRecord* record);
  void announceBirth(const Caller& caller, uint64_t inode, const InodeRecord* record,
                     int openFlags, const OpenResult* opened);
  void announceOpen(const Caller& caller, uint64_t inode, const InodeRecord* record, int flags,
                    uint64_t handle);
  void announceWrite(const Caller& caller, uint64_t inode, const InodeRecord* record,
                     uint64_t handle);
  void announceChange(const Caller& caller, uint64_t inode, const InodeRecord* record,
                      const SetAttributes& change);
  Closing describeClosing(const Caller& caller, uint64_t handle, const HandleRecord& was);
  void announceClosed(uint64_t inode, const InodeRecord* record, const Closing& closing);
  void announceRemoval(const Caller& caller, uint64_t inode, const InodeRecord* record,
                       const EventPath& path);
  void announceRename(const Caller& caller, uint64_t inode, const InodeRecord* record,
                      const EventPath& from, const EventPath& to);
  EventCopy* copyContents(uint64_t inode);
  bool retain(uint64_t inode, InodeRecord* record);
  void letGo(uint64_t now);
  bool letGoAll();

  void tellInode(const Caller& caller, uint64_t inode, uint64_t offset, uint64_t length);
  void tellEntry(const Caller& caller, uint64_t parent, std::string_view name);
  bool hasListeners(const Caller& caller) const;
  bool isKnown(uint32_t mount, uint64_t inode) const;
  void noteAwaited(InodeRecord* record);
  bool awaitForgets();

  // Who hears of changes; the mutex is held shared while observers run.
  struct Observers {
    std::shared_mutex mutex;
    Observer* slots[kMaxMounts] = {};
    std::atomic<uint32_t> attached{0};  // bit per mount number
  };

  std::unique_ptr<Backing> backing_;
  Segment segment_;
  Journal journal_{segment_};
  Heap heap_{segment_};
  InodeTable inodes_{segment_};
  HandleTable handles_{segment_};
  BlobFiles blobs_;
  ViewRegistry views_;
  Content content_;
  PassedFiles passedFiles_;
  Directory directories_{segment_, journal_, heap_};
  Xattrs xattrs_{segment_, journal_, heap_};
  InodeLocks locks_;
  std::mutex renameMutex_;        // see locks.h
  std::shared_mutex treeMutex_;   // exclusive: a directory changes its name or goes
  EventHub events_;
  EventHandles eventHandles_;
  Observers observers_;
  // Inodes without name and open file that only a kernel's cache keeps: its FORGET is on the way.
  SpreadCounter awaitingForget_;
  std::atomic<bool> closed_{false};
  std::atomic<uint32_t> references_{1};
};

template <class F>
auto Store::withRoom(const Caller& caller, F operation) -> decltype(operation()) {
  if (isClosed()) return -EIO;
  auto result = operation();
  if (result == -ENOSPC && letGoAll()) result = operation();
  if (result == -ENOSPC && heap_.trim()) result = operation();
  if (result == -ENOSPC && content_.compact(locks_, inodes_)) result = operation();
  if (result == -ENOSPC && caller.mount == 0 && awaitForgets()) result = operation();
  return result;
}

}  // namespace ram
