# HMDB51, the split that MGDM_SPLIT names, MMAction2's lists of videos.
_base_ = 'clips.py'

data = 'hmdb51'
data_root = f'{{$MGDM_DATA:data}}/{data}'
split = '{{$MGDM_SPLIT:1}}'
# What to start from: CLIP's weights, or the checkpoint of Kinetics-400 that the variable names.
start = '{{$MGDM_K400_CHECKPOINT:clip}}'
# In names of work directories.
data_name = data if start == 'clip' else f'{data}_from-k400'
data_name = f'{data_name}_split{split}'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/{data}_train_split_{split}_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/{data}_val_split_{split}_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    )
)
test_dataloader = val_dataloader
