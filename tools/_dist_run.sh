# Sourced by dist_train.sh and dist_test.sh: starts $GPUS processes of a Python file here.
fail() {
    echo "error: $*" >&2
    return 2
}

is_number() { # of at least $2
    case $1 in '' | *[!0-9]*) return 1 ;; esac
    [ "$1" -ge "$2" ]
}

dist_run() {
    local python=${PYTHON:-python}
    # The names of MMEngine's scripts, then those of torchrun.
    local nnodes=${NNODES:-${PET_NNODES:-1}}
    local node_rank=${NODE_RANK:-${PET_NODE_RANK:-}}
    local address=${MASTER_ADDR:-${PET_MASTER_ADDR:-}}
    local port=${PORT:-${MASTER_PORT:-${PET_MASTER_PORT:-}}}
    is_number "$GPUS" 1 || {
        fail "the number of GPUs should be a whole number from 1, but is '$GPUS'"
        return
    }
    is_number "$nnodes" 1 || {
        fail "NNODES, the number of machines, should be a whole number from 1, but is '$nnodes'"
        return
    }
    if [ "$nnodes" -gt 1 ]; then
        # Each of these, left out or wrong, would leave all machines waiting for each other.
        is_number "$node_rank" 0 && [ "$node_rank" -lt "$nnodes" ] || {
            fail "NODE_RANK should be the number of this machine, from 0 to $((nnodes - 1)) because" \
                "NNODES=$nnodes, but is '$node_rank'; each machine has its own"
            return
        }
        [ -n "$address" ] || {
            fail "NNODES=$nnodes needs MASTER_ADDR, the address of the machine with NODE_RANK=0," \
                "the same on all machines"
            return
        }
    fi
    if [ -n "$port" ] && ! is_number "$port" 1; then
        fail "PORT should be a free port of the first machine, such as 29500, but is '$port'"
        return
    fi
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
        --node_rank="${node_rank:-0}" \
        --master_addr="${address:-127.0.0.1}" \
        --master_port="$port" \
        --nproc_per_node="$GPUS" \
        "$@" || {
        local code=$?
        # torchrun's own report is long, and what matters has scrolled away above it.
        echo "error: a process failed; the reason stands above torchrun's report, in the first line" \
            "that begins with 'error:' or in the first traceback" >&2
        return "$code"
    }
}
