# shellcheck shell=bash
# Debian packages: installs what docker/packages.txt names and the machine lacks.

# missing_packages [KIND]: those whose reason begins with "test:", "bench:" or "test+bench:" are left out unless the KIND is among them.
missing_packages() {
  local package why
  while read -r package why; do
    [[ -z $package || $package == \#* ]] && continue
    [[ $why =~ ^((test|bench)(\+bench)?): && +${BASH_REMATCH[1]}+ != *"+${1:-none}+"* ]] && continue
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done <"$packages_file"
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_packages "${1:-}")
  ((${#missing[@]})) || return 0
  need_root
  command -v apt-get >/dev/null || fail "this is not Debian: install the counterparts of ${missing[*]} yourself."
  say "Missing Debian packages: ${missing[*]}"
  step "apt-get update" apt-get -q update ||
    fail "apt-get update failed; check the network and /etc/apt/sources.list, then run this again."
  step "install ${#missing[@]} packages" env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" ||
    fail "the packages could not be installed; read the lines above, repair apt (often 'apt-get -f install'), then run this again."
}
