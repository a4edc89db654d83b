// Requests about open directories.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "convert.h"
#include "operations.h"

namespace ram::fuse {
namespace {

// Packs entries into a reply until it is full.
class Packer final : public DirectoryVisitor {
 public:
  Packer(Session& session, uint64_t directory, bool plus, std::span<std::byte> room)
      : session_(session),
        before_(session.notifier.changes()),
        directory_(directory),
        plus_(plus),
        room_(room) {}

  bool visit(const DirectoryEntry& entry) override {
    size_t prefix = plus_ ? sizeof(EntryOut) : 0;
    size_t used = prefix + sizeof(WireEntry) + entry.name.size();
    size_t padded = (used + 7) & ~size_t{7};
    if (padded > room_.size() - length_) return false;
    std::byte* at = room_.data() + length_;
    if (plus_) putAttributes(entry, at);
    WireEntry wire{entry.inode, entry.cookie, static_cast<uint32_t>(entry.name.size()),
                   entry.type};
    std::memcpy(at + prefix, &wire, sizeof(wire));
    std::memcpy(at + prefix + sizeof(wire), entry.name.data(), entry.name.size());
    std::memset(at + used, 0, padded - used);
    length_ += padded;
    return true;
  }

  size_t length() const { return length_; }

 private:
  void putAttributes(const DirectoryEntry& entry, std::byte* at) {
    EntryOut out{};  // node 0: the kernel takes the name only, as for "." and ".."
    if (entry.attributes != nullptr && entry.inode != session_.root) {
      toEntry(*entry.attributes, &out);
      session_.notifier.granted(entry.inode, directory_, before_);
    }
    std::memcpy(at, &out, sizeof(out));
  }

  Session& session_;
  const uint64_t before_;
  const uint64_t directory_;
  const bool plus_;
  std::span<std::byte> room_;
  size_t length_ = 0;
};

int64_t readEntries(Session& session, Request& request, Reply& reply, bool plus) {
  auto* in = request.arguments.take<ReadIn>();
  if (in == nullptr) return -EINVAL;
  size_t size = std::min<size_t>(in->size, reply.body().size());
  Packer packer(session, request.node(), plus, reply.body().first(size));
  int error = session.fileSystem.readDirectory(request.caller, request.node(), in->offset, plus,
                                               &packer);
  if (error < 0) return error;
  if (!plus && packer.length() > 0) session.bareListings.told(request.node());
  return static_cast<int64_t>(packer.length());
}

}  // namespace

// After -ENOSYS the kernel asks no more, and keeps what it read of a directory until it changes.
// Nothing is lost: the kernel's reference keeps a removed directory that is open.
int64_t openDirectory(Session& session, Request& request, Reply& reply) {
  if ((session.negotiated.flags & kNoOpendirSupport) != 0) return -ENOSYS;
  OpenResult opened{};
  int error = session.fileSystem.openDirectory(request.caller, request.node(), &opened);
  if (error < 0) return error;
  reply.make<OpenOut>()->handle = opened.handle;
  reply.openedInode = request.node();
  reply.openedHandle = opened.handle;
  reply.openedDirectory = true;
  return sizeof(OpenOut);
}

int64_t readDirectory(Session& session, Request& request, Reply& reply) {
  return readEntries(session, request, reply, false);
}

int64_t readDirectoryPlus(Session& session, Request& request, Reply& reply) {
  return readEntries(session, request, reply, true);
}

int64_t releaseDirectory(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<ReleaseIn>();
  if (in == nullptr) return -EINVAL;
  session.fileSystem.close(request.caller, request.node(), in->handle);
  return 0;
}

void forgetEntries(Session& session, const Caller& caller, std::span<const std::byte> body) {
  while (body.size() >= sizeof(EntryOut) + sizeof(WireEntry)) {
    EntryOut entry;
    WireEntry wire;
    std::memcpy(&entry, body.data(), sizeof(entry));
    std::memcpy(&wire, body.data() + sizeof(entry), sizeof(wire));
    if (entry.node != 0) session.fileSystem.forget(caller, entry.node, 1);
    size_t used = sizeof(entry) + sizeof(wire) + wire.nameLength;
    body = body.subspan(std::min(body.size(), (used + 7) & ~size_t{7}));
  }
}

}  // namespace ram::fuse
