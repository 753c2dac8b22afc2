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
  use_outside
}

# The lock is held by this process alone, for as long as it lives.
lock_instance() {
  mkdir -p "$home" "$run_home"
  exec 9>"$run_home/$instance.lock"
  flock -w 5 9 || fail "another './freehold' works on the instance '$instance'; wait for it."
}

make_folders() {
  umask 022
  mkdir -p "$state" "$state/log" "$run"
  install -d -m 700 "$config"
  install -d -m 700 "$run/dataplane"
  install -d -m 700 "$state/backups"
  install -d -m 711 "$state/vms" "$run/ports"
  # QEMU runs as libvirt-qemu: it creates the vhost-user sockets and reads the disks.
  chown libvirt-qemu "$run/ports" "$state/vms"
}

# Ports and the host's name are chosen once and kept, so that addresses stay; a port that another took meanwhile is
# replaced.
choose_settings() {
  local file=$state/settings name base=${FREEHOLD_PORT_BASE:-8080} running=
  web_port='' agents_port='' host_name=''
  # shellcheck source=/dev/null
  [[ -e $file ]] && source "$file"
  supervisor_pid portal >/dev/null && running=1
  for name in web_port agents_port; do
    if [[ -z ${!name} ]] || { [[ -z $running ]] && ! port_is_free "${!name}"; }; then
      declare -g "$name=$(free_port "$base")"
    fi
    base=$((${!name} + 1))
  done
  [[ -n $host_name ]] || host_name=$(uname -n | tr '[:upper:]' '[:lower:]' | tr -cd 'a-z0-9.-')
  printf '%s=%s\n' web_port "$web_port" agents_port "$agents_port" host_name "${host_name:=host}" >"$file"
}

# One password a person, made at the first start.
make_sign_ins() {
  local who
  [[ -e $sign_ins ]] || install -m 600 /dev/null "$sign_ins"
  for who in "${people[@]%%@*}"; do
    grep -q "^$who " "$sign_ins" || echo "$who $(random_secret)" >>"$sign_ins"
  done
}

password_of() {
  awk -v who="${1%%@*}" '$1 == who {print $2}' "$sign_ins"
}

# Copies what was built, named by its content: a later build must not change files that a running process uses.
install_programs() {
  local id draft
  id=$(content_hash "${sources[@]}")
  app=$state/app/$id
  [[ -e $app ]] && return
  mkdir -p "$state/app"
  draft=$(mktemp -d "$state/app/draft.XXXXXX")
  mkdir -p "$draft/agent"
  if ! {
    java -XX:TieredStopAtLevel=1 -Djarmode=tools -jar "$top"/portal/target/freehold-portal-*.jar \
      extract --destination "$draft/portal" >/dev/null &&
      mv "$draft"/portal/freehold-portal-*.jar "$draft/portal/portal.jar" &&
      cp "$top"/host-service/agent/target/freehold-agent-*.jar "$draft/agent/agent.jar" &&
      cp -r "$top/host-service/agent/target/lib" "$draft/agent/" &&
      install -m 755 "$top/native/target/build/dataplane/freehold-dataplane" "$draft/" &&
      install -m 755 "$top"/native/target/build/store/freehold-store{,-plugin.so} "$draft/" &&
      install -m 755 "$top/native/target/build/ctl/libfreeholdctl.so" "$draft/"
  }; then
    rm -rf "$draft"
    fail "the build left no complete programs; remove the folder target/launcher and start again."
  fi
  chmod 755 "$draft"
  mv "$draft" "$app"
}

# Old builds go; the processes that ran them have been started again from the new one.
remove_old_programs() {
  find "$state/app" "$state/guest" -mindepth 1 -maxdepth 1 ! -path "$app" ! -path "$guest" -exec rm -rf {} +
}

# The same for the demo's image: the portal reads it as long as it runs.
install_guest() {
  guest=$state/guest/$(basename "$(guest_dir)")
  [[ -e $guest/image.properties ]] || { mkdir -p "$guest" && cp --sparse=always "$(guest_dir)"/* "$guest/"; } ||
    fail "the demo guest could not be copied to $guest; is the disk full?"
}

# The answer holds for a kernel and a QEMU; finding it out costs a boot.
choose_accelerator() {
  local file=$state/accelerator key
  key="$(uname -r) $(qemu-system-x86_64 --version | head -1)"
  if [[ $(sed -n 2p "$file" 2>/dev/null) != "$key" ]]; then
    printf '%s\n%s\n' "$("$top/docker/launcher/accel" "$guest")" "$key" >"$file"
  fi
  accelerator=$(head -1 "$file")
}

write_settings() {
  local who
  {
    cat <<PROPERTIES
server.port=$web_port
freehold.data-dir=$state/portal
freehold.images.dir=$state/portal/images
freehold.postgres.embedded.dir=$state/postgres
freehold.agent.port=$agents_port
freehold.hostlink.enrol-hosts=$host_name
freehold.hostlink.token-dir=$state/tokens
freehold.public-url=http://localhost:$web_port
freehold.backup.stores.main.path=$state/backups
freehold.demo.enabled=true
freehold.demo.image-dir=$guest
PROPERTIES
    outside_settings
    for who in "${people[@]}"; do
      echo "freehold.demo.password.${who%%@*}=$(password_of "$who")"
    done
  } | install -m 600 /dev/stdin "$config/portal.properties"
  install -m 600 /dev/stdin "$config/agent.properties" <<PROPERTIES
freehold.agent.portal-url=https://localhost:$agents_port
freehold.agent.host-name=$host_name
freehold.agent.instance=$instance
freehold.agent.state-dir=$state/agent
freehold.agent.images-dir=$state/images
freehold.agent.vms-dir=$state/vms
freehold.agent.pools=archive=$state/archive
freehold.agent.sockets-dir=$run/ports
freehold.agent.token-file=$state/tokens/$host_name.token
freehold.agent.ca-file=$state/tokens/authority.pem
freehold.agent.libvirt-uri=$(libvirt_uri)
freehold.agent.dataplane-socket=$run/dataplane.sock
freehold.agent.ctl-library=$app/libfreeholdctl.so
freehold.agent.store-program=$app/freehold-store
freehold.agent.store-plugin=$app/freehold-store-plugin.so
freehold.agent.helper-dir=$guest
freehold.agent.accelerator=$accelerator
freehold.agent.shutdown-grace-seconds=20
PROPERTIES
}

portal_is_ready() {
  curl -sf -m 3 -o /dev/null "http://127.0.0.1:$web_port/readyz"
}

start_parts() {
  # C1 alone: half the start-up time, which matters more here than the last bit of speed.
  local java=(java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError)
  # An uplink that was made anew is another device.
  start_part dataplane "$(cat "/sys/class/net/$uplink/ifindex" 2>/dev/null)" "$app/freehold-dataplane" \
    --control "$run/dataplane.sock" --state "$run/dataplane" ${outside_net:+--uplink "$uplink:af_packet"}
  start_part portal "$(<"$config/portal.properties")" "${java[@]}" -Xmx768m -jar "$app/portal/portal.jar" \
    "--spring.config.additional-location=file:$config/portal.properties"
  step "start the dataplane" wait_until 20 test -S "$run/dataplane.sock" ||
    fail "the dataplane does not run; see $state/log/dataplane.log"
  step "start the portal" wait_until 120 portal_is_ready ||
    fail "the portal does not answer; see $state/log/portal.log"
  start_part agent "$(<"$config/agent.properties")" "${java[@]}" -Xmx256m -jar "$app/agent/agent.jar" \
    --config "$config/agent.properties"
}

# bring_up: everything of this instance but packages and builds. Repeating it repairs.
bring_up() {
  make_folders
  choose_settings
  make_sign_ins
  install_programs
  install_guest
  choose_accelerator
  open_outside
  write_settings
  ensure_libvirtd
  start_parts
  remove_old_programs
}

demo_is_up() {
  local names name
  mapfile -t names < <(domains)
  ((${#names[@]} >= demo_vms)) || return 1
  for name in "${names[@]}"; do
    virsh_ qemu-agent-command "$name" '{"execute":"guest-ping"}' || return 1
  done
}

up() {
  install_packages
  use_instance demo
  lock_instance
  build_programs
  build_guest
  bring_up
  step "boot the demo's $demo_vms VMs ($accelerator)" wait_until 180 demo_is_up ||
    say "  The VMs are not all up yet; './freehold status' and the portal say why."
  say ""
  describe_instance
}

describe_instance() {
  local who
  say "Freehold runs at http://localhost:$web_port"
  say "  sign in as"
  for who in "${people[@]}"; do
    printf '    %-22s password %s\n' "$who" "$(password_of "$who")"
  done
  say "  stop it with ./freehold down; the data stays in $state"
}

instance_exists() {
  [[ -e $state/settings ]] || { say "There is no instance '$instance'; start one with './freehold up'." && return 1; }
}

status() {
  local name pid bad=0
  use_instance "${1:-demo}"
  instance_exists || return 1
  choose_settings
  for name in "${part_names[@]}"; do
    if pid=$(part_pid "$name") && supervisor_pid "$name" >/dev/null; then
      printf '%-12s running, pid %s, for %s, restarted %s times\n' "$name" "$pid" \
        "$(ps -o etime= -p "$pid" | tr -d ' ')" "$(cat "$run/$name.restarts" 2>/dev/null || echo 0)"
    else
      printf '%-12s stopped\n' "$name"
      bad=1
    fi
  done
  if libvirt_answers >/dev/null 2>&1; then
    domains | while read -r name; do
      printf '%-12s %s, %s\n' "VM" "$(virsh_ desc --title "$name")" "$(virsh_ domstate "$name")"
    done
  else
    printf '%-12s does not answer\n' libvirtd
    bad=1
  fi
  ((bad)) && say "Something is missing: './freehold up' repairs it." && return 1
  describe_instance
}

logs() {
  use_instance demo
  instance_exists || return 1
  local files=("$state"/log/*.log)
  if [[ -n ${1:-} ]]; then
    [[ -e $state/log/$1.log ]] || fail "there is no log of '$1'; there are: $(cd "$state/log" && echo *.log | sed 's/\.log//g')"
    files=("$state/log/$1.log")
  fi
  if [[ -t 1 ]]; then
    exec tail -n 50 -F "${files[@]}"
  fi
  tail -n 200 "${files[@]}"
}

# The agent goes first, or it would start the VMs again; the dataplane goes last, for the guests' sake.
bring_down() {
  local name
  stop_part agent
  if libvirt_answers >/dev/null 2>&1; then
    for name in $(domains); do
      virsh_ shutdown "$name" >/dev/null 2>&1
    done
    wait_until "${1:-15}" no_domain_runs
    for name in $(domains); do
      virsh_ destroy "$name" >/dev/null 2>&1
    done
  fi
  stop_part portal
  stop_part dataplane
  close_outside
}

no_domain_runs() {
  ! virsh_ list --name | grep -qE "^$vm_prefix"
}

down() {
  use_instance demo
  instance_exists || return 0
  lock_instance
  step "stop the agent, the VMs, the portal and the dataplane" bring_down
  say "Stopped. The data stays in $state; './freehold up' goes on with it. libvirtd keeps running."
}

forget() {
  local name
  for name in $(domains 2>/dev/null); do
    virsh_ undefine "$name" --nvram --managed-save --snapshots-metadata --checkpoints-metadata >/dev/null 2>&1
  done
  rm -rf "${state:?}" "${run:?}"
}

reset() {
  use_instance demo
  lock_instance
  step "stop everything" bring_down 5
  forget
  say "The demo and its data are gone."
}

part_names=(dataplane portal agent)
people=(anna@acme.example otto@acme.example vera@acme.example gina@globex.example)
demo_vms=3
