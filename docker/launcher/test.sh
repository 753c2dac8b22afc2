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
  # A stage that broke before it could count is one failure.
  [[ -e $results_dir/$name ]] || echo "0 $((status > 0)) 0" >"$results_dir/$name"
  say "    $name: $(describe "$name")"
  ((status == 0)) && echo "$hash" >"$stamp"
  return "$status"
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

run_tests() {
  local started=$SECONDS failed=0
  mkdir -p "$passed_dir" "$results_dir"
  stage lint "freehold .ci docker" lint_stage || failed=1
  stage pages "static portal/src/main/resources/templates" pages_stage || failed=1
  stage java "${sources[*]}" java_stage || failed=1
  sum_up $((SECONDS - started)) || failed=1
  return "$failed"
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

java_stage() {
  local status=0 reports
  find "$top"/{portal,host-service} -path '*/target/surefire-reports/*.xml' -delete
  maven -T 2 -Dmaven.test.failure.ignore=false --fail-at-end verify || status=$?
  mapfile -t reports < <(find "$top"/{portal,host-service} -path '*/target/surefire-reports/TEST-*.xml')
  count_junit "${reports[@]}" >"$results_dir/java"
  return "$status"
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

stages=(lint pages java)
