// The class NativeRing of the addon: one opening of a record ring.
#pragma once

#include <node_api.h>

namespace ram {

void installRing(napi_env env, napi_value exports);

}  // namespace ram
