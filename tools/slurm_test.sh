#!/usr/bin/env bash
# Test on a SLURM cluster:
#   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS=...] \
#       tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of test.py]
# CHECKPOINT may be '' for the initial weights. More in slurm_train.sh.
if [ $# -lt 4 ]; then
    echo "usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS=...] $0 PARTITION" \
        "JOB_NAME CONFIG CHECKPOINT [options of test.py]" >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
CHECKPOINT=$4
shift 4
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_slurm_run.sh"
slurm_run "$TOOLS/test.py" "$CONFIG" ${CHECKPOINT:+"$CHECKPOINT"} "$@"
