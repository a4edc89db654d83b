// The JavaScript class `EventPort`: where one thread gets the events of one Volume from.
#pragma once

#include <memory>
#include <thread>
#include <unordered_map>

#include <node_api.h>

#include "event_queue.h"
#include "shared_volume.h"

namespace ram {

class EventPort {
 public:
  // Puts the class on `exports`.
  static bool install(napi_env env, napi_value exports);

 private:
  using Link = std::shared_ptr<EventPort*>;

  explicit EventPort(napi_env env) : env_(env), thread_(std::this_thread::get_id()) {}
  ~EventPort() { end(); }

  // Each is a method of the class; arguments as said at its body.
  static napi_value construct(napi_env env, napi_callback_info info);
  napi_value open(napi_value* arguments);
  napi_value listen(napi_value* arguments);
  napi_value ignore(napi_value* arguments);
  napi_value read(napi_value* arguments);
  napi_value arm(napi_value* arguments);
  napi_value takeLoss(napi_value* arguments);
  napi_value takeLost(napi_value* arguments);
  napi_value settled(napi_value* arguments);
  napi_value exposeCopy(napi_value* arguments);
  napi_value dropCopy(napi_value* arguments);
  napi_value keepAlive(napi_value* arguments);
  napi_value close(napi_value* arguments);
  template <napi_value (EventPort::*method)(napi_value*)>
  static napi_value call(napi_env env, napi_callback_info info);

  int start(napi_value callback);
  void end();
  int useFilters(std::unique_ptr<EventFilters> next);
  // On any thread.
  void wake();
  static void callBack(napi_env env, napi_value function, void* context, void* data);
  static void atThreadEnd(void* port);

  const napi_env env_;
  const std::thread::id thread_;
  std::shared_ptr<SharedVolume> volume_;
  std::unique_ptr<EventQueue> queue_;
  std::unique_ptr<EventFilters> filters_;
  napi_threadsafe_function toLoop_ = nullptr;
  Link alive_;  // what callBack() finds nulled when it comes after us
  bool wantsAlive_ = false;   // somebody waits for events
  bool isReferenced_ = false;  // `toLoop_` keeps the event loop alive
  std::unordered_map<uint32_t, EventCopy*> copies_;  // read, and still wanted
  uint32_t lastCopy_ = 0;
};

}  // namespace ram
