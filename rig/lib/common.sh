# shellcheck shell=bash
# What install, run, target and selftest share. Sourced, never run.
# shellcheck disable=SC2034

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
RIG_ME=rig/${0##*/}
# Kernels and boot images live here; safe to delete at any time when no guest runs.
RIG_CACHE=${VERBENA_RIG_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/verbena-rig}
# The machine architecture of every guest: there are no others yet.
RIG_ARCH=amd64

say() { [ -n "${RIG_QUIET:-}" ] || printf '%s: %s\n' "$RIG_ME" "$*" >&2; }
complain() { printf '%s: %s\n' "$RIG_ME" "$*" >&2; }
die() {
  complain "$2"
  exit "$1"
}

# kernel_paths RELEASE: sets kernel_image, kernel_root (what modprobe -d takes); fails when not complete.
kernel_paths() {
  local place
  for place in "$RIG_CACHE/kernels/$1" ""; do
    kernel_image=$place/boot/vmlinuz-$1
    kernel_root=$place/
    [ -r "$kernel_image" ] && [ -r "$place/lib/modules/$1/modules.dep" ] && return 0
  done
  return 1
}

# find_kernel WHICH: WHICH is a release, or the beginning of one such as 6.1; empty means the newest here.
# Sets kernel_release, kernel_image, kernel_root.
find_kernel() {
  local which=$1 release folder
  kernel_release=
  while read -r release; do
    case $release in
      "$which" | "$which".* | "$which"-*) ;;
      *) [ -z "$which" ] || continue ;;
    esac
    kernel_paths "$release" || continue
    kernel_release=$release
    return 0
  done < <(for folder in "$RIG_CACHE"/kernels/*/lib/modules/*/ /lib/modules/*/; do
    [ -d "$folder" ] && basename "$folder"
  done | sort -urV)
  return 1
}
