#include "async_wake.h"

#include <new>

#include "arguments.h"

namespace ram {

namespace {

using Link = std::shared_ptr<AsyncWake*>;

void dropLink(napi_env, void* data, void*) { delete static_cast<Link*>(data); }

}  // namespace

AsyncWake::AsyncWake(napi_env env, std::shared_ptr<RingFile> file)
    : env_(env), file_(std::move(file)), alive_(std::make_shared<AsyncWake*>(this)),
      waiter_(*file_, [this] {
        napi_call_threadsafe_function(toLoop_, nullptr, napi_tsfn_nonblocking);
      }) {}

std::unique_ptr<AsyncWake> AsyncWake::make(napi_env env, std::shared_ptr<RingFile> file) {
  std::unique_ptr<AsyncWake> made(new AsyncWake(env, std::move(file)));
  auto* link = new Link(made->alive_);
  napi_value name = makeString(env, "ram.ring.wait");
  napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, link, dropLink, link,
                                      callBack, &made->toLoop_);
  if (status != napi_ok) {
    delete link;
    return nullptr;
  }
  napi_unref_threadsafe_function(env, made->toLoop_);
  napi_add_env_cleanup_hook(env, end, made.get());
  return made;
}

AsyncWake::~AsyncWake() {
  if (toLoop_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, end, this);
  end(this);
}

void AsyncWake::end(void* data) {
  auto* self = static_cast<AsyncWake*>(data);
  self->waiter_.stop();
  *self->alive_ = nullptr;
  if (self->callback_ != nullptr) napi_delete_reference(self->env_, self->callback_);
  self->callback_ = nullptr;
  napi_release_threadsafe_function(self->toLoop_, napi_tsfn_abort);
  self->toLoop_ = nullptr;
}

bool AsyncWake::wait(uint32_t* word, uint32_t expected, uint32_t watched, napi_value callback) {
  if (callback_ != nullptr || toLoop_ == nullptr) return false;
  if (napi_create_reference(env_, callback, 1, &callback_) != napi_ok) return false;
  if (keepsAlive_) napi_ref_threadsafe_function(env_, toLoop_);
  waiter_.wait(word, expected, watched);
  return true;
}

void AsyncWake::keepAlive(bool on) {
  keepsAlive_ = on;
  if (callback_ == nullptr || toLoop_ == nullptr) return;
  if (on) {
    napi_ref_threadsafe_function(env_, toLoop_);
  } else {
    napi_unref_threadsafe_function(env_, toLoop_);
  }
}

void AsyncWake::callBack(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // it is being torn down, and the context may be gone already
  AsyncWake* self = **static_cast<Link*>(context);
  if (self == nullptr || self->callback_ == nullptr) return;
  napi_value callback = nullptr;
  napi_value undefined = nullptr;
  napi_get_reference_value(env, self->callback_, &callback);
  napi_delete_reference(env, self->callback_);
  self->callback_ = nullptr;
  napi_unref_threadsafe_function(env, self->toLoop_);
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, 0, nullptr, nullptr);
}

}  // namespace ram
