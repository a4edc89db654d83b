#include "fuzz_replies.h"

#include <sys/stat.h>

#include <algorithm>

namespace ram::fuse {
namespace {

constexpr int32_t kErrorMax = 511;  // the kernel refuses larger ones
constexpr uint32_t kNanoseconds = 1'000'000'000;

using Message = RecordingTransport::Message;

bool isType(uint32_t mode) {
  return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISCHR(mode) || S_ISBLK(mode) ||
         S_ISFIFO(mode) || S_ISSOCK(mode);
}

// As fuse_invalid_attr() has it.
bool isSound(const WireAttributes& at) {
  return isType(at.mode) && at.size <= INT64_MAX && at.atimeNs < kNanoseconds &&
         at.mtimeNs < kNanoseconds && at.ctimeNs < kNanoseconds;
}

std::string wrongEntry(const EntryOut& entry, bool mayBeMissing) {
  if (entry.node == 0) return mayBeMissing ? "" : "an entry without an inode";
  return isSound(entry.attributes) ? "" : "attributes that the kernel refuses";
}

std::string wrongEntries(const Message& reply, bool plus) {
  size_t at = 0;
  while (at < reply.body.size()) {
    const size_t prefix = plus ? sizeof(EntryOut) : 0;
    if (reply.body.size() - at < prefix + sizeof(WireEntry)) return "a directory entry is cut off";
    const auto entry = reply.as<WireEntry>(at + prefix);
    const size_t used = prefix + sizeof(WireEntry) + entry.nameLength;
    if (entry.nameLength == 0 || entry.nameLength > kNameMax) return "a name of no or 256 bytes";
    if (reply.body.size() - at < used) return "a directory entry is cut off";
    const std::string_view name(reply.body.data() + at + prefix + sizeof(WireEntry),
                                entry.nameLength);
    if (name.find('/') != name.npos) return "a slash in a directory entry";
    if (plus) {
      const std::string wrong = wrongEntry(reply.as<EntryOut>(at), true);
      if (!wrong.empty()) return wrong;
    }
    at += (used + 7) & ~size_t{7};
  }
  return at == reply.body.size() ? "" : "directory entries without their padding";
}

std::string sized(const Message& reply, size_t size) {
  if (reply.body.size() == size) return "";
  return "a body of " + std::to_string(reply.body.size()) + " bytes, not " + std::to_string(size);
}

std::string atMost(const Message& reply, uint64_t size) {
  if (reply.body.size() <= size) return "";
  return "a body of " + std::to_string(reply.body.size()) + " bytes, over " + std::to_string(size);
}

std::string wrongXattrs(const FuzzedRequest& request, const Message& reply) {
  const uint32_t asked = request.argument<GetxattrIn>().size;
  return asked == 0 ? sized(reply, sizeof(GetxattrOut)) : atMost(reply, asked);
}

std::string wrongBody(const FuzzedRequest& request, const Message& reply) {
  std::string wrong;
  const uint32_t opcode = request.header().opcode;
  switch (opcode) {
    case kLookup:
    case kMknod:
    case kMkdir:
    case kSymlink:
    case kLink:
      wrong = sized(reply, sizeof(EntryOut));
      return wrong.empty() ? wrongEntry(reply.as<EntryOut>(), opcode == kLookup) : wrong;
    case kCreate:
    case kTmpfile:
      wrong = sized(reply, sizeof(EntryOut) + sizeof(OpenOut));
      return wrong.empty() ? wrongEntry(reply.as<EntryOut>(), false) : wrong;
    case kGetattr:
    case kSetattr:
      wrong = sized(reply, sizeof(AttributesOut));
      return wrong.empty() && !isSound(reply.as<AttributesOut>().attributes)
                 ? "attributes that the kernel refuses"
                 : wrong;
    case kStatx:
      return sized(reply, sizeof(StatxOut));
    case kReadlink:
      return reply.body.empty() ? "an empty target" : atMost(reply, 4095);
    case kOpen:
    case kOpendir:
      return sized(reply, sizeof(OpenOut));
    case kRead:
      return atMost(reply, request.argument<ReadIn>().size);
    case kReaddir:
    case kReaddirplus:
      wrong = atMost(reply, request.argument<ReadIn>().size);
      return wrong.empty() ? wrongEntries(reply, opcode == kReaddirplus) : wrong;
    case kWrite:
      wrong = sized(reply, sizeof(WriteOut));
      return reply.as<WriteOut>().size > request.argument<WriteIn>().size ? "too much written"
                                                                          : wrong;
    case kCopyFileRange:
      wrong = sized(reply, sizeof(WriteOut));
      return reply.as<WriteOut>().size > request.argument<CopyFileRangeIn>().length
                 ? "too much copied"
                 : wrong;
    case kCopyFileRange64:
      return sized(reply, sizeof(CopyFileRangeOut));
    case kStatfs:
      return sized(reply, sizeof(StatfsOut));
    case kGetxattr:
    case kListxattr:
      return wrongXattrs(request, reply);
    case kGetlk:
      return sized(reply, sizeof(LockOut));
    case kLseek:
      return sized(reply, sizeof(LseekOut));
    case kInit:
      return sized(reply, sizeof(InitOut));
    default:
      return sized(reply, 0);
  }
}

}  // namespace

bool wantsReply(uint32_t opcode) {
  return opcode != kForget && opcode != kBatchForget && opcode != kInterrupt &&
         opcode != kNotifyReply;
}

std::string wrongWith(const FuzzedRequest& request, const Message& reply) {
  const OutHeader& header = reply.header;
  if (header.length != sizeof(OutHeader) + reply.body.size()) return "a wrong length";
  if (header.error > 0 || header.error < -kErrorMax) return "an error out of range";
  if (header.error != 0) return reply.body.empty() ? "" : "a body besides an error";
  return wrongBody(request, reply);
}

}  // namespace ram::fuse
