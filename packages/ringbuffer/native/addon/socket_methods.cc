#include "socket_methods.h"

#include <napi.h>
#include <unistd.h>

#include <string>
#include <utility>

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

class Receiving final : public Napi::AsyncWorker {
 public:
  Receiving(Napi::Env env, napi_deferred deferred, std::string path, int timeoutMs)
      : AsyncWorker(env, "ram.ring.receive"),
        deferred_(deferred),
        path_(std::move(path)),
        timeoutMs_(timeoutMs) {}

 private:
  void Execute() override { result_ = receiveDescriptor(path_.c_str(), timeoutMs_); }
  // Raw: Promise::Deferred doesn't say whether JavaScript was told, and is uninitialised when it
  // can't be made.
  void OnOK() override {
    Napi::Value result = Napi::Number::New(Env(), result_);
    bool isTold = napi_resolve_deferred(Env(), deferred_, result) == napi_ok;
    // The environment ends, and nobody else would close it.
    if (!isTold && result_ >= 0) ::close(result_);
  }

  const napi_deferred deferred_;
  const std::string path_;
  const int timeoutMs_;
  int result_ = 0;
};

// receiveDescriptor(path, timeoutMs): Promise of a descriptor or -errno; waits in a thread.
napi_value receive(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  std::string path = readString(env, arguments[0]);
  auto timeoutMs = static_cast<int>(readNumber(env, arguments[1]));
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return nullptr;
  (new Receiving(env, deferred, std::move(path), timeoutMs))->Queue();
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
