// The JavaScript class `NativeVolume`: one thread's hold on a Volume.
#pragma once

#include <memory>

#include <node_api.h>

#include "environment.h"
#include "shared_volume.h"

namespace ram {

// Returned by every call instead of -errno, when it is not the file system that refuses.
enum CallError : int64_t {
  kVolumeClosed = -100'000,
  kViewTooLarge = -100'001,      // more bytes than an ArrayBuffer can have
  kViewUnsupported = -100'002,   // this runtime (Electron) refuses memory of ours
};

class VolumeWrap {
 public:
  // Puts the class on `exports`.
  static bool install(napi_env env, napi_value exports);

  SharedVolume* shared() const { return shared_.get(); }
  ResultFields* fields() const { return fields_; }

 private:
  explicit VolumeWrap(ResultFields* fields) : fields_(fields) {}
  int bind(napi_env env, napi_value self);
  static napi_value construct(napi_env env, napi_callback_info info);
  static napi_value make(napi_env env, napi_callback_info info);
  static napi_value adopt(napi_env env, napi_callback_info info);
  static napi_value close(napi_env env, napi_callback_info info);

  std::shared_ptr<SharedVolume> shared_;
  ResultFields* const fields_;  // of the thread that the object belongs to
};

// The arguments of a method of NativeVolume. V8 checks the receiver's class before it gets here, or
// the function is bound to one object and brings its VolumeWrap along.
class VolumeCall {
 public:
  static constexpr size_t kArgumentsMax = 6;

  VolumeCall(napi_env env, napi_callback_info info);

  napi_env env() const { return env_; }
  napi_value operator[](size_t i) const { return arguments_[i]; }  // undefined if not given
  SharedVolume* volume() const { return volume_; }                 // null: closed
  LocalClient* client() const { return volume_->client(); }
  Store* store() const { return volume_->store(); }
  ResultFields* fields() const { return fields_; }

 private:
  const napi_env env_;
  napi_value arguments_[kArgumentsMax];
  SharedVolume* volume_ = nullptr;
  ResultFields* fields_ = nullptr;
};

// A method that returns a number: a result, -errno or a CallError.
template <int64_t (*function)(const VolumeCall&)>
napi_value numberMethod(napi_env env, napi_callback_info info);

// A method that returns a value, or such a number.
template <napi_value (*function)(const VolumeCall&)>
napi_value valueMethod(napi_env env, napi_callback_info info);

struct Method {
  const char* name;
  napi_callback callback;
  // Each object has its own function: finding out whose method was called is a third of a call.
  bool bound = false;
};

// The tables of the other files.
struct MethodTable {
  const Method* methods;
  size_t count;
};
MethodTable pathMethods();
MethodTable descriptorMethods();
MethodTable attributeMethods();
MethodTable xattrMethods();
MethodTable memoryMethods();

}  // namespace ram

#include "volume_wrap_inline.h"
