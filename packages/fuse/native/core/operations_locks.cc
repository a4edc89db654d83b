// Requests about locks: they come only with `locks: 'volume'`.
#include <cerrno>

#include "operations.h"

namespace ram::fuse {
namespace {

int64_t set(Session& session, Request& request, bool wait) {
  auto* in = request.arguments.take<LockIn>();
  if (in == nullptr) return -EINVAL;
  LockOwner owner{session.mount, (in->flags & kLockFlock) != 0, in->owner};
  LockTable::Waiter waiter{&session, request.header->unique, request.channel};
  int result =
      session.locks->set(request.node(), owner, in->lock, wait ? &waiter : nullptr, in->handle);
  return result == LockTable::kWaiting ? kNoReply : result;
}

}  // namespace

int64_t getLock(Session& session, Request& request, Reply& reply) {
  auto* in = request.arguments.take<LockIn>();
  if (in == nullptr) return -EINVAL;
  LockOwner owner{session.mount, (in->flags & kLockFlock) != 0, in->owner};
  auto* out = reply.make<LockOut>();
  out->lock = in->lock;
  int error = session.locks->query(request.node(), owner, &out->lock);
  return error < 0 ? error : static_cast<int64_t>(sizeof(*out));
}

int64_t setLock(Session& session, Request& request, Reply&) {
  return set(session, request, false);
}

int64_t setLockWait(Session& session, Request& request, Reply&) {
  return set(session, request, true);
}

// Only lock requests wait; everything else ends soon by itself.
int64_t interrupt(Session& session, Request& request, Reply&) {
  auto* in = request.arguments.take<InterruptIn>();
  if (in != nullptr && session.options.volumeLocks) {
    session.locks->interrupt(&session, in->unique);
  }
  return kNoReply;
}

}  // namespace ram::fuse
