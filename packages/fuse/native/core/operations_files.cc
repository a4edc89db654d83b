// Requests about open files.
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "entry_reply.h"
#include "operations.h"
#include "privileges.h"

namespace ram::fuse {
namespace {

// The thread belongs to this process. A descriptor of ours on our own mount must not send FLUSH:
// if we are killed, its close would wait for an answer that nobody can give.
bool isOurs(uint32_t thread) {
  return thread != 0 && syscall(SYS_tgkill, getpid(), thread, 0) == 0;
}

// FLUSH serves record locks that we keep, and those who want to know files as they were closed.
bool needsFlush(const Session& session, const Request& request, const OpenResult& opened) {
  return (session.options.volumeLocks || opened.flush) && !isOurs(request.caller.pid);
}

bool writes(uint32_t flags) { return (flags & O_ACCMODE) != O_RDONLY; }

// `direct` is what ioModes said when it counted this open.
void replyOpened(Session& session, const Request& request, uint64_t inode,
                 const OpenResult& opened, bool direct, Reply& reply, size_t offset) {
  if (opened.direct && !direct) session.ioModes.needDirect(inode);
  direct = direct || opened.direct;
  auto* out = reply.make<OpenOut>(offset);
  out->handle = opened.handle;
  if (opened.backing > 0) {
    out->flags = kOpenPassthrough;  // the kernel refuses kOpenKeepCache besides
    out->backing = opened.backing;
  } else {
    out->flags = direct ? kOpenDirectIo | kOpenParallelDirectWrites : kOpenKeepCache;
  }
  if (opened.low) session.awaitForgotten();
  if (!needsFlush(session, request, opened)) out->flags |= kOpenNoFlush;
  out->flags &= session.negotiated.openFlags;
  reply.openedInode = inode;
  reply.openedHandle = opened.handle;
}

// Flags of open(2) that reach the store; the rest is the kernel's business.
constexpr uint32_t kStoreOpenFlags = O_ACCMODE | O_TRUNC | O_APPEND | O_EXCL;

// O_DIRECT tells the store that the kernel will cache nothing of this open; what the client's
// O_DIRECT means is the kernel's business.
int storeFlags(uint32_t flags, bool direct) {
  return static_cast<int>((flags & kStoreOpenFlags) | (direct ? O_DIRECT : 0));
}

// Whether a new file is best left out of the page cache until it is closed: who makes it cannot
// read it or map it. The first write through the cache would ask for security.capability, and the
// page at the end of what was written would have to be read again all the same.
bool onlyWrites(const Session& session, uint32_t flags) {
  return (flags & O_ACCMODE) == O_WRONLY && !session.passthrough &&
         (session.negotiated.flags & kDirectIoAllowMmap) != 0;
}

struct NewFile {
  const CreateIn* in;
  Attributes attributes;
  OpenResult opened;
};

int64_t replyCreated(Session& session, const Request& request, const NewFile& file,
                     uint64_t before, Reply& reply) {
  replyEntry(session, request.node(), file.attributes, before, reply);
  uint64_t inode = file.attributes.inode;
  reply.openedForWriting = writes(file.in->flags);
  bool wantsDirect = session.options.direct || onlyWrites(session, file.in->flags);
  bool direct = session.ioModes.open(inode, wantsDirect, reply.openedForWriting);
  replyOpened(session, request, inode, file.opened, direct, reply, sizeof(EntryOut));
  return sizeof(EntryOut) + sizeof(OpenOut);
}

// The length of one copy that a single request may do; the kernel asks again for the rest.
constexpr uint64_t kCopyMax = 256ull << 20;

}  // namespace

int64_t open(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<OpenIn>();
  if (in == nullptr) return -EINVAL;
  bool kills = (in->openFlags & kOpenKillPrivileges) != 0 && (in->flags & O_TRUNC) != 0;
  PrivilegeWatch watch(session, request, kills ? Kills::kAll : Kills::kNothing);
  OpenResult opened{};
  reply.openedForWriting = writes(in->flags);
  bool direct =
      session.ioModes.open(request.node(), session.options.direct, reply.openedForWriting);
  int error = session.fileSystem.open(request.caller, request.node(),
                                      storeFlags(in->flags, direct),
                                      kills ? uint32_t{kWriteKillPrivileges} : 0, &opened);
  if (error < 0) {
    session.ioModes.close(request.node(), reply.openedForWriting);
    return error;
  }
  watch.changed();
  if (opened.unsettles) session.notifier.invalidateAttributesNow(request.node());
  replyOpened(session, request, request.node(), opened, direct, reply, 0);
  return sizeof(OpenOut);
}

int64_t create(Session& session, Request& request, Reply& reply) {
  NewFile file{};
  file.in = request.arguments.take<CreateIn>();
  std::string_view name;
  if (file.in == nullptr) return -EINVAL;
  if (int error = request.arguments.takeName(&name)) return error;
  uint64_t before = session.notifier.changes();
  int error = session.fileSystem.create(
      creator(session, request, file.in->mode), request.node(), name, file.in->mode,
      storeFlags(file.in->flags, session.options.direct), &file.attributes, &file.opened);
  if (error < 0) return error;
  return replyCreated(session, request, file, before, reply);
}

int64_t makeTemporary(Session& session, Request& request, Reply& reply) {
  NewFile file{};
  file.in = request.arguments.take<CreateIn>();
  if (file.in == nullptr) return -EINVAL;
  uint64_t before = session.notifier.changes();
  int error = session.fileSystem.makeTemporary(
      creator(session, request, file.in->mode), request.node(), file.in->mode,
      storeFlags(file.in->flags, session.options.direct), &file.attributes, &file.opened);
  if (error < 0) return error;
  return replyCreated(session, request, file, before, reply);
}

int64_t release(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<ReleaseIn>();
  if (in == nullptr) return -EINVAL;
  if (session.options.volumeLocks) {
    session.locks->releaseHandle(request.node(), session.mount, in->handle);
  }
  session.ioModes.close(request.node(), writes(in->flags));
  session.fileSystem.close(request.caller, request.node(), in->handle);
  return 0;
}

int64_t read(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<ReadIn>();
  if (in == nullptr || in->size > reply.body().size()) return -EINVAL;
  return session.fileSystem.read(request.caller, request.node(), in->handle, in->offset,
                                 reply.body().data(), in->size);
}

// What is left of a write behind its first `done` bytes.
static int writeRest(Session& session, const Request& request, const WriteIn& in,
                     const std::byte* data, size_t done, uint32_t flags, WriteResult* out) {
  const bool kills = (in.writeFlags & kWriteKillsPrivileges) != 0;
  PrivilegeWatch watch(session, request, kills ? Kills::kAll : Kills::kNothing);
  const int error = session.fileSystem.write(request.caller, request.node(), in.handle,
                                             in.offset + done, data + done, in.size - done, flags,
                                             out);
  if (error == 0) watch.changed();
  return error;
}

int64_t write(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<WriteIn>();
  auto data = request.arguments.rest();
  if (in == nullptr || data.size() < in->size) return -EINVAL;
  bool fromCache = (in->writeFlags & kWriteFromCache) != 0;
  bool kills = (in->writeFlags & kWriteKillsPrivileges) != 0;
  uint32_t flags = kills ? uint32_t{kWriteKillPrivileges} : 0;
  // A store through a mapping takes nothing away, as on any file system.
  if (fromCache) flags |= kWriteKeepPrivileges;
  // The kernel's idea of the end may be outdated when a file also grows from elsewhere.
  if ((in->flags & O_APPEND) != 0 && !fromCache) flags |= kWriteAppend;
  WriteResult written{};
  int error = writeRest(session, request, *in, data.data(), 0, flags, &written);
  if (error < 0) return error;
  // What is left of an append would go behind what others append meanwhile.
  if (written.length < in->size && (flags & kWriteAppend) == 0) {
    session.retryWithFreedSpace(request, [&] {
      WriteResult more{};
      error = writeRest(session, request, *in, data.data(), written.length, flags, &more);
      if (error == 0) written.length += more.length;
      return written.length == in->size || (error < 0 && error != -ENOSPC);
    });
  }
  if (written.offset != in->offset) {
    session.notifier.invalidateLater(request.node(), std::min(written.offset, in->offset),
                                     UINT64_MAX);
  }
  auto* out = reply.make<WriteOut>();
  out->size = static_cast<uint32_t>(written.length);
  return sizeof(*out);
}

int64_t flush(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<FlushIn>();
  if (in == nullptr) return -EINVAL;
  if (session.options.volumeLocks) {
    session.locks->releaseOwner(request.node(), {session.mount, false, in->lockOwner});
  }
  session.fileSystem.flush(request.caller, request.node(), in->handle);
  return 0;
}

int64_t sync(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<FsyncIn>();
  if (in == nullptr) return -EINVAL;
  return session.fileSystem.sync(request.caller, request.node(),
                                 (in->flags & kFsyncDataOnly) != 0);
}

int64_t syncAll(Session& session, Request& request, Reply&) {
  return session.fileSystem.sync(request.caller, kRootInode, false);
}

int64_t allocate(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<FallocateIn>();
  if (in == nullptr) return -EINVAL;
  return session.fileSystem.allocate(request.caller, request.node(), in->handle, in->offset,
                                     in->length, static_cast<int>(in->mode));
}

int64_t seek(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<LseekIn>();
  if (in == nullptr || (in->whence != SEEK_DATA && in->whence != SEEK_HOLE)) return -EINVAL;
  int64_t found = session.fileSystem.seek(request.caller, request.node(), in->handle, in->offset,
                                          static_cast<int>(in->whence));
  if (found < 0) return found;
  reply.make<LseekOut>()->offset = static_cast<uint64_t>(found);
  return sizeof(LseekOut);
}

static int64_t copy(Session& session, Request& request) {
  auto* in = request.arguments.take<CopyFileRangeIn>();
  if (in == nullptr || in->flags != 0) return -EINVAL;
  size_t length = static_cast<size_t>(std::min(in->length, kCopyMax));
  return session.fileSystem.copyRange(request.caller, request.node(), in->offset, in->toNode,
                                      in->toOffset, length, in->toHandle);
}

int64_t copyRange(Session& session, Request& request, Reply& reply) {
  int64_t copied = copy(session, request);
  if (copied < 0) return copied;
  reply.make<WriteOut>()->size = static_cast<uint32_t>(copied);
  return sizeof(WriteOut);
}

int64_t copyRange64(Session& session, Request& request, Reply& reply) {
  int64_t copied = copy(session, request);
  if (copied < 0) return copied;
  reply.make<CopyFileRangeOut>()->length = static_cast<uint64_t>(copied);
  return sizeof(CopyFileRangeOut);
}

}  // namespace ram::fuse
