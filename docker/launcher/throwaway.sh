# shellcheck shell=bash
# Throwaway places and instances, for tests and measurements: nothing of them is left, however their runner ends.

throwaway_home=/var/lib/freehold-test
throwaway_run=/run/freehold-test

# with_instance COMMAND...: runs COMMAND beside a complete instance (see the script rig).
with_instance() {
  in_throwaway "$top/docker/launcher/rig" "$@"
}

# in_throwaway COMMAND...: runs COMMAND as the first process of a pid and a mount namespace of its own, with the folders
# $FREEHOLD_HOME/$FREEHOLD_INSTANCE and $FREEHOLD_RUN/$FREEHOLD_INSTANCE for what it leaves.
in_throwaway() {
  # Not $BASHPID again: inside $(...) that is another process, and who starts later would take this one for dead.
  local owner=$BASHPID status=0 runner
  local name=t$owner
  sweep_throwaways
  mkdir -p "$throwaway_home/$name" "$throwaway_run/$name"
  echo "$owner $(process_start "$owner")" >"$throwaway_home/$name.owner"
  # If this process is killed, so is unshare, and with it the first process of the namespace and all the others.
  FREEHOLD_HOME=$throwaway_home FREEHOLD_RUN=$throwaway_run FREEHOLD_INSTANCE=$name \
    FREEHOLD_PORT_BASE=${FREEHOLD_TEST_PORT_BASE:-22000} \
    setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child --mount-proc "$@" &
  runner=$!
  # Removes the folders and devices once all is dead, also if nobody is left here to do it.
  # shellcheck disable=SC2016 # expanded by the janitor
  setsid bash -c "$(declare -f forget_throwaway)"'
    while kill -0 "$1" 2>/dev/null; do sleep 0.3; done
    forget_throwaway "$2" "$3" "$4"' janitor "$runner" "$throwaway_home" "$throwaway_run" "$name" \
    </dev/null >/dev/null 2>&1 &
  wait "$runner" || status=$?
  return "$status"
}

forget_throwaway() {
  rm -rf "${1:?}/${3:?}" "${2:?}/${3:?}" "${1:?}/${3:?}.owner" "${2:?}/${3:?}.lock"
  # Its way outside (outside.sh); the peer goes with it.
  ip link del "fhx-$3" 2>/dev/null || true
}

# What an earlier run left whose janitor was killed too.
sweep_throwaways() {
  local owner pid start name
  for owner in "$throwaway_home"/*.owner; do
    [[ -e $owner ]] || continue
    read -r pid start <"$owner"
    [[ $(process_start "$pid") == "$start" ]] && continue
    name=$(basename "$owner" .owner)
    forget_throwaway "$throwaway_home" "$throwaway_run" "$name"
  done
}
