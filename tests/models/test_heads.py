"""Both heads: outer residuals, equivariance, contexts at test time, the bank in a checkpoint."""

import math

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.runner import load_checkpoint

from mgdm_mmaction import MGDMError
from mgdm_mmaction.clip import build_clip, encode_texts
from mgdm_mmaction.models import HardNegativeTextHead, SemanticDiscriminator, TextGuidedTemporalHead
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity

CLASSES = ['RunningFast', 'jumping', 'opening door', 'closing door', 'clapping']


def text_head(**kwargs):
    torch.manual_seed(0)
    head = HardNegativeTextHead(classes=CLASSES, arch='mgdm-tiny', **kwargs)
    head.init_weights()
    return head.eval()


def naive_stack(transformer, x):
    """Eq. 14 and 18 from the weights alone: pre-LN blocks, then the outer residual."""
    start = x
    for block in transformer.blocks.resblocks:
        width, num_heads = x.shape[-1], block.attn.num_heads
        normed = torch.nn.functional.layer_norm(x, (width,), block.ln_1.weight, block.ln_1.bias)
        q, k, v = (normed @ block.attn.in_proj_weight.t() + block.attn.in_proj_bias).chunk(3, -1)
        outputs = []
        for head in range(num_heads):
            part = slice(head * width // num_heads, (head + 1) * width // num_heads)
            weights = q[..., part] @ k[..., part].transpose(-1, -2)
            weights = (weights / math.sqrt(width / num_heads)).softmax(-1)
            outputs.append(weights @ v[..., part])
        attended = torch.cat(outputs, -1)
        x = x + attended @ block.attn.out_proj.weight.t() + block.attn.out_proj.bias
        normed = torch.nn.functional.layer_norm(x, (width,), block.ln_2.weight, block.ln_2.bias)
        hidden = normed @ block.mlp.c_fc.weight.t() + block.mlp.c_fc.bias
        hidden = hidden * torch.sigmoid(1.702 * hidden)
        assert hidden.shape[-1] == 4 * width
        x = x + hidden @ block.mlp.c_proj.weight.t() + block.mlp.c_proj.bias
    return start + x


def test_temporal_head_is_positions_blocks_and_outer_residual():
    head = MODELS.build(
        dict(type='TextGuidedTemporalHead', embed_dims=128, num_frames=4, num_layers=3)
    )
    assert len(head.transformer.blocks.resblocks) == 3
    assert head.transformer.blocks.resblocks[0].attn.num_heads == 2
    frames = torch.randn(2, 4, 128)
    expected = naive_stack(head.transformer, frames + head.positions)
    torch.testing.assert_close(head(frames), expected, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(head(frames.flip(1)), head(frames).flip(1), atol=1e-3)


def test_temporal_head_without_layers_and_uniform_attention_is_the_mean_pool():
    head = TextGuidedTemporalHead(64, 4, num_layers=0, attention='uniform')
    assert not list(head.parameters())
    frames, guides, texts = torch.randn(2, 4, 64), torch.randn(3, 64), torch.randn(3, 2, 64)
    assert head(frames) is frames
    unit = torch.nn.functional.normalize
    expected = torch.einsum('bd,gmd->bgm', unit(frames, dim=-1).mean(1), unit(texts, dim=-1))
    torch.testing.assert_close(head.similarity(frames, guides, texts), expected)


def test_temporal_head_passes_its_options_on():
    head = TextGuidedTemporalHead(64, 4, attn_temperature=0.2, normalize_video=True)
    operands = torch.randn(2, 4, 64), torch.randn(3, 64), torch.randn(3, 2, 64)
    expected = text_guided_similarity(*operands, 0.2, True)
    torch.testing.assert_close(head.similarity(*operands), expected)


def test_temporal_head_errors():
    head = TextGuidedTemporalHead(64, num_frames=4)
    with pytest.raises(MGDMError, match='clips of 4 frames .*but got clips of 3'):
        head(torch.randn(1, 3, 64))
    with pytest.raises(ValueError, match="`attention` should be one of .*but got 'max'"):
        TextGuidedTemporalHead(64, 4, attention='max')
    with pytest.raises(ValueError, match='multiple of `num_heads`, but got 100 and 3'):
        TextGuidedTemporalHead(100, 4, num_heads=3)


def test_discriminator_is_blocks_and_outer_residual():
    discriminator = SemanticDiscriminator(128)
    texts = torch.randn(3, 6, 128)
    assert len(discriminator.blocks.resblocks) == 2
    torch.testing.assert_close(
        discriminator(texts), naive_stack(discriminator, texts), atol=1e-5, rtol=1e-5
    )


def test_discriminator_is_equivariant_to_the_order_of_negatives():
    discriminator = SemanticDiscriminator(128)
    texts = torch.randn(2, 8, 128)
    order = torch.tensor([0, 5, 3, 7, 1, 2, 6, 4])
    torch.testing.assert_close(
        discriminator(texts[:, order]), discriminator(texts)[:, order], atol=1e-5, rtol=1e-5
    )
    # The negatives do matter to the positive.
    other = torch.cat([texts[:, :1], torch.randn(2, 7, 128)], 1)
    assert (discriminator(other)[:, 0] - discriminator(texts)[:, 0]).abs().max() > 1e-2


def test_bank_holds_the_prompts_of_the_corpus():
    head = text_head(extra_labels=['running fast', 'swimming'])
    assert head.text_bank.corpus.labels[-1] == 'swimming'
    assert len(head.text_bank.classes) == 5
    assert head.text_bank.embeddings.shape == (6, 128)
    torch.manual_seed(0)
    HardNegativeTextHead(classes=CLASSES, arch='mgdm-tiny')  # Draws the same numbers first.
    model = build_clip('mgdm-tiny')
    prompts = ['This is a video about running fast', 'This is a video about swimming']
    expected = encode_texts(model, prompts, 'mgdm-tiny')
    torch.testing.assert_close(head.text_bank.embeddings[[0, 5]], expected)
    assert not head.text_bank.embeddings.requires_grad
    assert head.encode_classes()[1].shape == (5, 128)  # extra labels are no classes


def test_forward_gives_undiscriminated_guides_and_discriminated_texts():
    head = text_head()
    ids = torch.tensor([[2, 3, 0], [4, 1, 2]])
    guides, texts = head(ids)
    torch.testing.assert_close(guides, head.text_bank.embeddings[[2, 4]])
    for row in range(2):
        expected = head.discriminator(head.text_bank.embeddings[ids[row]][None])[0]
        torch.testing.assert_close(texts[row], expected, atol=1e-5, rtol=1e-5)
    guides, texts = head(ids[:, :1])  # k = 0
    assert texts.shape == (2, 1, 128)


def test_without_discriminator_the_texts_stay():
    head = text_head(discriminator=None)
    guides, texts = head(torch.tensor([[1, 2]]))
    torch.testing.assert_close(texts[0], head.text_bank.embeddings[[1, 2]])
    torch.testing.assert_close(guides[0], head.text_bank.embeddings[1])
    assert head.context is None
    for found in head.encode_classes():
        torch.testing.assert_close(found, head.text_bank.embeddings[:5])


def test_contexts():
    head = text_head(num_neighbors=2)
    bank = head.text_bank.embeddings[:5]
    guides, texts = head.encode_classes()
    torch.testing.assert_close(guides, bank)
    torch.testing.assert_close(texts, head.discriminator(bank[None])[0])
    texts = head.encode_classes('single')[1]
    for label in range(5):
        torch.testing.assert_close(texts[label], head.discriminator(bank[None, [label]])[0, 0])
    texts = head.encode_classes('neighbors')[1]
    unit = bank / bank.norm(dim=-1, keepdim=True)
    for label in range(5):
        others = sorted(set(range(5)) - {label}, key=lambda o: -float(unit[label] @ unit[o]))
        group = bank[None, [label, *others[:2]]]
        expected = head.discriminator(group)[0, 0]
        torch.testing.assert_close(texts[label], expected, atol=1e-5, rtol=1e-5)
    assert HardNegativeTextHead(CLASSES, 'mgdm-tiny', num_neighbors=99).num_neighbors == 99
    assert text_head(num_neighbors=99).encode_classes('neighbors')[1].shape == (5, 128)


def test_logit_scale_starts_at_clips_and_stays_trainable_at_the_limit():
    head = text_head()
    assert head.scale().item() == pytest.approx(1 / 0.07, rel=1e-5)
    head.logit_scale.data.fill_(5.0)
    scale = head.scale()
    scale.backward()
    assert scale.item() == pytest.approx(100, rel=1e-5)
    assert head.logit_scale.grad.item() == pytest.approx(100, rel=1e-5)


def test_bank_is_cached_by_weights_prompt_and_labels(tmp_path, monkeypatch):
    monkeypatch.setenv('MGDM_CACHE', str(tmp_path))
    files = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        files.append(tmp_path / f'clip{seed}.pt')
        torch.save(build_clip('mgdm-tiny').state_dict(), files[-1])

    def bank(file, **kwargs):
        head = HardNegativeTextHead(CLASSES, 'mgdm-tiny', pretrained=str(file), **kwargs)
        head.init_weights()
        return head.text_bank.embeddings.clone()

    first = bank(files[0])
    cached = list((tmp_path / 'text_bank').iterdir())
    assert len(cached) == 1
    torch.testing.assert_close(bank(files[0]), first, atol=0, rtol=0)
    torch.save(first + 1, cached[0])  # Only a bank that is read from the file has this.
    torch.testing.assert_close(bank(files[0]), first + 1)
    assert not torch.allclose(bank(files[1]), first)
    assert not torch.allclose(bank(files[0], prompt='{}'), first)
    assert len(list((tmp_path / 'text_bank').iterdir())) == 3


def test_empty_bank_is_an_error():
    head = HardNegativeTextHead(classes=CLASSES, arch='mgdm-tiny')
    with pytest.raises(MGDMError, match='text bank is empty: load a checkpoint'):
        head.encode_classes()
    with pytest.raises(ValueError, match="`context` should be one of .*but got 'none'"):
        HardNegativeTextHead(classes=CLASSES, arch='mgdm-tiny', context='none')


def test_checkpoint_of_other_labels(tmp_path):
    file = str(tmp_path / 'head.pth')
    torch.save(dict(state_dict=text_head().state_dict()), file)
    for classes, message in (
        (CLASSES[:4], r'it has 5 classes, expected 4\. Test with the class list'),
        (CLASSES[::-1], "in another order: label 0 is 'running fast', expected 'clapping'"),
        ([*CLASSES[:4], 'waving'], "label 4 is 'clapping', expected 'waving'"),
    ):
        with pytest.raises(MGDMError, match=message):
            load_checkpoint(HardNegativeTextHead(classes, 'mgdm-tiny'), file)
    with pytest.raises(MGDMError, match="its prompt is .* expected '{}'"):
        load_checkpoint(HardNegativeTextHead(CLASSES, 'mgdm-tiny', prompt='{}'), file)


def test_fine_tuning_keeps_the_own_bank(tmp_path):
    source = text_head()
    file = str(tmp_path / 'head.pth')
    torch.save(dict(state_dict=source.state_dict()), file)
    head = HardNegativeTextHead(['waving', 'jumping'], 'mgdm-tiny')
    head.init_weights()
    bank = head.text_bank.embeddings.clone()
    load_checkpoint(head, file)
    torch.testing.assert_close(head.text_bank.embeddings, bank)
    assert head.text_bank.corpus.classes == ['waving', 'jumping']
    for ours, loaded in zip(
        head.discriminator.parameters(), source.discriminator.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, loaded)


def test_set_classes(tmp_path):
    head = text_head()
    old = head.text_bank.embeddings.clone()
    head.text_bank.set_classes(['clapping', 'running_fast'])
    torch.testing.assert_close(head.encode_classes()[0], old[[4, 0]])
    with pytest.raises(MGDMError, match=r"\['waving'\] are not among the labels"):
        head.text_bank.set_classes(['clapping', 'waving'])

    file = tmp_path / 'clip.pt'
    model = build_clip('mgdm-tiny')
    torch.save(model.state_dict(), file)
    head = text_head(pretrained=str(file))
    head.text_bank.set_classes(['clapping', 'waving'])
    expected = encode_texts(model, ['This is a video about waving'], 'mgdm-tiny')
    torch.testing.assert_close(head.encode_classes()[0][1:], expected)
    assert head.text_bank.classes == ['clapping', 'waving']
