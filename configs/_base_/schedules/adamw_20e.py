# The paper's schedule (AdamW, 5e-5, 20 epochs, global batch 256); the rest is ours: weight decay
# 0.2 on matrices only, 5 epochs of warm-up, cosine to 0, CLIP's image tower at a tenth of the rate.
optim_wrapper = dict(
    type='OptimWrapper',
    constructor='MGDMOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=5e-5, betas=(0.9, 0.999), weight_decay=0.2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0, begin=5, end=20, convert_to_iter_based=True),
]

train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=20, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

# `--auto-scale-lr` scales the learning rate by the actual global batch.
auto_scale_lr = dict(enable=False, base_batch_size=256)
