"""MGDM, CLIP ViT-B/16, HMDB51, split 1, 16 frames, k = 7, from CLIP's weights.

Data (MMAction2's lists, `path label` a line), under `$MGDM_DATA`, which is `data` by default:
    hmdb51/videos/<class>/<name>.avi    hmdb51/hmdb51_{train,val}_split_1_videos.txt

    python tools/mine_negatives.py configs/hmdb51/mgdm_vit-b-16_16f_hmdb51_split1.py
    tools/dist_train.sh configs/hmdb51/mgdm_vit-b-16_16f_hmdb51_split1.py 8 --amp
    tools/dist_test.sh configs/hmdb51/mgdm_vit-b-16_16f_hmdb51_split1.py CHECKPOINT 8

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Not in the paper.
"""

_base_ = [
    '../_base_/models/mgdm_vit-b-16.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]

model = dict(cls_head=dict(classes='hmdb51'))
_base_.train_dataloader.dataset.pipeline[1].update(
    negatives_file=f'{_base_.data_root}/negatives_split_1_vit-b-16_openai.jsonl'
)
