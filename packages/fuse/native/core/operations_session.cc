// INIT, which agrees on what the protocol does on this mount, and the end.
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "operations.h"
#include "protocol_versions.h"

namespace ram::fuse {
namespace {

constexpr uint16_t kMaxBackground = 64;  // reads ahead and direct writes under way at once
constexpr uint16_t kCongestion = 48;
constexpr uint32_t kEpochMinor = 44;  // the first with Notice::kIncrementEpoch

// What this driver wants wherever the kernel has it. Not wanted, with the reason:
//   kWritebackCache          the kernel would be the authority on size and times
//   kPosixAcl, kDontMask     no ACLs; the kernel applies the umask
//   kExportSupport           needs lookups of "." and ".." for handles that outlive the cache
//   kNoOpenSupport           opens choose an io mode, are events, and truncate
//   kAutoInvalidateData      every change is announced; guessing by mtime drops good pages
//   kSplice…                 requests are small or copied once; pipes would add system calls
//   kHandleKillPrivileges    version 1 clears bits on every write, also on a privileged one
//   kAsyncDirectIo           a write by O_DIRECT of which only a part fits would be EIO
//   kHasResend               for a server that is restarted on a living mount: not yet
constexpr uint64_t kWanted =
    kAsyncRead | kAtomicOpenTruncate | kBigWrites | kDoReaddirplus | kReaddirplusAuto |
    kParallelDirectoryOps | kAbortError | kMaxPages | kCacheSymlinks | kNoOpendirSupport |
    kExplicitInvalidateData | kHandleKillPrivilegesV2 | kSetxattrExtended | kInitExtended |
    kCreateSupplementaryGroup | kExpireOnly | kDirectIoAllowMmap;

uint64_t offeredBy(const InitIn& in) {
  uint64_t flags = in.flags;
  if (in.flags & kInitExtended) flags |= uint64_t{in.flags2} << 32;
  return flags;
}

// The older struct ends before flags2.
bool takeInit(Request& request, InitIn* out) {
  size_t size = std::min(request.arguments.rest().size(), sizeof(InitIn));
  if (size < kInitInOldSize) return false;
  *out = {};
  __builtin_memcpy(out, request.arguments.takePrefix<InitIn>(size), size);
  if (size < sizeof(InitIn)) out->flags &= ~static_cast<uint32_t>(kInitExtended);
  return true;
}

Negotiated negotiate(const InitIn& in, const Session& session) {
  const SessionOptions& options = session.options;
  Negotiated result;
  result.done = true;
  result.minor = std::min({in.minor, kMinor, options.protocolMinor});
  uint64_t wanted = kWanted;
  if (session.transport.hasQueues()) wanted |= kOverIoUring;
  if (options.volumeLocks) wanted |= kPosixLocks | kFlockLocks;
  if (options.passthrough) wanted |= kPassthrough;
  result.flags = wanted & offeredBy(in) & options.initFlags;
  if (options.protocolMinor < kMinor) {
    result.flags &= initFlagsOf(options.protocolMinor);
    result.openFlags = openFlagsOf(options.protocolMinor);
    result.opcodeEnd = opcodeEndOf(options.protocolMinor);
  }
  // Without the second version the kernel clears set-id bits itself, but not for O_TRUNC in open.
  if ((result.flags & kHandleKillPrivilegesV2) == 0) {
    result.flags &= ~uint64_t{kAtomicOpenTruncate};
  }
  uint32_t page = static_cast<uint32_t>(sysconf(_SC_PAGESIZE));
  // Without kMaxPages the kernel sends at most 32 pages.
  result.maxPages = (result.flags & kMaxPages) != 0 ? kDataMax / page : 32;
  result.maxWrite = std::min(kDataMax, result.maxPages * page);
  return result;
}

}  // namespace

int64_t init(Session& session, Request& request, Reply& reply) {
  InitIn in;
  if (session.ready.load() || !takeInit(request, &in)) return -EINVAL;
  auto* out = reply.make<InitOut>();
  out->major = kMajor;
  out->minor = std::min({in.minor, kMinor, session.options.protocolMinor});
  // A kernel of a newer major version asks again with ours.
  if (in.major > kMajor) return sizeof(*out);
  int error = in.major < kMajor || in.minor < kOldestMinor ? -EPROTO : 0;
  if (error == 0) {
    session.negotiated = negotiate(in, session);
    const Negotiated& agreed = session.negotiated;
    if (agreed.minor >= kEpochMinor) session.notifier.useEpochs();
    out->maxReadahead = in.maxReadahead;
    out->flags = static_cast<uint32_t>(agreed.flags);
    out->flags2 = static_cast<uint32_t>(agreed.flags >> 32);
    out->maxBackground = kMaxBackground;
    out->congestionThreshold = kCongestion;
    out->maxWrite = agreed.maxWrite;
    out->timeGranularity = 1;
    out->maxPages = static_cast<uint16_t>(agreed.maxPages);
    // One file system, the Volume's tmpfs, lies below ours.
    out->maxStackDepth = (agreed.flags & kPassthrough) != 0 ? 1 : 0;
    error = session.fileSystem.recordInit(session.mount, out, sizeof(*out));
  }
  if (error >= 0) session.ready.store(true, std::memory_order_release);
  session.initialized = std::min(error, 0);
  return error < 0 ? error : static_cast<int64_t>(sizeof(*out));
}

int64_t destroy(Session&, Request&, Reply&) { return 0; }

int64_t notSupported(Session&, Request&, Reply&) { return -ENOSYS; }

int64_t notForThisFile(Session&, Request&, Reply&) { return -ENOTTY; }

int64_t ignore(Session&, Request&, Reply&) { return kNoReply; }

}  // namespace ram::fuse
