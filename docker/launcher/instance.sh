# shellcheck shell=bash
# One instance: its folders, ports and secrets; up, down, status, logs, reset.
# Portal, agent and dataplane get their settings from files in config/ (0600); nothing secret stands in a command line.

# use_instance NAME: names the instance's places. Nothing is created.
use_instance() {
  instance=$1
  state=$home/$instance
  run=$run_home/$instance
  vm_prefix=fh-$instance-
  config=$state/config
  sign_ins=$config/sign-ins
}

# The lock is held by this process alone, for as long as it lives.
lock_instance() {
  mkdir -p "$home" "$run_home"
  exec 9>"$run_home/$instance.lock"
  flock -w "${1:-5}" 9 || fail "another './freehold' works on the instance '$instance'; wait for it."
}

make_folders() {
  umask 022
  mkdir -p "$state" "$state/log" "$run"
  install -d -m 700 "$config"
  install -d -m 711 "$state/vms" "$run/ports"
  # QEMU runs as libvirt-qemu: it creates the vhost-user sockets and reads the disks.
  chown libvirt-qemu "$run/ports" "$state/vms"
}

# Ports are chosen once and kept, so that the address stays; a port that another took meanwhile is replaced.
choose_ports() {
  local file=$state/ports name base=${FREEHOLD_PORT_BASE:-8080} running=
  web_port='' agents_port='' postgres_port=''
  # shellcheck source=/dev/null
  [[ -e $file ]] && source "$file"
  supervisor_pid portal >/dev/null && running=1
  for name in web_port agents_port postgres_port; do
    if [[ -z ${!name} ]] || { [[ -z $running ]] && ! port_is_free "${!name}"; }; then
      declare -g "$name=$(free_port "$base")"
    fi
    base=$((${!name} + 1))
  done
  printf '%s=%s\n' web_port "$web_port" agents_port "$agents_port" postgres_port "$postgres_port" >"$file"
}

# The demo's people, each with a password made at the first start.
make_sign_ins() {
  local who
  [[ -e $sign_ins ]] || install -m 600 /dev/null "$sign_ins"
  for who in "$@"; do
    grep -q "^$who " "$sign_ins" || echo "$who $(random_secret)" >>"$sign_ins"
  done
}

password_of() {
  awk -v who="$1" '$1 == who {print $2}' "$sign_ins"
}

# Copies what was built, named by its content: a later build must not change files that a running process uses.
install_programs() {
  local id
  id=$(content_hash "${sources[@]}")
  app=$home/app/$id
  [[ -e $app/complete ]] && return
  rm -rf "$app"
  mkdir -p "$app"
  stage_programs "$app"
  touch "$app/complete"
}
