# shellcheck shell=bash
# ./freehold test: the stages, what each depends on, and the sum at the end.
# A stage that passed is not run again until one of its inputs changes (stamps in target/launcher/passed/).

passed_dir=$top/target/launcher/passed
results_dir=$top/target/launcher/results

# stage NAME "INPUTS" COMMAND...: runs COMMAND unless the stage passed with these inputs.
# COMMAND leaves "passed failed skipped" in results/NAME.
stage() {
  local name=$1 inputs stamp=$passed_dir/$1 hash status=0
  read -r -a inputs <<<"$2"
  shift 2
  hash=$(content_hash freehold docker/packages.txt docker/launcher/test.sh "${inputs[@]}")
  if [[ -z ${FREEHOLD_TEST_FRESH:-} && -e $stamp && $(<"$stamp") == "$hash" && -e $results_dir/$name ]]; then
    say "  = $name: unchanged since it passed ($(describe "$name"))"
    return
  fi
  rm -f "$stamp" "$results_dir/$name"
  step_log=$results_dir/$name.log step "$name" "$@" || status=$?
  count_broken_stage "$results_dir/$name" "$status"
  say "    $name: $(describe "$name")"
  ((status == 0)) && echo "$hash" >"$stamp"
  return "$status"
}

# A stage that broke outside its tests is one failure more.
count_broken_stage() {
  local passed=0 failed=0 skipped=0
  [[ -e $1 ]] && read -r passed failed skipped <"$1"
  (($2 && !failed)) && failed=1
  echo "$passed $failed $skipped" >"$1"
}

describe() {
  local passed failed skipped
  read -r passed failed skipped <"$results_dir/$1"
  echo "$passed passed, $failed failed, $skipped skipped"
}

# count_junit REPORT...: adds up JUnit XML reports as "passed failed skipped".
count_junit() {
  (($#)) || { echo "0 0 0" && return; }
  cat "$@" | tr '\n' ' ' | grep -oE '<testsuite [^>]*>' | awk '
    function value(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
    { bad = value("failures") + value("errors"); skip = value("skipped")
      failed += bad; skipped += skip; passed += value("tests") - bad - skip }
    END { printf "%d %d %d\n", passed, failed, skipped }'
}

shell_scripts() {
  (cd "$top" && grep -rlE '^#!/bin/(ba)?sh|^# shellcheck shell=' freehold .ci docker --exclude-dir=target)
}

lint_stage() {
  local failed=0 scripts
  mapfile -t scripts < <(shell_scripts)
  # The parts of the launcher share variables (SC2034, SC2154), which a look at one file cannot see.
  (cd "$top" && shellcheck -e SC2034,SC2154 "${scripts[@]}") || failed=$((failed + 1))
  (cd "$top" && find docker -name '*.y*ml' -print0 | xargs -0 -r yamllint --strict) || failed=$((failed + 1))
  echo "$((2 - failed)) $failed 0" >"$results_dir/lint"
  ((failed == 0))
}

format_stage() {
  local status=0
  maven spotless:check || status=1
  echo "$((!status)) $status 0" >"$results_dir/format"
  return "$status"
}

launcher_stage() {
  "$top/docker/launcher/selftest" "$results_dir/launcher"
}

# The pages' scripts, and what every template has to keep to.
pages_stage() {
  local status=0 report
  report=$(cd "$top" && timeout 60 node --test --test-reporter=tap static/test/) || status=$?
  echo "$report"
  awk '/^# pass / { passed = $3 } /^# fail / { failed = $3 } /^# skipped / { skipped = $3 }
    END { print passed + 0, failed + 0, skipped + 0 }' <<<"$report" >"$results_dir/pages"
  return "$status"
}

# Meson builds: the one that is shipped, one under ASan and UBSan, and the tables' test with threads under TSan. Measurements are not tests.
native_stage() {
  local status=0 reports
  (cd "$top/native" && ./build.sh target/build && ./build.sh target/sanitized -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=enabled &&
    NINJA_TARGETS=tests/unit/test_table ./build.sh target/threads -Db_sanitize=thread -Db_lundef=false) || return 1
  rm -f "$top"/native/target/{build,sanitized,threads}/meson-logs/*.junit.xml
  meson test -C "$top/native/target/build" --no-rebuild --print-errorlogs --no-suite perf --no-suite soak --no-suite sanitizable || status=$?
  meson test -C "$top/native/target/sanitized" --no-rebuild --print-errorlogs --no-suite perf --no-suite soak || status=$?
  meson test -C "$top/native/target/threads" --no-rebuild --print-errorlogs table || status=$?
  mapfile -t reports < <(find "$top"/native/target/{build,sanitized,threads}/meson-logs -name '*.junit.xml')
  count_junit "${reports[@]}" >"$results_dir/native"
  ((status)) && tell_failures "$top"/native/target/{build,sanitized,threads}/meson-logs/testlog.txt
  return "$status"
}

# tell_failures LOG...: last of all, where a reader of a stage's last lines sees them: which of Meson's tests failed and what they said,
# what a sanitizer reported (between rules of its own, and then by the page) first.
# A hostile guest makes librte_vhost complain by the page; that is not what a test failed on.
tell_failures() {
  awk '
    function tell(i) {
      if (!failed) return
      print "FAILED: " name ", " result
      for (i = 0; i < n; i++) if (i >= n - 8 || (reported && i >= reported - 1 && i < reported + 24)) print "  " lines[i]
      failed = 0
    }
    /^=+ [0-9]+\/[0-9]+ =+$/ { tell(); next }
    /^test: / { name = substr($0, 15); next }
    /^result: / { result = substr($0, 15); failed = result !~ /^exit status (0|77)$/; n = reported = 0; next }
    !/^VHOST_CONFIG|^-+ std(out|err) -+$|^=*$/ {
      lines[n++] = $0
      if (!reported && /ERROR: [A-Za-z]+Sanitizer|WARNING: ThreadSanitizer|: runtime error: /) reported = n
    }
    END { tell() }' "$@"
}

# Minutes of what the native stage does for seconds: fuzzing, the store's soak. Only when asked for.
soak_stage() {
  local status=0 log=$top/native/target/sanitized/meson-logs/soak
  (cd "$top/native" && ./build.sh target/sanitized -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=enabled) || return 1
  rm -f "$log.junit.xml"
  meson test -C "$top/native/target/sanitized" --no-rebuild --print-errorlogs --logbase soak --suite soak || status=$?
  count_junit "$log.junit.xml" >"$results_dir/soak"
  return "$status"
}

java_stage() {
  local status=0 reports
  find "$top"/{portal,host-service} -path '*/target/surefire-reports/*.xml' -delete
  maven -T 2 --fail-at-end -Dspotless.check.skip verify || status=$?
  mapfile -t reports < <(find "$top"/{portal,host-service} -path '*/target/surefire-reports/TEST-*.xml')
  count_junit "${reports[@]}" >"$results_dir/java"
  return "$status"
}

# tagged_stage NAME MODULE TESTS COMMAND...: COMMAND runs MODULE's tests; those whose class name begins with TESTS count.
tagged_stage() {
  local name=$1 folder=$top/$2/target/surefire-reports tests=TEST-$3.'*.xml' status=0 reports
  shift 3
  build_guest || return 1
  [[ -d $folder ]] && find "$folder" -name "$tests" -delete
  "$@" || status=$?
  mapfile -t reports < <(find "$folder" -name "$tests")
  count_junit "${reports[@]}" >"$results_dir/$name"
  return "$status"
}

# agent_stage TAG: the agent beside a libvirtd, guests and a dataplane of its own; a stand-in plays the portal. Tag "integration" is what
# every run tests; "storage": backups, restores and snapshots of guests that write, a quarter of an hour, on request.
agent_stage() {
  FREEHOLD_GUEST=$(guest_dir) tagged_stage "$1" host-service/agent cloud.freehold.agent.it \
    in_throwaway "$top/docker/launcher/tagged" host-service/agent "$1"
}

# A whole instance with guests, a browser, and the proof that a click becomes packets or stops them.
e2e_stage() {
  tagged_stage e2e portal cloud.freehold.e2e with_instance "$top/docker/launcher/e2e"
}

# run_tests [STAGE...]: all stages, or these.
run_tests() {
  local started=$SECONDS failed=0 name pid pids=()
  (($#)) && stages=("$@")
  trap 'jobs -p | xargs -r kill 2>/dev/null; exit 130' INT TERM
  mkdir -p "$passed_dir" "$results_dir"
  wanted lint && { stage lint "freehold .ci docker" lint_stage || failed=1; }
  wanted format && { stage format "${sources[*]}" format_stage || failed=1; }
  wanted launcher && { stage launcher "docker/launcher" launcher_stage || failed=1; }
  wanted pages && { stage pages "static portal/src/main/resources/templates" pages_stage || failed=1; }
  wanted soak && { stage soak native soak_stage || failed=1; }
  if wanted native || wanted java || wanted integration || wanted storage || wanted e2e; then
    build_programs
  fi
  # The native tests hardly use what the Java tests wait for: side by side they take as long as the longer.
  if wanted native; then
    plain_progress=1 stage native native native_stage &
    pids+=($!)
  fi
  if wanted java; then
    plain_progress=1 stage java "${sources[*]}" java_stage &
    pids+=($!)
  fi
  for pid in "${pids[@]}"; do
    wait "$pid" || failed=1
  done
  for name in integration storage; do
    wanted "$name" &&
      { stage "$name" "pom.xml .mvn native host-service docker/guest docker/launcher" agent_stage "$name" || failed=1; }
  done
  # Alone: it measures times, and its guests need both cores.
  wanted e2e && { stage e2e "${sources[*]} docker/guest docker/launcher" e2e_stage || failed=1; }
  sum_up $((SECONDS - started)) || failed=1
  return "$failed"
}

wanted() {
  [[ " ${stages[*]} " == *" $1 "* ]]
}

sum_up() {
  local name passed failed skipped all_passed=0 all_failed=0 all_skipped=0
  for name in "${stages[@]}"; do
    [[ -e $results_dir/$name ]] || continue
    read -r passed failed skipped <"$results_dir/$name"
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
  done
  say "Took $(($1 / 60)) min $(($1 % 60)) s. Logs: target/launcher/results/"
  if ((all_skipped)); then
    say "$all_passed passed, $all_failed failed, $all_skipped skipped"
  else
    say "$all_passed passed, $all_failed failed"
  fi
  ((all_failed == 0))
}

stages=(lint launcher format pages native java integration e2e)
