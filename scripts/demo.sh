#!/usr/bin/env bash
# The whole loop on the built-in camera: record, label, train, predict live.
# Never touches what an earlier demo made: the next one goes to demo-2, demo-3, ...
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
window=--show
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    window=
fi

out=demo
number=1
until mkdir "$out" 2>/dev/null; do
    [ -e "$out" ] || mkdir "$out" # not taken, so not writable: mkdir says why
    number=$((number + 1))
    out=demo-$number
done

step() {
    echo
    echo "[$SECONDS s] $1"
    shift
    echo "  $*"
    "$@"
}

step "Record eight seconds of a simulated room" \
    hn-record --sensor simulated --seconds 8 --annotate-every 10 --out "$out/recordings/room" $window
step "Label them: every pixel by its height above the floor and its angle to it" \
    hn-label "$out/recordings/room" --out "$out/labels"
step "Train the smallest network on them and on rendered rooms" \
    hn-train --data "$out/recordings" simulated:120 --preset smoke --out "$out/run"
step "Run the network on the live camera" \
    hn-capture --model "$out/run/model.onnx" --screenshot "$out/live.png"

cat <<END

Done in $SECONDS seconds. What there is now:
  $out/recordings/room   the recording
  $out/labels            its labels, as images and overlays
  $out/run/report.html   how training went: open it in a browser
  $out/run/model.onnx    the network
  $out/live.png          the window with the network's prediction over the live view

Next, in the window (needs a display):
  .venv/bin/hn-capture --model $out/run/model.onnx
END
