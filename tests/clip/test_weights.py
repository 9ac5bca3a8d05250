"""CLIP weights in every format give the embeddings of their own library."""

import json
import os
from pathlib import Path

import pytest
import torch
from mmengine.registry import DefaultScope
from open_clip.model import build_model_from_openai_state_dict
from safetensors.torch import save_file
from torch import nn

from mgdm_mmaction.clip import build_clip, build_visual, load_visual, weights_digest
from mgdm_mmaction.errors import MGDMError
from tests.clip import reference as ref


@pytest.fixture(scope='module')
def state():
    return ref.random_weights()


@pytest.fixture(scope='module')
def inputs():
    return ref.random_inputs()


@pytest.fixture
def arch(tmp_path):
    return ref.write_arch(tmp_path / 'arch.json')


def check(model, images, texts, inputs):
    """Embeddings equal to 1e-5 of their size, which is about 1."""
    with torch.no_grad():
        torch.testing.assert_close(model.encode_image(inputs[0]), images, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(model.encode_text(inputs[1]), texts, atol=1e-5, rtol=1e-5)


def check_plain(model, state, inputs, act=ref.quick_gelu):
    images, tokens = inputs
    check(model, ref.embed_images(state, images, act), ref.embed_tokens(state, tokens, act), inputs)


def test_the_activations_can_be_told_apart(state, inputs):
    """Otherwise none of the tests below would see a wrong one."""
    quick, exact = (ref.embed_images(state, inputs[0], act) for act in (ref.quick_gelu, ref.gelu))
    assert (quick - exact).abs().max() > 1e-3
    quick, exact = (ref.embed_tokens(state, inputs[1], act) for act in (ref.quick_gelu, ref.gelu))
    assert (quick - exact).abs().max() > 1e-3


def test_openai_state_dict(state, inputs, arch, tmp_path):
    file = tmp_path / 'openai.pt'
    numbers = {'input_resolution': ref.IMAGE, 'context_length': ref.CONTEXT, 'vocab_size': 200}
    torch.save({**state, **numbers}, file)
    model = build_clip(arch, str(file))
    check_plain(model, state, inputs)
    library = build_model_from_openai_state_dict(dict(state), cast_dtype=torch.float32).float()
    # open_clip goes through float16 here, so the plain model above is the sharper reference.
    with torch.no_grad():
        difference = library.encode_image(inputs[0]) - model.encode_image(inputs[0])
    assert difference.abs().max() < 5e-2


@pytest.mark.filterwarnings('ignore::FutureWarning', 'ignore::torch.jit.TracerWarning')
def test_openai_torchscript_archive(state, inputs, arch, tmp_path):
    file = tmp_path / 'ViT.pt'
    plain = ref.PlainCLIP(state).eval()
    torch.jit.save(torch.jit.trace(plain, inputs), file)
    library = torch.jit.load(file)
    check(build_clip(arch, str(file)), *library(*inputs), inputs)


def test_half_precision_weights_become_float32(state, inputs, arch, tmp_path):
    half = {name: value.half() for name, value in state.items()}
    torch.save({**half, 'vocab_size': torch.tensor(200)}, tmp_path / 'half.pt')
    model = build_clip(arch, str(tmp_path / 'half.pt'))
    check_plain(model, {name: value.float() for name, value in half.items()}, inputs)


@pytest.mark.parametrize('save', [torch.save, save_file])
@pytest.mark.parametrize('quick', [None, True])
def test_open_clip_state_dict(inputs, arch, tmp_path, save, quick, state):
    library = build_clip(arch, quick_gelu=quick)
    library.load_state_dict(state)
    file = tmp_path / ('open_clip.pt' if save is torch.save else 'open_clip.safetensors')
    save(library.state_dict(), file)
    model = build_clip(arch, str(file), quick_gelu=quick)
    check_plain(model, state, inputs, ref.quick_gelu if quick else ref.gelu)


def test_open_clip_training_checkpoint_and_scalars_of_one_element(state, inputs, arch, tmp_path):
    wrapped = {f'module.{k}': v for k, v in state.items()}
    wrapped['module.logit_scale'] = state['logit_scale'].reshape(1)
    torch.save({'epoch': 3, 'name': 'run', 'state_dict': wrapped}, tmp_path / 'epoch_3.pt')
    check_plain(build_clip(arch, str(tmp_path / 'epoch_3.pt')), state, inputs, ref.gelu)


def test_quick_gelu_by_the_architecture_and_by_the_config_of_a_folder(
    state, inputs, arch, tmp_path
):
    save_file(state, tmp_path / 'open_clip_model.safetensors')
    quick = ref.write_arch(tmp_path / 'quick.json', quick_gelu=True)
    check_plain(build_clip(quick, str(tmp_path)), state, inputs, ref.quick_gelu)
    config = {'model_cfg': {'quick_gelu': True}}
    (tmp_path / 'open_clip_config.json').write_text(json.dumps(config))
    check_plain(build_clip(arch, str(tmp_path)), state, inputs, ref.quick_gelu)


def test_model_with_a_text_module_of_its_own(state, inputs, tmp_path):
    arch = ref.write_arch(tmp_path / 'custom.json', custom_text=True)
    torch.save(state, tmp_path / 'w.pt')
    model = build_clip(arch, str(tmp_path / 'w.pt'))
    assert hasattr(model, 'text')
    check_plain(model, state, inputs, ref.gelu)
    torch.save(model.state_dict(), tmp_path / 'custom.pt')
    plain_arch = ref.write_arch(tmp_path / 'plain.json')
    check_plain(build_clip(plain_arch, str(tmp_path / 'custom.pt')), state, inputs, ref.gelu)


@pytest.mark.parametrize('act', [None, 'quick_gelu', 'gelu'])
def test_hugging_face_names(state, inputs, arch, tmp_path, act):
    torch.save(ref.to_hugging_face(state), tmp_path / 'pytorch_model.bin')
    if act:
        config = {key: {'hidden_act': act} for key in ('vision_config', 'text_config')}
        (tmp_path / 'config.json').write_text(json.dumps(config))
    plain = ref.gelu if act == 'gelu' else ref.quick_gelu
    check_plain(build_clip(arch, str(tmp_path)), state, inputs, plain)
    check_plain(build_clip(arch, str(tmp_path), quick_gelu=False), state, inputs, ref.gelu)


def test_hugging_face_other_activations_are_refused(state, arch, tmp_path):
    torch.save(ref.to_hugging_face(state), tmp_path / 'pytorch_model.bin')
    config = {'vision_config': {'hidden_act': 'relu'}, 'text_config': {'hidden_act': 'gelu'}}
    (tmp_path / 'config.json').write_text(json.dumps(config))
    with pytest.raises(MGDMError, match='hidden_act gelu and relu; expected'):
        build_clip(arch, str(tmp_path))


@pytest.mark.parametrize('act', ['quick_gelu', 'gelu'])
def test_hugging_face_library(inputs, arch, tmp_path, act, state):
    transformers = pytest.importorskip('transformers')
    shared = dict(
        hidden_size=ref.WIDTH,
        intermediate_size=4 * ref.WIDTH,
        num_hidden_layers=ref.LAYERS,
        num_attention_heads=ref.HEADS,
        hidden_act=act,
    )
    text = dict(shared, vocab_size=200, max_position_embeddings=ref.CONTEXT, eos_token_id=199)
    vision = dict(shared, image_size=ref.IMAGE, patch_size=ref.PATCH)
    config = transformers.CLIPConfig(
        text_config=text, vision_config=vision, projection_dim=ref.EMBED
    )
    library = transformers.CLIPModel(config).eval()
    weights = {k: v for k, v in ref.to_hugging_face(state).items() if 'position_ids' not in k}
    library.load_state_dict(weights, strict=False)
    library.save_pretrained(tmp_path / 'saved')
    with torch.no_grad():
        pooled = library.vision_model(pixel_values=inputs[0]).pooler_output
        images = library.visual_projection(pooled)
        texts = library.text_projection(library.text_model(input_ids=inputs[1]).pooler_output)
    check(build_clip(arch, str(tmp_path / 'saved')), images, texts, inputs)
    check(build_clip(arch, str(tmp_path / 'saved' / 'model.safetensors')), images, texts, inputs)

    vision_only = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(**vision, projection_dim=ref.EMBED)
    )
    vision_only.load_state_dict(weights, strict=False)
    vision_only.save_pretrained(tmp_path / 'vision')
    visual = build_visual(arch)
    assert load_visual(visual, arch, str(tmp_path / 'vision')) is (act == 'quick_gelu')
    torch.testing.assert_close(visual(inputs[0]), images, atol=1e-5, rtol=1e-5)


class MMPretrainCLIP(nn.Module):
    """MMPretrain's own layers under the names of its CLIP, which itself needs more packages."""

    def __init__(self):
        super().__init__()
        from mmpretrain.models.backbones import VisionTransformer
        from mmpretrain.models.utils.clip_generator_helper import ResidualAttentionBlock

        with DefaultScope.overwrite_default_scope('mmpretrain'):
            self.visual = VisionTransformer(
                arch=dict(
                    embed_dims=ref.WIDTH,
                    num_layers=ref.LAYERS,
                    num_heads=ref.HEADS,
                    feedforward_channels=4 * ref.WIDTH,
                ),
                img_size=ref.IMAGE,
                patch_size=ref.PATCH,
                pre_norm=True,
                # OpenAI trained with 1e-5, as the class's text blocks have it.
                norm_cfg=dict(type='LN', eps=1e-5),
                layer_cfgs=dict(act_cfg=dict(type='QuickGELU')),
            )
        self.visual_proj = nn.Module()
        self.visual_proj.proj = nn.Parameter(torch.empty(ref.WIDTH, ref.EMBED))
        mask = torch.full((ref.CONTEXT, ref.CONTEXT), float('-inf')).triu(1)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(
            ResidualAttentionBlock(ref.WIDTH, ref.HEADS, mask) for _ in range(ref.LAYERS)
        )
        self.token_embedding = nn.Embedding(ref.VOCAB, ref.WIDTH)
        self.positional_embedding = nn.Parameter(torch.empty(ref.CONTEXT, ref.WIDTH))
        self.ln_final = nn.LayerNorm(ref.WIDTH)
        self.text_projection = nn.Parameter(torch.empty(ref.WIDTH, ref.EMBED))
        self.logit_scale = nn.Parameter(torch.ones([]))

    def forward(self, images, tokens):
        x = (self.token_embedding(tokens) + self.positional_embedding).transpose(0, 1)
        for block in self.transformer.resblocks:
            x = block(x)
        x = self.ln_final(x.transpose(0, 1))[torch.arange(len(tokens)), tokens.argmax(1)]
        return self.visual(images)[-1] @ self.visual_proj.proj, x @ self.text_projection


def test_mmpretrain_checkpoint(state, inputs, arch, tmp_path):
    library = MMPretrainCLIP().eval()
    library.load_state_dict(ref.to_mmpretrain(state))
    file = str(tmp_path / 'mmpretrain.pth')
    torch.save({'meta': {'mmpretrain_version': '1.2.0'}, 'state_dict': library.state_dict()}, file)
    with torch.no_grad():
        images, texts = library(*inputs)
    check(build_clip(arch, file), images, texts, inputs)
    check_plain(build_clip(arch, file, quick_gelu=False), state, inputs, ref.gelu)


def test_mmpretrain_classifier_has_no_joint_space(state, arch, tmp_path):
    tower = {
        'backbone.' + k.removeprefix('visual.'): v
        for k, v in ref.to_mmpretrain(state).items()
        if k.startswith('visual.')
    }
    tower['head.layers.head.weight'] = torch.zeros(5, ref.WIDTH)
    torch.save({'state_dict': tower}, tmp_path / 'vit.pth')
    message = r'1 missing: (visual\.)?proj\. Note: they have no projection into the space of the'
    with pytest.raises(MGDMError, match=message):
        load_visual(build_visual(arch), arch, str(tmp_path / 'vit.pth'))


def test_image_tower_alone(state, inputs, arch, tmp_path):
    """With and without its prefix: enough for the tower, not for the whole model."""
    expected = ref.embed_images(state, inputs[0], ref.gelu)
    for prefix in ('visual.', ''):
        file = str(tmp_path / f'visual{prefix}pt')
        tower = {k: v for k, v in state.items() if k.startswith('visual.')}
        torch.save({prefix + k.removeprefix('visual.'): v for k, v in tower.items()}, file)
        visual = build_visual(arch)
        assert load_visual(visual, arch, file) is False
        torch.testing.assert_close(visual(inputs[0]), expected, atol=1e-5, rtol=1e-5)
        with pytest.raises(MGDMError, match='holds the image tower only'):
            build_clip(arch, file)


def test_digest_is_the_same_for_every_format(state, arch, tmp_path):
    torch.save(state, tmp_path / 'a.pt')
    torch.save(ref.to_hugging_face(state), tmp_path / 'b.bin')
    torch.save(ref.to_mmpretrain(state), tmp_path / 'c.pth')
    digests = {
        weights_digest(build_clip(arch, str(tmp_path / name), quick_gelu=True))
        for name in ('a.pt', 'b.bin', 'c.pth')
    }
    assert len(digests) == 1


def test_missing_unexpected_and_misshaped_names(state, arch, tmp_path):
    bad = {**state, 'visual.extra': torch.zeros(1), 'ln_final.bias': torch.zeros(7)}
    del bad['text_projection']
    file = str(tmp_path / 'bad.pt')
    torch.save(bad, file)
    with pytest.raises(MGDMError) as caught:
        build_clip(arch, file)
    message = str(caught.value)
    for part in (
        file,
        'open_clip',
        arch,
        '1 missing: text_projection',
        '1 unexpected: visual.extra',
        '1 of another shape: ln_final.bias [7] instead of [128]',
    ):
        assert part in message


def test_weights_of_another_architecture_name_the_fitting_one(tmp_path):
    file = str(tmp_path / 'tiny.pt')
    torch.save(build_clip('mgdm-tiny').state_dict(), file)
    visual = build_visual('ViT-S-32-alt')
    with pytest.raises(MGDMError, match='their image tower fits arch mgdm-tiny'):
        load_visual(visual, 'ViT-S-32-alt', file)


def test_positions_of_another_resolution_are_interpolated(state, arch, tmp_path):
    file = str(tmp_path / 'small.pt')
    torch.save(state, file)
    vision = json.loads(Path(arch).read_text())['vision_cfg']
    larger = ref.write_arch(
        tmp_path / 'larger.json', vision_cfg={**vision, 'image_size': 2 * ref.IMAGE}
    )
    visual = build_clip(larger, file).visual
    old, new = state['visual.positional_embedding'], visual.positional_embedding
    side = ref.IMAGE // ref.PATCH
    assert len(new) == 4 * side**2 + 1
    torch.testing.assert_close(new[0], old[0])
    # A smooth curve through the old ones: their means stay.
    torch.testing.assert_close(new[1:].mean(0), old[1:].mean(0), atol=0.02, rtol=0)
    load_visual(build_visual(larger), larger, file)
    visual = build_visual(arch)
    load_visual(visual, arch, file)
    torch.testing.assert_close(visual.positional_embedding.data, old)


class Hostile:
    def __reduce__(self):
        return os.system, ('echo owned > owned.txt',)


def test_a_checkpoint_that_pickles_code_is_refused(state, arch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({'state_dict': {**state, 'x': Hostile()}}, tmp_path / 'evil.pt')
    with pytest.raises(MGDMError, match=r'refused, because it pickles `\w+\.system`'):
        build_clip(arch, str(tmp_path / 'evil.pt'))
    assert not (tmp_path / 'owned.txt').exists()


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('empty.pt', b'', 'cannot be read as a checkpoint'),
        ('noise.pt', b'\x00\x01noise', 'not a checkpoint|cannot be read'),
        ('lfs.bin', b'version https://git-lfs.github.com/spec/v1\n', 'Git LFS pointer'),
        ('page.pt', b'<!DOCTYPE html><html></html>', 'a web page'),
        ('noise.safetensors', b'noise', 'not a readable safetensors file'),
        ('cut.pt', None, 'cannot be read as a checkpoint'),
    ],
)
def test_broken_files(state, arch, tmp_path, name, content, message):
    if content is None:
        torch.save(state, tmp_path / name)
        content = (tmp_path / name).read_bytes()[:5000]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MGDMError, match=message) as caught:
        build_clip(arch, str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([1, 2], 'expected a state dict, but found list'),
        ({}, 'expected a state dict'),
        ({'state_dict': {'a': 'text'}}, '`a` is str'),
        ({'fc.weight': torch.zeros(2)}, 'these are not CLIP weights .* fc.weight'),
    ],
)
def test_checkpoints_of_something_else(arch, tmp_path, content, message):
    torch.save(content, tmp_path / 'x.pt')
    with pytest.raises(MGDMError, match=message):
        build_clip(arch, str(tmp_path / 'x.pt'))
    with pytest.raises(MGDMError, match='this folder holds none of'):
        build_clip(arch, str(tmp_path))


def test_log_names_the_activation(state, arch, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(
        'mgdm_mmaction.clip.activation.print_log', lambda msg, level, **_: said.append((level, msg))
    )
    torch.save({**state, 'vocab_size': 200}, tmp_path / 'openai.pt')
    torch.save(state, tmp_path / 'silent.pt')
    build_clip(arch, str(tmp_path / 'openai.pt'))
    build_clip(arch, str(tmp_path / 'openai.pt'), quick_gelu=False)
    build_clip(arch, str(tmp_path / 'silent.pt'))
    (first, one), (second, two), (_, three) = said
    assert (first, second) == (20, 30)
    assert 'activation QuickGELU' in one
    assert 'activation GELU (option quick_gelu, against' in two
    assert 'the file does not say, set quick_gelu' in three
