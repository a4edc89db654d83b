// Exports of the addon: the class Session, and the system calls around a mount. Functions return a
// result >= 0 or -errno.
#include <fcntl.h>
#include <napi.h>
#include <sys/mount.h>

#include <cerrno>

#include "mount_point.h"
#include "session_wrap.h"

namespace ram::fuse {
namespace {

// Resolves with the result of work that may block, done on a thread of the pool.
class SystemCall final : public Napi::AsyncWorker {
 public:
  using Work = int (*)(const MountRequest& request, const char** syscall);

  SystemCall(Napi::Env env, Work work, MountRequest request)
      : AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(work),
        request_(std::move(request)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 private:
  void Execute() override { result_ = work_(request_, &syscall_); }
  void OnOK() override {
    auto answer = Napi::Array::New(Env(), 2);
    answer[0u] = Napi::Number::New(Env(), result_);
    answer[1u] = Napi::String::New(Env(), syscall_);
    deferred_.Resolve(answer);
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  MountRequest request_;
  int result_ = 0;
  const char* syscall_ = "";
};

Napi::Value start(const Napi::CallbackInfo& info, SystemCall::Work work, MountRequest request) {
  auto* call = new SystemCall(info.Env(), work, std::move(request));
  Napi::Promise promise = call->promise();
  call->Queue();
  return promise;
}

// mountDevice(directory, source, type, flags, data): Promise<[descriptor or -errno, syscall]>
Napi::Value mountDevice(const Napi::CallbackInfo& info) {
  return start(info, mountWithDevice,
               {info[0].As<Napi::String>(), info[1].As<Napi::String>(),
                info[2].As<Napi::String>(), info[3].As<Napi::Number>().Uint32Value(),
                info[4].As<Napi::String>()});
}

// unmount(directory, flags): Promise<[0 or -errno, syscall]>
Napi::Value unmount(const Napi::CallbackInfo& info) {
  auto work = [](const MountRequest& request, const char** syscall) {
    *syscall = "umount";
    int flags = static_cast<int>(request.flags) | UMOUNT_NOFOLLOW;
    return ::umount2(request.directory.c_str(), flags) != 0 ? -errno : 0;
  };
  return start(info, work,
               {info[0].As<Napi::String>(), {}, {}, info[1].As<Napi::Number>().Uint32Value(), {}});
}

// endConnection(minor): Promise<[0 or -errno, syscall]>; of the mount with that device
Napi::Value end(const Napi::CallbackInfo& info) {
  auto work = [](const MountRequest& request, const char** syscall) {
    *syscall = "abort";
    return endConnection(static_cast<uint32_t>(request.flags));
  };
  return start(info, work, {{}, {}, {}, info[0].As<Napi::Number>().Uint32Value(), {}});
}

// socketPair(): [ours, theirs] or -errno
Napi::Value socketPair(const Napi::CallbackInfo& info) {
  int sockets[2];
  if (int error = openSocketPair(sockets)) return Napi::Number::New(info.Env(), error);
  auto pair = Napi::Array::New(info.Env(), 2);
  pair[0u] = Napi::Number::New(info.Env(), sockets[0]);
  pair[1u] = Napi::Number::New(info.Env(), sockets[1]);
  return pair;
}

// receiveDescriptor(socket): descriptor or -errno
Napi::Value receive(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           receiveDescriptor(info[0].As<Napi::Number>().Int32Value()));
}

// closeOnExec(descriptor): 0 or -errno; programs that are started don't get it
Napi::Value closeOnExec(const Napi::CallbackInfo& info) {
  int descriptor = info[0].As<Napi::Number>().Int32Value();
  int result = ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0 ? -errno : 0;
  return Napi::Number::New(info.Env(), result);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports["Session"] = SessionWrap::define(env);
  exports["mountDevice"] = Napi::Function::New(env, mountDevice);
  exports["unmount"] = Napi::Function::New(env, unmount);
  exports["endConnection"] = Napi::Function::New(env, end);
  exports["socketPair"] = Napi::Function::New(env, socketPair);
  exports["receiveDescriptor"] = Napi::Function::New(env, receive);
  exports["closeOnExec"] = Napi::Function::New(env, closeOnExec);
  return exports;
}

}  // namespace

NODE_API_MODULE(ram_fuse, initialize)

}  // namespace ram::fuse
