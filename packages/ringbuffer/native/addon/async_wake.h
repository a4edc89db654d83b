// Waits on a word of a ring without blocking the event loop: a Waiter that calls JavaScript.
#pragma once

#include <memory>

#include <node_api.h>

#include "waiter.h"

namespace ram {

class AsyncWake {
 public:
  // nullptr when the runtime refuses.
  static std::unique_ptr<AsyncWake> make(napi_env env, std::shared_ptr<RingFile> file);
  ~AsyncWake();

  // Calls `callback` once, from the event loop, which is kept alive until then (see keepAlive).
  // False while the last wait is under way.
  bool wait(uint32_t* word, uint32_t expected, uint32_t watched, napi_value callback);
  // Whether it does keep it alive; also for the wait under way. On at first.
  void keepAlive(bool on);

 private:
  AsyncWake(napi_env env, std::shared_ptr<RingFile> file);
  static void callBack(napi_env env, napi_value, void* context, void*);
  // Also run when the thread of `env` ends, which destroys `toLoop_` before any finalizer.
  static void end(void* self);

  napi_env env_;
  std::shared_ptr<RingFile> file_;
  napi_threadsafe_function toLoop_ = nullptr;
  // Also what callBack() finds nulled when it comes after us.
  std::shared_ptr<AsyncWake*> alive_;
  napi_ref callback_ = nullptr;
  bool keepsAlive_ = true;
  Waiter waiter_;
};

}  // namespace ram
