"""CLIPBackbone against its tower, and with MMEngine's and MMPretrain's machinery around it."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner import load_checkpoint, save_checkpoint
from torch import nn

from mgdm_mmaction.clip import build_clip, uses_quick_gelu
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models import CLIPBackbone
from tests.clip import reference as ref


@pytest.fixture(scope='module')
def images():
    return torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope='module')
def tiny_file(tmp_path_factory):
    """open_clip state dict of a random mgdm-tiny."""
    torch.manual_seed(3)
    file = tmp_path_factory.mktemp('clip') / 'tiny.pt'
    torch.save(build_clip('mgdm-tiny').state_dict(), file)
    return str(file)


@pytest.fixture
def openai_file(tmp_path):
    """State dict that says it is OpenAI's, with the architecture beside it."""
    file = tmp_path / 'openai.pt'
    torch.save({**ref.random_weights(), 'vocab_size': 200}, file)
    return ref.write_arch(tmp_path / 'arch.json'), str(file)


def test_embeddings_are_encode_image(images, tiny_file):
    backbone = MODELS.build(dict(type='CLIPBackbone', arch='mgdm-tiny', pretrained=tiny_file))
    before = backbone(images)
    backbone.init_weights()
    out = backbone(images)
    assert out.shape == (4, backbone.embed_dims) == (4, 128)
    expected = build_clip('mgdm-tiny', tiny_file).encode_image(images)
    torch.testing.assert_close(out, expected, atol=1e-6, rtol=1e-5)
    assert (before - expected).abs().max() > 1e-2, 'weights should load in init_weights only'


def test_openai_weights_get_quick_gelu(openai_file):
    arch, file = openai_file
    backbone = CLIPBackbone(arch, file)
    backbone.init_weights()
    images = ref.random_inputs()[0]
    expected = ref.embed_images(ref.random_weights(), images, ref.quick_gelu)
    torch.testing.assert_close(backbone(images), expected, atol=1e-5, rtol=1e-5)
    assert backbone.quick_gelu == 1


def test_checkpoint_restores_the_activation(openai_file, tmp_path):
    """init_recognizer clears `pretrained`: only the checkpoint then has it."""
    arch, file = openai_file
    trained = CLIPBackbone(arch, file)
    trained.init_weights()
    model = nn.Module()
    model.backbone = trained
    save_checkpoint({'state_dict': model.state_dict()}, str(tmp_path / 'epoch_1.pth'))

    fresh = nn.Module()
    fresh.backbone = CLIPBackbone(arch)
    assert not uses_quick_gelu(fresh)
    load_checkpoint(fresh, str(tmp_path / 'epoch_1.pth'), strict=True)
    images = ref.random_inputs()[0]
    assert torch.equal(fresh.backbone(images), trained(images))

    # The same file serves as `pretrained` of another model.
    again = CLIPBackbone(arch, str(tmp_path / 'epoch_1.pth'))
    again.init_weights()
    assert torch.equal(again(images), trained(images))


def test_gelu_checkpoint_resets_quick_gelu(openai_file):
    arch, _ = openai_file
    quick, plain = CLIPBackbone(arch, quick_gelu=True), CLIPBackbone(arch)
    quick.load_state_dict(plain.state_dict())
    images = ref.random_inputs()[0]
    assert torch.equal(quick(images), plain(images))


def test_float64_and_half_keep_their_type(images):
    backbone = CLIPBackbone('mgdm-tiny').double()
    assert backbone(images.double()).dtype == torch.float64
    with torch.autocast('cpu', torch.bfloat16):
        assert CLIPBackbone('mgdm-tiny')(images).dtype == torch.bfloat16


@pytest.mark.parametrize('frozen', [-1, 0, 2, 3, 'all'])
def test_frozen_part_has_no_gradient_and_stays_in_evaluation_mode(images, frozen):
    backbone = CLIPBackbone('mgdm-tiny', frozen_stages=frozen)
    assert backbone.train() is backbone
    visual = backbone.visual
    blocks = list(visual.transformer.resblocks)
    stem = [visual.conv1, visual.ln_pre]
    tokens = [visual.class_embedding, visual.positional_embedding]
    after = [visual.ln_post, visual.proj]
    count = {'all': 3, -1: 0}.get(frozen, frozen)
    expected = (stem + tokens if frozen != -1 else []) + blocks[:count]
    expected += after if frozen == 'all' else []
    frozen_ids = {
        id(p) for part in expected for p in (part.parameters() if hasattr(part, 'eval') else [part])
    }
    if frozen != 'all':
        backbone(images).square().sum().backward()
    for name, param in backbone.named_parameters():
        assert param.requires_grad == (id(param) not in frozen_ids), name
        assert (param.grad is None) == (id(param) in frozen_ids), name
    for block in [*stem, *blocks]:
        inside = any(block is part for part in expected)
        assert all(module.training is not inside for module in block.modules())
    assert backbone.training


def test_all_but_norm_trains_the_norms_alone(images):
    backbone = CLIPBackbone('mgdm-tiny', frozen_stages='all_but_norm', patch_dropout=0.5).train()
    backbone(images).square().sum().backward()
    # By name: ln_pre, ln_post and two norms a block, weight and bias each.
    trained = {name for name, param in backbone.named_parameters() if param.requires_grad}
    assert trained == {
        f'visual.{norm}.{kind}'
        for norm in (
            ['ln_pre', 'ln_post']
            + [f'transformer.resblocks.{i}.ln_{j}' for i in range(3) for j in (1, 2)]
        )
        for kind in ('weight', 'bias')
    }
    for name, param in backbone.named_parameters():
        assert (param.grad is not None) == (name in trained), name
    assert all(module.training for module in backbone.modules()), 'patches are still dropped'


@pytest.mark.parametrize('frozen', [-1, 'all_but_norm'])
def test_frozen_projection(frozen):
    plain = CLIPBackbone('mgdm-tiny', frozen_stages=frozen)
    backbone = CLIPBackbone('mgdm-tiny', frozen_stages=frozen, freeze_proj=True)
    for (name, a), (_, b) in zip(
        plain.named_parameters(), backbone.named_parameters(), strict=True
    ):
        assert b.requires_grad == (a.requires_grad and name != 'visual.proj'), name
    assert not backbone.visual.proj.requires_grad


@pytest.mark.parametrize('frozen', [1, 'all_but_norm'])
def test_checkpointing_gives_the_same_gradients(images, frozen):
    torch.manual_seed(0)
    plain = CLIPBackbone('mgdm-tiny', frozen_stages=frozen).train()
    recomputed = CLIPBackbone('mgdm-tiny', frozen_stages=frozen, with_cp=True).train()
    recomputed.load_state_dict(plain.state_dict())
    calls = []
    recomputed.visual.transformer.resblocks[2].register_forward_pre_hook(lambda *_: calls.append(1))
    for backbone in (plain, recomputed):
        backbone(images).square().sum().backward()
    assert len(calls) == 2, 'the block should run again in the backward pass'
    for (name, a), (_, b) in zip(
        plain.named_parameters(), recomputed.named_parameters(), strict=True
    ):
        # A reentrant checkpoint would leave None where no input needs a gradient.
        assert (a.grad is None) == (b.grad is None) == (not a.requires_grad), name
        if a.grad is not None:
            torch.testing.assert_close(a.grad, b.grad, msg=name)


def test_patch_dropout_in_training_only(images):
    backbone = CLIPBackbone('mgdm-tiny', patch_dropout=0.5)
    seen = []
    backbone.visual.transformer.register_forward_pre_hook(lambda _, x: seen.append(x[0].shape[1]))
    backbone.train()(images)
    backbone.eval()(images)
    assert seen == [9, 17]


@pytest.mark.parametrize('shape', [(2, 3, 32, 32), (2, 3, 64, 32), (1, 2, 3, 64, 64)])
def test_images_of_another_size(shape):
    with pytest.raises(MGDMError, match=r"`backbone.arch` 'mgdm-tiny' takes .*3, 64, 64\], but"):
        CLIPBackbone('mgdm-tiny')(torch.rand(shape))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(arch='mgdm-tin'), 'Near names: mgdm-tiny'),
        (dict(arch='mgdm-tiny', frozen_stages=4), "'all_but_norm' or a number from -1 to 3"),
        (dict(arch='mgdm-tiny', frozen_stages='stem'), "but got 'stem'"),
        (dict(arch='mgdm-tiny', patch_dropout=1.0), 'patch_dropout should be in'),
        (dict(arch='RN50', with_cp=True), "need a ViT tower of open_clip, arch 'RN50'"),
        (dict(arch='RN50', frozen_stages=0), "'all_but_norm' or a number from -1 to -1"),
        (dict(arch='RN50', frozen_stages='all_but_norm'), "'all_but_norm' need a ViT tower"),
        (dict(arch='RN50', freeze_proj=True), 'freeze_proj and .* need a ViT tower'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='CLIPBackbone', **options))


def test_resnet_tower():
    backbone = CLIPBackbone('RN50', frozen_stages='all')
    assert not any(p.requires_grad for p in backbone.parameters())
    assert not any(m.training for m in backbone.train().visual.modules())
    assert backbone(torch.rand(1, 3, 224, 224)).shape == (1, 1024)
    with pytest.raises(MGDMError, match='need a ViT tower'):
        backbone.get_layer_depth('visual.conv1.weight')
