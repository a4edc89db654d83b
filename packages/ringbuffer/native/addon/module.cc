#include <node_api.h>

#include "mirror_methods.h"

NAPI_MODULE_INIT() {
  ram::installMirror(env, exports);
  return exports;
}
