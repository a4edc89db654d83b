// The addon: converts arguments and results. Paths are strings of latin1, one character for each
// byte. Results are >= 0 or -errno; nothing throws.
#include <cerrno>
#include <climits>
#include <string>

#include <node_api.h>
#include <unistd.h>

#include "attributes.h"
#include "content_copy.h"
#include "descriptor_socket.h"
#include "look.h"
#include "memfd.h"
#include "names.h"
#include "new_content.h"
#include "open_known.h"
#include "task.h"

namespace ram {
namespace {

// Where look… leave what they found, for TypeScript to pick up at once; one for each thread.
// The order is that of native.ts.
struct Fields {
  double numbers[10];
  int64_t times[2];
};

Fields* fieldsOf(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Fields*>(data);
}

class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMax;
    napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  }
  // A string that is too long is cut behind PATH_MAX, where the kernel says ENAMETOOLONG.
  std::string text(size_t index) const {
    char bytes[PATH_MAX + 2];
    size_t length = 0;
    if (napi_get_value_string_latin1(env_, values_[index], bytes, sizeof bytes, &length) != napi_ok)
      return {};
    return {bytes, length};
  }
  int number(size_t index) const {
    int32_t value = -1;
    napi_get_value_int32(env_, values_[index], &value);
    return value;
  }
  int64_t large(size_t index) const {
    int64_t value = 0;
    napi_get_value_int64(env_, values_[index], &value);
    return value;
  }
  bool flag(size_t index) const {
    bool value = false;
    napi_get_value_bool(env_, values_[index], &value);
    return value;
  }

 private:
  static constexpr size_t kMax = 7;
  napi_env env_;
  napi_value values_[kMax] = {};
};

napi_value makeNumber(napi_env env, int value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value makeBytes(napi_env env, const char* bytes, int length) {
  napi_value result = nullptr;
  napi_create_string_latin1(env, bytes, static_cast<size_t>(length), &result);
  return result;
}

void put(Fields* fields, const FileFacts& facts) {
  const double numbers[] = {
      static_cast<double>(facts.mode),   static_cast<double>(facts.uid),
      static_cast<double>(facts.device), static_cast<double>(facts.inode),
      static_cast<double>(facts.links),  static_cast<double>(facts.size),
      static_cast<double>(facts.allocated),
  };
  double* next = fields->numbers;
  for (double number : numbers) *next++ = number;
  fields->times[0] = facts.modified;
  fields->times[1] = facts.changed;
}

// lookAtName(path): the target of a symbolic link, or a number
napi_value lookName(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  FileFacts facts;
  Target target;
  const int result = lookAtName(arguments.text(0).c_str(), &facts, &target);
  if (result < 0) return makeNumber(env, result);
  put(fieldsOf(env), facts);
  return target.length < 0 ? makeNumber(env, 0) : makeBytes(env, target.bytes, target.length);
}

// lookAtLink(path, marker, suffix): as lookAtName, or [target, record] where the target has the
// marker: facts of the content are then behind those of the link, the record may be undefined
napi_value lookLink(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  FileFacts facts, behind;
  Target target, beside;
  const std::string marker = arguments.text(1);
  const int result = lookAtLink(arguments.text(0).c_str(), marker.c_str(),
                                arguments.text(2).c_str(), &facts, &target, &behind, &beside);
  if (result < 0) return makeNumber(env, result);
  Fields* fields = fieldsOf(env);
  put(fields, facts);
  if (target.length < 0) return makeNumber(env, 0);
  fields->numbers[7] = behind.mode;
  fields->numbers[8] = behind.uid;
  fields->numbers[9] = static_cast<double>(behind.device);
  napi_value both = nullptr;
  napi_create_array_with_length(env, 2, &both);
  napi_set_element(env, both, 0, makeBytes(env, target.bytes, target.length));
  if (beside.length >= 0) {
    napi_set_element(env, both, 1, makeBytes(env, beside.bytes, beside.length));
  }
  return both;
}

// lookAtDescriptor(fd)
napi_value lookDescriptor(napi_env env, napi_callback_info info) {
  FileFacts facts;
  const int result = lookAtDescriptor(Arguments(env, info).number(0), &facts);
  if (result == 0) put(fieldsOf(env), facts);
  return makeNumber(env, result);
}

// lookAtDirectory(path)
napi_value lookDirectory(napi_env env, napi_callback_info info) {
  DirectoryFacts facts;
  const int result = lookAtDirectory(Arguments(env, info).text(0).c_str(), &facts);
  if (result < 0) return makeNumber(env, result);
  Fields* fields = fieldsOf(env);
  put(fields, facts.file);
  fields->numbers[7] = static_cast<double>(facts.type);
  fields->numbers[8] = static_cast<double>(facts.totalBytes);
  fields->numbers[9] = static_cast<double>(facts.freeBytes);
  return makeNumber(env, 0);
}

// isOpenElsewhere(fd)
napi_value isOpen(napi_env env, napi_callback_info info) {
  return makeNumber(env, isOpenElsewhere(Arguments(env, info).number(0)));
}

// realDirectory(path): bytes, or a number
napi_value realPath(napi_env env, napi_callback_info info) {
  char path[PATH_MAX];
  const int length = realDirectory(Arguments(env, info).text(0).c_str(), path, sizeof path);
  return length < 0 ? makeNumber(env, length) : makeBytes(env, path, length);
}

// exchange(one, other, later)
napi_value exchange(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return run(env, arguments.flag(2), [one = arguments.text(0), other = arguments.text(1)] {
    return exchangeNames(one.c_str(), other.c_str());
  });
}

// renameExclusively(from, to, later)
napi_value rename(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return run(env, arguments.flag(2), [from = arguments.text(0), to = arguments.text(1)] {
    return renameExclusively(from.c_str(), to.c_str());
  });
}

// openKnown(path, target, flags, device)
napi_value openAgain(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const std::string path = arguments.text(0);
  const std::string target = arguments.text(1);
  const auto device = static_cast<uint64_t>(arguments.large(3));
  return makeNumber(env, openKnown(path.c_str(), target.c_str(), arguments.number(2), device));
}

// settleKnown(fd, flags, device)
napi_value settleAgain(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const auto device = static_cast<uint64_t>(arguments.large(2));
  return makeNumber(env, settleKnown(arguments.number(0), arguments.number(1), device));
}

// makeContent(content, record, text, flags, mode, device, link): the last may be undefined
napi_value makeNew(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const std::string content = arguments.text(0), record = arguments.text(1);
  const std::string text = arguments.text(2), link = arguments.text(6);
  const auto mode = static_cast<mode_t>(arguments.number(4));
  const auto device = static_cast<uint64_t>(arguments.large(5));
  return makeNumber(env, makeContent({content.c_str(), record.c_str(), text.c_str(),
                                      arguments.number(3), mode, device,
                                      link.empty() ? nullptr : link.c_str()}));
}

// giveName(fd, path)
napi_value nameFile(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, giveName(arguments.number(0), arguments.text(1).c_str()));
}

// copyContent(from, to, later)
napi_value copyBytes(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return run(env, arguments.flag(2), [from = arguments.number(0), to = arguments.number(1)] {
    return copyContent(from, to);
  });
}

// copyAttributes(from, to): 0, or the failed system call; its -errno is then in numbers[0]
napi_value copyOthers(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const char* failedCall = "";
  const int result = copyAttributes(arguments.number(0), arguments.number(1), &failedCall);
  if (result == 0) return makeNumber(env, 0);
  fieldsOf(env)->numbers[0] = result;
  return makeBytes(env, failedCall, static_cast<int>(std::char_traits<char>::length(failedCall)));
}

// createMemfd(name, size, executable)
napi_value makeMemfd(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const std::string name = arguments.text(0);
  return makeNumber(env, createMemfd(name.c_str(), arguments.large(1), arguments.flag(2)));
}

// addSeals(fd, seals)
napi_value seal(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, addSeals(arguments.number(0), arguments.number(1)));
}

// readSeals(fd)
napi_value listSeals(napi_env env, napi_callback_info info) {
  return makeNumber(env, readSeals(Arguments(env, info).number(0)));
}

// replaceDescriptor(fd, other)
napi_value replace(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, replaceDescriptor(arguments.number(0), arguments.number(1)));
}

// moveDescriptor(from, to)
napi_value move(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, moveDescriptor(arguments.number(0), arguments.number(1)));
}

// closeDescriptor(fd)
napi_value closeOwn(napi_env env, napi_callback_info info) {
  return makeNumber(env, close(Arguments(env, info).number(0)) == 0 ? 0 : -errno);
}

// sendDescriptor(socket, fd)
napi_value send(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, sendDescriptor(arguments.number(0), arguments.number(1)));
}

// receiveDescriptor(path, timeoutMs): a Promise
napi_value receive(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto call = [path = arguments.text(0), timeoutMs = arguments.number(1)] {
    return receiveDescriptor(path.c_str(), timeoutMs);
  };
  return run(env, true, call, [](int descriptor) { close(descriptor); });
}

constexpr struct {
  const char* name;
  napi_callback call;
} kFunctions[] = {
    {"lookAtName", lookName},
    {"lookAtLink", lookLink},
    {"lookAtDescriptor", lookDescriptor},
    {"lookAtDirectory", lookDirectory},
    {"isOpenElsewhere", isOpen},
    {"realDirectory", realPath},
    {"exchange", exchange},
    {"renameExclusively", rename},
    {"openKnown", openAgain},
    {"settleKnown", settleAgain},
    {"makeContent", makeNew},
    {"giveName", nameFile},
    {"copyContent", copyBytes},
    {"copyAttributes", copyOthers},
    {"createMemfd", makeMemfd},
    {"addSeals", seal},
    {"readSeals", listSeals},
    {"replaceDescriptor", replace},
    {"moveDescriptor", move},
    {"closeDescriptor", closeOwn},
    {"sendDescriptor", send},
    {"receiveDescriptor", receive},
};

bool installFields(napi_env env, napi_value exports) {
  // A strong reference keeps the memory for the life of the thread.
  napi_value buffer = nullptr;
  napi_ref reference = nullptr;
  void* data = nullptr;
  return napi_create_arraybuffer(env, sizeof(Fields), &data, &buffer) == napi_ok &&
         napi_create_reference(env, buffer, 1, &reference) == napi_ok &&
         napi_set_instance_data(env, data, nullptr, nullptr) == napi_ok &&
         napi_set_named_property(env, exports, "fields", buffer) == napi_ok;
}

napi_value install(napi_env env, napi_value exports) {
  if (!installFields(env, exports)) return nullptr;
  for (const auto& [name, call] : kFunctions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
  return exports;
}

}  // namespace
}  // namespace ram

NAPI_MODULE_INIT() { return ram::install(env, exports); }
