#include "session_wrap.h"

#include <cstdlib>
#include <set>

#include "operations.h"

namespace ram::fuse {
namespace {

constexpr napi_type_tag kTypeTag = {kFileSystemTag[0], kFileSystemTag[1]};

// Mounts that are served, for process.exit(), which runs no cleanup hooks of the main thread.
class LiveMounts {
 public:
  static LiveMounts& get() {
    static auto* mounts = new LiveMounts;  // never destroyed: exit handlers use it
    return *mounts;
  }
  void add(const std::shared_ptr<ServedMount>& mount) {
    std::lock_guard lock(mutex_);
    if (!registered_) std::atexit([] { LiveMounts::get().shutdownAll(); });
    registered_ = true;
    mounts_.insert(mount);
  }
  void remove(const std::shared_ptr<ServedMount>& mount) {
    std::lock_guard lock(mutex_);
    mounts_.erase(mount);
  }

 private:
  void shutdownAll() {
    std::set<std::shared_ptr<ServedMount>> mounts;
    {
      std::lock_guard lock(mutex_);
      mounts.swap(mounts_);
    }
    for (auto& mount : mounts) mount->shutdown();
  }

  std::mutex mutex_;
  std::set<std::shared_ptr<ServedMount>> mounts_;
  bool registered_ = false;
};

// What it refers to is the caller's now. Empty: not a file system of this ABI, or already taken.
FileSystemReference takeFileSystem(const Napi::Value& value) {
  bool tagged = false;
  if (!value.IsExternal() ||
      napi_check_object_type_tag(value.Env(), value, &kTypeTag, &tagged) != napi_ok ||
      !tagged) {
    return {};
  }
  auto* reference = value.As<Napi::External<FileSystemReference>>().Data();
  const FileSystem* fileSystem = reference->get();
  if (fileSystem == nullptr || fileSystem->abi() != kFileSystemAbi) return {};
  return std::move(*reference);
}

struct EventMessage {
  const char* what;
  int result;
};

}  // namespace

Napi::Function SessionWrap::define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {InstanceMethod<&SessionWrap::findRoot>("findRoot"),
                      InstanceMethod<&SessionWrap::serve>("serve"),
                      InstanceMethod<&SessionWrap::setMountPoint>("setMountPoint"),
                      InstanceMethod<&SessionWrap::stop>("stop"),
                      InstanceMethod<&SessionWrap::stats>("stats"),
                      InstanceMethod<&SessionWrap::ref>("ref"),
                      InstanceMethod<&SessionWrap::unref>("unref")});
}

// new Session(fileSystem, { direct, passthrough, root, rootOnly, volumeLocks, threads, initFlags,
//                         protocolMinor, ioUring },
//             onEvent)
SessionWrap::SessionWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  FileSystemReference fileSystem = takeFileSystem(info[0]);
  if (fileSystem.get() == nullptr) {
    Napi::TypeError::New(info.Env(), "not a file system of this ABI, or one that a driver has")
        .ThrowAsJavaScriptException();
    return;
  }
  auto given = info[1].As<Napi::Object>();
  SessionOptions options;
  options.direct = given.Get("direct").ToBoolean();
  options.passthrough = given.Get("passthrough").ToBoolean();
  options.root = given.Get("root").ToString().Utf8Value();
  options.rootOnly = given.Get("rootOnly").ToBoolean();
  options.volumeLocks = given.Get("volumeLocks").ToBoolean();
  bool lossless;
  options.initFlags = given.Get("initFlags").As<Napi::BigInt>().Uint64Value(&lossless);
  options.protocolMinor = given.Get("protocolMinor").ToNumber();
  uint32_t threads = given.Get("threads").As<Napi::Number>().Uint32Value();
  bool ioUring = given.Get("ioUring").ToBoolean();
  mount_ = std::make_shared<ServedMount>(std::move(fileSystem), options, threads, ioUring);
  events_ = Napi::ThreadSafeFunction::New(info.Env(), info[2].As<Napi::Function>(), "ram-fuse", 0,
                                          1);
  // The end of the environment: of a worker, or of a process that ends by itself. Added after the
  // function above, hence run before Node takes that away.
  napi_add_env_cleanup_hook(info.Env(), atEnvironmentEnd, this);
}

void SessionWrap::atEnvironmentEnd(void* data) {
  auto* self = static_cast<SessionWrap*>(data);
  self->mount_->shutdown();
  self->releaseEvents();
}

Napi::Value SessionWrap::serve(const Napi::CallbackInfo& info) {
  auto onEvent = [](void* context, const char* what, int result) {
    auto* self = static_cast<SessionWrap*>(context);
    auto call = [](Napi::Env env, Napi::Function callback, EventMessage* message) {
      callback.Call({Napi::String::New(env, message->what),
                     Napi::Number::New(env, message->result)});
      delete message;
    };
    auto* message = new EventMessage{what, result};
    if (self->events_.NonBlockingCall(message, call) != napi_ok) delete message;
  };
  int error = mount_->serve(info[0].As<Napi::Number>().Int32Value(), onEvent, this);
  if (error == 0) {
    LiveMounts::get().add(mount_);
    serving_ = true;
    Ref();  // a mount lives until it is unmounted, whoever still holds the object
  }
  return Napi::Number::New(info.Env(), error);
}

Napi::Value SessionWrap::findRoot(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mount_->findRoot());
}

void SessionWrap::setMountPoint(const Napi::CallbackInfo& info) {
  mount_->setMountPoint({info[0].As<Napi::String>(), info[1].As<Napi::String>(),
                         info[2].As<Napi::Number>().Uint32Value(),
                         info[3].As<Napi::Number>().Uint32Value()});
}

void SessionWrap::stop(const Napi::CallbackInfo&) {
  mount_->stop();
  releaseEvents();
  if (serving_) Unref();
  serving_ = false;
}

// The threads are gone: nobody calls it any more.
void SessionWrap::releaseEvents() {
  if (released_) return;
  released_ = true;
  LiveMounts::get().remove(mount_);
  napi_remove_env_cleanup_hook(Env(), atEnvironmentEnd, this);
  events_.Release();
}

void SessionWrap::Finalize(Napi::BasicEnv) {
  if (!mount_) return;  // the constructor threw
  mount_->stop();
  releaseEvents();
}

Napi::Value SessionWrap::stats(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto result = Napi::Object::New(env);
  auto requests = Napi::Object::New(env);
  result["requests"] = requests;
  const Session* session = mount_->session();
  if (session == nullptr) return result;
  auto number = [&](uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); };
  const Counters& counters = session->counters;
  for (uint32_t opcode = 0; opcode < kOpcodeCount; opcode++) {
    uint64_t count = counters.requests[opcode].sum();
    if (count != 0) requests[kOperations[opcode].name] = number(count);
  }
  result["unknown"] = number(counters.unknown.sum());
  result["malformed"] = number(counters.malformed.sum());
  result["errors"] = number(counters.errors.sum());
  result["notifications"] = number(session->notifier.sent());
  result["threads"] = number(mount_->transport()->threads());
  result["threadsPeak"] = number(mount_->transport()->threadsPeak());
  bool ioUring = (session->negotiated.flags & kOverIoUring) != 0;
  result["transport"] = Napi::String::New(env, ioUring ? "io_uring" : "device");
  result["protocolMinor"] = number(session->negotiated.minor);
  result["initFlags"] = Napi::BigInt::New(env, session->negotiated.flags);
  result["passthrough"] = Napi::Number::New(env, session->passthrough.load());
  result["maxWriteBytes"] = number(session->negotiated.maxWrite);
  return result;
}

void SessionWrap::ref(const Napi::CallbackInfo& info) {
  if (!released_) events_.Ref(info.Env());
}

void SessionWrap::unref(const Napi::CallbackInfo& info) {
  if (!released_) events_.Unref(info.Env());
}

}  // namespace ram::fuse
