"""UCF101, split 2: mgdm_vit-b-16_16f_ucf101_split1.py with its lists and negatives."""

_base_ = 'mgdm_vit-b-16_16f_ucf101_split1.py'

data_root = '{{$MGDM_DATA:data}}/ucf101'
train_dataloader = dict(dataset=dict(ann_file=f'{data_root}/ucf101_train_split_2_videos.txt'))
val_dataloader = dict(dataset=dict(ann_file=f'{data_root}/ucf101_val_split_2_videos.txt'))
test_dataloader = val_dataloader
_base_.train_dataloader.dataset.pipeline[1].update(
    negatives_file=f'{data_root}/negatives_split_2_vit-b-16_openai.jsonl'
)
