# The schedule of X-CLIP, of the same family as ASU (AdamW, 30 epochs, 5 of warm-up, global batch
# 256): CLIP's image tower at 8e-6, all else at ten times that; cosine to a hundredth.
_base_ = 'adamw_20e.py'

optim_wrapper = dict(
    optimizer=dict(lr=8e-5, betas=(0.9, 0.98), eps=1e-8, weight_decay=1e-3),
)

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=5, end=30, convert_to_iter_based=True),
]

train_cfg = dict(max_epochs=30)
