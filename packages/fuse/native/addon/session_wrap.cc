#include "session_wrap.h"

#include <cerrno>
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
FileSystemReference takeFileSystem(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool tagged = false;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external ||
      napi_check_object_type_tag(env, value, &kTypeTag, &tagged) != napi_ok || !tagged ||
      napi_get_value_external(env, value, &data) != napi_ok || data == nullptr) {
    return {};
  }
  auto* reference = static_cast<FileSystemReference*>(data);
  const FileSystem* fileSystem = reference->get();
  if (fileSystem == nullptr || fileSystem->abi() != kFileSystemAbi) return {};
  return std::move(*reference);
}

// Reads the properties of an object. None that follows one that could not be read is asked for.
class Properties {
 public:
  Properties(napi_env env, napi_value object) : env_(env), object_(object) {}

  bool flag(const char* name) {
    bool value = false;
    napi_value property = get(name);
    if (good_) good_ = napi_get_value_bool(env_, property, &value) == napi_ok;
    return value;
  }
  uint32_t number(const char* name) {
    uint32_t value = 0;
    napi_value property = get(name);
    if (good_) good_ = napi_get_value_uint32(env_, property, &value) == napi_ok;
    return value;
  }
  uint64_t bits(const char* name) {
    uint64_t value = 0;
    bool lossless;
    napi_value property = get(name);
    if (good_) good_ = napi_get_value_bigint_uint64(env_, property, &value, &lossless) == napi_ok;
    return value;
  }
  std::string text(const char* name) {
    size_t length = 0;
    napi_value property = get(name);
    if (good_) {
      good_ = napi_get_value_string_utf8(env_, property, nullptr, 0, &length) == napi_ok;
    }
    std::string value(length, '\0');
    if (good_) napi_get_value_string_utf8(env_, property, value.data(), length + 1, &length);
    return value;
  }
  // Whether all were there, of their types.
  bool good() const { return good_; }

 private:
  napi_value get(const char* name) {
    napi_value property = nullptr;
    if (good_) good_ = napi_get_named_property(env_, object_, name, &property) == napi_ok;
    return property;
  }

  napi_env env_;
  napi_value object_;
  bool good_ = true;
};

std::shared_ptr<ServedMount> makeMount(FileSystemReference fileSystem, Properties given) {
  SessionOptions options;
  options.root = given.text("root");
  options.direct = given.flag("direct");
  options.passthrough = given.flag("passthrough");
  options.rootOnly = given.flag("rootOnly");
  options.volumeLocks = given.flag("volumeLocks");
  options.initFlags = given.bits("initFlags");
  options.protocolMinor = given.number("protocolMinor");
  uint32_t threads = given.number("threads");
  bool ioUring = given.flag("ioUring");
  if (!given.good()) return nullptr;
  return std::make_shared<ServedMount>(std::move(fileSystem), options, threads, ioUring);
}

struct EventMessage {
  const char* what;
  int result;
};

}  // namespace

template <napi_value (SessionWrap::*method)(const CallArguments&)>
napi_value SessionWrap::call(napi_env env, napi_callback_info info) {
  CallArguments arguments(env, info);
  void* self = nullptr;
  // Fails in an environment that ends, whose hook does what must be done.
  if (napi_unwrap(env, arguments.self, &self) != napi_ok) return makeNumber(env, -ECANCELED);
  return (static_cast<SessionWrap*>(self)->*method)(arguments);
}

void SessionWrap::install(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } kMethods[] = {
      {"findRoot", call<&SessionWrap::findRoot>},
      {"mount", call<&SessionWrap::mount>},
      {"openHelperSocket", call<&SessionWrap::openHelperSocket>},
      {"closeHelperSocket", call<&SessionWrap::closeHelperSocket>},
      {"receive", call<&SessionWrap::receive>},
      {"device", call<&SessionWrap::device>},
      {"serve", call<&SessionWrap::serve>},
      {"stop", call<&SessionWrap::stop>},
      {"stats", call<&SessionWrap::stats>},
      {"ref", call<&SessionWrap::ref>},
      {"unref", call<&SessionWrap::unref>},
  };
  constexpr size_t kCount = sizeof kMethods / sizeof *kMethods;
  napi_property_descriptor properties[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    properties[i] = {kMethods[i].name, nullptr, kMethods[i].callback, nullptr, nullptr, nullptr,
                     napi_default_method, nullptr};
  }
  napi_value sessionClass = nullptr;
  napi_define_class(env, "Session", NAPI_AUTO_LENGTH, construct, nullptr, kCount, properties,
                    &sessionClass);
  napi_set_named_property(env, exports, "Session", sessionClass);
}

// new Session(fileSystem, { direct, passthrough, root, rootOnly, volumeLocks, threads, initFlags,
//                         protocolMinor, ioUring },
//             onEvent)
napi_value SessionWrap::construct(napi_env env, napi_callback_info info) {
  CallArguments arguments(env, info);
  napi_value target = nullptr;
  napi_get_new_target(env, info, &target);
  SessionWrap* wrap = target == nullptr ? nullptr : make(env, arguments);
  auto destroy = [](napi_env, void* data, void*) { delete static_cast<SessionWrap*>(data); };
  if (wrap == nullptr ||
      napi_wrap(env, arguments.self, wrap, destroy, nullptr, nullptr) != napi_ok) {
    delete wrap;
    napi_throw_type_error(env, nullptr,
                          "not a file system of this ABI, or one that a driver has");
  }
  return arguments.self;
}

SessionWrap* SessionWrap::make(napi_env env, const CallArguments& arguments) {
  FileSystemReference fileSystem = takeFileSystem(env, arguments.values[0]);
  if (fileSystem.get() == nullptr) return nullptr;
  auto mount = makeMount(std::move(fileSystem), {env, arguments.values[1]});
  if (!mount) return nullptr;
  auto* wrap = new SessionWrap(env, std::move(mount));
  if (wrap->startEvents(arguments.values[2])) return wrap;
  delete wrap;
  return nullptr;
}

SessionWrap::~SessionWrap() {
  mount_->stop();
  releaseEvents();
}

bool SessionWrap::startEvents(napi_value listener) {
  if (napi_create_threadsafe_function(env_, listener, nullptr, makeText(env_, "ram.fuse.events"),
                                      0, 1, nullptr, nullptr, nullptr, callListener,
                                      &events_) != napi_ok) {
    events_ = nullptr;
    return false;
  }
  // The end of the environment: of a worker, or of a process that ends by itself. Added after the
  // function above, hence run before Node takes that away.
  napi_add_env_cleanup_hook(env_, atEnvironmentEnd, this);
  LiveMounts::get().add(mount_);
  return true;
}

// The threads are gone: nobody calls it any more.
void SessionWrap::releaseEvents() {
  if (events_ == nullptr) return;
  LiveMounts::get().remove(mount_);
  napi_remove_env_cleanup_hook(env_, atEnvironmentEnd, this);
  napi_release_threadsafe_function(events_, napi_tsfn_release);
  events_ = nullptr;
}

void SessionWrap::atEnvironmentEnd(void* data) {
  auto* self = static_cast<SessionWrap*>(data);
  self->mount_->shutdown();
  self->releaseEvents();
}

void SessionWrap::onEvent(const char* what, int result) {
  auto* message = new EventMessage{what, result};
  if (napi_call_threadsafe_function(events_, message, napi_tsfn_nonblocking) != napi_ok) {
    delete message;
  }
}

void SessionWrap::callListener(napi_env env, napi_value listener, void*, void* data) {
  std::unique_ptr<EventMessage> message(static_cast<EventMessage*>(data));
  if (env == nullptr) return;  // it is being torn down
  napi_value arguments[] = {makeText(env, message->what), makeNumber(env, message->result)};
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, listener, 2, arguments, nullptr);
}

napi_value SessionWrap::findRoot(const CallArguments&) {
  return makeNumber(env_, mount_->findRoot());
}

napi_value SessionWrap::mount(const CallArguments& given) {
  MountRequest request{given.text(0), given.text(1), given.text(2), given.number(3),
                       given.text(4)};
  return start(env_, "ram.fuse.mount",
               [mount = mount_, request = std::move(request)](const char** syscall) {
                 return mount->mount(request, syscall);
               });
}

napi_value SessionWrap::openHelperSocket(const CallArguments& given) {
  return makeNumber(env_, mount_->openHelperSocket(given.text(0), given.text(1)));
}

napi_value SessionWrap::closeHelperSocket(const CallArguments&) {
  mount_->closeHelperSocket();
  return nullptr;
}

napi_value SessionWrap::receive(const CallArguments&) {
  const char* syscall = "";
  int result = mount_->receive(&syscall);
  return makePair(env_, makeNumber(env_, result), makeText(env_, syscall));
}

napi_value SessionWrap::device(const CallArguments&) {
  MountPoint made = mount_->mountPoint();
  return makePair(env_, makeNumber(env_, made.major), makeNumber(env_, made.minor));
}

napi_value SessionWrap::serve(const CallArguments& given) {
  auto onEvent = [](void* self, const char* what, int result) {
    static_cast<SessionWrap*>(self)->onEvent(what, result);
  };
  int error = mount_->serve(onEvent, this);
  // A mount lives until it is unmounted.
  if (error == 0) napi_create_reference(env_, given.self, 1, &self_);
  return makeNumber(env_, error);
}

napi_value SessionWrap::stop(const CallArguments&) {
  mount_->stop();
  releaseEvents();
  if (self_ != nullptr) napi_delete_reference(env_, self_);
  self_ = nullptr;
  return nullptr;
}

napi_value SessionWrap::stats(const CallArguments&) {
  napi_value result = nullptr, requests = nullptr, flags = nullptr;
  napi_create_object(env_, &result);
  napi_create_object(env_, &requests);
  auto set = [&](const char* name, napi_value value) {
    napi_set_named_property(env_, result, name, value);
  };
  auto number = [&](const char* name, double value) { set(name, makeNumber(env_, value)); };
  set("requests", requests);
  const Session* session = mount_->session();
  if (session == nullptr) return result;
  const Counters& counters = session->counters;
  for (uint32_t opcode = 0; opcode < kOpcodeCount; opcode++) {
    uint64_t count = counters.requests[opcode].sum();
    if (count == 0) continue;
    napi_set_named_property(env_, requests, kOperations[opcode].name,
                            makeNumber(env_, static_cast<double>(count)));
  }
  number("unknown", static_cast<double>(counters.unknown.sum()));
  number("malformed", static_cast<double>(counters.malformed.sum()));
  number("errors", static_cast<double>(counters.errors.sum()));
  number("notifications", static_cast<double>(session->notifier.sent()));
  number("threads", mount_->transport()->threads());
  number("threadsPeak", mount_->transport()->threadsPeak());
  bool ioUring = (session->negotiated.flags & kOverIoUring) != 0;
  set("transport", makeText(env_, ioUring ? "io_uring" : "device"));
  number("protocolMinor", session->negotiated.minor);
  napi_create_bigint_uint64(env_, session->negotiated.flags, &flags);
  set("initFlags", flags);
  number("passthrough", session->passthrough.load());
  number("maxWriteBytes", session->negotiated.maxWrite);
  return result;
}

napi_value SessionWrap::ref(const CallArguments&) {
  if (events_ != nullptr) napi_ref_threadsafe_function(env_, events_);
  return nullptr;
}

napi_value SessionWrap::unref(const CallArguments&) {
  if (events_ != nullptr) napi_unref_threadsafe_function(env_, events_);
  return nullptr;
}

}  // namespace ram::fuse
