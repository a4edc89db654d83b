#include "task.h"

#include <napi.h>

#include <utility>

namespace ram {
namespace {

class Task final : public Napi::AsyncWorker {
 public:
  Task(Napi::Env env, napi_deferred deferred, std::function<int()> call, void (*undo)(int result))
      : AsyncWorker(env, "ram.memfile"), deferred_(deferred), call_(std::move(call)), undo_(undo) {}

 private:
  void Execute() override { result_ = call_(); }
  // Raw: Promise::Deferred doesn't say whether JavaScript was told, and is uninitialised when it
  // can't be made.
  void OnOK() override {
    Napi::Value result = Napi::Number::New(Env(), result_);
    bool isTold = napi_resolve_deferred(Env(), deferred_, result) == napi_ok;
    if (!isTold && result_ >= 0 && undo_ != nullptr) undo_(result_);
  }

  const napi_deferred deferred_;
  const std::function<int()> call_;
  void (*const undo_)(int result);
  int result_ = 0;
};

}  // namespace

napi_value run(napi_env env, bool later, std::function<int()> call, void (*undo)(int result)) {
  if (!later) return Napi::Number::New(env, call());
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return nullptr;
  (new Task(env, deferred, std::move(call), undo))->Queue();
  return promise;
}

}  // namespace ram
