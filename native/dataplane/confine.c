/*
 * Theory of operation
 * -------------------
 * Guests write the bytes that this process reads. Should one ever take it over, it shall find little to work with:
 *
 *   capabilities  uplinks are open by then; all dropped but CAP_DAC_OVERRIDE, which root needs to connect to sockets of QEMU's user
 *   no_new_privs  nothing that it might execute gains privileges; and it cannot execute anything:
 *   seccomp       an allow list of system calls; the others fail with EPERM. No exec, no fork (only threads), no ptrace, no
 *                 mounts, no modules, no internet sockets (AF_UNIX only)
 *
 * The comment behind each call says who makes it. Under AddressSanitizer the filter is off: its run time needs more.
 */
#include "confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Only with that value in an argument's low half. */
#define ALLOW_IF(name, argument, value)                                                                                   \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 4),                                                            \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[argument])),                        \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),           \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* New threads, no new processes. The C library prefers clone3(), whose flags a filter cannot see: ENOSYS makes it fall back. */
#define ALLOW_THREADS                                                                                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),     \
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),                                                     \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),                               \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),   \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

bool confine_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2], keep = { 0 };
	if (syscall(SYS_capget, &header, data) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return false;
	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (c != CAP_DAC_OVERRIDE)
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	keep.permitted = keep.effective = data[0].permitted & (1u << CAP_DAC_OVERRIDE);
	data[0] = keep;
	memset(&data[1], 0, sizeof data[1]);
	return syscall(SYS_capset, &header, data) == 0;
}

bool confine_syscalls(void)
{
#if !defined(ARCH) || defined(__SANITIZE_ADDRESS__)
	dp_log(LOG_WARNING, "this build runs without a system call filter");
	return true;
#else
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		/* workers */
		ALLOW(epoll_pwait), ALLOW(write), ALLOW(read), ALLOW(futex), ALLOW(clock_gettime),
		ALLOW(sched_yield), ALLOW(sendmmsg), ALLOW(recvfrom),
		/* control thread: clients, payloads, events, links */
		ALLOW(recvmsg), ALLOW(sendto), ALLOW(accept4), ALLOW(getsockopt), ALLOW(close), ALLOW(fcntl), ALLOW(fstat), ALLOW(newfstatat),
		ALLOW(mmap), ALLOW(munmap), ALLOW(epoll_ctl), ALLOW(eventfd2), ALLOW(clock_nanosleep), ALLOW(nanosleep), ALLOW(sched_setaffinity),
		ALLOW(sched_getaffinity),
		/* journal and connection tables */
		ALLOW(openat), ALLOW(writev), ALLOW(ftruncate), ALLOW(unlinkat), ALLOW(renameat), ALLOW(renameat2), ALLOW(lseek),
		ALLOW(membarrier),
		/* librte_vhost: sockets of front ends, guest memory, its threads */
		ALLOW_IF(socket, 0, AF_UNIX), ALLOW(connect), ALLOW(sendmsg), ALLOW(ppoll), ALLOW(pipe2), ALLOW(setsockopt), ALLOW(getpid), ALLOW(ioctl),
		ALLOW(readlinkat), ALLOW(dup3), ALLOW(fstatfs), ALLOW(timer_create), ALLOW(timer_settime),
		ALLOW_IF(socketpair, 0, AF_UNIX), ALLOW(faccessat), ALLOW(get_mempolicy), ALLOW(gettid), ALLOW(madvise), ALLOW(mprotect), ALLOW(mremap),
		/* DPDK with huge pages, when a port needs more of them */
		ALLOW(memfd_create), ALLOW(fallocate), ALLOW(flock),
		/* threads and memory, by the C library */
		ALLOW_THREADS, ALLOW(brk), ALLOW(set_robust_list), ALLOW(rseq), ALLOW(rt_sigprocmask), ALLOW(rt_sigaction), ALLOW(rt_sigreturn),
		ALLOW(restart_syscall), ALLOW(getrandom), ALLOW(exit), ALLOW(exit_group), ALLOW(tgkill), ALLOW(uname), ALLOW(prlimit64),
#if defined(__x86_64__)
		ALLOW(epoll_wait), ALLOW(poll), ALLOW(unlink), ALLOW(rename), ALLOW(access), ALLOW(stat), ALLOW(open), ALLOW(readlink), ALLOW(time), ALLOW(gettimeofday),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	struct sock_fprog program = { .len = sizeof filter / sizeof filter[0], .filter = filter };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
#endif
}
