import pytest

from mgdm_mmaction.commands.build_lists import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.text.corpus import read_labels
from tests.data_prep.stand_ins import rows, touch

K400 = read_labels('k400')
HEADER = 'label,youtube_id,time_start,time_end,split,is_cc\n'
TRAIN = HEADER + (
    'abseiling,-Ab_cdefghi,10,20,train,0\n'
    'air drumming,a-Bcdefghij,0,10,train,1\n'
    'passing American football (in game),AAAAAAAAAAA,5,15,train,0\n'
    "massaging person's head,BBBBBBBBBBB,119,129,train,0\n"
    'zumba,gonegonegon,3,13,train,0\n'
)
# A youtube id that differs from another by case only; a name that two downloads wrote differently.
FILES = {
    'flat, stamped': [
        '-Ab_cdefghi_000010_000020.mp4',
        'a-Bcdefghij_000000_000010.mkv',
        'AAAAAAAAAAA_000005_000015.mp4.webm',
        'BBBBBBBBBBB_000119_000129.mp4',
        'aaaaaaaaaaa_000005_000015.mp4',
    ],
    'flat, plain': ['-Ab_cdefghi.mp4', 'a-Bcdefghij.mp4', 'AAAAAAAAAAA.mp4', 'BBBBBBBBBBB.mp4'],
    'nested': [
        'abseiling/-Ab_cdefghi_000010_000020.mp4',
        'air_drumming/a-Bcdefghij_000000_000010.mp4',
        'passing_American_football_(in_game)/AAAAAAAAAAA.mp4',
        "massaging_person's_head/BBBBBBBBBBB_000119_000129.mp4",
        '.cache/gonegonegon_000003_000013.mp4',
    ],
}


@pytest.fixture
def root(tmp_path):
    root = tmp_path / 'kinetics400'
    root.mkdir()
    (root / 'train.csv').write_text(TRAIN)
    return root


def build(root, *options):
    main(['kinetics', str(root), '--train-csv', str(root / 'train.csv'), *options])


@pytest.mark.parametrize('layout', FILES)
def test_layouts_give_the_label_of_the_csv_file(root, layout, capsys):
    touch(root / 'videos_train', FILES[layout])
    build(root)
    out = capsys.readouterr().out
    names = FILES[layout][:4]
    wanted = ['abseiling', 'air drumming', 'passing American football (in game)']
    labels = [K400.index(name) for name in [*wanted, "massaging person's head"]]
    path = root / 'kinetics400_train_list_videos.txt'
    assert rows(path) == list(zip(names, labels, strict=True))
    missing = (root / 'kinetics400_train_list_videos_missing.txt').read_text()
    assert missing == 'gonegonegon_000003_000013\tno such clip (zumba)\n'
    assert 'published 234 619 (MGDM): your copy differs by -234615' in out
    assert 'left out: 1' in out
    assert ('videos in the folder that the csv file does not name: 1' in out) == (
        layout == 'flat, stamped'
    )


def test_counts_of_the_validation_split_name_three_copies(root, capsys):
    touch(root / 'videos_val', FILES['flat, plain'])
    main(['kinetics', str(root), '--val-csv', str(root / 'train.csv')])
    out = capsys.readouterr().out
    assert all(f'published {count} (' in out for count in ('19 761', '19 796', '19 877'))
    assert 'found 0 by names with time stamps, 4 without' in out


def test_a_name_in_two_class_folders_goes_by_the_class(root, capsys):
    (root / 'train.csv').write_text(
        HEADER + 'abseiling,AAAAAAAAAAA,0,10,train,0\nzumba,AAAAAAAAAAA,50,60,train,0\n'
    )
    touch(root / 'videos_train', ['zumba/AAAAAAAAAAA.mp4', 'abseiling/AAAAAAAAAAA.mp4'])
    build(root)
    found = rows(root / 'kinetics400_train_list_videos.txt')
    assert found == [('abseiling/AAAAAAAAAAA.mp4', 0), ('zumba/AAAAAAAAAAA.mp4', 399)]
    # With one file for both clips, the second one is left out and said to be.
    (root / 'videos_train/zumba/AAAAAAAAAAA.mp4').unlink()
    build(root, '--force')
    missing = (root / 'kinetics400_train_list_videos_missing.txt').read_text()
    assert missing == (
        'AAAAAAAAAAA_000050_000060\tits video abseiling/AAAAAAAAAAA.mp4 is already that of '
        f'{root}/train.csv:2\n'
    )
    (root / 'train.csv').write_text(HEADER + 'zumba,AAAAAAAAAAA,0,10,train,0\n')
    build(root, '--force')
    assert 'videos in the folder of another class' in capsys.readouterr().out


def test_k700_takes_labels_from_a_file_or_the_csv_files(tmp_path):
    root = touch(tmp_path / 'kinetics700', ['videos_train/AAAAAAAAAAA_000000_000010.mp4'])
    (root / 'train.csv').write_text(
        'label,youtube_id,time_start,time_end,split\nZumba,gone,1,2,train\n'
        'opening door,AAAAAAAAAAA,0,10,train\nabseiling,gonetoo,1,2,train\n'
    )
    with pytest.raises(MGDMError, match='--labels csv'):
        build(root)
    build(root, '--labels', 'csv')
    assert (root / 'classes.txt').read_text() == 'abseiling\nopening door\nZumba\n'
    path = root / 'kinetics700_train_list_videos.txt'
    assert rows(path) == [('AAAAAAAAAAA_000000_000010.mp4', 1)]
    (root / 'k700.txt').write_text('zumba\nabseiling\nopening_door\n')
    build(root, '--labels', str(root / 'k700.txt'), '--force')
    assert rows(path) == [('AAAAAAAAAAA_000000_000010.mp4', 2)]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (HEADER, 'train.csv: the file holds no clip'),
        ('youtube_id,time_start,time_end,split\na,1,2,test\n', 'no column label'),
        (HEADER + 'abseiling,a,x,2,train,0\n', "train.csv:2: time_start 'x'"),
        (HEADER + 'abseilin,a,1,2,train,0\n', "train.csv:2: 'abseilin'.*mean 'abseiling'"),
        (HEADER + 'abseiling,gone,1,2,train,0\n', 'not one of the 1 clips named was found'),
        (HEADER + f'"{"a" * 200_000},b,1,2,train,0\n', r'train\.csv:2: .*double quote missing'),
        (None, r'train\.csv: no such file'),
    ],
)
def test_mistakes(root, text, message):
    touch(root / 'videos_train', ['a_000001_000002.mp4'])
    path = root / 'train.csv'
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(MGDMError, match=message):
        build(root)


def test_no_csv_file_or_no_videos(root):
    with pytest.raises(MGDMError, match='name the official ones'):
        main(['kinetics', str(root)])
    with pytest.raises(MGDMError, match='videos_train: no such folder'):
        build(root)
