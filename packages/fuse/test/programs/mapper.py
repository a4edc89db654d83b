"""Maps files, and stores into the mappings, as it is told line by line:
map NAME PATH | store NAME OFFSET TEXT | load NAME OFFSET LENGTH | sync NAME | unmap NAME.
The descriptor of a mapping is closed at once. Answers each with one line."""
import mmap, os, sys

maps = {}


def run(word, *args):
    if word == 'map':
        name, path = args
        fd = os.open(path, os.O_RDWR)
        maps[name] = mmap.mmap(fd, os.fstat(fd).st_size)
        os.close(fd)
    elif word == 'store':
        name, offset, text = args
        maps[name][int(offset):int(offset) + len(text)] = text.encode()
    elif word == 'load':
        name, offset, length = args
        return maps[name][int(offset):int(offset) + int(length)].decode('latin1')
    elif word == 'sync':
        maps[args[0]].flush()
    elif word == 'unmap':
        maps.pop(args[0]).close()
    return 'ok'


for line in sys.stdin:
    try:
        answer = run(*line.split())
    except OSError as error:
        answer = f'errno {error.errno}'
    print(answer, flush=True)
