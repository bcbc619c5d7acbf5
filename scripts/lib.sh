# What the scripts share: where the tree is, how many cores, and what "nothing changed" means. Sourced, never run.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"
jobs=${JOBS:-$(nproc)}

say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

# The files of the tree, whether committed yet or not; a tarball without .git has no ignored files but build/.
tree_files() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard -- "$@"
  else
    find "$@" -path ./build -prune -o -type f -print0
  fi
}

# One hash over names and contents, and over the tools that turn them into a result. Two trees with the same hash pass or
# fail the same tests, so a stage that passed on one need not run on the other.
tree_hash() {
  {
    tree_files "$@" | sort -zu | xargs -0 -r sha256sum 2>/dev/null || true  # a file deleted but not yet committed
    clang++-19 --version
    dpkg-query -W -f='${Package} ${Version}\n' 2>/dev/null
  } | sha256sum | cut -d' ' -f1
}
