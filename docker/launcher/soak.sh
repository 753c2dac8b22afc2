# shellcheck shell=bash
# ./freehold soak NAME [N]: the long form of tests that run briefly with every ./freehold test.

soak() {
  local name=${1:-} points=${2:-200}
  [[ $points =~ ^[1-9][0-9]*$ ]] || fail "'$points' is no number of points."
  case $name in
    backup)
      build_programs
      build_guest
      FREEHOLD_GUEST=$(guest_dir) FREEHOLD_POINTS=$points in_throwaway \
        "$top/docker/launcher/tagged" host-service/agent soak BackupSoakTest FaultsSoakTest &&
        FREEHOLD_FAULTS=$((points / 5 + 1)) with_instance "$top/docker/launcher/e2e" BackupFaultsTests
      ;;
    *) fail "name what to soak: ./freehold soak backup." ;;
  esac || fail "the soak test '$name' failed; read the lines above."
  say "Every point held what it promised."
}
