#!/usr/bin/env bash
# Train on several GPUs, or on several processes of a machine without one:
#   tools/dist_train.sh CONFIG GPUS [options of train.py]
# Several machines: the same on each, GPUS being those of one machine, with its own NODE_RANK:
#   NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 PORT=29500 tools/dist_train.sh CONFIG 8
#   NNODES=2 NODE_RANK=1 MASTER_ADDR=10.0.0.1 PORT=29500 tools/dist_train.sh CONFIG 8
if [ $# -lt 2 ]; then
    echo "usage: [NNODES=2 NODE_RANK=0 MASTER_ADDR=HOST PORT=29500] $0 CONFIG GPUS" \
        "[options of train.py]" >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
shift 2
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_dist_run.sh"
dist_run "$TOOLS/train.py" "$CONFIG" --launcher pytorch "$@"
