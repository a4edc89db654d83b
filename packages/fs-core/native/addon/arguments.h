// From JavaScript values to C++: each conversion takes any value whatever, says whether it fits,
// throws nothing and allocates nothing.
#pragma once

#include <climits>
#include <cstdint>
#include <string_view>

#include <node_api.h>

namespace ram {

// Bytes of a path or of an attribute's name: from a string (as UTF-8), or from a Uint8Array (in
// place). Lives on the stack for the time of one call. A string that is too long is cut behind
// PATH_MAX, where it still counts as too long.
class PathArgument {
 public:
  bool read(napi_env env, napi_value value);
  std::string_view view() const { return view_; }

 private:
  char bytes_[PATH_MAX + 4];  // a cut never lands before PATH_MAX, as UTF-8 has up to 4 bytes
  std::string_view view_;
};

struct Bytes {
  uint8_t* data;
  size_t length;
};

// Any view of an ArrayBuffer or SharedArrayBuffer; a detached one has length 0.
bool readBytes(napi_env env, napi_value value, Bytes* out);
// A part of it; false when it isn't wholly inside.
bool readSlice(napi_env env, napi_value bytes, napi_value offset, napi_value length, Bytes* out);

bool readInt32(napi_env env, napi_value value, int32_t* out);
bool readUint32(napi_env env, napi_value value, uint32_t* out);
// A number (its integer part) or a bigint that fits.
bool readInt64(napi_env env, napi_value value, int64_t* out);
bool readBoolean(napi_env env, napi_value value);  // anything but `true` is false

napi_value makeNumber(napi_env env, int64_t value);
napi_value makeUndefined(napi_env env);

}  // namespace ram
