// Requests about attributes, permissions and the file system as a whole.
#include <sys/stat.h>

#include <cerrno>

#include "convert.h"
#include "operations.h"
#include "privileges.h"

namespace ram::fuse {
namespace {

int64_t replyAttributes(const Attributes& attributes, Reply& reply) {
  auto* out = reply.make<AttributesOut>();
  out->valid = attributeLifetime(attributes);
  toWire(attributes, &out->attributes);
  return sizeof(*out);
}

uint32_t fieldsOf(uint32_t valid) {
  constexpr struct {
    uint32_t wire, field;
  } kPairs[] = {
      {kValidMode, kSetMode},
      {kValidUid, kSetUid},
      {kValidGid, kSetGid},
      {kValidSize, kSetSize},
      {kValidAtime, kSetAccessed},
      {kValidMtime, kSetModified},
      {kValidAtimeNow, kSetAccessedNow},
      {kValidMtimeNow, kSetModifiedNow},
      {kValidCtime, kSetChanged},
      {kValidKillPrivileges, kKillPrivileges},
  };
  uint32_t fields = 0;
  for (auto pair : kPairs) {
    if (valid & pair.wire) fields |= pair.field;
  }
  // "Now" wins; the kernel sends both bits, with its own idea of now.
  if (fields & kSetAccessedNow) fields &= ~uint32_t{kSetAccessed};
  if (fields & kSetModifiedNow) fields &= ~uint32_t{kSetModified};
  return fields;
}

}  // namespace

int64_t getAttributes(Session& session, Request& request, Reply& reply) {
  Attributes attributes;
  int error = session.fileSystem.getAttributes(request.caller, request.node(), &attributes);
  return error < 0 ? error : replyAttributes(attributes, reply);
}

// Nanoseconds that are less than a second, as the kernel sends them, used or not.
static bool hasTimes(const SetattrIn& in) {
  constexpr uint32_t kSecond = 1'000'000'000;
  return in.atimeNs < kSecond && in.mtimeNs < kSecond && in.ctimeNs < kSecond;
}

// With kHandleKillPrivilegesV2, a request that sets nothing is the kernel's word that the caller
// is about to write to the file, or that somebody called chown(path, -1, -1), which takes the bits
// away too but is for the owner. Returns 1 to take them away, 0 to leave all as it is, -EPERM.
static int killsPrivileges(Session& session, const Request& request) {
  Attributes now;
  if (session.fileSystem.getAttributes(request.caller, request.node(), &now) != 0) return 1;
  if (request.caller.uid == 0 || request.caller.uid == now.uid) return 1;
  // Whoever is about to write has the file open for that, whatever the mode says by now.
  if (session.ioModes.openForWriting(request.node())) return 1;
  return losesPrivileges(now) ? -EPERM : 0;
}

// For a new size the kernel asks for it where the caller has no CAP_FSETID; for a new owner, and
// where nothing is set, whoever calls.
static Kills killsWith(uint32_t fields) {
  if ((fields & kKillPrivileges) == 0) return Kills::kNothing;
  return (fields & kSetSize) != 0 ? Kills::kAll : Kills::kUnlessFsetid;
}

int64_t setAttributes(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<SetattrIn>();
  if (in == nullptr || !hasTimes(*in)) return -EINVAL;
  SetAttributes change{};
  change.fields = fieldsOf(in->valid);
  if (change.fields == 0 && (session.negotiated.flags & kHandleKillPrivilegesV2) != 0) {
    int verdict = killsPrivileges(session, request);
    if (verdict < 0) return verdict;
    if (verdict > 0) change.fields = kKillPrivileges;
  }
  PrivilegeWatch watch(session, request, killsWith(change.fields));
  change.mode = in->mode & 07777;
  change.uid = in->uid;
  change.gid = in->gid;
  change.size = in->size;
  if ((in->valid & kValidHandle) != 0) change.handle = in->handle;
  change.accessed = {static_cast<int64_t>(in->atime), in->atimeNs};
  change.modified = {static_cast<int64_t>(in->mtime), in->mtimeNs};
  change.changed = {static_cast<int64_t>(in->ctime), in->ctimeNs};
  Attributes attributes;
  int error =
      session.fileSystem.setAttributes(request.caller, request.node(), change, &attributes);
  if (error < 0) return error;
  if (watch.changed()) return getAttributes(session, request, reply);
  return replyAttributes(attributes, reply);
}

int64_t extendedStat(Session& session, Request& request, Reply& reply) {
  Attributes attributes;
  int error = session.fileSystem.getAttributes(request.caller, request.node(), &attributes);
  if (error < 0) return error;
  auto* out = reply.make<StatxOut>();
  out->valid = attributeLifetime(attributes);
  toWire(attributes, &out->stat);
  return sizeof(*out);
}

int64_t access(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<AccessIn>();
  if (in == nullptr) return -EINVAL;
  return session.fileSystem.access(request.caller, request.node(), in->mask);
}

int64_t statistics(Session& session, Request&, Reply& reply) {
  session.awaitForgotten();
  FileSystemStats stats;
  if (int error = session.fileSystem.statistics(&stats); error < 0) return error;
  auto* out = reply.make<StatfsOut>();
  out->blocks = stats.blocks;
  out->blocksFree = stats.blocksFree;
  out->blocksAvailable = stats.blocksFree;
  out->files = stats.inodes;
  out->filesFree = stats.inodesFree;
  out->blockSize = static_cast<uint32_t>(stats.blockSize);
  out->fragmentSize = static_cast<uint32_t>(stats.blockSize);
  out->nameLength = stats.nameMax;
  return sizeof(*out);
}

}  // namespace ram::fuse
