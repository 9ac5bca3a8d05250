"""Models from configs and checkpoints, and the messages about wrong ones."""

import pytest
import torch
from mmengine.config import Config

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from mgdm_mmaction.checkpoint import Checkpoint
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import clip_config, save_checkpoint
from tests.models.tiny import CLASSES
from tests.video.clips import encode


def _message(*args, **kwargs):
    with pytest.raises(MGDMError) as error:
        MGDMInferencer(*args, device='cpu', **kwargs)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def _write(path, config):
    config.dump(str(path))
    return str(path)


def test_a_checkpoint_alone_config_and_checkpoint_and_weights_alone(checkpoint, tmp_path):
    config = _write(tmp_path / 'config.py', clip_config(CLASSES))
    clip = encode(tmp_path / 'clip.mp4')
    first, second, third, fourth = (
        MGDMInferencer(*args, device='cpu', show_progress=False, **kwargs)(clip)[0]
        for args, kwargs in (
            ((str(checkpoint),), {}),
            ((checkpoint,), {}),
            ((config, str(checkpoint)), {}),
            ((), dict(weights=str(checkpoint))),
        )
    )
    assert first == second == third == fourth


def test_the_labels_of_the_checkpoint_win_where_the_config_cannot_read_its_own(checkpoint):
    config = clip_config('/gone/classes.txt')
    assert MGDMInferencer(config, str(checkpoint), 'cpu').labels == CLASSES


def test_other_labels_in_the_config_are_a_mistake(checkpoint):
    config = clip_config(['juggling', *CLASSES[1:]])
    assert 'trained with another corpus' in _message(config, str(checkpoint))
    inferencer = MGDMInferencer(config, str(checkpoint), 'cpu', labels=CLASSES[:2])
    assert inferencer.labels == CLASSES[:2]


def test_open_vocabulary_takes_the_labels_of_the_config(checkpoint, clip_file):
    config = clip_config(['juggling', 'clapping'], str(clip_file))
    config.model.cls_head.open_vocabulary = True
    assert MGDMInferencer(config, str(checkpoint), 'cpu').labels == ['juggling', 'clapping']


def test_zero_shot_needs_labels_only(clip_file, tmp_path):
    config = clip_config('/gone/classes.txt', '/gone/clip.pt')
    config.model.neck.update(num_layers=0, attention='uniform')
    config.model.cls_head.discriminator = None
    with pytest.warns(UserWarning, match='no checkpoint given.*CLIP itself'):
        inferencer = MGDMInferencer(
            config,
            device='cpu',
            labels=['a dog', 'a cat'],
            pretrained=str(clip_file),
            show_progress=False,
        )
    (prediction,) = inferencer(encode(tmp_path / 'clip.mp4'))
    assert sorted(prediction.labels) == ['a cat', 'a dog']
    assert config.model.cls_head.pretrained == '/gone/clip.pt'  # the caller's stays as it was


@pytest.mark.filterwarnings('ignore:no checkpoint given')
def test_zero_shot_without_weights_or_labels(clip_file):
    config = clip_config('/gone/classes.txt', str(clip_file))
    assert "'/gone/classes.txt' is neither a file nor" in _message(config)
    config = clip_config(CLASSES, '/gone/clip.pt')
    assert '/gone/clip.pt' in _message(config)


def test_files_that_are_not_there_or_something_else(checkpoint, tmp_path):
    config = _write(tmp_path / 'config.py', clip_config(CLASSES))
    (tmp_path / 'broken.py').write_text('model = dict(')
    (tmp_path / 'text.pth').write_text('no checkpoint')
    torch.save(dict(epoch=3), tmp_path / 'empty.pth')
    for args, text in (
        ([tmp_path / 'no.pth'], f'the checkpoint {tmp_path}/no.pth does not exist; the current'),
        ([tmp_path / 'no.py'], 'no.py does not exist'),
        ([tmp_path], 'is a folder'),
        ([], 'give a checkpoint, a config, or a config and a checkpoint'),
        ([checkpoint, checkpoint], 'are both checkpoints'),
        ([None, config], 'the config goes first'),
        ([tmp_path / 'broken.py'], 'cannot be read as a config: '),
        ([tmp_path / 'text.pth'], 'text.pth cannot be read as a checkpoint'),
        ([tmp_path / 'empty.pth'], 'holds no weights of a model'),
    ):
        assert text in _message(*(arg and str(arg) for arg in args))


def test_weights_without_a_config(clip_file, checkpoint, tmp_path):
    assert 'holds no config' in _message(str(clip_file))
    assert 'of another architecture' in _message(clip_config(CLASSES), str(clip_file))
    # A published checkpoint: the weights alone.
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    torch.save(dict(state_dict=state), tmp_path / 'published.pth')
    config = clip_config('/gone/classes.txt')
    assert MGDMInferencer(config, str(tmp_path / 'published.pth'), 'cpu').labels == CLASSES


def test_a_recogniser_of_mmaction2():
    config = Config(dict(model=dict(type='Recognizer2D', backbone=dict(type='ResNet', depth=18))))
    assert 'no CLIPRecognizer' in _message(config)
    config = Config(dict(model=dict(type='NoSuchModel')))
    assert "'NoSuchModel', no CLIPRecognizer" in _message(config)


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ("model['type'] = 'os.system'\n", None),
        ("import os\nmodel = os.system('touch {ran}')\n", 'is no plain data'),
        ("model = dict(type=[open('{ran}', 'w')])\n", 'is no plain data'),
        ("custom_imports = dict(imports=['my_own_package'])\n", "asks for 'my_own_package'"),
        ("test_pipeline = [dict(type='os.system', command='touch {ran}')]\n", "asks for 'os.sys"),
        ('model = 3\n', 'has no model'),
        ('model = dict(\n', 'is no plain data'),
    ],
)
def test_nothing_in_a_checkpoint_is_run(tmp_path, change, text):
    config = clip_config(CLASSES)
    path = save_checkpoint(tmp_path / 'a.pth', config)
    content = torch.load(path, weights_only=True)
    ran = tmp_path / 'ran'
    content['meta']['cfg'] = config.pretty_text + '\n' + change.format(ran=ran)
    torch.save(content, path)
    if text is None:  # an assignment to a part is not looked at
        assert MGDMInferencer(str(path), device='cpu').labels == CLASSES
    else:
        assert text in _message(str(path))
    assert not ran.exists()


def test_the_config_inside_is_read_as_mmengine_writes_it():
    config = clip_config(["it's", 'a "quote"', 'ünï'])
    config.model.neck.attn_temperature = float('inf')
    config.model.cls_head.num_neighbors = -3
    config.model.odd = {'not a name': (1, None, True, 2.5e-5)}
    found = Checkpoint(dict(meta=dict(cfg=config.pretty_text)), 'a.pth').config.config
    assert found.model == config.model
    assert found.test_pipeline == config.test_pipeline
    hub = dict(message_hub=dict(runtime_info=dict(cfg=config.pretty_text)))
    assert Checkpoint(hub, 'a.pth').config.config.model == config.model
