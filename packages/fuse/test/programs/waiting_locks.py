"""More programs wait for a lock than a queue has places; each gets it in its turn.

All of them ask while the server is stopped, so that most requests have to queue.
Arguments: a directory on a mount whose locks are the Volume's, the server's process, how many wait.
"""
import fcntl
import multiprocessing
import os
import signal
import sys
import time

folder, server, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
path = f"{folder}/lock"
cpus = sorted(os.sched_getaffinity(0))


def wait_for_lock(cpu, opened, go):
    os.sched_setaffinity(0, {cpu})
    with open(path, "r+") as file:
        opened.release()
        go.wait()
        fcntl.lockf(file, fcntl.LOCK_EX)
        number = int(file.read() or 0)
        file.seek(0)
        file.write(str(number + 1))
        file.flush()


def is_asking(process):
    with open(f"/proc/{process.pid}/wchan") as file:
        return "request_wait_answer" in file.read()


open(path, "w").close()
opened, go = multiprocessing.Semaphore(0), multiprocessing.Event()
with open(path, "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    waiters = []
    for i in range(count):
        arguments = (cpus[i % len(cpus)], opened, go)
        waiters.append(multiprocessing.Process(target=wait_for_lock, args=arguments))
        waiters[-1].start()
    for _ in waiters:
        opened.acquire()
    os.kill(server, signal.SIGSTOP)
    go.set()
    try:
        while not all(is_asking(waiter) for waiter in waiters):
            time.sleep(0.01)
    finally:
        os.kill(server, signal.SIGCONT)
    # Others are served meanwhile, on every CPU.
    for cpu in cpus:
        os.sched_setaffinity(0, {cpu})
        os.mkdir(f"{folder}/{cpu}")
for waiter in waiters:
    waiter.join()
with open(path) as file:
    print(file.read())
