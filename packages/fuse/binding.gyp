{
  "targets": [
    {
      "target_name": "ram_fuse",
      "sources": [
        "<!@(ls native/core/*.cc native/addon/*.cc)"
      ],
      "include_dirs": [
        "native/core",
        "../fs-core/native/include",
        "<!@(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": [
        "NAPI_VERSION=8",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_ENABLE_MAYBE",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"
      ],
      "cflags": ["-Wall", "-Wextra"],
      "ldflags": ["-Wl,-z,nodelete"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
      "cflags_cc": ["-std=c++20", "-fvisibility=hidden"]
    }
  ]
}
