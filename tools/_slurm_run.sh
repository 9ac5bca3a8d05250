# Sourced by slurm_train.sh and slurm_test.sh: starts a Python file as a SLURM job of $GPUS tasks.
slurm_run() {
    local gpus=${GPUS:-8}
    local per_node=${GPUS_PER_NODE:-8}
    local name value
    for name in GPUS GPUS_PER_NODE CPUS_PER_TASK; do
        value=${!name-1}
        case $value in
            '' | *[!0-9]* | 0)
                echo "error: $name should be a whole number from 1, but is '$value'" >&2
                return 2
                ;;
        esac
    done
    [ "$per_node" -le "$gpus" ] || per_node=$gpus
    if [ $((gpus % per_node)) != 0 ]; then
        echo "error: GPUS=$gpus is no multiple of GPUS_PER_NODE=$per_node, and every machine gets" \
            "as many" >&2
        return 2
    fi
    if ! command -v srun >/dev/null; then
        echo "error: there is no srun here: start this on a machine of a SLURM cluster, or use" \
            "dist_train.sh and dist_test.sh" >&2
        return 2
    fi
    local gres=${GRES-gpu:$per_node}
    # Jobs may share a machine: each takes a port of its own, and srun passes it on.
    export MASTER_PORT=${MASTER_PORT:-${PORT:-$((20000 + RANDOM % 20000))}}
    # shellcheck disable=SC2086 # SRUN_ARGS holds several arguments
    srun -p "$PARTITION" \
        --job-name="$JOB_NAME" \
        --nodes=$((gpus / per_node)) \
        --ntasks="$gpus" \
        --ntasks-per-node="$per_node" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" \
        ${gres:+"--gres=$gres"} \
        --kill-on-bad-exit=1 \
        ${SRUN_ARGS:-} \
        "${PYTHON:-python}" -u "$@" --launcher slurm
}
