// Calls that may take long: at once, or in a thread of libuv's pool.
#pragma once

#include <functional>

#include <node_api.h>

namespace ram {

// `later`: a Promise of what `call` returns, else that itself. `undo` is for a result >= 0 that
// JavaScript can't be told, as it ends.
napi_value run(napi_env env, bool later, std::function<int()> call,
               void (*undo)(int result) = nullptr);

}  // namespace ram
