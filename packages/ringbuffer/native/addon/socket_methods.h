// The functions of the addon that hand descriptors to other processes.
#pragma once

#include <node_api.h>

namespace ram {

void installSocket(napi_env env, napi_value exports);

}  // namespace ram
