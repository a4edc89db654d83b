# The sources are listed one by one: make only looks at them again when this file changes.
{
  "targets": [
    {
      "target_name": "ram_memfile",
      "sources": [
        "native/addon/module.cc",
        "native/addon/task.cc",
        "native/core/attributes.cc",
        "native/core/content_copy.cc",
        "native/core/look.cc",
        "native/core/memfd.cc",
        "native/core/names.cc",
        "native/core/new_content.cc",
        "native/core/open_known.cc",
        "../ringbuffer/native/core/descriptor_socket.cc"
      ],
      "include_dirs": [
        "native/core",
        "../ringbuffer/native/core",
        "<!@(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_ENABLE_MAYBE",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
      "cflags_cc": ["-std=c++20", "-fvisibility=hidden"]
    }
  ]
}
