#include "event_port.h"

#include <cerrno>
#include <cstring>
#include <new>

#include "arguments.h"

namespace ram {
namespace {

constexpr size_t kArgumentsMax = 4;

void dropContents(napi_env env, void*, void* hint) {
  auto* copy = static_cast<EventCopy*>(hint);
  int64_t ignored;
  napi_adjust_external_memory(env, -static_cast<int64_t>(copy->length()), &ignored);
  copy->release();
}

}  // namespace

template <napi_value (EventPort::*method)(napi_value*)>
napi_value EventPort::call(napi_env env, napi_callback_info info) {
  size_t count = kArgumentsMax;
  napi_value arguments[kArgumentsMax], self = nullptr;
  napi_get_cb_info(env, info, &count, arguments, &self, nullptr);
  void* port = nullptr;
  if (napi_unwrap(env, self, &port) != napi_ok) return makeNumber(env, -EINVAL);
  return (static_cast<EventPort*>(port)->*method)(arguments);
}

napi_value EventPort::construct(napi_env env, napi_callback_info info) {
  napi_value target = nullptr, self = nullptr;
  napi_get_new_target(env, info, &target);
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  auto* port = target == nullptr ? nullptr : new (std::nothrow) EventPort(env);
  auto destroy = [](napi_env, void* data, void*) { delete static_cast<EventPort*>(data); };
  if (port == nullptr || napi_wrap(env, self, port, destroy, nullptr, nullptr) != napi_ok) {
    delete port;
    napi_throw_type_error(env, nullptr, "EventPort can't be made here");
  }
  return self;
}

// open(token, wake): 0, -errno. Calls `wake` when there is something to read, once for each arm().
napi_value EventPort::open(napi_value* arguments) {
  PathArgument token;
  if (volume_ || !token.read(env_, arguments[0])) return makeNumber(env_, -EINVAL);
  volume_ = SharedVolume::find(token.view());
  if (!volume_) return makeNumber(env_, -ENOENT);
  int status = start(arguments[1]);
  if (status == 0) {
    auto onWake = [](void* port) { static_cast<EventPort*>(port)->wake(); };
    status = EventQueue::make(onWake, this, &queue_);
  }
  if (status < 0) end();
  return makeNumber(env_, status);
}

int EventPort::start(napi_value callback) {
  alive_ = std::make_shared<EventPort*>(this);
  auto* link = new (std::nothrow) Link(alive_);
  if (link == nullptr) return -ENOMEM;
  auto drop = [](napi_env, void* data, void*) { delete static_cast<Link*>(data); };
  napi_value name = nullptr;
  napi_create_string_utf8(env_, "ram.events", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env_, callback, nullptr, name, 0, 1, link, drop, link,
                                      callBack, &toLoop_) != napi_ok) {
    delete link;
    toLoop_ = nullptr;
    return -EINVAL;
  }
  napi_unref_threadsafe_function(env_, toLoop_);
  napi_add_env_cleanup_hook(env_, atThreadEnd, this);
  return 0;
}

void EventPort::atThreadEnd(void* port) { static_cast<EventPort*>(port)->end(); }

void EventPort::end() {
  if (queue_) volume_->store()->stopListening(queue_.get());
  queue_.reset();
  filters_.reset();
  volume_.reset();
  for (auto& [number, copy] : copies_) copy->release();
  copies_.clear();
  if (toLoop_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, atThreadEnd, this);
  *alive_ = nullptr;
  napi_release_threadsafe_function(toLoop_, napi_tsfn_abort);
  toLoop_ = nullptr;
}

// What this thread itself does is told before its loop ends; else a program that does something
// and is then at its end would not hear of it.
void EventPort::wake() {
  if (std::this_thread::get_id() == thread_ && !isReferenced_) {
    isReferenced_ = napi_ref_threadsafe_function(env_, toLoop_) == napi_ok;
  }
  napi_call_threadsafe_function(toLoop_, nullptr, napi_tsfn_nonblocking);
}

void EventPort::callBack(napi_env env, napi_value function, void* context, void*) {
  if (env == nullptr) return;  // it is being torn down, and the context may be gone already
  EventPort* self = **static_cast<Link*>(context);
  if (self == nullptr) return;
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, function, 0, nullptr, nullptr);
}

// listen(listener, mask, prefix or undefined, contents): 0, -errno
napi_value EventPort::listen(napi_value* arguments) try {
  auto filter = std::make_shared<EventFilter>();
  PathArgument prefix;
  if (!queue_ || !readUint32(env_, arguments[0], &filter->listener) ||
      !readUint32(env_, arguments[1], &filter->mask)) {
    return makeNumber(env_, -EINVAL);
  }
  if (prefix.read(env_, arguments[2])) filter->prefix = prefix.view();
  filter->contents = readBoolean(env_, arguments[3]);
  auto next = std::make_unique<EventFilters>();
  if (filters_) *next = *filters_;
  next->push_back(std::move(filter));
  return makeNumber(env_, useFilters(std::move(next)));
} catch (const std::bad_alloc&) {
  return makeNumber(env_, -ENOMEM);
}

// ignore(listener): 0, -errno
napi_value EventPort::ignore(napi_value* arguments) try {
  uint32_t listener = 0;
  if (!filters_ || !readUint32(env_, arguments[0], &listener)) return makeNumber(env_, 0);
  auto next = std::make_unique<EventFilters>(*filters_);
  std::erase_if(*next, [&](const auto& filter) { return filter->listener == listener; });
  return makeNumber(env_, useFilters(std::move(next)));
} catch (const std::bad_alloc&) {
  return makeNumber(env_, -ENOMEM);
}

int EventPort::useFilters(std::unique_ptr<EventFilters> next) {
  const int status = volume_->store()->listen(queue_.get(), next.get());
  if (status == 0) filters_ = std::move(next);
  return status;
}

// read(bytes): how many were filled with whole records
napi_value EventPort::read(napi_value* arguments) {
  Bytes target;
  if (!queue_ || !readBytes(env_, arguments[0], &target)) return makeNumber(env_, 0);
  const uint32_t used = queue_->read(target.data, static_cast<uint32_t>(target.length));
  for (uint32_t at = 0; at < used;) {
    EventRecord record;
    memcpy(&record, target.data + at, sizeof record);
    if (record.copy != 0) {
      lastCopy_ = lastCopy_ == UINT32_MAX ? 1 : lastCopy_ + 1;
      copies_[lastCopy_] = reinterpret_cast<EventCopy*>(record.copy);
      const double number = lastCopy_;
      memcpy(target.data + at + offsetof(EventRecord, copy), &number, sizeof number);
    }
    at += record.length;
  }
  return makeNumber(env_, used);
}

// arm(): whether `wake` will be called; false: there is something already
napi_value EventPort::arm(napi_value*) {
  napi_value result = nullptr;
  const bool armed = !queue_ || queue_->arm();
  if (armed && isReferenced_ && !wantsAlive_ && toLoop_ != nullptr) {
    isReferenced_ = napi_unref_threadsafe_function(env_, toLoop_) != napi_ok;
  }
  napi_get_boolean(env_, armed, &result);
  return result;
}

// takeLoss(): whether listeners lost events since the last call
napi_value EventPort::takeLoss(napi_value*) {
  napi_value result = nullptr;
  napi_get_boolean(env_, queue_ && queue_->takeLoss(), &result);
  return result;
}

// takeLost(listener): how many
napi_value EventPort::takeLost(napi_value* arguments) {
  uint32_t listener = 0;
  if (!filters_ || !readUint32(env_, arguments[0], &listener)) return makeNumber(env_, 0);
  for (const auto& filter : *filters_) {
    if (filter->listener != listener) continue;
    return makeNumber(env_, static_cast<int64_t>(filter->lost.exchange(0)));
  }
  return makeNumber(env_, 0);
}

// settled(everything, era)
napi_value EventPort::settled(napi_value* arguments) {
  int64_t era = 0;
  if (queue_ && readInt64(env_, arguments[1], &era)) {
    volume_->store()->eventsSettled(queue_.get(), readBoolean(env_, arguments[0]),
                                    static_cast<uint64_t>(era));
  }
  return makeUndefined(env_);
}

// exposeCopy(number): ArrayBuffer | undefined
napi_value EventPort::exposeCopy(napi_value* arguments) {
  uint32_t number = 0;
  auto found = readUint32(env_, arguments[0], &number) ? copies_.find(number) : copies_.end();
  if (found == copies_.end()) return makeUndefined(env_);
  EventCopy* copy = found->second;
  napi_value buffer = nullptr;
  // Memory of one's own: another thread may have got the same copy.
  if (copy->isOnly() && copy->length() != 0 &&
      napi_create_external_arraybuffer(env_, copy->bytes(), copy->length(), dropContents, copy,
                                       &buffer) == napi_ok) {
    copy->retain();
    int64_t ignored;
    napi_adjust_external_memory(env_, static_cast<int64_t>(copy->length()), &ignored);
    return buffer;
  }
  void* data = nullptr;
  if (napi_create_arraybuffer(env_, copy->length(), &data, &buffer) != napi_ok) {
    return makeUndefined(env_);
  }
  if (data != nullptr) memcpy(data, copy->bytes(), copy->length());
  return buffer;
}

// dropCopy(number): no listener wants it any more
napi_value EventPort::dropCopy(napi_value* arguments) {
  uint32_t number = 0;
  auto found = readUint32(env_, arguments[0], &number) ? copies_.find(number) : copies_.end();
  if (found == copies_.end()) return makeUndefined(env_);
  found->second->taken();
  found->second->release();
  copies_.erase(found);
  return makeUndefined(env_);
}

// keepAlive(whether): does the event loop go on for the sake of events?
napi_value EventPort::keepAlive(napi_value* arguments) {
  wantsAlive_ = readBoolean(env_, arguments[0]);
  if (toLoop_ != nullptr && wantsAlive_ != isReferenced_) {
    if (wantsAlive_) {
      napi_ref_threadsafe_function(env_, toLoop_);
    } else {
      napi_unref_threadsafe_function(env_, toLoop_);
    }
    isReferenced_ = wantsAlive_;
  }
  return makeUndefined(env_);
}

// close(): may be called again
napi_value EventPort::close(napi_value*) {
  end();
  return makeUndefined(env_);
}

// Where the fields of a record are, for a test of src/events/event-batch.ts.
static bool exposeLayout(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    size_t offset;
  } kFields[] = {
      {"length", offsetof(EventRecord, length)},
      {"kind", offsetof(EventRecord, kind)},
      {"flags", offsetof(EventRecord, flags)},
      {"pathLength", offsetof(EventRecord, pathLength)},
      {"fromLength", offsetof(EventRecord, fromLength)},
      {"pid", offsetof(EventRecord, pid)},
      {"inode", offsetof(EventRecord, inode)},
      {"generation", offsetof(EventRecord, generation)},
      {"size", offsetof(EventRecord, size)},
      {"era", offsetof(EventRecord, era)},
      {"copy", offsetof(EventRecord, copy)},
      {"path", sizeof(EventRecord)},
  };
  napi_value layout = nullptr;
  if (napi_create_object(env, &layout) != napi_ok) return false;
  for (const auto& field : kFields) {
    napi_set_named_property(env, layout, field.name,
                            makeNumber(env, static_cast<int64_t>(field.offset)));
  }
  return napi_set_named_property(env, exports, "eventLayout", layout) == napi_ok;
}

bool EventPort::install(napi_env env, napi_value exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } kMethods[] = {
      {"open", call<&EventPort::open>},
      {"listen", call<&EventPort::listen>},
      {"ignore", call<&EventPort::ignore>},
      {"read", call<&EventPort::read>},
      {"arm", call<&EventPort::arm>},
      {"takeLoss", call<&EventPort::takeLoss>},
      {"takeLost", call<&EventPort::takeLost>},
      {"settled", call<&EventPort::settled>},
      {"exposeCopy", call<&EventPort::exposeCopy>},
      {"dropCopy", call<&EventPort::dropCopy>},
      {"keepAlive", call<&EventPort::keepAlive>},
      {"close", call<&EventPort::close>},
  };
  constexpr size_t kCount = sizeof kMethods / sizeof *kMethods;
  napi_property_descriptor properties[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    properties[i] = {kMethods[i].name, nullptr, kMethods[i].callback, nullptr, nullptr, nullptr,
                     napi_default_method, nullptr};
  }
  napi_value portClass;
  return napi_define_class(env, "EventPort", NAPI_AUTO_LENGTH, construct, nullptr, kCount,
                           properties, &portClass) == napi_ok &&
         napi_set_named_property(env, exports, "EventPort", portClass) == napi_ok &&
         exposeLayout(env, exports);
}

}  // namespace ram
