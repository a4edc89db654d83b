#include "volume_wrap.h"

#include <cerrno>
#include <new>
#include <unistd.h>

#include "arguments.h"

namespace ram {
namespace {

bool readUint64(napi_env env, napi_value value, uint64_t* out) {
  bool lossless = false;
  return napi_get_value_bigint_uint64(env, value, out, &lossless) == napi_ok && lossless;
}

VolumeWrap* unwrap(napi_env env, napi_value self) {
  void* wrap = nullptr;
  if (napi_unwrap(env, self, &wrap) != napi_ok) return nullptr;
  return static_cast<VolumeWrap*>(wrap);
}

}  // namespace

VolumeCall::VolumeCall(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kArgumentsMax;
  napi_value self = nullptr;
  void* bound = nullptr;
  napi_get_cb_info(env, info, &count, arguments_, &self, &bound);
  auto* wrap = bound != nullptr ? static_cast<VolumeWrap*>(bound) : unwrap(env, self);
  if (wrap == nullptr) return;
  volume_ = wrap->shared();
  fields_ = wrap->fields();
}

napi_value VolumeWrap::construct(napi_env env, napi_callback_info info) {
  napi_value target = nullptr;
  napi_get_new_target(env, info, &target);
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  ResultFields* fields = Environment::of(env)->fields;
  auto* wrap = target == nullptr ? nullptr : new (std::nothrow) VolumeWrap(fields);
  auto destroy = [](napi_env, void* data, void*) { delete static_cast<VolumeWrap*>(data); };
  if (wrap == nullptr || napi_wrap(env, self, wrap, destroy, nullptr, nullptr) != napi_ok) {
    delete wrap;
    napi_throw_type_error(env, nullptr, "NativeVolume can't be made here");
  }
  return self;
}

// Gives the object functions of its own, which keep it, and with it the wrap, alive.
int VolumeWrap::bind(napi_env env, napi_value self) {
  for (const MethodTable& table : {pathMethods(), descriptorMethods(), attributeMethods()}) {
    for (size_t i = 0; i < table.count; ++i) {
      const Method& method = table.methods[i];
      if (!method.bound) continue;
      napi_value function;
      if (napi_create_function(env, method.name, NAPI_AUTO_LENGTH, method.callback, this,
                               &function) != napi_ok ||
          napi_set_named_property(env, function, "volume", self) != napi_ok ||
          napi_set_named_property(env, self, method.name, function) != napi_ok) {
        return -ENOMEM;
      }
    }
  }
  return 0;
}

// make(maxBytes: bigint, maxInodes: bigint, swap: boolean, backing: number, umask: number): number
// On failure the name of the system call is put on the object as `failedSyscall`.
napi_value VolumeWrap::make(napi_env env, napi_callback_info info) {
  size_t count = 5;
  napi_value arguments[5], self = nullptr;
  napi_get_cb_info(env, info, &count, arguments, &self, nullptr);
  VolumeWrap* wrap = unwrap(env, self);
  StoreOptions options;
  uint32_t backing = 0, umask = 0;
  if (wrap == nullptr || wrap->shared_ || !readUint64(env, arguments[0], &options.maxBytes) ||
      !readUint64(env, arguments[1], &options.maxInodes) ||
      !readUint32(env, arguments[3], &backing) || !readUint32(env, arguments[4], &umask) ||
      backing > static_cast<uint32_t>(BackingChoice::kMemfd)) {
    return makeNumber(env, -EINVAL);
  }
  options.swap = readBoolean(env, arguments[2]);
  options.backing = static_cast<BackingChoice>(backing);
  options.rootUid = geteuid();
  options.rootGid = getegid();
  LocalIdentity identity{options.rootUid, options.rootGid, static_cast<uint32_t>(getpid()),
                         umask & 0777};
  const char* syscall = "";
  int result = SharedVolume::make(options, identity, &wrap->shared_, &syscall);
  if (result < 0) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &name);
    napi_set_named_property(env, self, "failedSyscall", name);
  }
  return makeNumber(env, result < 0 ? result : wrap->bind(env, self));
}

// adopt(token: string): number
napi_value VolumeWrap::adopt(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value token, self = nullptr;
  napi_get_cb_info(env, info, &count, &token, &self, nullptr);
  VolumeWrap* wrap = unwrap(env, self);
  PathArgument text;
  if (wrap == nullptr || wrap->shared_ || !text.read(env, token)) return makeNumber(env, -EINVAL);
  wrap->shared_ = SharedVolume::find(text.view());
  return makeNumber(env, wrap->shared_ ? wrap->bind(env, self) : int64_t{kVolumeClosed});
}

napi_value VolumeWrap::close(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  VolumeWrap* wrap = unwrap(env, self);
  if (wrap != nullptr) wrap->shared_.reset();
  return makeNumber(env, 0);
}

bool VolumeWrap::install(napi_env env, napi_value exports) {
  constexpr size_t kMethodsMax = 64;
  napi_property_descriptor properties[kMethodsMax];
  size_t count = 0;
  auto add = [&](const Method& method) {
    properties[count++] = {method.name, nullptr, method.callback, nullptr, nullptr, nullptr,
                           napi_default_method, nullptr};
  };
  add({"make", make});
  add({"adopt", adopt});
  add({"close", close});
  for (const MethodTable& table : {pathMethods(), descriptorMethods(), attributeMethods(),
                                   xattrMethods(), memoryMethods()}) {
    for (size_t i = 0; i < table.count && count < kMethodsMax; ++i) add(table.methods[i]);
  }
  napi_value volumeClass;
  return napi_define_class(env, "NativeVolume", NAPI_AUTO_LENGTH, construct, nullptr, count,
                           properties, &volumeClass) == napi_ok &&
         napi_set_named_property(env, exports, "NativeVolume", volumeClass) == napi_ok;
}

}  // namespace ram
