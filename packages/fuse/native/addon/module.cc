// Exports of the addon: the class Session, and the system calls around a mount. Functions return a
// result >= 0 or -errno.
#include <fcntl.h>
#include <node_api.h>
#include <sys/mount.h>

#include <cerrno>

#include "call_arguments.h"
#include "mount_point.h"
#include "session_wrap.h"
#include "system_call.h"

namespace ram::fuse {
namespace {

// unmount(directory, flags): Promise<[0 or -errno, syscall]>
napi_value unmount(napi_env env, napi_callback_info info) {
  CallArguments arguments(env, info);
  int flags = static_cast<int>(arguments.number(1)) | UMOUNT_NOFOLLOW;
  return start(env, "ram.fuse.unmount",
               [directory = arguments.text(0), flags](const char** syscall) {
                 *syscall = "umount";
                 return ::umount2(directory.c_str(), flags) != 0 ? -errno : 0;
               });
}

// endConnection(minor): Promise<[0 or -errno, syscall]>; of the mount with that device
napi_value end(napi_env env, napi_callback_info info) {
  uint32_t minor = CallArguments(env, info).number(0);
  return start(env, "ram.fuse.abort", [minor](const char** syscall) {
    *syscall = "abort";
    return endConnection(minor);
  });
}

// closeOnExec(descriptor): 0 or -errno; programs that are started don't get it
napi_value closeOnExec(napi_env env, napi_callback_info info) {
  int descriptor = CallArguments(env, info).descriptor(0);
  return makeNumber(env, ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ? -errno : 0);
}

}  // namespace
}  // namespace ram::fuse

NAPI_MODULE_INIT() {
  ram::fuse::SessionWrap::install(env, exports);
  ram::fuse::setFunction(env, exports, "unmount", ram::fuse::unmount);
  ram::fuse::setFunction(env, exports, "endConnection", ram::fuse::end);
  ram::fuse::setFunction(env, exports, "closeOnExec", ram::fuse::closeOnExec);
  return exports;
}
