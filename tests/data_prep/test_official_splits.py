import pytest
from mmaction.datasets import VideoDataset

from mgdm_mmaction.commands.build_lists import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.text.corpus import read_labels
from tests.data_prep.stand_ins import rows, touch

HMDB = read_labels('hmdb51')
UCF = read_labels('ucf101')
# Signs that the real names hold.
ODD = [
    '#122_Cleaning_[up]_{a}_f_cm_np1_ba_med_0.avi',
    '50_FIRST_&_LAST_{a}_f_nm_np1_fr_goo_1.avi',
    "it's(HQ);_a_!_{a}_u_cm_np1_le_bad_2.avi",
    'plain_{a}_h_nm_np1_ri_med_3.avi',
    'neither_{a}_h_nm_np1_ri_med_4.avi',
]
FLAGS = [1, 2, 1, 2, 0]


@pytest.fixture
def hmdb(tmp_path):
    root = tmp_path / 'hmdb51'
    for split in (1, 2, 3):
        for name in HMDB:
            lines = [f'{odd.format(a=name)} {flag} ' for odd, flag in zip(ODD, FLAGS, strict=True)]
            folder = root / 'annotations' / 'testTrainMulti_7030_splits'
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f'{name}_test_split{split}.txt').write_text('\r\n'.join(lines) + '\r\n')
    touch(root / 'videos', [f'{name}/{odd.format(a=name)}' for name in HMDB for odd in ODD])
    return root


def test_hmdb51_lists_odd_names_and_mmaction2_reads_them(hmdb, capsys):
    main(['hmdb51', str(hmdb)])
    out = capsys.readouterr().out
    for split in (1, 2, 3):
        for part, flag in (('train', 1), ('val', 2)):
            path = hmdb / f'hmdb51_{part}_split_{split}_videos.txt'
            wanted = [
                (f'{name}/{odd.format(a=name)}', label)
                for label, name in enumerate(HMDB)
                for odd, own in zip(ODD, FLAGS, strict=True)
                if own == flag
            ]
            assert rows(path) == wanted
    data = VideoDataset(str(path), [], data_prefix=dict(video=str(hmdb / 'videos')), test_mode=True)
    found = [data.get_data_info(i) for i in range(len(data))]
    assert [(info['filename'], info['label']) for info in found] == [
        (str(hmdb / 'videos' / name), label) for name, label in wanted
    ]
    for fact in (
        'published 3 570 (the official split): your copy differs by -3468',
        'published 1 530 (the official split): your copy differs by -1428',
        'published 6 766 (all clips): your copy differs by -6511',
        'classes without exactly 70 clips: 51 (2 brush_hair, ',
        '2 in every class',
    ):
        assert fact in out


def test_hmdb51_finds_clips_whose_signs_were_replaced(hmdb, capsys):
    folder = hmdb / 'videos' / 'wave'
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.translate(str.maketrans("#&;[]!'()", '_________')))
    (folder / 'plain_wave_h_nm_np1_ri_med_3.avi').unlink()
    main(['hmdb51', str(hmdb), '--splits', '1'])
    found = rows(hmdb / 'hmdb51_train_split_1_videos.txt')
    assert ('wave/_122_Cleaning__up__wave_f_cm_np1_ba_med_0.avi', 50) in found
    missing = (hmdb / 'hmdb51_val_split_1_videos_missing.txt').read_text()
    assert missing == 'wave/plain_wave_h_nm_np1_ri_med_3.avi\tno such clip (wave)\n'
    assert 'clips found under a name with other signs or case: 2\n' in (capsys.readouterr().out)
    assert not (hmdb / 'hmdb51_train_split_2_videos.txt').exists()


def test_hmdb51_takes_raw_frames_too(hmdb):
    for name in HMDB:
        for odd, frames in zip(ODD, (3, 4, 5, 6, 7), strict=True):
            folder = f'rawframes/{name}/{odd.format(a=name).removesuffix(".avi")}'
            touch(hmdb, [f'{folder}/img_{i:05}.jpg' for i in range(1, frames + 1)])
            touch(hmdb, [f'{folder}/flow_x_{i:05}.jpg' for i in range(1, frames)])
    main(['hmdb51', str(hmdb), '--splits', '1', '--rawframes'])
    lines = (hmdb / 'hmdb51_val_split_1_rawframes.txt').read_text().split('\n')
    assert lines[0] == 'brush_hair/50_FIRST_&_LAST_brush_hair_f_nm_np1_fr_goo_1 4 0'
    assert lines[101] == 'wave/plain_wave_h_nm_np1_ri_med_3 6 50'


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('wave', 'a.avi 3\n', "wave_test_split1.txt:1: found 'a.avi 3'"),
        ('wave', 'a.avi\n', "found 'a.avi'; expected a file name and 0, 1 or 2"),
        ('waves', 'a.avi 1\n', "'waves' is none of the 51 classes.*mean 'wave'"),
        ('wave', None, r'no wave_test_split1.txt \(1 of 51 classes'),
    ],
)
def test_hmdb51_mistakes(hmdb, name, text, message):
    path = hmdb / f'annotations/testTrainMulti_7030_splits/{name}_test_split1.txt'
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(MGDMError, match=message):
        main(['hmdb51', str(hmdb)])
    assert not list(hmdb.glob('hmdb51_*'))


@pytest.fixture
def ucf(tmp_path):
    root = tmp_path / 'ucf101'
    (root / 'annotations').mkdir(parents=True)
    lines = {}
    for split in (1, 2, 3):
        train, test = [], []
        for i, name in enumerate(UCF, 1):
            # The oddity of the real set: one class is spelt otherwise in the names of its clips.
            stem = f'v_{name.replace("HandstandPushups", "HandStandPushups")}'
            train += [f'{name}/{stem}_g{g:02}_c01.avi {i}' for g in (1, 2, 3) if g != split]
            test += [f'{name}/{stem}_g{split:02}_c01.avi']
        lines |= {f'trainlist{split:02}.txt': train, f'testlist{split:02}.txt': test}
    for name, content in lines.items():
        (root / 'annotations' / name).write_text(''.join(f'{line}\r\n' for line in content))
    return root


@pytest.mark.parametrize('in_file', ['HandStand', 'Handstand'])
@pytest.mark.parametrize('in_folder', ['HandStand', 'Handstand'])
def test_ucf101_lists_whatever_the_spelling_of_handstand_pushups(ucf, in_file, in_folder, capsys):
    def real(name, group):
        folder, stem = (name.replace('Handstand', own) for own in (in_folder, in_file))
        return f'{folder}/v_{stem}_g{group:02}_c01.avi'

    touch(ucf / 'videos', [real(name, group) for name in UCF for group in (1, 2, 3)])
    main(['ucf101', str(ucf)])
    for split in (1, 2, 3):
        for part in ('train', 'val'):
            groups = [g for g in (1, 2, 3) if (g == split) == (part == 'val')]
            assert rows(ucf / f'ucf101_{part}_split_{split}_videos.txt') == [
                (real(name, group), label) for label, name in enumerate(UCF) for group in groups
            ]
    assert not list(ucf.glob('*missing*'))
    out = capsys.readouterr().out
    for count in ('9 537', '3 783', '9 586', '3 734', '9 624', '3 696', '13 320'):
        assert f'published {count} (' in out


@pytest.mark.parametrize(
    ('name', 'old', 'new', 'message'),
    [
        ('trainlist02.txt', ' 1\r\n', ' 0\r\n', 'trainlist02.txt:1: ApplyEyeMakeup has number 0'),
        ('trainlist01.txt', 'YoYo/', '', 'found .v_YoYo.*; expected .Class/name.avi'),
        ('testlist01.txt', 'YoYo/', 'JoJo/', "testlist01.txt:101: 'JoJo' is none of the 101"),
        ('testlist03.txt', '', None, r'no testlist03.txt in it'),
    ],
)
def test_ucf101_mistakes(ucf, name, old, new, message):
    touch(ucf / 'videos', ['YoYo/v_YoYo_g01_c01.avi'])
    path = ucf / 'annotations' / name
    text = path.read_bytes().decode()
    assert old in text
    path.unlink() if new is None else path.write_bytes(text.replace(old, new, 1).encode())
    with pytest.raises(MGDMError, match=message):
        main(['ucf101', str(ucf)])
    assert not list(ucf.glob('ucf101_*'))
