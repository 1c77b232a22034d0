"""What a process does to itself before it runs a stranger's code: limits, an unprivileged user, Landlock, seccomp.

This runs inside the sandboxed child, in trusted code, so that the limits hold whatever stands around the child. Every
step only ever takes something away, and none of it can be undone afterwards: hard resource limits, a changed uid,
`PR_SET_NO_NEW_PRIVS`, a Landlock ruleset and a seccomp filter are all kept until the process ends.

Linux only; written with ctypes, because the two system calls of Landlock and the one of seccomp have no wrapper in the
C library, and the kernel's own headers (linux/landlock.h, linux/seccomp.h, linux/filter.h) are the whole interface.
"""

import ctypes
import functools
import json
import os
import platform
import resource
import struct
from collections.abc import Iterable, Sequence

NOBODY = 65534  # the user that owns nothing

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS = 1, 4, 8, 38
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
CAP_DAC_READ_SEARCH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, value: int, pointer: object = None) -> None:
    _check(_libc.prctl(option, ctypes.c_ulong(value), pointer, None, None), f"prctl {option}")


# -- limits


def set_limits(memory: int, cpu: int, *, processes: bool) -> None:
    """Hold this process to `memory` bytes of address space and `cpu` seconds; it writes no file and dumps no core.

    Without `processes` it can start neither a process nor a thread (`RLIMIT_NPROC`, which the kernel ignores for root).
    """
    for name, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (value, value))
    if not processes:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends."""
    _prctl(PR_SET_PDEATHSIG, 9)


def hide_memory() -> None:
    """Keep other processes of the same user from reading or changing this one's memory."""
    _prctl(PR_SET_DUMPABLE, 0)


# -- the user


def drop_root(*, keep_reading: bool = False) -> None:
    """Become the user that owns nothing, if this process is root.

    With `keep_reading` it may still read what only root could: needed where Python itself lives below a folder that is
    closed to others, and safe only under `landlock`, which then says what can be read at all.
    """
    if os.getuid() != 0:
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    if keep_reading:
        _prctl(PR_SET_KEEPCAPS, 1)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    if keep_reading:
        bit = 1 << CAP_DAC_READ_SEARCH
        header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
        _check(_libc.capset(header, struct.pack("=6I", bit, bit, 0, 0, 0, 0)), "capset")


def no_new_privileges() -> None:
    """No program started from here gains rights: what Landlock and seccomp ask for first."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


# -- Landlock: which files exist for this process

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3


def landlock_version() -> int:
    """The kernel's Landlock ABI, or 0 where there is none."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(1)))


def landlock(readable: Iterable[str], listable: Iterable[str] = ()) -> None:
    """From now on this process reads `readable` (files, and folders with all below them), and no other file.

    It also sees which names stand in and below the folders of `listable`, so that imports find their way.

    It writes, creates, removes and executes nothing; from ABI 4 on it opens no TCP connection, and from 6 on it reaches
    no process outside by signal or abstract socket.
    """
    version = landlock_version()
    files = (1 << 13) - 1  # the thirteen rights of the first ABI
    for since, right in ((2, 13), (3, 14), (5, 15)):  # refer, truncate, ioctl on devices
        files |= (version >= since) << right
    attributes = struct.pack("=QQQ", files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = _check(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint(0)), "landlock")
    rules = [(path, _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE) for path in readable]
    for path, rights in [*rules, *((path, _READ_DIR) for path in listable)]:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", rights, handle)
        _check(_libc.syscall(_ADD_RULE, ruleset, 1, rule, ctypes.c_uint(0)), f"landlock {path}")
        os.close(handle)
    _check(_libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint(0)), "landlock")
    os.close(ruleset)


# -- seccomp: which system calls exist for this process

_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # AUDIT_ARCH_*, column below
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # SECCOMP_RET_ALLOW, _ERRNO | EPERM, _KILL_PROCESS
_REFUSE_ENOSYS = 0x00050000 | 38

# What a Python process needs that computes, reads files it is shown and talks over a socket it already holds, with the
# numbers on x86_64 and aarch64. Not here, and so refused: to start a process or a program, to signal or trace another,
# to open a socket, to mount, to change a user, shared memory, message queues, io_uring, bpf, keys, ...
_SYSCALLS = """
read 0 63,write 1 64,recvfrom 45 207,sendto 44 206,recvmsg 47 212,sendmsg 46 211,close 3 57,close_range 436 436
fstat 5 80,newfstatat 262 79,stat 4 -,lstat 6 -,statx 332 291,fstatfs 138 44,statfs 137 43,openat 257 56,open 2 -
lseek 8 62,pread64 17 67,readv 19 65,writev 20 66,access 21 -,faccessat 269 48,faccessat2 439 439,readlink 89 -
readlinkat 267 78,getcwd 79 17,chdir 80 49,getdents64 217 61,dup 32 23,dup2 33 -,dup3 292 24,pipe2 293 59
poll 7 -,ppoll 271 73,select 23 -,pselect6 270 72,epoll_create1 291 20,epoll_ctl 233 21,epoll_wait 232 -
epoll_pwait 281 22,eventfd2 290 19,shutdown 48 210,getsockopt 55 209
mmap 9 222,munmap 11 215,mprotect 10 226,mremap 25 216,madvise 28 233,brk 12 214,membarrier 324 283
rt_sigaction 13 134,rt_sigprocmask 14 135,rt_sigreturn 15 139,sigaltstack 131 132,setitimer 38 103,getitimer 36 102
alarm 37 -,pause 34 -,getpid 39 172,getppid 110 173,gettid 186 178,getuid 102 174,geteuid 107 175,getgid 104 176
getegid 108 177,getgroups 115 158,getpgrp 111 -,getpgid 121 155,getsid 124 156,capget 125 90,sysinfo 99 179
uname 63 160,times 100 153,getrusage 98 165,getrlimit 97 163,setrlimit 160 164,umask 95 166,getpriority 140 141
clock_gettime 228 113,clock_getres 229 114,clock_nanosleep 230 115,nanosleep 35 101,gettimeofday 96 169,time 201 -
futex 202 98,futex_waitv 449 449,set_robust_list 273 99,rseq 334 293,set_tid_address 218 96,sched_yield 24 124
sched_getaffinity 204 123,getcpu 309 168,getrandom 318 278,arch_prctl 158 -,restart_syscall 219 128
exit 60 93,exit_group 231 94
"""
# fcntl and ioctl can point a file's signals at another process; prlimit64 can change another process's limits.
_FCNTL, _IOCTL, _PRLIMIT, _CLONE3 = (72, 25), (16, 29), (302, 261), (435, 435)
_NOT_THESE_FCNTL, _NOT_THESE_IOCTL = (8, 10, 15), (0x8901, 0x8902)


def seccomp_works() -> bool:
    """Is there a filter for this processor, and does this kernel take one?"""
    if platform.machine() not in _ARCHITECTURES:
        return False
    # A null filter is refused with EFAULT where filters are known, with EINVAL where they are not.
    _libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), None, None, None)
    return ctypes.get_errno() == 14


def _verdicts(column: int) -> list[tuple[int, int | str]]:
    """Every system call number falls to the last of these (first number, verdict) that is not above it."""
    verdict: dict[int, int | str] = {
        _CLONE3[column]: _REFUSE_ENOSYS
    }  # the C library then tries clone, which is refused
    for entry in _SYSCALLS.replace("\n", ",").split(","):
        if entry and (number := entry.split()[1 + column]) != "-":
            verdict[int(number)] = _ALLOW
    verdict |= {_FCNTL[column]: "fcntl", _IOCTL[column]: "ioctl", _PRLIMIT[column]: "prlimit"}
    steps: list[tuple[int, int | str]] = [(0, _REFUSE)]
    for known in sorted(verdict):
        for at, what in ((known, verdict[known]), (known + 1, _REFUSE)):
            if steps[-1][0] == at:
                steps.pop()
            if not steps or steps[-1][1] != what:
                steps.append((at, what))
    return steps


@functools.cache
def _filter() -> bytes:
    """The filter in the kernel's own form: (code, jump if true, jump if false, k), eight bytes each.

    A binary search over the numbers: the kernel tries every number when a filter is set, and one is set for each
    process.
    """
    audit, column = _ARCHITECTURES[platform.machine()]
    load, equal, above, give = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
    Step = tuple[int, int, int, int]

    def by_argument(argument: int, cases: Sequence[int], verdict: int, otherwise: int) -> list[Step]:
        made = [(load, 0, 0, 16 + 8 * argument)]  # the low half, on a little-endian machine
        for value in cases:
            made += [(equal, 0, 1, value), (give, 0, 0, verdict)]
        return [*made, (give, 0, 0, otherwise)]

    special: dict[int | str, list[Step]] = {
        "fcntl": by_argument(1, _NOT_THESE_FCNTL, _REFUSE, _ALLOW),
        "ioctl": by_argument(1, _NOT_THESE_IOCTL, _REFUSE, _ALLOW),
        "prlimit": by_argument(0, (0,), _ALLOW, _REFUSE),
    }

    def search(steps: list[tuple[int, int | str]]) -> list[Step]:
        if len(steps) == 1:
            verdict = steps[0][1]
            return special[verdict] if isinstance(verdict, str) else [(give, 0, 0, verdict)]
        middle = len(steps) // 2
        low, high = search(steps[:middle]), search(steps[middle:])
        return [(above, len(low), 0, steps[middle][0]), *low, *high]

    program = [(load, 0, 0, 4), (equal, 1, 0, audit), (give, 0, 0, _KILL), (load, 0, 0, 0), *search(_verdicts(column))]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def seccomp() -> None:
    """From now on only the system calls named above exist for this process; any other answers EPERM."""
    program = ctypes.create_string_buffer(_filter())
    count = (len(program) - 1) // 8
    head = struct.pack("@HP", count, ctypes.addressof(program))
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head)


# -- all of it


def enter(confinement: str) -> None:
    """The first thing a sandboxed child does, with what the sandbox said (JSON) it should do to itself."""
    wanted = json.loads(confinement)
    drop_root(keep_reading=wanted["keep_reading"])
    no_new_privileges()
    die_with_parent()  # after the change of user, which clears it
    hide_memory()
    if wanted["readable"] is not None:
        landlock(wanted["readable"], wanted["listable"])
