package shell

import (
	"iter"
	"os"
	"syscall"
	"unsafe"
)

// ancestors returns the names of the processes that have started this one, such as cmd.exe, nearest
// first (Windows API, "Tool Help Library").
func ancestors() iter.Seq[string] {
	return func(yield func(string) bool) {
		snapshot, err := syscall.CreateToolhelp32Snapshot(syscall.TH32CS_SNAPPROCESS, 0)
		if err != nil {
			return
		}
		defer syscall.CloseHandle(snapshot)
		processes := map[uint32]syscall.ProcessEntry32{}
		entry := syscall.ProcessEntry32{Size: uint32(unsafe.Sizeof(syscall.ProcessEntry32{}))}
		err = syscall.Process32First(snapshot, &entry)
		for ; err == nil; err = syscall.Process32Next(snapshot, &entry) {
			processes[entry.ProcessID] = entry
		}
		// A number may be that of an ended parent, and in use again: do not go in circles.
		at := processes[uint32(os.Getpid())].ParentProcessID
		for parent, ok := processes[at]; ok; parent, ok = processes[at] {
			if !yield(syscall.UTF16ToString(parent.ExeFile[:])) {
				return
			}
			delete(processes, at)
			at = parent.ParentProcessID
		}
	}
}
