# Where every row of the paper's tables begins: ViT-L/14 on the data set that MGDM_DATASET names.
_base_ = dict(
    k400='../mgdm_k400.py',
    hmdb51='../hmdb51/mgdm_vit-l-14_16f_hmdb51.py',
    ucf101='../ucf101/mgdm_vit-l-14_16f_ucf101.py',
)['{{$MGDM_DATASET:k400}}']
