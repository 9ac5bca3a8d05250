"""Architectures, texts and digests."""

import json

import huggingface_hub.constants
import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import save_file

from mgdm_mmaction.clip import (
    build_clip,
    build_visual,
    count_blocks,
    embed_dims,
    encode_texts,
    get_arch,
    image_size,
    is_tag,
    list_archs,
    set_activation,
    tokenize,
    weights_digest,
)
from mgdm_mmaction.clip.activation import choose_quick_gelu
from mgdm_mmaction.clip.build import _read
from mgdm_mmaction.errors import MGDMError
from tests.clip.reference import random_weights, write_arch

TEXTS = ['This is a video about juggling balls', 'This is a video about air drumming']


@pytest.fixture(scope='module')
def tiny():
    torch.manual_seed(0)
    return build_clip('mgdm-tiny')


def test_architectures_by_name_slash_and_file(tmp_path):
    assert get_arch('ViT-L/14') == get_arch('ViT-L-14')
    assert (embed_dims('ViT-L-14'), image_size('ViT-L-14')) == (768, (224, 224))
    assert (embed_dims('ViT-L-14-336'), image_size('ViT-L-14-336')) == (768, (336, 336))
    assert is_tag('ViT-L-14-336', 'openai')
    assert (embed_dims('mgdm-tiny'), image_size('mgdm-tiny')) == (128, (64, 64))
    assert 'mgdm-tiny' in list_archs()
    path = write_arch(tmp_path / 'mine.json')
    assert embed_dims(path) == 32
    (tmp_path / 'hub.json').write_text(json.dumps({'model_cfg': get_arch(path)}))
    assert get_arch(str(tmp_path / 'hub.json')) == get_arch(path)


@pytest.mark.parametrize(
    ('arch', 'message'),
    [
        ('ViT-L14', 'Near names: .*ViT-L-14'),
        ('mgdm_tiny', 'Near names: .*mgdm-tiny'),
        ('nothing like it at all', 'unknown CLIP architecture'),
        ('coca_ViT-B-32', 'CoCa'),
        ('/nowhere/a.json', r'/nowhere/a\.json: cannot read'),
        (3, '`arch` should be a string'),
        ('broken.json', 'not a JSON file'),
        ('partial.json', 'missing: vision_cfg, text_cfg'),
    ],
)
def test_bad_architectures(arch, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'broken.json').write_text('{')
    (tmp_path / 'partial.json').write_text('{"embed_dim": 3}')
    with pytest.raises(MGDMError, match=message):
        get_arch(arch)


def test_a_model(tiny):
    assert {p.dtype for p in tiny.parameters()} == {torch.float32}
    assert not any(module.training for module in tiny.modules())
    assert build_clip('mgdm-tiny', init_logit_scale=1.5).logit_scale.item() == 1.5


def test_tokens_are_open_clips():
    tokens = tokenize(TEXTS, 'ViT-B-32')
    assert tokens.dtype == torch.int64
    assert torch.equal(tokens, open_clip.get_tokenizer('ViT-B-32')(TEXTS))
    assert torch.equal(tokenize(TEXTS[0], 'mgdm-tiny'), tokens[:1, :16])


def test_long_texts_are_cut_with_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr('mgdm_mmaction.clip.text.print_log', lambda msg, **_: said.append(msg))
    exactly, longer = ' '.join(['a'] * 14), ' '.join(['a'] * 15)
    assert tokenize([exactly], 'mgdm-tiny')[0, -1] == 49407
    assert not said
    assert tokenize([exactly, longer], 'mgdm-tiny')[1, -1] == 49407
    assert '1 of 2 texts' in said[0]
    with pytest.raises(MGDMError, match='no texts'):
        tokenize([], 'mgdm-tiny')


def test_encoding_in_batches_equals_one_by_one(tiny):
    texts = [f'{text} {i}' for text in TEXTS for i in range(3)]
    tiny.train()
    found = encode_texts(tiny, texts, 'mgdm-tiny', batch_size=4)
    assert tiny.training
    tiny.eval()
    assert found.dtype == torch.float32
    assert not found.requires_grad
    with torch.no_grad():
        one_by_one = torch.cat([tiny.encode_text(tokenize(t, 'mgdm-tiny')) for t in texts])
    torch.testing.assert_close(found, one_by_one, atol=1e-6, rtol=1e-5)
    assert (found.norm(dim=1) - 1).abs().max() > 1e-3, 'should not be normalised'


def test_vocabulary_too_small(tmp_path):
    arch = write_arch(tmp_path / 'small.json')
    with pytest.raises(MGDMError, match='vocabulary has 200'):
        encode_texts(build_clip(arch), TEXTS, arch)


def test_digest_depends_on_values_names_and_activation_only(tiny):
    state = tiny.state_dict()
    digest = weights_digest(tiny)
    assert digest == weights_digest(dict(reversed(state.items())))
    assert digest == weights_digest({k: v.clone().double() for k, v in state.items()})
    int(digest, 16)
    changed = {**state, 'logit_scale': state['logit_scale'] + np.float32(1e-3)}
    assert digest != weights_digest(changed)
    renamed = {('x' if k == 'logit_scale' else k): v for k, v in state.items()}
    assert digest != weights_digest(renamed)
    assert digest != weights_digest({k: v.T if v.ndim == 2 else v for k, v in state.items()})
    set_activation(tiny, True)
    assert digest != weights_digest(tiny)
    set_activation(tiny, False)
    assert digest == weights_digest(tiny)


@pytest.mark.parametrize(
    ('arch', 'pretrained', 'message'),
    [
        ('mgdm-tiny', 'openai', 'neither a file .* has no tags'),
        ('ViT-B-32', 'opnai', 'the tags of this arch are: openai, '),
        ('ViT-B-32', 3, '`pretrained` should be a string'),
        ('ViT-B-32', 'openai', 'model.cls_head.pretrained=FILE'),
    ],
)
def test_weights_that_are_not_there(monkeypatch, tmp_path, arch, pretrained, message):
    # The hub's own offline switch: the real client, and no waiting for its retries.
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_CACHE', str(tmp_path))
    with pytest.raises(MGDMError, match=message):
        build_clip(arch, pretrained)


def test_tag_follows_open_clips_note_on_the_activation(monkeypatch, tmp_path):
    # ViT-B-32 itself says GELU; open_clip notes QuickGELU for OpenAI's weights of it.
    file = tmp_path / 'open_clip_model.safetensors'
    save_file(random_weights(), file)
    monkeypatch.setattr(open_clip, 'download_pretrained', lambda config: str(file))
    for tag, quick in (('openai', True), ('laion2b_e16', False)):
        weights = _read('ViT-B-32', tag)
        assert choose_quick_gelu('ViT-B-32', None, weights) is quick
        assert choose_quick_gelu('ViT-B-32', not quick, weights) is not quick


@pytest.mark.parametrize('tower', ['RN50', 'convnext_base'])
def test_other_towers_build_and_have_no_blocks_of_open_clip(tower):
    assert count_blocks(build_visual(tower)) is None
