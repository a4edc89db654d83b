// The JavaScript class `Session`: one mount. Only converts; see served_mount.h.
#pragma once

#include <memory>

#include <napi.h>

#include "served_mount.h"

namespace ram::fuse {

// What a session tells JavaScript.
struct SessionEvent {
  const char* what;
  int result;
};
void tellListener(Napi::Env env, Napi::Function listener, void*, SessionEvent* event);

class SessionWrap final : public Napi::ObjectWrap<SessionWrap> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SessionWrap(const Napi::CallbackInfo& info);
  ~SessionWrap() override;

 private:
  // The untyped one forgets an event that is under way when JavaScript ends.
  using Events = Napi::TypedThreadSafeFunction<void, SessionEvent, tellListener>;

  // findRoot(): 0 or -errno
  Napi::Value findRoot(const Napi::CallbackInfo& info);
  // mount(directory, source, type, flags, data): Promise<[0 or -errno, syscall]>
  Napi::Value mount(const Napi::CallbackInfo& info);
  // openHelperSocket(helper, directory): descriptor or -errno
  Napi::Value openHelperSocket(const Napi::CallbackInfo& info);
  // closeHelperSocket()
  void closeHelperSocket(const Napi::CallbackInfo& info);
  // receive(): [0 or -errno, syscall]
  Napi::Value receive(const Napi::CallbackInfo& info);
  // device(): [major, minor] of the mount that was made
  Napi::Value device(const Napi::CallbackInfo& info);
  // serve(): 0 or -errno
  Napi::Value serve(const Napi::CallbackInfo& info);
  // stop()
  void stop(const Napi::CallbackInfo& info);
  // stats(): { requests: { name: count }, errors, … }
  Napi::Value stats(const Napi::CallbackInfo& info);
  // ref() and unref(): whether the mount keeps the process alive
  void ref(const Napi::CallbackInfo& info);
  void unref(const Napi::CallbackInfo& info);

  void startEvents(Napi::Env env, const Napi::Function& listener);
  void releaseEvents();
  static void atEnvironmentEnd(void* self);

  std::shared_ptr<ServedMount> mount_;  // null: the constructor failed
  Events events_;                       // null: released
  bool serving_ = false;                // holds a reference on itself
};

}  // namespace ram::fuse
