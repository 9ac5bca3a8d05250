# What all data sets share: clips of 16 frames of 224 x 224, k = 7 negatives, 8 GPUs x 32 clips. A
# data set adds its lists, a config its negatives file.
#
# For one run, `--cfg-options k=3 num_frames=8` or, with MMAction2's own tools, MGDM_K=3 and
# MGDM_FRAMES=8 in the environment change k and frames. A config changes steps by their names,
# because MMEngine does not merge lists:
#     change_steps(_base_, AttachHardNegatives=dict(k=3))
num_frames = int('{{$MGDM_FRAMES:16}}')
size, short_side, flip_ratio = 224, 256, 0.5

train_pipeline = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='VideoInit'),
            dict(type='UniformSample', clip_len=num_frames),
            dict(type='VideoDecode'),
        ],
    ),
    dict(type='AttachHardNegatives', negatives_file=None, k=int('{{$MGDM_K:7}}'), start=1),
    dict(type='Resize', scale=(-1, short_side)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(size, size), keep_ratio=False),
    dict(type='Flip', flip_ratio=flip_ratio),
    # Takes the frames of a clip together: all of them turn grey, or none.
    dict(type='TorchVisionWrapper', op='RandomGrayscale', p=0.2),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs', algorithm_keys=('text_ids',)),
]
val_pipeline = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='VideoInit'),
            dict(type='UniformSample', clip_len=num_frames, test_mode=True),
            dict(type='VideoDecode'),
        ],
        test_mode=True,
    ),
    dict(type='Resize', scale=(-1, short_side)),
    dict(type='CenterCrop', crop_size=size),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='VideoDataset', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='VideoDataset', pipeline=val_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
# MMAction2's inference functions read it under this name.
test_pipeline = val_pipeline

val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator

# The loaders hold them now; under these names nothing would read them.
del num_frames, size, short_side, flip_ratio, train_pipeline, val_pipeline
