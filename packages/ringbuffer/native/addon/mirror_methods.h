// The functions of the addon about mirrored memory.
#pragma once

#include <node_api.h>

namespace ram {

void installMirror(napi_env env, napi_value exports);

}  // namespace ram
