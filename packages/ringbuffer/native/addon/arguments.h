// Reading arguments and making results. TypeScript has validated what comes here.
#pragma once

#include <cstdint>
#include <string>

#include <node_api.h>

namespace ram {

struct Arguments {
  static constexpr size_t kMax = 6;
  napi_value values[kMax] = {};
  size_t count = kMax;
  napi_value self = nullptr;

  Arguments(napi_env env, napi_callback_info info) {
    napi_get_cb_info(env, info, &count, values, &self, nullptr);
  }
  napi_value operator[](size_t i) const { return values[i]; }
};

inline int64_t readNumber(napi_env env, napi_value value) {
  int64_t number = 0;
  napi_get_value_int64(env, value, &number);
  return number;
}

inline bool isString(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_string;
}

inline std::string readString(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return {};
  std::string text(length, '\0');
  napi_get_value_string_utf8(env, value, text.data(), length + 1, &length);
  return text;
}

inline napi_value makeNumber(napi_env env, int64_t number) {
  napi_value value = nullptr;
  napi_create_int64(env, number, &value);
  return value;
}

inline napi_value makeString(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

inline void setFunction(napi_env env, napi_value object, const char* name, napi_callback call) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, object, name, function);
  }
}

}  // namespace ram
