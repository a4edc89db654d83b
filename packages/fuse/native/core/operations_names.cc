// Requests about names: find, make, move, remove.
#include <cerrno>

#include "entry_reply.h"
#include "operations.h"

namespace ram::fuse {
namespace {

// "No such name", to be remembered: a later creation from elsewhere is announced.
int64_t replyNegative(Reply& reply) {
  reply.make<EntryOut>()->entryValid = kLifetimeSeconds;
  return sizeof(EntryOut);
}

int64_t renameTo(Session& session, Request& request, uint64_t newParent, uint32_t flags) {
  std::string_view name, newName;
  if (int error = request.arguments.takeName(&name)) return error;
  if (int error = request.arguments.takeName(&newName)) return error;
  return session.fileSystem.rename(request.caller, request.node(), name,
                                   request.inodeOf(newParent), newName, flags);
}

}  // namespace

int64_t lookup(Session& session, Request& request, Reply& reply) {
  std::string_view name;
  if (int error = request.arguments.takeName(&name)) return error;
  uint64_t before = session.notifier.changes();
  Attributes found;
  int error = session.fileSystem.lookup(request.caller, request.node(), name, &found);
  if (error == -ENOENT) return replyNegative(reply);
  if (error < 0) return error;
  if (session.bareListings.lookedUp(request.node())) {
    session.notifier.invalidateLater(request.node(), 0, UINT64_MAX);
  }
  return replyEntry(session, request.node(), found, before, reply);
}

int64_t forget(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<ForgetIn>();
  if (in != nullptr && request.header->node != kRootInode) {
    session.fileSystem.forget(request.caller, request.node(), in->count);
  }
  return kNoReply;
}

int64_t batchForget(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<BatchForgetIn>();
  for (uint32_t i = 0; in != nullptr && i < in->count; i++) {
    auto* one = request.arguments.take<ForgetOne>();
    if (one == nullptr) break;
    if (one->node != kRootInode) {
      session.fileSystem.forget(request.caller, one->node, one->count);
    }
  }
  return kNoReply;
}

int64_t makeNode(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<MknodIn>();
  std::string_view name;
  if (in == nullptr) return -EINVAL;
  if (int error = request.arguments.takeName(&name)) return error;
  uint64_t before = session.notifier.changes();
  Attributes made;
  int error = session.fileSystem.makeNode(creator(session, request, in->mode), request.node(),
                                          name, in->mode, deviceFromWire(in->device), &made);
  if (error < 0) return error;
  return replyEntry(session, request.node(), made, before, reply);
}

int64_t makeDirectory(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<MkdirIn>();
  std::string_view name;
  if (in == nullptr) return -EINVAL;
  if (int error = request.arguments.takeName(&name)) return error;
  uint64_t before = session.notifier.changes();
  Attributes made;
  int error = session.fileSystem.makeDirectory(creator(session, request, in->mode),
                                               request.node(), name, in->mode, &made);
  if (error < 0) return error;
  return replyEntry(session, request.node(), made, before, reply);
}

int64_t makeSymlink(Session& session, Request& request, Reply& reply) {
  std::string_view name, target;
  if (int error = request.arguments.takeName(&name)) return error;
  if (!request.arguments.takeString(&target) || target.empty()) return -EINVAL;
  uint64_t before = session.notifier.changes();
  Attributes made;
  int error =
      session.fileSystem.makeSymlink(request.caller, request.node(), name, target, &made);
  if (error < 0) return error;
  return replyEntry(session, request.node(), made, before, reply);
}

int64_t readSymlink(Session& session, Request& request, Reply& reply) {
  constexpr size_t kTargetMax = 4095;
  char* target = reinterpret_cast<char*>(reply.body().data());
  ssize_t length =
      session.fileSystem.readSymlink(request.caller, request.node(), target, kTargetMax);
  return length > static_cast<ssize_t>(kTargetMax) ? -ENAMETOOLONG : length;
}

int64_t link(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<LinkIn>();
  std::string_view name;
  if (in == nullptr) return -EINVAL;
  if (int error = request.arguments.takeName(&name)) return error;
  uint64_t before = session.notifier.changes();
  Attributes linked;
  int error =
      session.fileSystem.link(request.caller, in->node, request.node(), name, &linked);
  if (error < 0) return error;
  return replyEntry(session, request.node(), linked, before, reply);
}

int64_t unlink(Session& session, Request& request, Reply&) {
  std::string_view name;
  if (int error = request.arguments.takeName(&name)) return error;
  return session.fileSystem.unlink(request.caller, request.node(), name);
}

int64_t removeDirectory(Session& session, Request& request, Reply&) {
  std::string_view name;
  if (int error = request.arguments.takeName(&name)) return error;
  return session.fileSystem.removeDirectory(request.caller, request.node(), name);
}

int64_t rename(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<RenameIn>();
  return in == nullptr ? -EINVAL : renameTo(session, request, in->newParent, 0);
}

int64_t rename2(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<Rename2In>();
  return in == nullptr ? -EINVAL : renameTo(session, request, in->newParent, in->flags);
}

}  // namespace ram::fuse
