// The part that all requests share which hand out an inode.
#pragma once

#include "convert.h"
#include "session.h"

namespace ram::fuse {

// Puts an EntryOut at the start of the reply and notes what the kernel will know. `changesBefore`
// was taken before the store was asked. Returns the EntryOut's size.
inline int64_t replyEntry(Session& session, uint64_t parent, const Attributes& attributes,
                          uint64_t changesBefore, Reply& reply) {
  auto* entry = reply.make<EntryOut>();
  toEntry(attributes, entry);
  // The mounted directory was moved into its own mount's reach, from elsewhere: EIO, says the
  // kernel to a second way to its root.
  if (attributes.inode == session.root) entry->node = kRootInode;
  reply.grantedInode = attributes.inode;
  session.notifier.granted(attributes.inode, parent, changesBefore);
  return sizeof(EntryOut);
}

// tmpfs decides by all groups of the caller whether a new file keeps S_ISGID in a directory of
// another group; the store knows one group. Where the kernel names the matching one, that counts.
inline Caller creator(Session& session, const Request& request, uint32_t mode) {
  Caller caller = request.caller;
  uint32_t group;
  Attributes parent;
  if ((mode & 02000) != 0 && supplementaryGroup(request, &group) &&
      session.fileSystem.getAttributes(caller, request.node(), &parent) == 0 &&
      (parent.mode & 02000) != 0) {
    caller.gid = group;
  }
  return caller;
}

}  // namespace ram::fuse
