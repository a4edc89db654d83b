#include "arguments.h"

namespace ram {

bool PathArgument::read(napi_env env, napi_value value) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, bytes_, sizeof bytes_, &length) == napi_ok) {
    view_ = {bytes_, length};
    return true;
  }
  Bytes bytes;
  if (!readBytes(env, value, &bytes)) return false;
  view_ = {reinterpret_cast<const char*>(bytes.data), bytes.length};
  return true;
}

namespace {

// 0: of a kind that Node-API got later.
size_t elementBytes(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
    case napi_uint8_array:
    case napi_uint8_clamped_array: return 1;
    case napi_int16_array:
    case napi_uint16_array: return 2;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array: return 4;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array: return 8;
    default: return 0;
  }
}

}  // namespace

bool readBytes(napi_env env, napi_value value, Bytes* out) {
  napi_typedarray_type type;
  size_t count = 0;
  void* start = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &count, &start, nullptr, nullptr) == napi_ok &&
      elementBytes(type) != 0) {
    *out = {static_cast<uint8_t*>(start), start == nullptr ? 0 : count * elementBytes(type)};
    return true;
  }
  bool isView = false;
  // napi_get_buffer_info() aborts on what isn't a view.
  if (napi_is_buffer(env, value, &isView) != napi_ok || !isView) return false;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_buffer_info(env, value, &data, &length) != napi_ok) return false;
  *out = {static_cast<uint8_t*>(data), data == nullptr ? 0 : length};
  return true;
}

bool readSlice(napi_env env, napi_value bytes, napi_value offset, napi_value length, Bytes* out) {
  Bytes all;
  int64_t start, count;
  if (!readBytes(env, bytes, &all) || !readInt64(env, offset, &start) ||
      !readInt64(env, length, &count)) {
    return false;
  }
  if (start < 0 || count < 0) return false;
  uint64_t from = static_cast<uint64_t>(start), size = static_cast<uint64_t>(count);
  if (from > all.length || size > all.length - from) return false;
  *out = {all.data + from, size};
  return true;
}

bool readInt32(napi_env env, napi_value value, int32_t* out) {
  return napi_get_value_int32(env, value, out) == napi_ok;
}

bool readUint32(napi_env env, napi_value value, uint32_t* out) {
  return napi_get_value_uint32(env, value, out) == napi_ok;
}

bool readInt64(napi_env env, napi_value value, int64_t* out) {
  if (napi_get_value_int64(env, value, out) == napi_ok) return true;
  bool lossless = false;
  return napi_get_value_bigint_int64(env, value, out, &lossless) == napi_ok && lossless;
}

bool readBoolean(napi_env env, napi_value value) {
  bool result = false;
  return napi_get_value_bool(env, value, &result) == napi_ok && result;
}

napi_value makeNumber(napi_env env, int64_t value) {
  napi_value result = nullptr;
  if (value >= INT32_MIN && value <= INT32_MAX) {
    napi_create_int32(env, static_cast<int32_t>(value), &result);
  } else {
    napi_create_double(env, static_cast<double>(value), &result);
  }
  return result;
}

napi_value makeUndefined(napi_env env) {
  napi_value result = nullptr;
  napi_get_undefined(env, &result);
  return result;
}

}  // namespace ram
