"""Zero-shot: trained on Kinetics-400, tested on 160 of the classes that only Kinetics-600 has.

    python tools/data/build_lists.py kinetics data/kinetics600 --val-csv val.csv --labels csv
    python tools/data/build_protocol.py unseen data/kinetics600/kinetics600_val_list_videos.txt \
        --classes data/kinetics600/classes.txt --out data/kinetics600/zero_shot
    python tools/evaluate.py configs/zero_shot/mgdm_16f_zero-shot_k600.py K400.pth \
        --over MGDM_DRAW=1-3
`K400.pth` as in mgdm_16f_zero-shot_all.py. The literature has 220 such classes; docs/protocols.md
says how to take its lists.

Protocol: 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = '../hmdb51/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_hmdb51.py'

draw = '{{$MGDM_DRAW:1}}'
data = 'k600'
protocol = dict(name='zero-shot, unseen classes', data=data, split=None, draw=draw)
work_dir = 'work_dirs/{{ fileBasenameNoExtension }}'
data_root = '{{$MGDM_DATA:data}}/kinetics600'
lists = f'{data_root}/zero_shot/unseen160_draw{draw}'
model = dict(cls_head=dict(classes=f'{lists}_classes.txt', open_vocabulary=True))
test_dataloader = dict(
    dataset=dict(ann_file=f'{lists}.txt', data_prefix=dict(video=f'{data_root}/videos_val'))
)
# It only tests.
load_from = train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
