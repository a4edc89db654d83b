#include "mirror_methods.h"

#include <unistd.h>

#include "arguments.h"
#include "exposed_memory.h"
#include "mirror.h"

namespace ram {
namespace {

// makeMirror(maker, bytes, directory): ArrayBuffer | [-errno, syscall]
napi_value makeMirrorBuffer(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto maker = static_cast<MirrorMaker>(readNumber(env, arguments[0]));
  auto bytes = static_cast<size_t>(readNumber(env, arguments[1]));
  std::string directory = readString(env, arguments[2]);
  Mirror mirror;
  const char* call = "";
  int result = makeMirror(maker, bytes, directory.c_str(), &mirror, &call);
  if (result == 0) {
    napi_value buffer = nullptr;
    result = exposeMemory(env, mirror.base, 2 * bytes, [mirror] { dropMirror(mirror); }, &buffer);
    if (result == 0) return buffer;
    call = "napi_create_external_arraybuffer";
  }
  napi_value failure = nullptr;
  napi_create_array_with_length(env, 2, &failure);
  napi_set_element(env, failure, 0, makeNumber(env, result));
  napi_set_element(env, failure, 1, makeString(env, call));
  return failure;
}

// freeMemory(buffer): 0 | -EINVAL
napi_value freeBuffer(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  return makeNumber(env, freeMemory(env, arguments[0]));
}

}  // namespace

void installMirror(napi_env env, napi_value exports) {
  setFunction(env, exports, "makeMirror", makeMirrorBuffer);
  setFunction(env, exports, "freeMemory", freeBuffer);
  napi_value page = makeNumber(env, sysconf(_SC_PAGESIZE));
  napi_set_named_property(env, exports, "pageBytes", page);
}

}  // namespace ram
