# The values of MMAction2's file of this name. It is no base of this one: MMEngine would look it up
# in MMAction2's whole model index, which took three quarters of the time to read a config.
default_scope = 'mmaction'
# Registers MGDM in MMAction2, so that its own tools build these configs too.
custom_imports = dict(imports=['mgdm_mmaction'], allow_failed_imports=False)

default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3, save_best='auto'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
)

custom_hooks = [
    # Random numbers depend on seed and epoch alone: a resumed run equals one never stopped.
    dict(type='EpochSeedHook'),
    dict(type='CheckNegativesHook'),
    # Says at the start what is trained, at which rate; stops a run that leaves a parameter out.
    dict(type='ModelSummaryHook'),
    dict(type='CheckGradientsHook'),
    dict(type='LearningRatesHook'),
]

# Of these the log has means over its last 20 steps, of all else the last value. What each curve
# means: docs/curves.md.
log_processor = dict(
    type='LogProcessor',
    window_size=20,
    by_epoch=True,
    mean_pattern=r'.*(loss|time|data_time|grad_norm|kl_|margin|negatives_in_batch).*',
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False
