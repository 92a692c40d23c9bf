package directory

import (
	"io/fs"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// deviceOf returns the number of the file system that a file is on.
func deviceOf(info fs.FileInfo) (uint64, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return uint64(stat.Dev), true
}

// isMadeUp tells whether an open folder is on a file system whose files the kernel makes up
// (statfs(2); Linux, include/uapi/linux/magic.h). Those that unix has no name for are configfs,
// fusectl, mqueue and rpc_pipefs.
func isMadeUp(folder *os.File) bool {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(folder.Fd()), &stat); err != nil {
		return false
	}
	return slices.Contains([]uint32{
		unix.PROC_SUPER_MAGIC, unix.SYSFS_MAGIC, unix.CGROUP_SUPER_MAGIC, unix.CGROUP2_SUPER_MAGIC,
		unix.DEBUGFS_MAGIC, unix.TRACEFS_MAGIC, unix.SECURITYFS_MAGIC, unix.BPF_FS_MAGIC,
		unix.PSTOREFS_MAGIC, unix.DEVPTS_SUPER_MAGIC, unix.EFIVARFS_MAGIC, unix.SELINUX_MAGIC,
		unix.BINFMTFS_MAGIC, unix.NSFS_MAGIC, unix.AUTOFS_SUPER_MAGIC, unix.HUGETLBFS_MAGIC,
		0x62656570, 0x65735543, 0x19800202, 0x67596969,
	}, uint32(stat.Type))
}
