#include "task.h"

#include <cerrno>
#include <new>
#include <utility>

namespace ram {
namespace {

struct Task {
  std::function<int()> call;
  void (*undo)(int result) = nullptr;
  int result = 0;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

napi_value makeNumber(napi_env env, int value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

void execute(napi_env, void* data) {
  auto* task = static_cast<Task*>(data);
  task->result = task->call();
}

void complete(napi_env env, napi_status status, void* data) {
  auto* task = static_cast<Task*>(data);
  const int result = status == napi_ok ? task->result : -ECANCELED;
  bool isTold = napi_resolve_deferred(env, task->deferred, makeNumber(env, result)) == napi_ok;
  if (!isTold && result >= 0 && task->undo != nullptr) task->undo(result);
  napi_delete_async_work(env, task->work);
  delete task;
}

}  // namespace

napi_value run(napi_env env, bool later, std::function<int()> call, void (*undo)(int result)) {
  if (!later) return makeNumber(env, call());
  auto* task = new (std::nothrow) Task{std::move(call), undo};
  if (task == nullptr) return makeNumber(env, -ENOMEM);
  napi_value promise = nullptr;
  napi_value name = nullptr;
  napi_create_string_utf8(env, "ram.memfile", NAPI_AUTO_LENGTH, &name);
  if (napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, task, &task->work) !=
          napi_ok) {
    delete task;
    return promise;
  }
  if (napi_queue_async_work(env, task->work) != napi_ok) {
    napi_delete_async_work(env, task->work);
    delete task;
  }
  return promise;
}

}  // namespace ram
