#!/bin/bash
# Farms of real servers behind the balancer in TCP mode: mail, databases, a directory, a cache, two of each.
#
# This file only brings the environment: a private directory; run.py is the test. Wanted programs: exim4,
# mariadbd mariadb-install-db mariadb, postgres initdb psql, slapd ldapsearch, redis-server redis-cli, python3, and the
# balancer: $WEIR, or else $HAPROXY, or else /usr/sbin/haproxy. A farm whose programs are missing is left out and said
# so; with none left the exit status is 77.
#   tests/farms/run.sh [mail mysql pgsql ldap redis]
# Nothing is left running: everything started is stopped by its own process id.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export BALANCER=${WEIR:-${HAPROXY:-/usr/sbin/haproxy}}
if ! [ -x "$BALANCER" ]; then
    echo "$BALANCER: no such program; set WEIR" >&2
    exit 1
fi

work=$(mktemp -d /tmp/farms.XXXXXX)
chmod 755 "$work"
finish() {
    local code=$?
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then
        echo "--- what the programs said" >&2
        tail -n 15 "$work"/*.out >&2 2>/dev/null || true
    fi
    [ -n "${KEEP:-}" ] && echo "kept: $work" >&2 || rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

python3 "$here/run.py" "$work" "$@"
