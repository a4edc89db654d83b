{
  "targets": [
    {
      "target_name": "ram_fuse",
      "sources": [
        "<!@(ls native/core/*.cc native/addon/*.cc)"
      ],
      "include_dirs": [
        "native/core",
        "../fs-core/native/include"
      ],
      "defines": ["NAPI_VERSION=8"],
      "cflags": ["-Wall", "-Wextra"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-exceptions"],
      "cflags_cc": ["-std=c++20", "-fvisibility=hidden"]
    }
  ]
}
