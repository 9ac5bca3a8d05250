# UCF101, split 1, MMAction2's lists of videos. The negatives are those of ViT-L/14.
_base_ = 'clips.py'

data_root = '{{$MGDM_DATA:data}}/ucf101'

train_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ucf101_train_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    )
)
val_dataloader = dict(
    dataset=dict(
        ann_file=f'{data_root}/ucf101_val_split_1_videos.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    )
)
test_dataloader = val_dataloader

_base_.train_dataloader.dataset.pipeline[1].update(
    negatives_file=f'{data_root}/negatives_split_1_vit-l-14_openai.jsonl'
)
