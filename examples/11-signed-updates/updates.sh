#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a repository of updates, serves it, and fetches an update from it as a device would. Everything lies in a folder that is gone
# afterwards. Needs emsctl in PATH, and python3 as the web server.
set -eu
here=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server"
  rm -rf "$here"
}
trap cleanup EXIT
cd "$here"

# Two of three people sign for root, two of three for targets; snapshot and timestamp are a machine's. Here all keys lie in one folder.
emsctl repo init repo --make-keys keys > /dev/null
emsctl repo sign repo root --key keys/root-1.pem > /dev/null
emsctl repo sign repo root --key keys/root-2.pem > /dev/null

echo 'pretend this is an image' > edge.img
emsctl repo add repo edge.img --name edge/edge-2.4.1.img --hardware-id EMS-EDGE-A --component edge --version 2.4.1 \
    --release-counter 7 > /dev/null
emsctl repo sign repo targets --key keys/targets-1.pem > /dev/null
echo "One signature is not enough:"
emsctl repo publish repo --key keys/snapshot-1.pem --key keys/timestamp-1.pem 2>&1 || true
emsctl repo sign repo targets --key keys/targets-3.pem > /dev/null
emsctl repo publish repo --key keys/snapshot-1.pem --key keys/timestamp-1.pem > /dev/null

# Any web server will do. emsctl takes plain http towards this machine only.
python3 -u -m http.server 0 --bind 127.0.0.1 --directory repo > server.log 2>&1 &
server=$!
while ! grep -q port server.log; do kill -0 "$server" && sleep 0.1; done
url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)

# The device: root 1 comes from the factory, all else over the network.
echo '{"hardware_id": "EMS-EDGE-A", "installed_release_counter": 6}' > device.json
emsctl tuf --metadata-dir trusted init repo/metadata/1.root.json > /dev/null
fetch() {
  emsctl tuf --metadata-dir trusted --metadata-url "$url/metadata" --target-base-url "$url/targets" --device device.json \
      --target-dir "$1" --target-name edge/edge-2.4.1.img download
}
fetch downloads > /dev/null
echo "Fetched and verified: $(cat downloads/*)"

echo "One byte is changed at the web server:"
printf 'P' | dd of="$(ls repo/targets/edge/*)" conv=notrunc status=none
fetch other 2>&1 | sed 's/.*"code": *"\([a-z-]*\)".*/refused: \1/'
