#include "socket_methods.h"

#include <string>
#include <unistd.h>

#include "arguments.h"
#include "descriptor_socket.h"
#include "ram/ring_layout.h"

namespace ram {
namespace {

// sendDescriptor(socket, descriptor): 0 or -errno
napi_value send(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int socket = static_cast<int>(readNumber(env, arguments[0]));
  int descriptor = static_cast<int>(readNumber(env, arguments[1]));
  return makeNumber(env, sendDescriptor(socket, descriptor));
}

struct Receiving {
  std::string path;
  int timeoutMs;
  int result = 0;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

// receiveDescriptor(path, timeoutMs): Promise of a descriptor or -errno; waits in a thread.
napi_value receive(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* receiving = new Receiving{readString(env, arguments[0]),
                                  static_cast<int>(readNumber(env, arguments[1]))};
  auto execute = [](napi_env, void* data) {
    auto* self = static_cast<Receiving*>(data);
    self->result = receiveDescriptor(self->path.c_str(), self->timeoutMs);
  };
  auto complete = [](napi_env env, napi_status, void* data) {
    auto* self = static_cast<Receiving*>(data);
    bool isTold = napi_resolve_deferred(env, self->deferred, makeNumber(env, self->result)) ==
                  napi_ok;
    // The environment ends, and nobody else would close it.
    if (!isTold && self->result >= 0) ::close(self->result);
    napi_delete_async_work(env, self->work);
    delete self;
  };
  napi_value promise = nullptr;
  napi_value name = makeString(env, "ram.ring.receive");
  if (napi_create_promise(env, &receiving->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, receiving,
                             &receiving->work) != napi_ok) {
    delete receiving;
    return promise;
  }
  if (napi_queue_async_work(env, receiving->work) != napi_ok) {
    napi_delete_async_work(env, receiving->work);
    delete receiving;
  }
  return promise;
}

}  // namespace

void installSocket(napi_env env, napi_value exports) {
  setFunction(env, exports, "sendDescriptor", send);
  setFunction(env, exports, "receiveDescriptor", receive);
  napi_value layout = nullptr;
  napi_create_object(env, &layout);
  const struct {
    const char* name;
    uint32_t value;
  } numbers[] = {
      {"magic", ring::kMagic},
      {"version", ring::kVersion},
      {"kindSpsc", ring::kKindSpsc},
      {"kindMpsc", ring::kKindMpsc},
      {"dataOffset", ring::kDataOffset},
      {"unit", ring::kUnit},
      {"capacityMin", ring::kCapacityMin},
      {"capacityMax", ring::kCapacityMax},
      {"lengthMask", ring::kLengthMask},
      {"reserved", ring::kReserved},
      {"committed", ring::kCommitted},
      {"aborted", ring::kAborted},
      {"ended", ring::kEnded},
      {"consumerClosed", ring::kConsumerClosed},
      {"failed", ring::kFailed},
      {"endSeen", ring::kEndSeen},
      {"slots", ring::kSlots},
      {"slotBits", ring::kSlotBits},
      {"messageBytes", ring::kMessageBytes},
      {"capacityAt", offsetof(ring::Control, capacity)},
      {"kindAt", offsetof(ring::Control, kind)},
      {"tailAt", offsetof(ring::Control, tail)},
      {"lockAt", offsetof(ring::Control, lock)},
      {"lockWaitersAt", offsetof(ring::Control, lockWaiters)},
      {"headAt", offsetof(ring::Control, head)},
      {"dataWaitingAt", offsetof(ring::Control, dataWaiting)},
      {"spaceWaitingAt", offsetof(ring::Control, spaceWaiting)},
      {"stateAt", offsetof(ring::Control, state)},
      {"errorAt", offsetof(ring::Control, error)},
      {"messageLengthAt", offsetof(ring::Control, messageLength)},
      {"lostAt", offsetof(ring::Control, lost)},
      {"messageAt", offsetof(ring::Control, message)},
      {"membersAt", offsetof(ring::Control, members)},
  };
  for (const auto& [name, value] : numbers) {
    napi_set_named_property(env, layout, name, makeNumber(env, value));
  }
  napi_set_named_property(env, exports, "ringLayout", layout);
}

}  // namespace ram
