// What a change of a file by an unprivileged process takes away: S_ISUID, S_ISGID and file
// capabilities. With kHandleKillPrivilegesV2 that is ours to do, and the kernel, which keeps the
// mode in its cache, must be told.
#pragma once

#include "session.h"

namespace ram::fuse {

// Whether a file has set-id bits that a change by others takes away.
bool losesPrivileges(const Attributes& attributes);

// What the kernel says of them with a request.
enum class Kills {
  kNothing,
  kAll,           // the caller has no CAP_FSETID
  kUnlessFsetid,  // all but what CAP_FSETID may keep; whether the caller has it is not said
};

// Around one such change.
class PrivilegeWatch {
 public:
  PrivilegeWatch(Session& session, const Request& request, Kills kills);

  // To be called after the change, which cleared what FileSystem's kill flags clear, and before
  // the reply. Returns whether it changed the mode once more.
  bool changed() const;

 private:
  Session& session_;
  const Request& request_;
  bool hadBits_ = false;
  // Linux also clears S_ISGID on a file that its group may not execute (once the mark of mandatory
  // locking) unless the caller is in that group. A request tells the first of the caller's groups;
  // the others are read from /proc.
  bool dropsGroupBit_ = false;
};

}  // namespace ram::fuse
