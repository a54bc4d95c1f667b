. "$SUITES/steps.sh"
# A device that leads nowhere, so that the machine has an address of its own beside those of lo.
{ ip link add invisible0 type dummy || ip link add invisible0 type veth peer name invisible1; } 2>/dev/null
ip address add 192.0.2.77/32 dev invisible0 && ip -6 address add fd99::77/128 dev invisible0 nodad && ip link set invisible0 up
for part in $(/usr/bin/python3 "$SUITES/programs/allowed.py" --list); do
  step "$part" /usr/bin/python3 "$SUITES/programs/allowed.py" "$part"
done
step siblings-by-shell sh -c 'd=$(mktemp -d "${MODELS}X.XXXX") && echo x >"$d/f" && mv "$d/f" "$d/g" && chmod 600 "$d/g" && rm -r "$d"'
step terminal script -qec 'tty >/dev/null && stty -echo && stty echo && echo on a terminal' /dev/null
