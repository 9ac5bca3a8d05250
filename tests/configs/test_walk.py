"""Every config under configs/, also one added tomorrow: what it says, and that it trains and tests.

The quick part reads the configs, the slow one (``test_walk_runs.py``) runs them.
"""

import ast
import copy
import fnmatch
import re
from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.config import Config, DictAction

from mgdm_mmaction.clip import embed_dims, get_arch
from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.models.recognizers import check_recognizer
from mgdm_mmaction.text.corpus import packaged_label_maps
from tests.configs.walk import (
    CONFIGS,
    DATA,
    ENVIRONMENT,
    SPLITS,
    attach,
    cases,
    config_names,
    datasets,
    find,
    loaders,
    parse,
    read_config,
)

NAMES = config_names()
# Protocols that only test, and take their model from elsewhere.
TEST_ONLY = (
    'zero_shot/',
    'toy/clip_zero_shot',
    'base_to_novel/mgdm_16f_novel',
    'asu/asu_8f_zero-shot',
)
MINED = 16  # by tools/mine_negatives.py, unless told otherwise

every_case = pytest.mark.parametrize('name', cases())


def test_every_variable_has_another_value_in_the_walk():
    texts = [path.read_text(encoding='utf-8') for path in CONFIGS.rglob('*.py')]
    read = set(re.findall(r'\{\{\$(\w+):', '\n'.join(texts)))
    assert read == ENVIRONMENT.keys() | set(re.findall(r'(\w+)=', ' '.join(cases())))


def may_only_test(name):
    return name.startswith(TEST_ONLY)


@every_case
def test_dumps_and_reads_back(name, tmp_path):
    cfg = read_config(name)
    cfg.dump(str(tmp_path / 'dumped.py'))
    assert Config.fromfile(str(tmp_path / 'dumped.py')).to_dict() == cfg.to_dict()


@every_case
def test_has_what_a_run_needs(name):
    cfg = read_config(name)
    splits = SPLITS if cfg.get('train_dataloader') or not may_only_test(name) else ('test',)
    for split in splits:
        for key in ('dataloader', 'cfg') + (('evaluator',) if split != 'train' else ()):
            assert cfg.get(f'{split}_{key}'), f'{split}_{key}'
    if 'train' in splits:
        assert cfg.optim_wrapper.constructor
        assert cfg.optim_wrapper.optimizer.lr > 0
        assert cfg.param_scheduler[-1].end <= cfg.train_cfg.max_epochs
        assert cfg.auto_scale_lr.base_batch_size
    check_recognizer(cfg.model)
    assert cfg.default_scope == 'mmaction'
    assert 'mgdm_mmaction' in cfg.custom_imports.imports
    assert cfg.custom_imports.allow_failed_imports is False


@pytest.mark.parametrize('name', NAMES)
def test_begins_with_a_header_and_pieces_and_counts_no_steps(name):
    text = (CONFIGS / name).read_text(encoding='utf-8')
    tree = ast.parse(text)
    assert ast.get_docstring(tree), 'a config begins with what it is'
    # Above any import, or MMEngine takes it for one of its lazy configs.
    assert '_base_' in {t.id for node in tree.body[1:2] for t in node.targets}
    assert not re.search(r'\b(pipeline|transforms|param_scheduler)\[', text)


def options_of_headers():
    """Configs, and the options that a header gives for them, a line each."""
    for name in NAMES:
        header = ast.get_docstring(ast.parse((CONFIGS / name).read_text(encoding='utf-8')))
        lines = header.replace('\\\n', ' ').splitlines()
        start = [i for i, line in enumerate(lines) if 'cfg-options' in line][:1]
        for line in lines[start[0] :] if start else ():
            if options := re.findall(r'\b(?:\w+\.[\w.]+|k|num_frames|batch_size)=[^\s`]+', line):
                yield pytest.param(name, '--amp' in line, options, id=f'{name} {options[0]}')


@pytest.mark.parametrize(('name', 'amp', 'options'), list(options_of_headers()))
def test_options_of_a_header_fit_the_config(name, amp, options):
    cfg = ParsedConfig(copy.deepcopy(read_config(name)))
    if amp:
        cfg.config.optim_wrapper.type = 'AmpOptimWrapper'
    values = (option.rstrip('.,;').split('=', 1) for option in options)
    cfg.merge({key: DictAction._parse_iterable(value) for key, value in values})


LAYOUT = {
    'k400': r'kinetics400/(kinetics400_(train|val)_list_videos\.txt|videos_(train|val)'
    r'|negatives_{tower}\.jsonl)',
    'hmdb51': r'hmdb51/(hmdb51_(train|val)_split_[123]_videos\.txt|videos'
    r'|negatives_split_[123]_{tower}\.jsonl)',
    'ucf101': r'ucf101/(ucf101_(train|val)_split_[123]_videos\.txt|videos'
    r'|negatives_split_[123]_{tower}\.jsonl)',
}


def paths_of(cfg):
    for _, dataset in datasets(cfg):
        yield dataset.ann_file
        yield dataset.data_prefix.video
    step = attach(cfg)
    if step is not None and step.get('negatives_file'):
        yield step.negatives_file


@every_case
def test_paths_follow_the_layout(name):
    cfg = read_config(name)
    tower = cfg.model.backbone.arch.lower() + '_' + str(cfg.model.backbone.pretrained)
    for path in paths_of(cfg):
        assert path.startswith(f'{DATA}/'), path
        if mined := re.search(r'/negatives.*_(vit-\w-\d\d_\w+)\.jsonl', path):
            assert mined[1] == tower, 'mined with another tower'
        if name.startswith(('mgdm_k400', 'k400/', 'hmdb51/', 'ucf101/', 'ablations/')):
            wanted = LAYOUT[cfg.model.cls_head.classes].replace('{tower}', re.escape(tower))
            assert re.fullmatch(wanted, path[len(DATA) + 1 :]), path


@every_case
def test_paths_lie_in_data_by_default(name):
    for path in paths_of(parse(name)):
        assert path.startswith('data/'), path


@every_case
def test_frames_and_sizes_agree(name):
    cfg = read_config(name)
    model = cfg.model
    for key in ('arch', 'pretrained'):
        assert model.backbone[key] == model.cls_head[key]
    assert model.neck.embed_dims == embed_dims(model.backbone.arch)
    side = get_arch(model.backbone.arch)['vision_cfg']['image_size']
    for split, dataset in datasets(cfg):
        samples = find(dataset.pipeline, 'UniformSample', 'SampleFrames', 'DenseSampleFrames')
        assert [step.clip_len for step in samples] == [model.neck.num_frames], split
        if split == 'train':
            assert find(dataset.pipeline, 'Resize')[-1].scale == (side, side)
            keys = ('text_ids',)
            if find(dataset.pipeline, 'AttachTriplets'):
                keys = ('triplet_ids', 'movements')
            assert find(dataset.pipeline, 'PackActionInputs')[0].algorithm_keys == keys
        elif split == 'test':
            # MMAction2's inference functions take it from there.
            assert cfg.test_pipeline == dataset.pipeline


@every_case
def test_testing_takes_the_whole_video_and_no_chance(name):
    cfg = read_config(name)
    for split, dataset in datasets(cfg):
        if split == 'train':
            assert not dataset.get('test_mode', False)
            continue
        assert dataset.test_mode is True
        pipeline = dataset.pipeline
        for step in find(pipeline, 'SkipUnreadable', 'UniformSample', 'SampleFrames'):
            assert step.test_mode is True
        assert not find(pipeline, 'RandomResizedCrop', 'RandomCrop', 'Flip', 'TorchVisionWrapper')
        assert not find(pipeline, 'AttachHardNegatives')
        resize = find(pipeline, 'Resize')[0]
        crops = find(pipeline, 'CenterCrop', 'ThreeCrop', 'TenCrop')
        side = get_arch(cfg.model.backbone.arch)['vision_cfg']['image_size']
        assert [step.crop_size for step in crops] == [side]
        # The short side, and not so much larger that the crop shows a corner of the action.
        assert resize.scale[0] == -1
        assert side <= resize.scale[1] <= 1.2 * side
        assert loaders(cfg)[split].sampler.shuffle is False


@every_case
def test_negatives_reach_no_further_than_was_mined(name):
    cfg = read_config(name)
    step = attach(cfg)
    if step is None:
        assert may_only_test(name) or name.startswith('kgclip/')
        return
    assert step.get('start', 1) >= 1
    assert step.get('start', 1) - 1 + step.k <= MINED
    assert step.negatives_file or not step.k


@every_case
def test_name_says_what_it_is(name):
    """The words of a file's name, each with what they stand for."""
    cfg = read_config(name)
    model, stem = cfg.model, Path(name.split()[0]).stem
    step = attach(cfg)
    uniform = model.neck.get('attention', 'text') == 'uniform' and model.neck.num_layers == 0
    for word in re.split('[_]', stem):
        if match := re.fullmatch(r'vit-([bl])-(\d\d)', word):
            assert model.backbone.arch == f'ViT-{match[1].upper()}-{match[2]}'
        elif (match := re.fullmatch(r'(\d+)f', word)) and 'MGDM_FRAMES' not in name:
            assert model.neck.num_frames == int(match[1])
        elif match := re.fullmatch(r'k(\d)(-bot)?', word):
            assert step.k == int(match[1])
            # The paper's control: three labels between the 6th and the 9th, ranks 7 to 9 for us.
            assert step.start == (7 if match[2] else 1)
    trained = 'train-text' in stem or stem in ('actionclip', 'vificlip')
    assert model.cls_head.get('train_text', False) == trained
    if name.startswith('ablations/') or name == 'mgdm_k400.py':
        assert model.backbone.arch == 'ViT-L-14'
        assert model.neck.num_frames == 16
        baseline = stem.startswith('actionclip-like')
        assert uniform == (baseline or 'no-representer' in stem)
        assert (model.cls_head.discriminator is None) == (baseline or 'no-discriminator' in stem)
        assert (step.k == 0) == (baseline or '_k0' in stem)
        if stem in ('mgdm_k400', 'mgdm_no-representer', 'mgdm_no-discriminator'):
            assert (step.k, step.start) == (7, 1)
    maps = [word for word in re.split('[_]', stem) if word in packaged_label_maps()]
    if maps and not name.startswith('zero_shot/'):
        assert model.cls_head.classes == maps[-1]


def test_every_row_of_the_papers_tables_has_a_config():
    rows = ('k0', 'k3', 'k5', 'k9', 'k3-bot', 'no-representer', 'no-discriminator')
    wanted = {f'ablations/mgdm_{row}.py' for row in rows} | {'ablations/actionclip-like.py'}
    # k = 7, the full model
    wanted |= {'mgdm_k400.py'}
    wanted |= {f'{d}/mgdm_vit-l-14_16f_{d}.py' for d in ('hmdb51', 'ucf101')}
    wanted |= {f'k400/mgdm_vit-{tower}_8f_k400.py' for tower in ('b-32', 'b-16', 'l-14')}
    wanted |= {f'k400/mgdm_vit-{tower}_16f_k400.py' for tower in ('b-32', 'b-16')}
    assert wanted <= set(NAMES)


@pytest.mark.parametrize('data', ['k400', 'hmdb51', 'ucf101'])
def test_rows_differ_from_the_main_model_in_nothing_else(data):
    """An ablation that changes the recipe too would measure two things."""
    main = 'mgdm_k400.py' if data == 'k400' else f'{data}/mgdm_vit-l-14_16f_{data}.py'
    full = flatten(read_config(main).to_dict())
    allowed = re.compile(
        r'work_dir|train_dataloader\.dataset\.pipeline\.1\.(k|start)'
        r'|model\.neck\.(num_layers|attention)|model\.cls_head\.discriminator.*'
    )
    for name in NAMES:
        if name.startswith('ablations/'):
            ours = flatten(read_config(f'{name} MGDM_DATASET={data}').to_dict())
            changed = {key for key in ours.keys() | full.keys() if ours.get(key) != full.get(key)}
            assert len(changed) > 1
            assert not [key for key in changed if not allowed.fullmatch(key)], name


def flatten(value, prefix=''):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    flat = {}
    for key, item in items:
        if isinstance(item, dict | list):
            flat |= flatten(item, f'{prefix}{key}.')
        else:
            flat[f'{prefix}{key}'] = item
    return flat


@pytest.mark.parametrize(
    ('case', 'work_dir'),
    [
        ('hmdb51/mgdm_vit-b-16_16f_hmdb51.py', 'mgdm_vit-b-16_16f_hmdb51_split1'),
        ('ablations/mgdm_k3.py', 'mgdm_k3_k400'),
        ('ablations/mgdm_k3.py MGDM_DATASET=ucf101 MGDM_SPLIT=3', 'mgdm_k3_ucf101_split3'),
        (
            'ucf101/mgdm_vit-l-14_16f_ucf101.py MGDM_SPLIT=3 MGDM_K400_CHECKPOINT=k400.pth',
            'mgdm_vit-l-14_16f_ucf101_from-k400_split3',
        ),
        (
            'few_shot/mgdm_16f_few-shot.py MGDM_SPLIT=3 MGDM_SHOTS=4 MGDM_SEED=2',
            'mgdm_vit-b-16_16f_hmdb51_split3_4shot_seed2',
        ),
    ],
)
def test_variables_reach_lists_start_and_work_directory(case, work_dir):
    cfg = parse(case)
    assert cfg.work_dir == f'work_dirs/{work_dir}'
    assert cfg.load_from == ('k400.pth' if 'CHECKPOINT' in case else None)
    split = '3' if 'SPLIT=3' in case else '1'
    lists = [path for path in paths_of(cfg) if 'split' in path]
    assert len(lists) >= 3 or 'k400' in work_dir
    assert all(f'split_{split}_' in path for path in lists)
    assert any('_4shot_seed2' in path for path in lists) == case.startswith('few_shot/')


def test_names_are_unique():
    """The work directory is named after the file, and MIM finds a config by its name alone."""
    stems = [name.rsplit('/', 1)[-1] for name in NAMES]
    assert len(stems) == len(set(stems))


@pytest.mark.parametrize(
    ('variables', 'root', 'videos', 'k'),
    [
        ({}, 'data/custom', ['data/custom/videos'], 3),
        ({'MGDM_CUSTOM_ROOT': 'my lists'}, 'my lists', ['data/custom/videos'], 3),
        ({'MGDM_CUSTOM_VIDEOS': '/clips', 'MGDM_K': '5'}, 'data/custom', ['/clips'], 5),
        ({'MGDM_CUSTOM_K': '0', 'MGDM_K': '5'}, 'data/custom', ['data/custom/videos'], 0),
        (
            {'MGDM_CUSTOM_VIDEOS': '/a/train', 'MGDM_CUSTOM_VAL_VIDEOS': '/a/val'},
            'data/custom',
            ['/a/train', '/a/val'],
            3,
        ),
    ],
)
@pytest.mark.parametrize(
    ('name', 'negatives'), [('', 'vit-b-16_openai'), ('_tiny', 'tiny')], ids=['clip', 'tiny']
)
def test_template_reads_its_variables(name, negatives, variables, root, videos, k):
    cfg = parse(f'custom/mgdm_custom{name}.py', **variables)
    assert attach(cfg).k == k
    assert set(paths_of(cfg)) == {
        *videos,
        f'{root}/train_list.txt',
        f'{root}/val_list.txt',
        f'{root}/negatives_{negatives}.jsonl',
    }
    prefixes = [cfg[f'{split}_dataloader'].dataset.data_prefix.video for split in ('train', 'test')]
    assert prefixes == [videos[0], videos[-1]]
    assert cfg.model.cls_head.classes == f'{root}/classes.txt'
    if name:
        assert cfg.model.backbone.pretrained == f'{root}/clip.pt'


@pytest.mark.parametrize('name', [name for name in NAMES if 'kinetics-tps' in name])
def test_every_share_has_a_work_directory(name):
    work_dir = f'work_dirs/{name[len("kgclip/") : -len(".py")]}'
    assert parse(name).work_dir == work_dir
    assert parse(f'{name} MGDM_SHARE=0.2').work_dir == f'{work_dir}_0.2'


def test_one_draw_of_colours_and_shapes_serves_a_clip():
    cfg = read_config('kgclip/kgclip_vit-b-16_kinetics-tps.py')
    pipeline = cfg.train_dataloader.dataset.pipeline
    chosen = [step for step in pipeline if step.type in ('TorchVisionWrapper', 'RandomApply')]
    assert len(chosen) == 3
    step, frame = Compose(chosen), np.random.randint(0, 255, (32, 32, 3), np.uint8)
    found = [step(dict(imgs=[frame] * 3))['imgs'] for _ in range(9)]
    assert all(np.array_equal(clip[0], other) for clip in found for other in clip)
    assert len({clip[0].tobytes() for clip in found}) > 3


def test_the_page_names_every_config():
    """docs/configs.md, or the page on protocols, says what each is."""
    pages = [CONFIGS.parent / 'docs' / name for name in ('configs.md', 'protocols.md')]
    text = '\n'.join(page.read_text(encoding='utf-8') for page in pages)
    named = set()
    for path in re.findall(r'configs/([\w./{},*-]+\.py)', text):
        named |= set(expand(path))
    missing = [name for name in NAMES if not any(fnmatch.fnmatch(name, item) for item in named)]
    assert not missing


def test_the_pages_example_does_what_it_says(tmp_path):
    page = CONFIGS.parent / 'docs' / 'configs.md'
    block = re.search(r'```python\n(.*?)```', page.read_text(encoding='utf-8'), re.DOTALL)[1]
    my = tmp_path / 'my.py'
    my.write_text(block.replace("'mgdm_k400.py'", repr(str(CONFIGS / 'mgdm_k400.py'))))
    ours, full = (
        flatten(Config.fromfile(str(p)).to_dict()) for p in (my, CONFIGS / 'mgdm_k400.py')
    )
    changed = {key: ours[key] for key in ours if ours[key] != full[key]}
    frames = 'dataloader.dataset.pipeline.0.transforms.1.clip_len'
    assert changed == {
        'train_dataloader.dataset.pipeline.1.k': 5,
        'model.neck.num_frames': 8,
        **{f'{split}_{frames}': 8 for split in SPLITS},
        'test_pipeline.0.transforms.1.clip_len': 8,
        'train_dataloader.dataset.pipeline.5.flip_ratio': 0,
    }


def expand(path):
    """A shell's braces: a{1,2}b is a1b and a2b."""
    match = re.search(r'\{([^{}]*)\}', path)
    if match is None:
        return [path]
    before, after = path[: match.start()], path[match.end() :]
    return [full for part in match[1].split(',') for full in expand(before + part + after)]
