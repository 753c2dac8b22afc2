# shellcheck shell=bash
# The libvirtd that an instance uses: the machine's own for `up`, a private one for tests.

libvirt_uri() {
  echo "${FREEHOLD_LIBVIRT_URI:-qemu:///system}"
}

virsh_() {
  timeout "${virsh_timeout:-15}" virsh -q -c "$(libvirt_uri)" "$@"
}

libvirt_answers() {
  virsh_timeout=5 virsh_ version
}

# Uses what is there: another's VMs may run under it, so it is never stopped here.
ensure_libvirtd() {
  libvirt_answers >/dev/null 2>&1 && return
  if [[ -d /run/systemd/system ]]; then
    systemctl start virtlogd.socket libvirtd.socket libvirtd.service
  else
    # A daemon that already runs holds its pid file and refuses the second; looking for its name would also find
    # those that tests run in mount namespaces of their own.
    virtlogd -d 9>&- 2>/dev/null
    libvirtd -d 9>&- 2>/dev/null
  fi
  wait_until 30 libvirt_answers || fail "libvirtd does not answer; see 'journalctl -u libvirtd' or start 'libvirtd' by hand."
}

# domains: the names of this instance's VMs under libvirt.
domains() {
  virsh_ list --all --name | grep -E "^${vm_prefix:?}" || true
}
