"""HMDB51, split 2: mgdm_vit-l-14_16f_hmdb51_split1.py with its lists and negatives."""

_base_ = 'mgdm_vit-l-14_16f_hmdb51_split1.py'

data_root = '{{$MGDM_DATA:data}}/hmdb51'
train_dataloader = dict(dataset=dict(ann_file=f'{data_root}/hmdb51_train_split_2_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file=f'{data_root}/hmdb51_val_split_2_videos.txt'))
test_dataloader = val_dataloader
_base_.train_dataloader.dataset.pipeline[1].update(
    negatives_file=f'{data_root}/negatives_split_2_vit-l-14_openai.jsonl'
)
