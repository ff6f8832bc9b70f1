#!/usr/bin/env bash
# OpenSSH reads a time in allowed_signers that has no Z as standard time, in summer too.
#
# ssh-keygen(1) says that times without Z are "in the system time zone". In Berlin, noon of the
# first of July is 10:00 UTC, as the clocks there are two hours ahead of UTC in summer. A key with
# valid-after="20260701120000" becomes valid at 11:00 UTC: ssh-keygen takes noon for standard time,
# one hour ahead, and so the key begins an hour late. With Z at the end
# of the time, all is as written.
#
# Seen with OpenSSH 9.2p1 of Debian 12; the script says which version it runs.
set -euo pipefail
command -v ssh-keygen >/dev/null || { echo "no ssh-keygen here (Debian: openssh-client)"; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
ssh -V 2>&1 | cut -d, -f1
ssh-keygen -q -t ed25519 -N "" -C "" -f key
echo content >file
ssh-keygen -q -Y sign -f key -n demo - <file >file.sig 2>/dev/null
valid() { # whether the signature is valid at a time in UTC, under a line that begins at a time
    echo "bank valid-after=\"$1\" $(cat key.pub)" >allowed
    TZ=Europe/Berlin ssh-keygen -Y verify -f allowed -I bank -n demo -s file.sig \
        -O verify-time="$2" <file >/dev/null 2>&1 && echo valid || echo "not yet valid"
}
check() { # what, expected, seen
    printf '%-52s %s\n' "$1" "$3"
    [ "$2" = "$3" ] || { echo "this changed: expected '$2'"; exit 1; }
}
check "winter, noon in Berlin, at 11:00 UTC" valid "$(valid 20260101120000 20260101110000Z)"
check "summer, noon in Berlin, at 10:00 UTC" "not yet valid" "$(valid 20260701120000 20260701100000Z)"
check "summer, noon in Berlin, at 10:59 UTC" "not yet valid" "$(valid 20260701120000 20260701105900Z)"
check "summer, noon in Berlin, at 11:00 UTC" valid "$(valid 20260701120000 20260701110000Z)"
check "summer, 10:00 UTC with Z, at 10:00 UTC" valid "$(valid 20260701100000Z 20260701100000Z)"
