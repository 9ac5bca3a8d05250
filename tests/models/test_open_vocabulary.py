"""A checkpoint that was trained on some classes, tested on others."""

import json

import pytest
import torch
from mmengine.runner import load_checkpoint

from mgdm_mmaction.clip import build_clip, encode_texts, weights_digest
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models.heads import HardNegativeTextHead
from tests.models.tiny import CLASSES, tiny_batch, tiny_model

OTHERS = ['waving', 'Jumping', 'closing the door', 'swimming']


@pytest.fixture(scope='module')
def clips(tmp_path_factory):
    """Two files of CLIP weights."""
    files = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        files.append(tmp_path_factory.mktemp('clip') / f'clip{seed}.pt')
        torch.save(build_clip('mgdm-tiny').state_dict(), files[-1])
    return files


@pytest.fixture
def checkpoint(clips, tmp_path):
    """A trained head, and its checkpoint."""
    torch.manual_seed(2)
    head = HardNegativeTextHead(CLASSES, 'mgdm-tiny', str(clips[0])).eval()
    head.init_weights()
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return head, save(head, tmp_path / 'head.pth')


def save(head, file):
    torch.save(dict(state_dict=head.state_dict()), file)
    return str(file)


def load(file, classes, clip, **kwargs):
    head = HardNegativeTextHead(
        classes, 'mgdm-tiny', clip and str(clip), open_vocabulary=True, **kwargs
    )
    load_checkpoint(head.eval(), file, strict=True)
    return head


def without_digest(file):
    """Make it a checkpoint from before digests were kept."""
    content = torch.load(file)
    state = content['state_dict']
    corpus = json.loads(bytes(state['text_bank._extra_state'].tolist()).decode())
    del corpus['clip_digest']
    text = json.dumps(corpus).encode()
    state['text_bank._extra_state'] = torch.tensor(list(text), dtype=torch.uint8)
    torch.save(content, file)


@pytest.mark.parametrize('digest', [True, False])
def test_texts_of_the_config_and_the_rest_of_the_checkpoint(clips, checkpoint, digest):
    source, file = checkpoint
    if not digest:
        without_digest(file)
    head = load(file, OTHERS, clips[0])
    assert head.text_bank.corpus.classes == OTHERS
    assert len(head.text_bank.corpus) == 4
    clip = build_clip('mgdm-tiny', str(clips[0]))
    prompts = [f'This is a video about {name.lower()}' for name in OTHERS]
    wanted = encode_texts(clip, prompts, 'mgdm-tiny')
    guides, texts = head.encode_classes()
    torch.testing.assert_close(guides, wanted)
    torch.testing.assert_close(texts, source.discriminator(wanted[None])[0])
    torch.testing.assert_close(head.scale(), source.scale())


def test_some_of_the_labels_need_no_clip_weights(checkpoint):
    source, file = checkpoint
    head = load(file, CLASSES[:1:-1], None)
    torch.testing.assert_close(head.encode_classes()[0], source.text_bank.embeddings[[4, 3, 2]])
    with pytest.raises(MGDMError, match=r"'waving'.* set `cls_head.pretrained`"):
        load(file, OTHERS, None)


def test_same_labels_are_the_checkpoints(clips, checkpoint):
    source, file = checkpoint
    head = load(file, CLASSES, None)
    assert head.text_bank.clip_digest == weights_digest(build_clip('mgdm-tiny', str(clips[0])))
    assert torch.equal(head.text_bank.embeddings, source.text_bank.embeddings)


@pytest.mark.parametrize('digest', [True, False])
def test_other_clip_weights(clips, checkpoint, digest):
    _, file = checkpoint
    if not digest:
        without_digest(file)
    own, other = (weights_digest(build_clip('mgdm-tiny', str(clip))) for clip in clips)
    with pytest.raises(MGDMError, match='set `cls_head.arch` and `cls_head.pretrained`') as error:
        load(file, OTHERS, clips[1])
    assert f'have the digest {other}' in str(error.value)
    assert (own in str(error.value)) == digest


def test_digest_survives_a_second_checkpoint(clips, checkpoint, tmp_path):
    """Also set_classes() of a loaded model encodes with the tower it was trained from."""
    _, file = checkpoint
    head = HardNegativeTextHead(CLASSES, 'mgdm-tiny', str(clips[1]))
    load_checkpoint(head, file)
    again = HardNegativeTextHead(CLASSES, 'mgdm-tiny', str(clips[1]))
    load_checkpoint(again, save(head, tmp_path / 'again.pth'))
    with pytest.raises(MGDMError, match='were encoded by weights with the digest'):
        again.text_bank.set_classes(OTHERS)


def test_refused_unless_asked_for(clips, checkpoint):
    _, file = checkpoint
    head = HardNegativeTextHead(OTHERS, 'mgdm-tiny', str(clips[0]))
    with pytest.raises(MGDMError, match='set `cls_head.open_vocabulary=True`'):
        load_checkpoint(head, file)


def test_another_prompt(clips, checkpoint):
    _, file = checkpoint
    with pytest.raises(MGDMError, match='another prompt is not. Set the prompt'):
        load(file, OTHERS, clips[0], prompt='a clip of {}')


def test_spellings_that_differ_in_a_hyphen(clips, tmp_path):
    head = HardNegativeTextHead(['push-up', 'run'], 'mgdm-tiny', str(clips[0]))
    head.init_weights()
    file = save(head, tmp_path / 'head.pth')
    without_digest(file)
    assert load(file, ['push up', 'sit'], clips[0]).text_bank.corpus.labels == ['push up', 'sit']


def test_a_whole_model_scores_the_new_classes(clips, tmp_path):
    clip = dict(pretrained=str(clips[0]))
    source = tiny_model(cls_head=clip, backbone=clip).eval()
    file = save(source, tmp_path / 'model.pth')
    model = tiny_model(cls_head=dict(classes=OTHERS, open_vocabulary=True, **clip)).eval()
    model.text_bank.ready = False  # as where nothing was initialised
    load_checkpoint(model, file, strict=True)
    inputs, samples = tiny_batch(2, num_negatives=0)
    with torch.no_grad():
        scores = [s.pred_score for s in model.predict(inputs, samples)]
        source.set_classes(OTHERS)
        wanted = [s.pred_score.clone() for s in source.predict(inputs, tiny_batch(2, 0)[1])]
    assert scores[0].shape == (4,)
    torch.testing.assert_close(scores, wanted)
