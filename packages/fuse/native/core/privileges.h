// What a change of a file by an unprivileged process takes away: S_ISUID, S_ISGID and file
// capabilities. With kHandleKillPrivilegesV2 that is ours to do, and the kernel, which keeps the
// mode in its cache, must be told.
#pragma once

#include "session.h"

namespace ram::fuse {

// Whether a file has set-id bits that a change by others takes away.
bool losesPrivileges(const Attributes& attributes);

// Around one such change.
class PrivilegeWatch {
 public:
  // `kills`: the kernel says that the caller may not keep the bits.
  PrivilegeWatch(Session& session, const Request& request, bool kills);

  // To be called after the change, which cleared what FileSystem's kill flags clear, and before
  // the reply.
  void changed() const;

 private:
  Session& session_;
  const Request& request_;
  bool hadBits_ = false;
  // Linux also clears S_ISGID on a file that its group may not execute (once the mark of mandatory
  // locking) unless the writer is in that group. A request tells the first of the caller's groups;
  // the others are read from /proc.
  bool dropsGroupBit_ = false;
};

}  // namespace ram::fuse
