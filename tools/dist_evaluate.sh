#!/usr/bin/env bash
# Evaluate on several GPUs, or on several processes of a machine without one:
#   tools/dist_evaluate.sh GPUS CONFIG [CHECKPOINT] [options of evaluate.py]
# Several machines: as in dist_train.sh.
if [ $# -lt 2 ]; then
    echo "usage: [NNODES=2 NODE_RANK=0 MASTER_ADDR=HOST PORT=29500] $0 GPUS CONFIG [CHECKPOINT]" \
        "[options of evaluate.py]" >&2
    exit 2
fi
GPUS=$1
shift
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_dist_run.sh"
dist_run "$TOOLS/evaluate.py" --launcher pytorch "$@"
