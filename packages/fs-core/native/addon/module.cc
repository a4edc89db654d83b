#include <node_api.h>

#include "environment.h"
#include "event_port.h"
#include "volume_wrap.h"

NAPI_MODULE_INIT() {
  if (!ram::Environment::install(env, exports) || !ram::VolumeWrap::install(env, exports) ||
      !ram::EventPort::install(env, exports)) {
    napi_throw_error(env, nullptr, "the addon of @ram/fs-core can't be installed");
  }
  return exports;
}
