#include "session_wrap.h"

#include <memory>
#include <string>
#include <utility>

#include "live_mounts.h"
#include "operations.h"
#include "system_call.h"

namespace ram::fuse {
namespace {

constexpr napi_type_tag kTypeTag = {kFileSystemTag[0], kFileSystemTag[1]};

// What it refers to is the caller's now. Empty: not a file system of this ABI, or already taken.
FileSystemReference takeFileSystem(const Napi::Value& value) {
  if (!value.IsExternal()) return {};
  auto external = value.As<Napi::External<FileSystemReference>>();
  if (!external.CheckTypeTag(&kTypeTag)) return {};
  FileSystemReference* reference = external.Data();
  const FileSystem* fileSystem = reference == nullptr ? nullptr : reference->get();
  if (fileSystem == nullptr || fileSystem->abi() != kFileSystemAbi) return {};
  return std::move(*reference);
}

// Reads the properties of an object. None that follows one that could not be read is asked for.
class Properties {
 public:
  explicit Properties(const Napi::Value& object) : object_(object) {}

  bool flag(const char* name) {
    Napi::Value value = get(name);
    return check(value.IsBoolean()) && value.As<Napi::Boolean>().Value();
  }
  uint32_t number(const char* name) {
    Napi::Value value = get(name);
    return check(value.IsNumber()) ? value.As<Napi::Number>().Uint32Value() : 0;
  }
  uint64_t bits(const char* name) {
    bool lossless;
    Napi::Value value = get(name);
    return check(value.IsBigInt()) ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  }
  std::string text(const char* name) {
    Napi::Value value = get(name);
    return check(value.IsString()) ? value.As<Napi::String>().Utf8Value() : std::string();
  }
  // Whether all were there, of their types.
  bool good() const { return good_; }

 private:
  bool check(bool good) { return good_ = good_ && good; }
  // Raw: a getter that is ended (by the timeout of a vm, say) leaves a null as exception pending,
  // and to Napi::Error that one is fatal. So it is dropped here.
  Napi::Value get(const char* name) {
    napi_env env = object_.Env();
    napi_value value = nullptr;
    if (!good_) return {};
    good_ = napi_get_named_property(env, object_, name, &value) == napi_ok;
    if (!good_) napi_get_and_clear_last_exception(env, &value);
    return good_ ? Napi::Value(env, value) : Napi::Value();
  }

  const Napi::Value object_;
  bool good_ = true;
};

struct GivenOptions {
  explicit GivenOptions(Properties given) {
    session.root = given.text("root");
    session.direct = given.flag("direct");
    session.passthrough = given.flag("passthrough");
    session.rootOnly = given.flag("rootOnly");
    session.volumeLocks = given.flag("volumeLocks");
    session.initFlags = given.bits("initFlags");
    session.protocolMinor = given.number("protocolMinor");
    threads = given.number("threads");
    ioUring = given.flag("ioUring");
    good = given.good();
  }

  SessionOptions session;
  uint32_t threads;
  bool ioUring;
  bool good;
};

}  // namespace

Napi::Function SessionWrap::define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {InstanceMethod<&SessionWrap::findRoot>("findRoot"),
                      InstanceMethod<&SessionWrap::mount>("mount"),
                      InstanceMethod<&SessionWrap::openHelperSocket>("openHelperSocket"),
                      InstanceMethod<&SessionWrap::closeHelperSocket>("closeHelperSocket"),
                      InstanceMethod<&SessionWrap::receive>("receive"),
                      InstanceMethod<&SessionWrap::device>("device"),
                      InstanceMethod<&SessionWrap::serve>("serve"),
                      InstanceMethod<&SessionWrap::stop>("stop"),
                      InstanceMethod<&SessionWrap::stats>("stats"),
                      InstanceMethod<&SessionWrap::ref>("ref"),
                      InstanceMethod<&SessionWrap::unref>("unref")});
}

// new Session(fileSystem, { direct, passthrough, root, rootOnly, volumeLocks, threads, initFlags,
//                         protocolMinor, ioUring },
//             onEvent)
SessionWrap::SessionWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  // Not wrapped: the environment ends, and nobody would finalize what is made here.
  if (IsEmpty()) return;
  GivenOptions given{Properties(info[1])};
  FileSystemReference fileSystem;
  // Taken last: it stays with the caller if anything else is wrong.
  if (given.good && info[2].IsFunction()) fileSystem = takeFileSystem(info[0]);
  if (fileSystem.get() == nullptr) {
    const char* message = "wrong options, or no file system of this ABI, or one that a driver has";
    Napi::TypeError::New(info.Env(), message).ThrowAsJavaScriptException();
    return;
  }
  mount_ = std::make_shared<ServedMount>(std::move(fileSystem), given.session, given.threads,
                                         given.ioUring);
  startEvents(info.Env(), info[2].As<Napi::Function>());
}

SessionWrap::~SessionWrap() {
  if (!mount_) return;
  mount_->stop();
  releaseEvents();
}

void SessionWrap::startEvents(Napi::Env env, const Napi::Function& listener) {
  events_ = Events::New(env, listener, "ram.fuse.events", 0, 1);
  if (events_ == nullptr) {  // an exception is pending
    mount_ = nullptr;
    return;
  }
  // The end of the environment: of a worker, or of a process that ends by itself. Added after the
  // function above, hence run before Node takes that away. Raw: Env::CleanupHook can't be removed
  // while it runs, nor after it.
  napi_add_env_cleanup_hook(env, atEnvironmentEnd, this);
  LiveMounts::get().add(mount_);
}

// The threads are gone: nobody calls it any more.
void SessionWrap::releaseEvents() {
  if (events_ == nullptr) return;
  LiveMounts::get().remove(mount_);
  napi_remove_env_cleanup_hook(Env(), atEnvironmentEnd, this);
  events_.Release();
  events_ = Events();
}

void SessionWrap::atEnvironmentEnd(void* data) {
  auto* self = static_cast<SessionWrap*>(data);
  self->mount_->shutdown();
  self->releaseEvents();
}

void tellListener(Napi::Env env, Napi::Function listener, void*, SessionEvent* event) {
  std::unique_ptr<SessionEvent> owned(event);
  if (env == nullptr) return;  // it is being torn down
  listener.Call({Napi::String::New(env, event->what), Napi::Number::New(env, event->result)});
}

Napi::Value SessionWrap::findRoot(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mount_->findRoot());
}

Napi::Value SessionWrap::mount(const Napi::CallbackInfo& info) {
  MountRequest request{info[0].As<Napi::String>(), info[1].As<Napi::String>(),
                       info[2].As<Napi::String>(), info[3].As<Napi::Number>().Uint32Value(),
                       info[4].As<Napi::String>()};
  return startSystemCall(info.Env(), "ram.fuse.mount",
                         [mount = mount_, request = std::move(request)](const char** syscall) {
                           return mount->mount(request, syscall);
                         });
}

Napi::Value SessionWrap::openHelperSocket(const Napi::CallbackInfo& info) {
  std::string helper = info[0].As<Napi::String>();
  std::string directory = info[1].As<Napi::String>();
  return Napi::Number::New(info.Env(), mount_->openHelperSocket(helper, directory));
}

void SessionWrap::closeHelperSocket(const Napi::CallbackInfo&) { mount_->closeHelperSocket(); }

Napi::Value SessionWrap::receive(const Napi::CallbackInfo& info) {
  const char* syscall = "";
  int result = mount_->receive(&syscall);
  return makeAnswer(info.Env(), result, syscall);
}

Napi::Value SessionWrap::device(const Napi::CallbackInfo& info) {
  MountPoint made = mount_->mountPoint();
  auto pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0u, Napi::Number::New(info.Env(), made.major));
  pair.Set(1u, Napi::Number::New(info.Env(), made.minor));
  return pair;
}

Napi::Value SessionWrap::serve(const Napi::CallbackInfo& info) {
  auto onEvent = [](void* self, const char* what, int result) {
    auto* event = new SessionEvent{what, result};
    if (static_cast<SessionWrap*>(self)->events_.NonBlockingCall(event) != napi_ok) delete event;
  };
  int error = mount_->serve(onEvent, this);
  if (error == 0) {
    serving_ = true;
    Ref();  // a mount lives until it is unmounted, whoever still holds the object
  }
  return Napi::Number::New(info.Env(), error);
}

void SessionWrap::stop(const Napi::CallbackInfo&) {
  mount_->stop();
  releaseEvents();
  if (std::exchange(serving_, false)) Unref();
}

Napi::Value SessionWrap::stats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  auto requests = Napi::Object::New(env);
  result.Set("requests", requests);
  const Session* session = mount_->session();
  if (session == nullptr) return result;
  auto set = [env](Napi::Object& object, const char* name, auto value) {
    object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  const Counters& counters = session->counters;
  for (uint32_t opcode = 0; opcode < kOpcodeCount; opcode++) {
    uint64_t count = counters.requests[opcode].sum();
    if (count != 0) set(requests, kOperations[opcode].name, count);
  }
  set(result, "unknown", counters.unknown.sum());
  set(result, "malformed", counters.malformed.sum());
  set(result, "errors", counters.errors.sum());
  set(result, "notifications", session->notifier.sent());
  set(result, "threads", mount_->transport()->threads());
  set(result, "threadsPeak", mount_->transport()->threadsPeak());
  Napi::Array shared = Napi::Array::New(env, 2);
  for (uint32_t reader = 0; reader < 2; reader++) {
    shared.Set(reader, static_cast<double>(mount_->transport()->shared(reader != 0)));
  }
  result.Set("sharedRequests", shared);
  bool ioUring = (session->negotiated.flags & kOverIoUring) != 0;
  result.Set("transport", Napi::String::New(env, ioUring ? "io_uring" : "device"));
  set(result, "protocolMinor", session->negotiated.minor);
  result.Set("initFlags", Napi::BigInt::New(env, session->negotiated.flags));
  set(result, "passthrough", session->passthrough.load());
  set(result, "maxWriteBytes", session->negotiated.maxWrite);
  return result;
}

void SessionWrap::ref(const Napi::CallbackInfo& info) { events_.Ref(info.Env()); }

void SessionWrap::unref(const Napi::CallbackInfo& info) { events_.Unref(info.Env()); }

}  // namespace ram::fuse
