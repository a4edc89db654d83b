// Bodies of volume_wrap.h's templates.
#pragma once

#include "arguments.h"

namespace ram {

template <int64_t (*function)(const VolumeCall&)>
napi_value numberMethod(napi_env env, napi_callback_info info) {
  VolumeCall call(env, info);
  return makeNumber(env, call.volume() == nullptr ? kVolumeClosed : function(call));
}

template <napi_value (*function)(const VolumeCall&)>
napi_value valueMethod(napi_env env, napi_callback_info info) {
  VolumeCall call(env, info);
  return call.volume() == nullptr ? makeNumber(env, kVolumeClosed) : function(call);
}

}  // namespace ram
