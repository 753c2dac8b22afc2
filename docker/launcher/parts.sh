# shellcheck shell=bash
# The supervised processes of one instance: start, stop, look.
# `run` is the instance's folder for sockets and pid files, `state` the one for data.

# supervisor_pid NAME: the pid of the part's living supervisor.
supervisor_pid() {
  local pid
  pid=$(cat "$run/$1.supervisor" 2>/dev/null) && grep -qsz "launcher/supervise" "/proc/$pid/cmdline" && echo "$pid"
}

part_pid() {
  local pid
  pid=$(cat "$run/$1.pid" 2>/dev/null) && kill -0 "$pid" 2>/dev/null && echo "$pid"
}

# start_part NAME INPUT COMMAND...: starts the part unless it runs with this very command and input (a text that
# stands for everything else that would need a restart, such as its configuration).
start_part() {
  local name=$1 spec
  spec=$(shift && printf '%s\n' "$@" | sha256sum | cut -c1-16)
  if supervisor_pid "$name" >/dev/null; then
    [[ $(cat "$run/$name.spec" 2>/dev/null) == "$spec" ]] && return
    stop_part "$name"
  fi
  shift 2
  echo "$spec" >"$run/$name.spec"
  printf '%s\0' "$@" >"$run/$name.command"
  # Without the launcher's descriptors: the lock must not outlive it.
  setsid "$top/docker/launcher/supervise" "$name" "$run" "$state/log" "$@" </dev/null >/dev/null 2>&1 9>&- &
  wait_until 5 supervisor_pid "$name" || fail "$name did not start; see $state/log/$name.log"
}

stop_part() {
  local pid
  pid=$(supervisor_pid "$1") || return 0
  kill -TERM "$pid" 2>/dev/null
  wait_until 30 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
}

is_gone() {
  ! kill -0 "$1" 2>/dev/null
}

# wait_until SECONDS COMMAND...: polls, quietly.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.2
  done
}
