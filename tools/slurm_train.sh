#!/usr/bin/env bash
# Train on a SLURM cluster:
#   [GPUS=16] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS='--time=24:00:00'] \
#       tools/slurm_train.sh PARTITION JOB_NAME CONFIG [WORK_DIR] [options of train.py]
# GPUS is the number of all, over GPUS / GPUS_PER_NODE machines; both are 8 unless set. A partition
# without GPUs: GRES='' leaves out --gres, and GPUS are processes.
if [ $# -lt 3 ]; then
    echo "usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS=...] $0 PARTITION" \
        "JOB_NAME CONFIG [WORK_DIR] [options of train.py]" >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
shift 3
case ${1-} in
    '' | -*) ;;
    *)
        WORK_DIR=$1
        shift
        set -- --work-dir "$WORK_DIR" "$@"
        ;;
esac
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$TOOLS/_slurm_run.sh"
slurm_run "$TOOLS/train.py" "$CONFIG" "$@"
