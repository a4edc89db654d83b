// The native contract between a file system in memory and the drivers that serve it.
//
// A Volume's store implements `FileSystem`; @ram/fuse and later drivers call it from their own
// threads. The object crosses addon borders as a FileSystemReference, so this header is an ABI:
// every change of a struct or of the order of virtual functions raises kFileSystemAbi, and drivers
// refuse another number.
//
// Conventions of every function:
//   - returns >= 0 on success, -errno on failure; throws nothing; leaves outputs alone on failure
//   - may be called from any thread; never calls into JavaScript
//   - inode numbers are 1 (root) and up; names are bytes, 1..255 long, without '/' and NUL
//   - semantics are those of tmpfs(5) unless a comment says otherwise
#pragma once

#include <errno.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ram {

inline constexpr uint32_t kFileSystemAbi = 6;
// Marks the JavaScript value that carries a FileSystemReference between addons (napi_type_tag).
inline constexpr uint64_t kFileSystemTag[2] = {0x72616d2d66696c65, 0x2d73797374656d32};
inline constexpr uint64_t kRootInode = 1;

struct Timestamp {
  int64_t seconds;
  uint32_t nanoseconds;  // 0..999'999'999
};

struct Attributes {
  uint64_t inode;
  uint64_t size;    // bytes
  uint64_t blocks;  // units of 512 bytes, as tmpfs counts them: whole pages that hold data
  uint64_t device;  // dev_t of a device node, else 0
  Timestamp accessed, modified, changed, born;
  uint32_t mode;  // type and permission bits, S_IF*
  uint32_t links;
  uint32_t uid;
  uint32_t gid;
  uint32_t generation;  // differs between two lives of one inode number
  uint32_t blockSize;   // preferred I/O size, bytes
  uint32_t state;       // AttributeState bits, as they are for the caller's mount
};

enum AttributeState : uint32_t {
  // The kernel, or a client's mapping, may change size, blocks and times without a request: they
  // must not be cached.
  kAttributesUnsettled = 1u << 0,
};

// Who asks. `mount` is 0 for calls from inside the process; otherwise the number that attach()
// gave, and then every call that hands out an entry also takes one kernel reference on the inode,
// to be given back with forget().
struct Caller {
  uint32_t uid;
  uint32_t gid;
  uint32_t pid;
  uint32_t mount;
  uint64_t unique;  // FUSE request number, 0 where there is none; outcomes are kept under it
};

enum SetField : uint32_t {
  kSetMode = 1u << 0,
  kSetUid = 1u << 1,
  kSetGid = 1u << 2,
  kSetSize = 1u << 3,
  kSetAccessed = 1u << 4,
  kSetModified = 1u << 5,
  kSetAccessedNow = 1u << 6,
  kSetModifiedNow = 1u << 7,
  kSetChanged = 1u << 8,
  // Clear S_ISUID, S_ISGID (if group-executable) and security.capability, as a write by an
  // unprivileged process does. May come alone.
  kKillPrivileges = 1u << 9,
};

struct SetAttributes {
  uint32_t fields;  // SetField bits
  uint32_t mode;    // permission bits only; the type can't change
  uint32_t uid;
  uint32_t gid;
  uint64_t size;
  Timestamp accessed, modified, changed;
  uint64_t handle = 0;  // the open file that is truncated; 0: none, or not known
};

struct OpenResult {
  uint64_t handle;     // to be given to read, write, …, release
  bool direct;         // the kernel must not cache this file's pages: a writable view exists, or
                       // another mount
  bool flush = false;  // flush() has something to do when a descriptor of it is closed
  // With this open the kernel may change attributes without a request: what it has cached of them
  // is no longer true for long.
  bool unsettles = false;
  // > 0: the kernel reads and writes by itself, through this id of the mount's BackingDevice; no
  // read or write comes.
  int32_t backing = 0;
  // Passed through for writing, and the disk is nearly full: what is deleted and not yet forgotten
  // is better waited for (awaitedForgets()), since the kernel asks nobody when it finds no space.
  bool low = false;
};

// Where the kernel of one mount learns which files it may read and write by itself. Called with
// locks held; must not wait for requests.
class BackingDevice {
 public:
  virtual int openBacking(int fd) = 0;  // an id > 0, or -errno
  virtual void closeBacking(int id) = 0;

 protected:
  ~BackingDevice() = default;
};

enum WriteFlag : uint32_t {
  kWriteAppend = 1u << 0,          // write at the end, whatever the offset says
  kWriteKillPrivileges = 1u << 1,  // as SetField::kKillPrivileges
  kWriteKeepPrivileges = 1u << 2,  // security.capability too, which any other write takes away
};

struct WriteResult {
  uint64_t offset;  // where the first byte went
  uint64_t length;  // bytes written; shorter than asked only where the disk became full
};

struct FileSystemStats {
  uint64_t blockSize;  // bytes
  uint64_t blocks, blocksFree;
  uint64_t inodes, inodesFree;
  uint32_t nameMax;
};

struct DirectoryEntry {
  std::string_view name;
  uint64_t inode;
  uint64_t cookie;  // pass it to readDirectory to go on behind this entry
  uint32_t type;    // DT_*
  const Attributes* attributes;  // with readDirectory's `plus`, for all but "." and ".."; else null
};

// Receives entries while no lock is held. Return false to stop: that entry counts as not read.
class DirectoryVisitor {
 public:
  virtual bool visit(const DirectoryEntry& entry) = 0;

 protected:
  ~DirectoryVisitor() = default;
};

// What a mount must hear to keep the kernel's caches true. Called after all locks are dropped, on
// the thread that made the change, never for changes that came from the observer's own mount.
// `caller.mount != 0` means that the caller is serving a request: the notice must then not be
// waited for (two mounts that wait for each other's pages deadlock).
class Observer {
 public:
  // Bytes [offset, offset+length) and attributes changed; length 0: attributes only;
  // length UINT64_MAX: to the end of the file.
  virtual void inodeChanged(const Caller& caller, uint64_t inode, uint64_t offset,
                            uint64_t length) = 0;
  // `name` in `parent` now means something else, or nothing.
  virtual void entryChanged(const Caller& caller, uint64_t parent, std::string_view name) = 0;

 protected:
  ~Observer() = default;
};

class FileSystem {
 public:
  virtual uint32_t abi() const = 0;  // kFileSystemAbi of the side that made the object

  // A driver holds a reference for as long as it may call; the object outlives volume.close()
  // until the last one is gone, answering -EIO from then on.
  virtual void retain() = 0;
  virtual void release() = 0;

  // Registers a mount (>= 1 is returned: its number). detach() forgets the mount's kernel
  // references and open handles and returns when no observer call is running any more.
  virtual int attach(Observer* observer) = 0;
  virtual void detach(uint32_t mount) = 0;
  // Keeps the mount's INIT answer (<= 128 bytes) in the segments for a successor of this server.
  virtual int recordInit(uint32_t mount, const void* reply, size_t length) = 0;
  // A mount can be used at `directory` now, or no longer. For those who listen to events.
  virtual void mountChanged(bool /*mounted*/, std::string_view /*directory*/) {}

  // --- names -----------------------------------------------------------------------------------
  virtual int lookup(const Caller&, uint64_t parent, std::string_view name, Attributes* out) = 0;
  virtual void forget(const Caller&, uint64_t inode, uint64_t count) = 0;
  // `mode` holds type and permissions, umask already applied. Regular files, FIFOs, sockets,
  // devices (`device` is the dev_t).
  virtual int makeNode(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
                       uint64_t device, Attributes* out) = 0;
  virtual int makeDirectory(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
                            Attributes* out) = 0;
  virtual int makeSymlink(const Caller&, uint64_t parent, std::string_view name,
                          std::string_view target, Attributes* out) = 0;
  virtual int link(const Caller&, uint64_t inode, uint64_t parent, std::string_view name,
                   Attributes* out) = 0;
  virtual int unlink(const Caller&, uint64_t parent, std::string_view name) = 0;
  virtual int removeDirectory(const Caller&, uint64_t parent, std::string_view name) = 0;
  // flags: RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT of renameat2(2).
  virtual int rename(const Caller&, uint64_t parent, std::string_view name, uint64_t newParent,
                     std::string_view newName, uint32_t flags) = 0;
  // Returns the target's length and copies at most `size` bytes of it.
  virtual ssize_t readSymlink(const Caller&, uint64_t inode, char* target, size_t size) = 0;

  // --- attributes ------------------------------------------------------------------------------
  virtual int getAttributes(const Caller&, uint64_t inode, Attributes* out) = 0;
  virtual int setAttributes(const Caller&, uint64_t inode, const SetAttributes& change,
                            Attributes* out) = 0;
  // access(2) by mode bits for caller.uid and caller.gid (no supplementary groups); root as root.
  virtual int access(const Caller&, uint64_t inode, uint32_t mask) = 0;
  // size 0 asks for the length. -ENODATA, -ERANGE, -EOPNOTSUPP as getxattr(2).
  virtual ssize_t getXattr(const Caller&, uint64_t inode, std::string_view name, void* value,
                           size_t size) = 0;
  // flags: XATTR_CREATE, XATTR_REPLACE.
  virtual int setXattr(const Caller&, uint64_t inode, std::string_view name, const void* value,
                       size_t size, int flags) = 0;
  virtual ssize_t listXattr(const Caller&, uint64_t inode, char* names, size_t size) = 0;
  virtual int removeXattr(const Caller&, uint64_t inode, std::string_view name) = 0;
  virtual int statistics(FileSystemStats* out) = 0;

  // --- open files ------------------------------------------------------------------------------
  // flags: O_ACCMODE, O_TRUNC, O_APPEND, O_EXCL as open(2); permission was checked by the caller.
  virtual int open(const Caller&, uint64_t inode, int flags, uint32_t writeFlags,
                   OpenResult* out) = 0;
  // O_CREAT in one step: -EEXIST with O_EXCL, else opens what is there.
  virtual int create(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
                     int flags, Attributes* out, OpenResult* opened) = 0;
  // O_TMPFILE: an open file without a name; link() may give it one unless O_EXCL was set.
  virtual int makeTemporary(const Caller&, uint64_t parent, uint32_t mode, int flags,
                            Attributes* out, OpenResult* opened) = 0;
  virtual void close(const Caller&, uint64_t inode, uint64_t handle) = 0;
  // A descriptor of the open file is being closed, and its closer waits; others may be open still.
  virtual void flush(const Caller&, uint64_t /*inode*/, uint64_t /*handle*/) {}
  virtual ssize_t read(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
                       void* data, size_t length) = 0;
  virtual int write(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
                    const void* data, size_t length, uint32_t flags, WriteResult* out) = 0;
  // Returns when the file is as durable as this file system makes it (memory: at once).
  virtual int sync(const Caller&, uint64_t inode, bool dataOnly) = 0;
  // mode: 0, FALLOC_FL_KEEP_SIZE, PUNCH_HOLE|KEEP_SIZE, ZERO_RANGE[|KEEP_SIZE] and, beyond tmpfs,
  // COLLAPSE_RANGE and INSERT_RANGE answer -EOPNOTSUPP.
  virtual int allocate(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
                       uint64_t length, int mode) = 0;
  // whence: SEEK_DATA or SEEK_HOLE.
  virtual int64_t seek(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
                       int whence) = 0;
  // toHandle: the open file that is written; 0: not known.
  virtual ssize_t copyRange(const Caller&, uint64_t fromInode, uint64_t fromOffset,
                            uint64_t toInode, uint64_t toOffset, size_t length,
                            uint64_t toHandle = 0) = 0;

  // --- directories -----------------------------------------------------------------------------
  // Visits entries behind `cookie` (0: from the start), "." and ".." first. Cookies stay valid
  // while entries come and go. `plus` also takes a kernel reference per visited entry that has
  // attributes (an entry for which visit() returned false is not counted).
  virtual int readDirectory(const Caller&, uint64_t inode, uint64_t cookie, bool plus,
                            DirectoryVisitor* visitor) = 0;
  // Keep a directory alive while it is open (rmdir of an open directory: it reads as empty).
  virtual int openDirectory(const Caller&, uint64_t inode, OpenResult* out) = 0;

  // --- calls of several steps ------------------------------------------------------------------
  // Between enterCall() and leaveCall() no inode number that becomes free is given to another
  // inode, so a path can be walked number by number. Blocks nobody; nests. (A mount has kernel
  // references for that.)
  virtual uint32_t enterCall() { return 0; }
  virtual void leaveCall(uint32_t) {}

  // --- restart ---------------------------------------------------------------------------------
  // The recorded outcome of a request that changed something: >= 0 an inode number or 0, or
  // -errno, in `result`. Returns -ENOENT when no outcome is kept under `unique`.
  virtual int outcome(uint32_t mount, uint64_t unique, int64_t* result) = 0;

  // --- passthrough -----------------------------------------------------------------------------
  // From now on opens of `mount` may be passed through; `device` is used until detach() returns.
  // -EOPNOTSUPP where the kernel could not be held to the limit.
  virtual int passThrough(uint32_t, BackingDevice*) { return -EOPNOTSUPP; }
  // How many deleted files hold their memory only because a kernel has not forgotten them.
  virtual uint32_t awaitedForgets() const { return 0; }

 protected:
  ~FileSystem() = default;
};

// One reference, or none.
class FileSystemReference {
 public:
  FileSystemReference() = default;
  explicit FileSystemReference(FileSystem* fileSystem) : fileSystem_(fileSystem) {
    fileSystem_->retain();
  }
  FileSystemReference(FileSystemReference&& from) noexcept
      : fileSystem_(std::exchange(from.fileSystem_, nullptr)) {}
  FileSystemReference& operator=(FileSystemReference&& from) noexcept {
    std::swap(fileSystem_, from.fileSystem_);
    return *this;
  }
  ~FileSystemReference() {
    if (fileSystem_ != nullptr) fileSystem_->release();
  }

  FileSystem* get() const { return fileSystem_; }

 private:
  FileSystem* fileSystem_ = nullptr;
};

}  // namespace ram
