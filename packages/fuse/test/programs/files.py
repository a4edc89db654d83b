# Creates, writes, renames and deletes files. Arguments: directory, name, count.
import os
import sys

directory, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for number in range(count):
    path = f"{directory}/{name}-{number}"
    with open(path, "wb", buffering=0) as file:
        file.write(b"bytes")
    os.rename(path, path + ".new")
    os.unlink(path + ".new")
print("ok")
