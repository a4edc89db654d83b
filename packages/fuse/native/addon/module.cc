// Exports of the addon: the class Session, and the system calls around a mount. Functions return a
// result >= 0 or -errno.
//
// In an environment that ends (a worker that is terminated) every call of Node-API may fail at any
// time. The wrappers of node-addon-api stand that as they are compiled here (binding.gyp): an error
// that can't be thrown is dropped, and what may be missing is a Maybe. What they don't stand is
// raw Node-API, with the reason.
#include <fcntl.h>
#include <napi.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>

#include "mount_point.h"
#include "session_wrap.h"
#include "system_call.h"

namespace ram::fuse {
namespace {

// unmount(directory, flags): Promise<[0 or -errno, syscall]>
Napi::Value unmount(const Napi::CallbackInfo& info) {
  std::string directory = info[0].As<Napi::String>();
  int flags = info[1].As<Napi::Number>().Int32Value() | UMOUNT_NOFOLLOW;
  return startSystemCall(info.Env(), "ram.fuse.unmount", [directory, flags](const char** syscall) {
    *syscall = "umount";
    return ::umount2(directory.c_str(), flags) != 0 ? -errno : 0;
  });
}

// endConnection(minor): Promise<[0 or -errno, syscall]>; of the mount with that device
Napi::Value end(const Napi::CallbackInfo& info) {
  uint32_t minor = info[0].As<Napi::Number>();
  return startSystemCall(info.Env(), "ram.fuse.abort", [minor](const char** syscall) {
    *syscall = "abort";
    return endConnection(minor);
  });
}

// closeOnExec(descriptor): 0 or -errno; programs that are started don't get it
Napi::Value closeOnExec(const Napi::CallbackInfo& info) {
  int descriptor = info[0].IsNumber() ? info[0].As<Napi::Number>().Int32Value() : -1;
  int result = ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ? -errno : 0;
  return Napi::Number::New(info.Env(), result);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Session", SessionWrap::define(env));
  exports.Set("unmount", Napi::Function::New<unmount>(env));
  exports.Set("endConnection", Napi::Function::New<end>(env));
  exports.Set("closeOnExec", Napi::Function::New<closeOnExec>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(ram_fuse, initialize)

}  // namespace ram::fuse
