#include <node_api.h>

#include "mirror_methods.h"
#include "ring_wrap.h"
#include "socket_methods.h"

NAPI_MODULE_INIT() {
  ram::installMirror(env, exports);
  ram::installRing(env, exports);
  ram::installSocket(env, exports);
  return exports;
}
