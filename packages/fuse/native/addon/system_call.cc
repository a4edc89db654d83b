#include "system_call.h"

#include <utility>

namespace ram::fuse {
namespace {

class SystemCallWorker final : public Napi::AsyncWorker {
 public:
  SystemCallWorker(Napi::Env env, const char* name, napi_deferred deferred, SystemCall call)
      : AsyncWorker(env, name), deferred_(deferred), call_(std::move(call)) {}

 private:
  void Execute() override { result_ = call_(&syscall_); }
  void OnOK() override {
    napi_resolve_deferred(Env(), deferred_, makeAnswer(Env(), result_, syscall_));
  }

  const napi_deferred deferred_;
  const SystemCall call_;
  int result_ = 0;
  const char* syscall_ = "";
};

}  // namespace

Napi::Value startSystemCall(Napi::Env env, const char* name, SystemCall call) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  // Fails if an argument was wrong, or the environment ends. Raw: a Promise::Deferred holds any
  // bits then.
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return {};
  (new SystemCallWorker(env, name, deferred, std::move(call)))->Queue();
  return {env, promise};
}

Napi::Value makeAnswer(Napi::Env env, int result, const char* syscall) {
  auto answer = Napi::Array::New(env, 2);
  answer.Set(0u, Napi::Number::New(env, result));
  answer.Set(1u, Napi::String::New(env, syscall));
  return answer;
}

}  // namespace ram::fuse
