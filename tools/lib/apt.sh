# shellcheck shell=bash
# Distribution packages, for the tools that install what is missing. To be sourced.

# as_root COMMAND...: as root, with sudo where necessary.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_has() { # PACKAGE: whether it is installed
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_candidate() { # PACKAGE: whether the package sources have it
  local candidate
  candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# apt_install WHO PACKAGE...: installs those that are missing. Says so on standard error, with what apt prints.
apt_install() {
  local who=$1 missing=() package get
  shift
  for package; do apt_has "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "$who: please install ${missing[*]}, or what this distribution calls them" >&2
    return 1
  fi
  echo "$who: installing ${missing[*]}" >&2
  get=(env DEBIAN_FRONTEND=noninteractive apt-get -yq -o DPkg::Lock::Timeout=300)
  as_root "${get[@]}" install --no-install-recommends "${missing[@]}" >&2 </dev/null && return 0
  # The lists may be older than the mirror.
  as_root "${get[@]}" update >&2 </dev/null &&
    as_root "${get[@]}" install --no-install-recommends "${missing[@]}" >&2 </dev/null
}
