#include "privileges.h"

#include <sys/stat.h>

#include "caller_groups.h"

namespace ram::fuse {

bool losesPrivileges(const Attributes& attributes) {
  if (!S_ISREG(attributes.mode)) return false;
  return (attributes.mode & S_ISUID) != 0 ||
         (attributes.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
}

PrivilegeWatch::PrivilegeWatch(Session& session, const Request& request, Kills kills)
    : session_(session), request_(request) {
  Attributes before;
  if (kills == Kills::kNothing ||
      session.fileSystem.getAttributes(request.caller, request.node(), &before) != 0) {
    return;
  }
  hadBits_ = (before.mode & (S_ISUID | S_ISGID)) != 0;
  const Caller& caller = request.caller;
  dropsGroupBit_ = (before.mode & (S_ISGID | S_IXGRP)) == S_ISGID && S_ISREG(before.mode) &&
                   !isMember(caller, before.gid) &&
                   (kills == Kills::kAll || !hasFsetid(caller, before.uid, before.gid));
}

bool PrivilegeWatch::changed() const {
  if (!hadBits_) return false;
  Attributes now;
  FileSystem& fileSystem = session_.fileSystem;
  const bool drops =
      dropsGroupBit_ && fileSystem.getAttributes(request_.caller, request_.node(), &now) == 0;
  if (drops) {
    SetAttributes change{};
    change.fields = kSetMode;
    change.mode = now.mode & 07777 & ~uint32_t{S_ISGID};
    fileSystem.setAttributes(request_.caller, request_.node(), change, &now);
  }
  session_.notifier.invalidateAttributesNow(request_.node());
  return drops;
}

}  // namespace ram::fuse
