# shellcheck shell=bash
# What every part of the launcher uses: messages, progress, places.

: "${top:?is the repository and set by the script that sources this}"

home=${FREEHOLD_HOME:-/var/lib/freehold}
run_home=${FREEHOLD_RUN:-/run/freehold}
packages_file=$top/docker/packages.txt

say() { printf '%s\n' "$*"; }

fail() {
  printf 'freehold: %s\n' "$*" >&2
  exit 1
}

need_root() {
  ((EUID == 0)) || fail "this needs root: run it with sudo, or as root."
}

# step TEXT COMMAND...: runs a command that may take a while, with its output in the instance's log folder.
# On a terminal the line counts the seconds; otherwise there is one line at the start and one at the end.
step() {
  local text=$1 log pid status=0 start=$SECONDS
  shift
  log=${step_log:-$(mktemp /tmp/freehold.XXXXXX)}
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  if [[ -t 1 && -z ${plain_progress:-} ]]; then
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r\033[K  … %s %d s' "$text" $((SECONDS - start))
      sleep 0.5
    done
    printf '\r\033[K'
  else
    say "  … $text"
  fi
  wait "$pid" || status=$?
  if ((status)); then
    say "  ✗ $text ($((SECONDS - start)) s)"
    tail -n "${step_tail:-30}" "$log" | sed 's/^/    | /' >&2
    printf 'freehold: %s failed; the whole output is in %s\n' "$text" "$log" >&2
    return "$status"
  fi
  say "  ✓ $text ($((SECONDS - start)) s)"
  [[ -n ${step_log:-} ]] || rm -f "$log"
}

# Names the content of files and folders, build outputs left aside.
content_hash() {
  (cd "$top" && find "$@" \( -name target -o -name node_modules -o -name .git \) -prune -o -type f -print0 |
    sort -z | xargs -0 -r sha256sum) | sha256sum | cut -c1-16
}

port_is_free() {
  ! ss -Hltn "sport = :$1" | grep -q .
}

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
  local port
  for ((port = $1; port < $1 + 200; port++)); do
    port_is_free "$port" && echo "$port" && return
  done
  fail "no free port between $1 and $((port - 1)); stop something that listens there."
}

random_secret() {
  od -An -N"${1:-12}" -tx1 /dev/urandom | tr -d ' \n'
}

# A process is the one we started if its start time is still the recorded one.
process_start() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The second field may hold blanks; the start time is the twentieth after it.
  read -r -a stat <<<"${stat##*) }"
  echo "${stat[19]}"
}
