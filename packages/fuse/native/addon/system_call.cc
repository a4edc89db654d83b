#include "system_call.h"

#include <cerrno>
#include <utility>

#include "call_arguments.h"

namespace ram::fuse {
namespace {

struct Task {
  SystemCall call;
  int result = 0;
  const char* syscall = "";
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void execute(napi_env, void* data) {
  auto* task = static_cast<Task*>(data);
  task->result = task->call(&task->syscall);
}

void complete(napi_env env, napi_status status, void* data) {
  auto* task = static_cast<Task*>(data);
  int result = status == napi_ok ? task->result : -ECANCELED;
  napi_value answer = makePair(env, makeNumber(env, result), makeText(env, task->syscall));
  napi_resolve_deferred(env, task->deferred, answer);
  napi_delete_async_work(env, task->work);
  delete task;
}

}  // namespace

napi_value start(napi_env env, const char* name, SystemCall call) {
  auto* task = new Task{std::move(call)};
  napi_value promise = nullptr;
  if (napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, makeText(env, name), execute, complete, task,
                             &task->work) != napi_ok) {
    delete task;
    return promise;
  }
  if (napi_queue_async_work(env, task->work) != napi_ok) {
    napi_delete_async_work(env, task->work);
    delete task;
  }
  return promise;
}

}  // namespace ram::fuse
