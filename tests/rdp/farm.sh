#!/bin/bash
# A farm of real RDP servers behind the balancer: two xrdp, users that are real xfreerdp clients under Xvfb.
#
# This file only brings the environment: a private directory, a certificate and an X display; farm.py is the test. Wanted
# programs: xrdp xfreerdp Xvfb openssl python3, and the balancer: $WEIR, or else $HAPROXY, or else /usr/sbin/haproxy.
#   tests/rdp/farm.sh [--screenshot FOLDER]      keeps pictures of the users' screens, for a person (wants xwd or import)
# Nothing is left running: everything started is stopped by its own process id.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

for program in xrdp xfreerdp Xvfb openssl python3; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is missing: apt-get install xrdp freerdp2-x11 xvfb openssl python3" >&2
        exit 1
    fi
done

export BALANCER=${WEIR:-${HAPROXY:-/usr/sbin/haproxy}}
if ! [ -x "$BALANCER" ]; then
    echo "$BALANCER: no such program; set WEIR" >&2
    exit 1
fi

work=$(mktemp -d /tmp/rdp-farm.XXXXXX)
xvfb=
finish() {
    local code=$?
    [ -z "$xvfb" ] || { kill "$xvfb" 2>/dev/null || true; wait "$xvfb" 2>/dev/null || true; }
    if [ "$code" -ne 0 ]; then
        echo "--- what the servers and clients said" >&2
        tail -n 25 "$work"/*.log "$work"/*.out >&2 2>/dev/null || true
    fi
    [ -n "${KEEP:-}" ] && echo "kept: $work" >&2 || rm -rf "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=rdp.test -keyout "$work/key.pem" -out "$work/cert.pem" \
    2>"$work/openssl.out"

# Xvfb picks a free display by itself and writes its number once it is ready.
mkfifo "$work/display"
Xvfb -displayfd 7 -screen 0 1280x800x24 -nolisten tcp 7>"$work/display" >"$work/xvfb.out" 2>&1 &
xvfb=$!
read -r -t 20 display <"$work/display" || { echo "Xvfb did not start" >&2; exit 1; }
export DISPLAY=:$display

python3 "$here/farm.py" "$work" "$@"
