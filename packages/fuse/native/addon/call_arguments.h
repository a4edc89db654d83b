// Reading arguments and making results, in an environment that may be ending: then every call of
// Node-API may fail, at any time. What can't be read is the default, what can't be made is null,
// which JavaScript sees as undefined if it sees it at all.
#pragma once

#include <cstdint>
#include <string>

#include <node_api.h>

namespace ram::fuse {

struct CallArguments {
  static constexpr size_t kMax = 6;
  napi_value values[kMax] = {};
  size_t count = kMax;
  napi_value self = nullptr;

  CallArguments(napi_env env, napi_callback_info info) : env_(env) {
    napi_get_cb_info(env, info, &count, values, &self, nullptr);
  }

  std::string text(size_t i) const {
    size_t length = 0;
    if (napi_get_value_string_utf8(env_, values[i], nullptr, 0, &length) != napi_ok) return {};
    std::string text(length, '\0');
    napi_get_value_string_utf8(env_, values[i], text.data(), length + 1, &length);
    return text;
  }
  uint32_t number(size_t i) const {
    uint32_t value = 0;
    napi_get_value_uint32(env_, values[i], &value);
    return value;
  }
  int descriptor(size_t i) const {
    int32_t value = -1;
    napi_get_value_int32(env_, values[i], &value);
    return value;
  }

 private:
  napi_env env_;
};

inline napi_value makeNumber(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

inline napi_value makeText(napi_env env, const char* text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
  return value;
}

// [first, second]
inline napi_value makePair(napi_env env, napi_value first, napi_value second) {
  napi_value pair = nullptr;
  napi_create_array_with_length(env, 2, &pair);
  napi_set_element(env, pair, 0, first);
  napi_set_element(env, pair, 1, second);
  return pair;
}

inline void setFunction(napi_env env, napi_value object, const char* name, napi_callback call) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, object, name, function);
  }
}

}  // namespace ram::fuse
