"""Data sets with one official file for each part, on made-up folders in their own form."""

import json
from pathlib import Path

import pytest
from mmaction.datasets import VideoDataset

from mgdm_mmaction.commands.build_lists import main
from mgdm_mmaction.errors import MGDMError
from tests.configs.walk import parse
from tests.data_prep.stand_ins import rows, touch

ACTIONS = (
    'id,subject,descriptions,actions,length\n'
    'AAAAA,X1,"A person, sitting; then standing",c001 0.00 12.60;c000 11.90 21.20;c001 20 22,30\n'
    'BBBBB,X2,Nothing,,12.5\n'
    'CCCCC,X3,Gone,c002 0.00 1.00,9\n'
    'DDDDD,X4,One,c002 0.00 1.00,9\n'
)
SEGMENTS = {
    'aaa': ('training', [('Long jump', 1.9, 20.4), ('Archery', 30.0, 41.7)]),
    'bbb': ('training', [('Archery', 0.0, 5.5)]),
    'ccc': ('validation', [('Long jump', 3, 4)]),
    'ddd': ('testing', []),
}
# Of each data set: its files, its clips, the lists and the classes.
SETS = {
    'sthv2': (
        {
            'labels.json': {'Closing something': '1', 'Putting something on something': '0'},
            'train.json': [
                {'id': '7', 'template': 'Putting [something] on [something]', 'label': 'putting x'},
                {'id': '8', 'template': 'Closing [something]', 'label': 'closing a jar'},
            ],
            'validation.json': [{'id': '9', 'template': 'Closing [something]'}],
        },
        ['7.webm', '8.webm', '9.webm', '10.webm'],
        ([('7.webm', 0), ('8.webm', 1)], [('9.webm', 1)]),
        ['Putting something on something', 'Closing something'],
    ),
    'diving48': (
        {
            'Diving48_vocab.json': [
                ['Back', '15som', '05Twis', 'FREE'],
                ['Forward', '1som', 'NoTwis', 'PIKE'],
                ['Forward', 'Dive', 'NoTwis', 'STR'],
                ['Reverse', '35som', '25Twis', 'TUCK'],
            ],
            'Diving48_V2_train.json': [
                {'vid_name': '_8Vy_00000', 'label': 3, 'start_frame': 0, 'end_frame': 84},
                {'vid_name': '_8Vy_00001', 'label': 0, 'start_frame': 0, 'end_frame': 84},
            ],
            'Diving48_V2_test.json': [{'vid_name': 'a-b_00003', 'label': 2}],
        },
        ['rgb/_8Vy_00000.mp4', 'rgb/_8Vy_00001.mp4', 'rgb/a-b_00003.mp4'],
        ([('rgb/_8Vy_00000.mp4', 3), ('rgb/_8Vy_00001.mp4', 0)], [('rgb/a-b_00003.mp4', 2)]),
        [
            'back, one and a half somersaults, half twist, free',
            'forward, one somersault, no twists, pike',
            'forward, dive, no twists, straight',
            'reverse, three and a half somersaults, two and a half twists, tuck',
        ],
    ),
    'activitynet': (
        {
            'activity_net.v1-3.min.json': {
                'database': {
                    name: {
                        'subset': subset,
                        'annotations': [
                            {'label': label, 'segment': [start, end]}
                            for label, start, end in segments
                        ],
                    }
                    for name, (subset, segments) in SEGMENTS.items()
                },
                'taxonomy': [],
            }
        },
        ['aaa_000001_000020.mp4', 'v_aaa_000030_000041.mkv', 'v_bbb.mp4', 'ccc.mp4', 'ddd.mp4'],
        (
            [('aaa_000001_000020.mp4', 1), ('v_aaa_000030_000041.mkv', 0), ('v_bbb.mp4', 0)],
            [('ccc.mp4', 1)],
        ),
        ['Archery', 'Long jump'],
    ),
}


def write(root, files):
    folder = root / 'annotations' / 'unpacked'
    folder.mkdir(parents=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
        # As macOS leaves beside every file that it unpacks.
        (folder / f'._{name}').write_bytes(b'\xff')


def assert_a_config_reads(root, split='1'):
    # It begins with configs/datasets/mgdm_16f.py.
    case = f'baselines/classifier.py MGDM_DATASET={root.name} MGDM_SPLIT={split}'
    cfg = parse(case, MGDM_DATA=str(root.parent))
    assert Path(cfg.model.cls_head.classes).is_file()
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        for clip, _ in rows(Path(loader.dataset.ann_file)):
            assert Path(loader.dataset.data_prefix.video, clip).is_file()


@pytest.mark.parametrize('name', SETS)
def test_lists_and_classes(name, tmp_path, capsys):
    tmp_path /= name
    files, clips, lists, classes = SETS[name]
    write(tmp_path, files)
    touch(tmp_path / 'videos', clips)
    main([name, str(tmp_path)])
    for part, wanted in zip(('train', 'val'), lists, strict=True):
        assert rows(tmp_path / f'{name}_{part}_list_videos.txt') == wanted
    assert (tmp_path / 'classes.txt').read_text().splitlines() == classes
    assert_a_config_reads(tmp_path)
    out = capsys.readouterr().out
    assert 'published' in out
    assert 'abbreviated' not in out
    # A label map of one's own decides on the order, but not on what a number in the files means.
    (tmp_path / 'own.txt').write_text('\n'.join(reversed(classes)))
    main([name, str(tmp_path), '--labels', str(tmp_path / 'own.txt'), '--force'])
    turned = [(clip, len(classes) - 1 - label) for clip, label in lists[0]]
    assert rows(tmp_path / f'{name}_train_list_videos.txt') == turned


def test_whole_videos_of_activitynet_count_once(tmp_path):
    write(tmp_path, SETS['activitynet'][0])
    touch(tmp_path / 'videos', [f'v_{name}.mp4' for name in SEGMENTS])
    main(['activitynet', str(tmp_path)])
    found = rows(tmp_path / 'activitynet_train_list_videos.txt')
    assert found == [('v_aaa.mp4', 1), ('v_bbb.mp4', 0)]


def test_charades_lists_have_several_labels_and_mmaction2_reads_them(tmp_path, capsys):
    classes = 'c000 Holding some clothes\nc001 Sitting in a chair\nc002 Closing a closet/cabinet\n'
    files = {f'Charades_v1_{part}.csv': ACTIONS for part in ('train', 'test')}
    write(tmp_path, files | {'Charades_v1_classes.txt': classes})
    touch(tmp_path / 'videos', ['AAAAA.mp4', 'BBBBB.mp4', 'DDDDD.mp4'])
    main(['charades', str(tmp_path)])
    path = tmp_path / 'charades_train_list_videos.txt'
    assert path.read_text() == 'AAAAA.mp4 0 1\nDDDDD.mp4 2\n'
    assert path.with_stem(f'{path.stem}_missing').read_text() == (
        'BBBBB\tno action is named\nCCCCC\tno such clip (Closing a closet/cabinet)\n'
    )
    out = capsys.readouterr().out
    assert 'multi_class=True, num_classes=3' in out
    assert 'check_videos.py' not in out  # which reads one label a clip
    data = VideoDataset(str(path), [], multi_class=True, num_classes=3, test_mode=True)
    assert [data[i]['label'].tolist() for i in range(2)] == [[1, 1, 0], [0, 0, 1]]


def test_jhmdb_lists_its_three_splits_and_its_classes(tmp_path, capsys):
    tmp_path /= 'jhmdb'
    names = ['brush_hair', 'wave', 'catch']
    for split in (1, 2, 3):
        for name in names:
            lines = [f'{name}_{i}.avi {2 if i == split else 1} \n' for i in (1, 2, 3)]
            touch(tmp_path / 'annotations', [f'splits/{name}_test_split{split}.txt'])
            path = tmp_path / f'annotations/splits/{name}_test_split{split}.txt'
            path.write_text(''.join(lines))
    touch(tmp_path / 'videos', [f'{name}/{name}_{i}.avi' for name in names for i in (1, 2, 3)])
    main(['jhmdb', str(tmp_path)])
    assert (tmp_path / 'classes.txt').read_text() == 'brush_hair\ncatch\nwave\n'
    for split in (1, 2, 3):
        assert rows(tmp_path / f'jhmdb_val_split_{split}_videos.txt') == [
            (f'{name}/{name}_{split}.avi', label) for label, name in enumerate(sorted(names))
        ]
        assert_a_config_reads(tmp_path, split)
    assert 'published 928 (all clips): your copy differs by -919' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('name', 'file', 'content', 'message'),
    [
        ('sthv2', 'train.json', None, r'no \*train.json in it. Unpack the official files'),
        ('sthv2', 'train.json', '[{', r'train.json: cannot be read \(JSONDecodeError'),
        ('sthv2', 'train.json', '[{"id": "7"}]', r"KeyError: 'template'\); expected the official"),
        (
            'sthv2',
            'train.json',
            '[{"id": "7", "template": "Closin [something]"}]',
            "train.json: 7: 'Closin something' is none of the 2 .*mean 'Closing something'",
        ),
        ('diving48', 'Diving48_V2_train.json', '[{"vid_name": "a", "label": 4}]', 'IndexError'),
        ('diving48', 'Diving48_vocab.json', '[["Back", "7som"]]', "KeyError: '7'"),
        ('activitynet', 'activity_net.v1-3.min.json', '[]', 'file of ActivityNet: {"database"'),
    ],
)
def test_mistakes(name, file, content, message, tmp_path):
    files, clips, *_ = SETS[name]
    files = files | {file: content}
    if content is None:
        del files[file]
    write(tmp_path, files)
    touch(tmp_path / 'videos', clips)
    with pytest.raises(MGDMError, match=message):
        main([name, str(tmp_path)])
    assert not list(tmp_path.glob('*.txt'))
