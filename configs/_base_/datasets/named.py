# The data set that MGDM_DATASET names, with the lists and class names that
# tools/data/build_lists.py writes.
_base_ = 'clips.py'
from mgdm_mmaction.config import change_steps

data = '{{$MGDM_DATASET:sthv2}}'
data_root = f'{{$MGDM_DATA:data}}/{data}'
split = '{{$MGDM_SPLIT:1}}'  # of JHMDB; the others have one
lists = f'split_{split}' if data == 'jhmdb' else 'list'
folders = dict(train='videos', val='videos')
if data.startswith('kinetics'):
    folders = dict(train='videos_train', val='videos_val')
# In names of work directories.
data_name = f'{data}_split{split}' if data == 'jhmdb' else data

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/{data}_train_{lists}_videos.txt',
        data_prefix=dict(video=f'{data_root}/{folders["train"]}'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/{data}_val_{lists}_videos.txt',
        data_prefix=dict(video=f'{data_root}/{folders["val"]}'),
    )
)
test_dataloader = val_dataloader

# 'Pushing something from left to right' is another class in the mirror.
change_steps(_base_, Flip=dict(flip_ratio=0 if data == 'sthv2' else 0.5))
del folders
