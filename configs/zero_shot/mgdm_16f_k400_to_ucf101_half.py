"""Zero-shot: trained on Kinetics-400, tested on 50 of the 101 classes of UCF101, ten draws.

    python tools/data/build_protocol.py half-classes data/ucf101/ucf101_*_split_?_videos.txt \
        --classes ucf101 --out data/ucf101/zero_shot
    python tools/evaluate.py configs/zero_shot/mgdm_16f_k400_to_ucf101_half.py K400.pth \
        --over MGDM_DRAW=1-10

Protocol: all videos that the lists name, 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = 'mgdm_16f_k400_to_ucf101.py'

draw = '{{$MGDM_DRAW:1}}'
protocol = dict(name='zero-shot, half of the classes', data='ucf101', split=None, draw=draw)
lists = f'{_base_.data_root}/zero_shot/half_draw{draw}'
model = dict(cls_head=dict(classes=f'{lists}_classes.txt'))
test_dataloader = dict(dataset=dict(ann_file=f'{lists}.txt'))
