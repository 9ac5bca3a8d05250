"""Zero-shot: trained on Kinetics-400, tested on half of the classes of a data set, ten draws.

    python tools/data/build_protocol.py half-classes data/hmdb51/hmdb51_*_split_?_videos.txt \
        --classes hmdb51 --out data/hmdb51/zero_shot
    MGDM_DATASET=hmdb51 python tools/evaluate.py configs/zero_shot/mgdm_16f_zero-shot_half.py \
        K400.pth --over MGDM_DRAW=1-10
25 of the 51 classes of HMDB51, 50 of the 101 of UCF101; `K400.pth` as in mgdm_16f_zero-shot_all.py.

Protocol: all videos that the lists name, 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = 'mgdm_16f_zero-shot_all.py'

draw = '{{$MGDM_DRAW:1}}'
protocol = dict(name='zero-shot, half of the classes', split=None, draw=draw)
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data}'
lists = f'{_base_.data_root}/zero_shot/half_draw{draw}'
model = dict(cls_head=dict(classes=f'{lists}_classes.txt'))
test_dataloader = dict(dataset=dict(ann_file=f'{lists}.txt'))
