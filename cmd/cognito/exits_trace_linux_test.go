package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// A fileCall is a system call that names a file, or a descriptor of one, seen before the kernel
// carries it out.
type fileCall struct {
	name string // "openat"
	path string // what it is about: of a rename, the old name
}

// fileCalls are the numbers of such calls on amd64, and where their arguments name the file.
var fileCalls = map[uint64]struct {
	name     string
	argument int
	is       argumentKind
}{
	0:   {"read", 0, descriptor},
	1:   {"write", 0, descriptor},
	2:   {"open", 0, pathName},
	3:   {"close", 0, descriptor},
	5:   {"fstat", 0, descriptor},
	8:   {"lseek", 0, descriptor},
	17:  {"pread64", 0, descriptor},
	18:  {"pwrite64", 0, descriptor},
	20:  {"writev", 0, descriptor},
	72:  {"fcntl", 0, descriptor},
	73:  {"flock", 0, descriptor},
	74:  {"fsync", 0, descriptor},
	75:  {"fdatasync", 0, descriptor},
	76:  {"truncate", 0, pathName},
	77:  {"ftruncate", 0, descriptor},
	82:  {"rename", 0, pathName},
	83:  {"mkdir", 0, pathName},
	86:  {"link", 0, pathName},
	87:  {"unlink", 0, pathName},
	90:  {"chmod", 0, pathName},
	91:  {"fchmod", 0, descriptor},
	217: {"getdents64", 0, descriptor},
	257: {"openat", 1, pathName},
	258: {"mkdirat", 1, pathName},
	262: {"newfstatat", 1, pathName},
	263: {"unlinkat", 1, pathName},
	264: {"renameat", 1, pathName},
	265: {"linkat", 1, pathName},
	268: {"fchmodat", 1, pathName},
	285: {"fallocate", 0, descriptor},
	316: {"renameat2", 1, pathName},
}

type argumentKind int

const (
	pathName argumentKind = iota
	descriptor
)

// errNoTrace is the error where the kernel does not let this process trace another.
var errNoTrace = errors.New("no tracing")

// A tracer stops at the system calls of all threads of one process, one after the other. strace(1)
// does too, but counts the calls of each thread separately, and so cannot make the nth call of a Go
// program fail.
type tracer struct {
	under string // the directory whose files are of interest
	// file is called before each call about such a file. The call fails with what it returns,
	// if that is not 0.
	file func(fileCall) syscall.Errno
	// each, if not nil, is called before each system call of any kind.
	each func()

	pid     int
	memory  *os.File
	refused map[int]syscall.Errno // by thread: the result of the call that it is in
}

// run runs c, which must have files only as its standard input and output, to its end.
func (tr *tracer) run(c *exec.Cmd) (syscall.WaitStatus, error) {
	if runtime.GOARCH != "amd64" {
		return 0, fmt.Errorf("%w on %s", errNoTrace, runtime.GOARCH)
	}
	runtime.LockOSThread() // the tracer is a thread (ptrace(2))
	defer runtime.UnlockOSThread()
	if c.SysProcAttr == nil {
		c.SysProcAttr = new(syscall.SysProcAttr)
	}
	c.SysProcAttr.Ptrace, c.SysProcAttr.Setpgid = true, true
	if err := c.Start(); err != nil {
		if errors.Is(err, syscall.EPERM) {
			err = fmt.Errorf("%w: %w", errNoTrace, err)
		}
		return 0, err
	}
	defer c.Process.Release()
	tr.pid, tr.refused = c.Process.Pid, make(map[int]syscall.Errno)
	status, err := tr.follow()
	if err != nil {
		syscall.Kill(tr.pid, syscall.SIGKILL)
		for err := error(nil); err == nil; {
			_, _, err = tr.next()
		}
	}
	return status, err
}

// follow lets the process run, from its first instruction to its end.
func (tr *tracer) follow() (syscall.WaitStatus, error) {
	status, _, err := tr.next()
	if err != nil || !status.Stopped() {
		return status, fmt.Errorf("%w: %v", errNoTrace, err)
	}
	const exitKill, sysGood, clone, execs = 0x100000, 0x1, 0x8, 0x10
	if err := syscall.PtraceSetOptions(tr.pid, exitKill|sysGood|clone|execs); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoTrace, err)
	}
	if tr.memory, err = os.Open(fmt.Sprintf("/proc/%d/mem", tr.pid)); err != nil {
		return 0, err
	}
	defer tr.memory.Close()
	known := map[int]bool{tr.pid: true}
	for thread := tr.pid; ; {
		err := syscall.PtraceSyscall(thread, tr.forward(thread, status, known))
		if err != nil && err != syscall.ESRCH {
			return 0, fmt.Errorf("ptrace: %w", err)
		}
		if status, thread, err = tr.next(); err != nil {
			return 0, fmt.Errorf("wait4: %w", err)
		}
		for thread != tr.pid && (status.Exited() || status.Signaled()) { // a thread
			if status, thread, err = tr.next(); err != nil {
				return 0, fmt.Errorf("wait4: %w", err)
			}
		}
		if status.Exited() || status.Signaled() {
			return status, nil
		}
		if status.StopSignal() == syscall.SIGTRAP|0x80 {
			if err := tr.call(thread); err != nil && err != syscall.ESRCH {
				return 0, err
			}
		}
	}
}

// next waits for a thread of the process, and for none of another process of this test.
func (tr *tracer) next() (status syscall.WaitStatus, thread int, err error) {
	const all, ownThread = 0x40000000, 0x20000000 // __WALL, __WNOTHREAD
	for {
		thread, err = syscall.Wait4(-tr.pid, &status, all|ownThread, nil)
		if err != syscall.EINTR {
			return status, thread, err
		}
	}
}

// forward is the signal that a stopped thread receives when it goes on.
func (tr *tracer) forward(thread int, status syscall.WaitStatus, known map[int]bool) int {
	isNew := !known[thread]
	known[thread] = true
	switch signal := status.StopSignal(); {
	case signal == syscall.SIGTRAP|0x80, signal == syscall.SIGTRAP: // a system call, an event
		return 0
	case signal == syscall.SIGSTOP && isNew: // as each new thread is attached
		return 0
	default:
		return int(signal)
	}
}

// call looks at a thread that enters or leaves a system call.
func (tr *tracer) call(thread int) error {
	const getSyscallInfo, pokeUser, entry, exit = 0x420e, 6, 1, 2
	const rax, origRax = 8 * 10, 8 * 15 // in struct user
	poke := func(offset uintptr, value int64) error {
		_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, pokeUser, uintptr(thread),
			offset, uintptr(value), 0, 0)
		if errno != 0 {
			return errno
		}
		return nil
	}
	var info [88]byte // struct ptrace_syscall_info
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, getSyscallInfo, uintptr(thread),
		uintptr(len(info)), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return errno
	}
	switch info[0] {
	case exit:
		if failure, ok := tr.refused[thread]; ok {
			delete(tr.refused, thread)
			return poke(rax, -int64(failure))
		}
	case entry:
		if tr.each != nil {
			tr.each()
		}
		kind, ok := fileCalls[binary.NativeEndian.Uint64(info[24:])]
		if !ok {
			return nil
		}
		argument := binary.NativeEndian.Uint64(info[32+8*kind.argument:])
		path := tr.path(argument, kind.is)
		if path != tr.under && !strings.HasPrefix(path, tr.under+"/") {
			return nil
		}
		if failure := tr.file(fileCall{kind.name, path}); failure != 0 {
			tr.refused[thread] = failure
			return poke(origRax, -1) // no such call
		}
	}
	return nil
}

// path is the file that an argument names, if any.
func (tr *tracer) path(argument uint64, is argumentKind) string {
	if is == descriptor {
		path, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, int32(argument)))
		return strings.TrimSuffix(path, " (deleted)")
	}
	text := make([]byte, 4096)
	n, err := tr.memory.ReadAt(text, int64(argument))
	if err != nil && !errors.Is(err, io.EOF) && n == 0 {
		return ""
	}
	path, _, _ := strings.Cut(string(text[:n]), "\x00")
	return path
}
