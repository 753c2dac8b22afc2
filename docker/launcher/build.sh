# shellcheck shell=bash
# Builds what changed: programs by Maven (which runs Meson for the native part), the demo guest by docker/guest/build.

export MAVEN_OPTS="${MAVEN_OPTS:--XX:TieredStopAtLevel=1 -XX:+UseSerialGC}"
sources=(pom.xml .mvn native host-service portal db static)

# built STAMP INPUTS...: true if STAMP was written for these very inputs.
built() {
  local stamp=$1
  shift
  [[ -e $stamp && $(<"$stamp") == "$(content_hash "$@")" ]]
}

mark_built() {
  local stamp=$1
  shift
  mkdir -p "$(dirname "$stamp")"
  content_hash "$@" >"$stamp"
}

maven() {
  (cd "$top" && setpriv --pdeathsig TERM mvn --batch-mode --quiet --no-transfer-progress "$@")
}

build_programs() {
  local stamp=$top/target/launcher/programs
  built "$stamp" "${sources[@]}" && return
  step_tail=40 step "build the portal, the agent and the dataplane (first time: some minutes)" \
    maven -T 2 -DskipTests package || fail "the build failed; the first error above says where."
  mark_built "$stamp" "${sources[@]}"
}

# The demo guest; built again when its recipe changes.
guest_dir() {
  echo "$top/target/guest/$(content_hash docker/guest)"
}

build_guest() {
  local dir
  dir=$(guest_dir)
  [[ -e $dir/image.properties ]] && return
  step "build the demo guest" "$top/docker/guest/build" "$dir" ||
    fail "the demo guest could not be built; see above (it needs a Debian mirror for the cloud kernel)."
}
