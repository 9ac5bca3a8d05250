# Kinetics-400, MMAction2's lists of videos.
_base_ = 'clips.py'

data_root = '{{$MGDM_DATA:data}}/kinetics400'
data_name = 'k400'  # in names of work directories

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_train_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_train'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/kinetics400_val_list_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos_val'),
    )
)
test_dataloader = val_dataloader
