#!/usr/bin/env bash
# Train on several GPUs, or on several processes of a machine without one:
#   tools/dist_train.sh CONFIG GPUS [options of train.py]
# More than one machine: set NNODES, NODE_RANK, MASTER_ADDR and PORT on each of them.
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [options of train.py]" >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
shift 2
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_dist_run.sh"
dist_run "$TOOLS/train.py" "$CONFIG" --launcher pytorch "$@"
