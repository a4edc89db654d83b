// The JavaScript class `Session`: one mount. Only converts; see served_mount.h.
#pragma once

#include <memory>

#include <node_api.h>

#include "call_arguments.h"
#include "served_mount.h"

namespace ram::fuse {

class SessionWrap {
 public:
  // Puts the class on `exports`.
  static void install(napi_env env, napi_value exports);

 private:
  SessionWrap(napi_env env, std::shared_ptr<ServedMount> mount)
      : env_(env), mount_(std::move(mount)) {}
  ~SessionWrap();

  static napi_value construct(napi_env env, napi_callback_info info);
  static SessionWrap* make(napi_env env, const CallArguments& arguments);
  template <napi_value (SessionWrap::*method)(const CallArguments&)>
  static napi_value call(napi_env env, napi_callback_info info);

  // findRoot(): 0 or -errno
  napi_value findRoot(const CallArguments&);
  // mount(directory, source, type, flags, data): Promise<[0 or -errno, syscall]>
  napi_value mount(const CallArguments& arguments);
  // openHelperSocket(helper, directory): descriptor or -errno
  napi_value openHelperSocket(const CallArguments& arguments);
  // closeHelperSocket()
  napi_value closeHelperSocket(const CallArguments&);
  // receive(): [0 or -errno, syscall]
  napi_value receive(const CallArguments&);
  // device(): [major, minor] of the mount that was made
  napi_value device(const CallArguments&);
  // serve(): 0 or -errno
  napi_value serve(const CallArguments& arguments);
  // stop()
  napi_value stop(const CallArguments&);
  // stats(): { requests: { name: count }, errors, … }
  napi_value stats(const CallArguments&);
  // ref() and unref(): whether the mount keeps the process alive
  napi_value ref(const CallArguments&);
  napi_value unref(const CallArguments&);

  bool startEvents(napi_value listener);
  void releaseEvents();
  void onEvent(const char* what, int result);
  static void callListener(napi_env env, napi_value listener, void*, void* data);
  static void atEnvironmentEnd(void* self);

  const napi_env env_;
  const std::shared_ptr<ServedMount> mount_;
  napi_threadsafe_function events_ = nullptr;  // null: released
  napi_ref self_ = nullptr;  // on this while it is served, whoever still holds the object
};

}  // namespace ram::fuse
