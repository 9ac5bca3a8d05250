"""MGDM, CLIP ViT-L/14 (OpenAI), Kinetics-400, 16 frames, k = 7: the paper's reported model.

Data (MMAction2's lists, `path label` a line), under `$MGDM_DATA`, which is `data` by default:
    kinetics400/videos_train/    kinetics400/kinetics400_train_list_videos.txt
    kinetics400/videos_val/      kinetics400/kinetics400_val_list_videos.txt

Mine the hard negatives once:
    python tools/mine_negatives.py configs/mgdm_k400.py \
        --out data/kinetics400/negatives_vit-l-14_openai.jsonl
Train (8 GPUs x 32 clips, some 23.4 GiB on each by estimate: blocks of the tower are computed
again in the backward pass; on another number of GPUs add --auto-scale-lr):
    tools/dist_train.sh configs/mgdm_k400.py 8 --amp --cfg-options optim_wrapper.dtype=bfloat16
Test:
    tools/dist_test.sh configs/mgdm_k400.py work_dirs/mgdm_k400/best_acc_top1_epoch_20.pth 8
Change what you like:
    ... --cfg-options k=5 num_frames=8 batch_size=16 model.backbone.with_cp=False
    ... --cfg-options model.backbone.pretrained=clip.pt model.cls_head.pretrained=clip.pt
The folders beside this file hold other towers, frames and data sets, `ablations/` the rows of the
paper's tables, and `custom/mgdm_custom.py` is the template for your own data (docs/configs.md).

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Printed by the paper: top-1 87.3, top-5 97.9
(234 619 training and 19 761 validation videos). Not run by us.
"""

_base_ = [
    '_base_/models/mgdm_vit-l-14.py',
    '_base_/datasets/k400.py',
    '_base_/schedules/adamw_20e.py',
    '_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

model = dict(cls_head=dict(classes='k400'))
change_steps(
    _base_,
    AttachHardNegatives=dict(negatives_file=f'{_base_.data_root}/negatives_vit-l-14_openai.jsonl'),
)
