"""What tools/fs-contract can't ask for: ioctl, poll, and locks that wait, are interrupted and granted,
in the directory that is given; fails on the first surprise. Prints ok."""
import os, sys, errno, fcntl, struct, signal
os.chdir(sys.argv[1])
def expect(err, f, *a, **k):
    try: f(*a, **k)
    except OSError as e:
        assert e.errno==err, (errno.errorcode[e.errno], f, a); return
    assert False, ("no error", f, a)
fd=os.open('f',os.O_RDWR|os.O_CREAT)
# ioctl, poll
expect(errno.ENOTTY, fcntl.ioctl, fd, 0x5401)
import select; p=select.poll(); p.register(fd); assert p.poll(0)
# locks; the pipe `order` says in which order things happened, `done` holds the first child
order,said=os.pipe(); held,done=os.pipe()
pid=os.fork()
if pid==0:
    os.close(done)
    g=open('lk','w'); fcntl.lockf(g,fcntl.LOCK_EX); fcntl.flock(g, fcntl.LOCK_EX); os.write(said,b'locked ')
    os.read(held,1); os.write(said,b'unlocked '); os._exit(0)
assert os.read(order,7)==b'locked '; g=open('lk','r+')
expect(errno.EAGAIN, fcntl.lockf,g,fcntl.LOCK_EX|fcntl.LOCK_NB)
expect(errno.EAGAIN, fcntl.flock,g,fcntl.LOCK_EX|fcntl.LOCK_NB)
lk=fcntl.fcntl(g,fcntl.F_GETLK,struct.pack('hhqqi',fcntl.F_WRLCK,0,0,0,0)); assert struct.unpack('hhqqi',lk)[4]==pid
# a wait is interrupted while the lock is held, which only we can end
class Alarm(Exception): pass
def h(*a): raise Alarm
signal.signal(signal.SIGALRM,h); signal.setitimer(signal.ITIMER_REAL,0.1)
try: fcntl.lockf(g,fcntl.LOCK_EX); assert 0
except Alarm: pass
signal.setitimer(signal.ITIMER_REAL,0)
# a wait ends with the lock
waiter=os.fork()
if waiter==0:
    os.close(done)
    fcntl.lockf(g,fcntl.LOCK_EX); os.write(said,b'granted '); fcntl.flock(g,fcntl.LOCK_EX); os._exit(0)
os.close(done); os.waitpid(pid,0); assert os.waitpid(waiter,0)[1]==0; os.close(said)
assert os.read(order,100)==b'unlocked granted '
print('ok')
