// Methods of NativeVolume for extended attributes.
#include <cerrno>
#include <linux/limits.h>

#include "volume_wrap.h"

namespace ram {
namespace {

napi_value makeBuffer(napi_env env, const char* data, ssize_t length) {
  if (length < 0) return makeNumber(env, length);
  napi_value result = nullptr;
  napi_create_buffer_copy(env, static_cast<size_t>(length), data, nullptr, &result);
  return result;
}

// getxattr(path, name, follow): Buffer | number
napi_value getXattr(const VolumeCall& call) {
  napi_env env = call.env();
  PathArgument path, name;
  if (!path.read(env, call[0]) || !name.read(env, call[1])) return makeNumber(env, -EINVAL);
  char value[XATTR_SIZE_MAX];
  ssize_t length = call.client()->getXattr(path.view(), readBoolean(env, call[2]), name.view(),
                                           value, sizeof value);
  return makeBuffer(env, value, length);
}

// listxattr(path, follow): Buffer of names, each ended by a NUL, or a number
napi_value listXattr(const VolumeCall& call) {
  napi_env env = call.env();
  PathArgument path;
  if (!path.read(env, call[0])) return makeNumber(env, -EINVAL);
  char names[XATTR_LIST_MAX];
  ssize_t length =
      call.client()->listXattr(path.view(), readBoolean(env, call[1]), names, sizeof names);
  return makeBuffer(env, names, length);
}

// setxattr(path, name, bytes, flags, follow)
int64_t setXattr(const VolumeCall& call) {
  PathArgument path, name;
  Bytes value;
  int32_t flags;
  if (!path.read(call.env(), call[0]) || !name.read(call.env(), call[1]) ||
      !readBytes(call.env(), call[2], &value) || !readInt32(call.env(), call[3], &flags)) {
    return -EINVAL;
  }
  return call.client()->setXattr(path.view(), readBoolean(call.env(), call[4]), name.view(),
                                 value.data, value.length, flags);
}

// removexattr(path, name, follow)
int64_t removeXattr(const VolumeCall& call) {
  PathArgument path, name;
  if (!path.read(call.env(), call[0]) || !name.read(call.env(), call[1])) return -EINVAL;
  return call.client()->removeXattr(path.view(), readBoolean(call.env(), call[2]), name.view());
}

constexpr Method kMethods[] = {
    {"getxattr", valueMethod<getXattr>},
    {"listxattr", valueMethod<listXattr>},
    {"setxattr", numberMethod<setXattr>},
    {"removexattr", numberMethod<removeXattr>},
};

}  // namespace

MethodTable xattrMethods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

}  // namespace ram
