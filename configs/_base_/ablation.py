# Where the rows of the paper's tables and the baselines begin, on the data set that MGDM_DATASET
# names: ViT-L/14; on own clips and in configs/datasets/ ViT-B/16; on the last two the tiny CLIP.
_base_ = dict(
    k400='../mgdm_k400.py',
    hmdb51='../hmdb51/mgdm_vit-l-14_16f_hmdb51.py',
    ucf101='../ucf101/mgdm_vit-l-14_16f_ucf101.py',
    custom='../custom/mgdm_custom.py',
    custom_tiny='../custom/mgdm_custom_tiny.py',
    toy='../toy/mgdm_toy.py',
).get('{{$MGDM_DATASET:k400}}', '../datasets/mgdm_16f.py')
