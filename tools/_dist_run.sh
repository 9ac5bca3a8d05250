# Sourced by dist_train.sh and dist_test.sh: starts $GPUS processes of a Python file here.
dist_run() {
    local python=${PYTHON:-python}
    local nnodes=${NNODES:-1}
    local port=${PORT:-}
    case $GPUS in
        '' | *[!0-9]* | 0)
            echo "error: the number of GPUs should be a whole number from 1, but is '$GPUS'" >&2
            return 2
            ;;
    esac
    if [ -z "$port" ]; then
        # One machine takes any free port, so that two runs do not meet; several have to agree.
        port=29500
        if [ "$nnodes" = 1 ]; then
            port=$("$python" -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])') || return
        fi
    fi
    # torchrun gives every process one thread unless told. Beside GPUs that is right; without them
    # the processes share the cores.
    if [ -z "${OMP_NUM_THREADS:-}" ]; then
        OMP_NUM_THREADS=$("$python" -c 'import os, sys, torch
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
print(1 if torch.cuda.is_available() else max(1, cores // int(sys.argv[1])))' "$GPUS") || return
        export OMP_NUM_THREADS
    fi
    "$python" -m torch.distributed.run \
        --nnodes="$nnodes" \
        --node_rank="${NODE_RANK:-0}" \
        --master_addr="${MASTER_ADDR:-127.0.0.1}" \
        --master_port="$port" \
        --nproc_per_node="$GPUS" \
        "$@"
}
