// System calls that may block, on a thread of the pool.
#pragma once

#include <functional>

#include <napi.h>

namespace ram::fuse {

// Returns >= 0 or -errno, and the name of the system call that failed in *syscall.
using SystemCall = std::function<int(const char** syscall)>;

// A Promise of [result, syscall]. `name` is for async_hooks. Of an environment that ends meanwhile
// nobody hears the result: what it stands for must have another owner.
Napi::Value startSystemCall(Napi::Env env, const char* name, SystemCall call);

// [result, syscall]
Napi::Value makeAnswer(Napi::Env env, int result, const char* syscall);

}  // namespace ram::fuse
