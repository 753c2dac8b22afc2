# shellcheck shell=bash
# ./freehold bench NAME [PART...]: measures, prints a table and writes target/bench/NAME.json.

bench() {
  local name=${1:-} out
  shift || true
  mkdir -p "$top/target/bench"
  out=$top/target/bench/$name.json
  case $name in
    dataplane)
      need_root
      install_packages bench
      build_programs
      build_guest
      python3 "$top/native/bench/dataplane.py" "$top/native/target/build" "$(guest_dir)" "$out"
      ;;
    rules)
      install_packages test
      build_programs
      build_guest
      with_instance "$top/docker/launcher/bench-rules" "$out"
      ;;
    store)
      install_packages bench
      build_programs
      python3 "$top/native/bench/store.py" "$top/native/target/build" "$out"
      ;;
    backup)
      install_packages test
      install_packages bench
      build_programs
      build_guest
      # In memory when it has room: the programs are measured and not the disk.
      (($(awk '/^MemAvailable/ {print $2}' /proc/meminfo) > 12 << 20)) && throwaway_home=/dev/shm/freehold-test
      FREEHOLD_GUEST=$(guest_dir) FREEHOLD_BENCH_OUT=$out FREEHOLD_BENCH_PARTS="$*" in_throwaway \
        "$top/docker/launcher/tagged" host-service/agent bench BackupBench
      ;;
    *) fail "name what to measure: ./freehold bench rules, dataplane, store or backup." ;;
  esac || fail "the measurement '$name' did not finish; read the lines above."
  say "Written to target/bench/$name.json"
}
