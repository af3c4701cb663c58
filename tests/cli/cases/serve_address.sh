# SPDX-License-Identifier: Apache-2.0
# octet serve: addresses, ports and paths in use, and what is wrong usage.
. "$support"
need_demo
echo "wrong usage:"
try serve
try serve parts.octet
try serve a b --frigate tcp://:5555
for wrong in 5555 127.0.0.1:5555 tcp:// tcp://127.0.0.1 tcp://127.0.0.1: tcp://127.0.0.1:0 tcp://127.0.0.1:65536 \
    tcp://127.0.0.1:x tcp://::1:5555 'tcp://a b:5555' ipc:// udp://127.0.0.1:5555 http://127.0.0.1:5555 ''; do
    try serve parts.octet --frigate "$wrong"
done
try serve parts.octet --frigate "ipc:///tmp/$(printf '%0120d' 0)"
try serve parts.octet --frigate tcp://:5555 --conf 2
try serve parts.octet --frigate tcp://:5555 --confidence 0.5

need_client
cp "$(engine)" parts.octet
echo "what is not there:"
try serve none.octet --frigate 'tcp://127.0.0.1:*'
try serve parts.octet --frigate tcp://203.0.113.1:5555
try serve parts.octet --frigate tcp://nowhere.invalid:5555
try serve parts.octet --frigate ipc:///nowhere/at/all
try serve parts.octet --frigate 'tcp://127.0.0.1:*' --labelmap nowhere/labels.txt
mkdir broken && echo "no library" >broken/libzmq.so.5
echo "no ZeroMQ:"
with broken "$octet" serve parts.octet --frigate 'tcp://127.0.0.1:*' 2>&1
echo "[exit status $?]"

echo "in use:"
serve parts.octet --threads 1 --frigate 'tcp://localhost:*'
"$octet" serve parts.octet --frigate "$address" >second 2>&1
echo "[exit status $?] $(sed 's/:[0-9]*: in/:PORT: in/' second)"
stop TERM
serve parts.octet --threads 1 --frigate "ipc://$PWD/socket"
try serve parts.octet --frigate "ipc://$PWD/socket"
"$client" "$address" model parts.octet
stop HUP
[ ! -e socket ] || echo "the socket is still there"

echo "left by a server that was killed:"
serve parts.octet --threads 1 --frigate "ipc://$PWD/socket"
{ kill -KILL "$server"; wait "$server"; } 2>/dev/null # bash tells of it when it notices
[ -S socket ] || echo "no socket is left"
serve parts.octet --threads 1 --frigate "ipc://$PWD/socket"
"$client" "$address" model parts.octet
stop TERM
echo mine >file
try serve parts.octet --frigate "ipc://$PWD/file"
cat file

echo "open to others:"
serve parts.octet --threads 1 --frigate 'tcp://0.0.0.0:*'
sed 's/0.0.0.0:[0-9]*/0.0.0.0:PORT/' serve.err
stop TERM
