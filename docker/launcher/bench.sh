# shellcheck shell=bash
# ./freehold bench NAME: measures, prints a table and writes target/bench/NAME.json.

bench() {
  local name=${1:-} out
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
    *) fail "name what to measure: ./freehold bench rules, dataplane or store." ;;
  esac || fail "the measurement '$name' did not finish; read the lines above."
  say "Written to target/bench/$name.json"
}
