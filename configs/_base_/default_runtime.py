_base_ = 'mmaction::_base_/default_runtime.py'

# Registers MGDM in MMAction2, so that its own tools build these configs too.
custom_imports = dict(imports=['mgdm_mmaction'], allow_failed_imports=False)

default_hooks = dict(
    checkpoint=dict(interval=1, max_keep_ckpts=3, save_best='auto'),
    logger=dict(interval=20),
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
    mean_pattern=r'.*(loss|time|data_time|grad_norm|kl_|margin|negatives_in_batch).*'
)
