# Add this piece to shard a model that does not fit on one GPU over all of them:
#     _base_ = ['../mgdm_k400.py', '../_base_/fsdp.py']
# and start it with tools/dist_train.sh or tools/slurm_train.sh. Checkpoints are whole, as without.
# Options of the sharding go into model_wrapper: see docs/distributed.md.
runner_type = 'FlexibleRunner'  # the one runner of MMEngine that reads `strategy`
strategy = dict(
    type='MGDMFSDPStrategy',
    model_wrapper=dict(
        type='MGDMFullyShardedDataParallel',
        sharding_strategy='FULL_SHARD',  # SHARD_GRAD_OP: weights stay whole, less traffic
        cpu_offload=False,
    ),
    state_dict_cfg='full',
)
