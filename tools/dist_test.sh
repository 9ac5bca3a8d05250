#!/usr/bin/env bash
# Test on several GPUs, or on several processes of a machine without one:
#   tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of test.py]
# CHECKPOINT may be '' for the initial weights. Several machines: as in dist_train.sh.
if [ $# -lt 3 ]; then
    echo "usage: [NNODES=2 NODE_RANK=0 MASTER_ADDR=HOST PORT=29500] $0 CONFIG CHECKPOINT GPUS" \
        "[options of test.py]" >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
GPUS=$3
shift 3
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_dist_run.sh"
dist_run "$TOOLS/test.py" "$CONFIG" ${CHECKPOINT:+"$CHECKPOINT"} --launcher pytorch "$@"
