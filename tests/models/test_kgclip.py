"""KG-CLIP: who reads whom in the triplet encoder, the loss, and what a checkpoint carries."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS

from mgdm_mmaction import MGDMError
from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.graph import KnowledgeGraph
from mgdm_mmaction.models.losses import augmented_contrastive_loss
from mgdm_mmaction.models.losses.augmented_contrastive_loss import matching_loss
from mgdm_mmaction.models.necks.triplet_encoder import RELATIONS, TripletEncoder
from tests.models.tiny import CLASSES, NUM_FRAMES, tiny_batch
from tests.models.two_processes import assert_two_equal_one

GRAPH = KnowledgeGraph(
    list(CLASSES),
    ['leg run', 'leg jump', 'hand open', 'hand close', 'hand clap', 'hand pull'],
    [
        ('running fast', 'leg run'),
        ('jumping', 'leg jump'),
        ('opening door', 'hand open'),
        ('opening door', 'hand pull'),
        ('closing door', 'hand close'),
        ('closing door', 'hand pull'),
        ('clapping', 'hand clap'),
    ],
    [('0.mp4', 'leg run'), ('1.mp4', 'leg jump')],
)


def kg_model(seed=0, **changes):
    torch.manual_seed(seed)
    config = dict(
        type='KGCLIP',
        backbone=dict(type='CLIPBackbone', arch='mgdm-tiny'),
        neck=dict(type='TripletEncoder', embed_dims=128, num_frames=NUM_FRAMES, num_layers=1),
        cls_head=dict(type='HardNegativeTextHead', arch='mgdm-tiny', classes=CLASSES, prompt='{}'),
        graph=GRAPH,
    )
    for part, change in changes.items():
        config[part] = {**config[part], **change} if isinstance(config.get(part), dict) else change
    model = MODELS.build(config)
    model.init_weights()
    return model


def kg_batch(num_videos, **options):
    """Every third video has no movement."""
    inputs, samples = tiny_batch(num_videos, 0, **options)
    for i, sample in enumerate(samples):
        own = [] if i % 3 == 2 else [(i + j) % 6 for j in range(1 + i % 2)]
        movements = torch.zeros(6, dtype=torch.uint8)
        movements[own] = 1
        triple = [own[0] if own else -1, *GRAPH.pairs[i % len(GRAPH.pairs)]]
        sample.set_field(torch.tensor(triple), 'triplet_ids')
        sample.set_field(movements, 'movements')
    return inputs, samples


def encoder(**options):
    torch.manual_seed(0)
    return TripletEncoder(**{**dict(embed_dims=64, num_frames=2, num_layers=2), **options})


def scores(module, heads, tails, relation='v-a'):
    return module(heads, module.encode_entities(tails, relation), relation)


MODES = ['factored', 'pairwise', 'none']


@pytest.mark.parametrize('attention', MODES)
def test_other_samples_of_the_batch_change_no_score(attention):
    module = encoder(attention=attention).eval()
    heads, tails = torch.randn(4, 64), torch.randn(5, 64)
    for kept, changed in zip(
        scores(module, heads, tails),
        scores(module, torch.cat([heads[:1], torch.randn(2, 64)]), torch.cat([tails[:2], heads])),
        strict=True,
    ):
        assert kept.shape == (4, 5)
        torch.testing.assert_close(kept[0, :2], changed[0, :2], atol=1e-5, rtol=1e-4)


def test_a_head_never_reads_its_tail():
    module = encoder().eval()
    heads = torch.randn(4, 64, requires_grad=True)
    tails = torch.randn(4, 64, requires_grad=True)
    u, w = module.encode_heads(heads, 0), module.encode_tails(tails, 0)
    assert torch.autograd.grad(u.sum(), tails, allow_unused=True)[0] is None
    assert torch.autograd.grad(w.sum(), heads, allow_unused=True)[0] is None
    assert torch.autograd.grad(module.encode_heads(heads, 0)[0].sum(), heads)[0][1:].eq(0).all()


def beside_the_own_tail(module, heads, tails):
    """What is not allowed: each head is encoded together with the tail that it belongs to."""
    tokens = [module._unit(heads), *module.relations[0], module._unit(tails)]
    z = module._encode(tokens, slice(0, 4)).unbind(-2)
    u, w = z[0] * z[1] - module._delta(0), z[2] * z[3]
    return (F.cosine_similarity(u[:, None], w, dim=-1),)


@pytest.mark.parametrize('attention', ['factored', 'pairwise', 'beside the own tail'])
def test_pure_noise_stays_at_chance(attention):
    """Heads and tails that have nothing to do with each other teach nothing."""
    allowed = attention in MODES
    module = encoder(embed_dims=16, num_layers=1, attention=attention if allowed else 'factored')
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    matches, losses = torch.eye(8).bool(), []
    for _ in range(120):
        heads, tails = torch.randn(2, 8, 16)
        found = (scores if allowed else beside_the_own_tail)(module, heads, tails)
        loss = sum(matching_loss(10 * pair, matches) for pair in found) / len(found)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    chance = matching_loss(torch.zeros(8, 8), matches).item()
    assert (sum(losses[-20:]) / 20 > 0.95 * chance) == allowed


@pytest.mark.parametrize('attention', ['factored', 'pairwise'])
def test_the_inverse_score_is_like_the_forward_one(attention):
    module = encoder(attention=attention).eval()
    forward, inverse = scores(module, torch.randn(6, 64), torch.randn(7, 64))
    assert forward.shape == inverse.shape == (6, 7)
    for axis in (0, 1):
        ratio = inverse.std(axis).mean() / forward.std(axis).mean()
        assert 0.2 < ratio < 5


def test_against_the_equations():
    """Products, deviation and cosine: u = z1 z2 - delta and w = z3 z4, written out for one pair."""
    module = encoder(deviation='relation').eval()
    heads, tails = torch.randn(2, 64), torch.randn(3, 64)
    row = RELATIONS.index('a-b')

    def encode(pair, places):
        x = torch.stack(pair)[None]
        return (x + module.blocks(x + module.positions[places]))[0]

    def score(head, tail, row):
        head, tail = 8 * F.normalize(head, dim=0), 8 * F.normalize(tail, dim=0)
        z1, z2 = encode([head, module.relations[row, 0]], slice(0, 2))
        z3, z4 = encode([module.relations[row, 1], tail], slice(2, 4))
        return F.cosine_similarity(z1 * z2 - module.deviation[row], z3 * z4, dim=0)

    forward, inverse = scores(module, heads, tails, 'a-b')
    torch.testing.assert_close(forward[1, 2], score(heads[1], tails[2], row))
    torch.testing.assert_close(inverse[1, 2], score(tails[2], heads[1], row + 3))


@pytest.mark.parametrize('share', [0.0, 0.3, 1.0])
@pytest.mark.parametrize('use_inverse', [True, False])
def test_fusion_against_the_equation(share, use_inverse):
    """S = (1 - f) cos(v, c) + f S_tri, of both directions or the forward one."""
    model = kg_model(fusion_weight=share, use_inverse=use_inverse).eval()
    inputs, _ = kg_batch(2, num_views=2)
    with torch.no_grad():
        video = model.encode_frames(inputs).mean(2)
        texts = model.text_bank(model.text_bank.class_ids)
        forward, inverse = scores(model.neck, video.flatten(0, 1), texts)
        triplet = (forward + inverse) / 2 if use_inverse else forward
        cosine = F.cosine_similarity(video[:, :, None], texts, dim=-1)
        expected = (1 - share) * cosine + share * triplet.view(2, 2, -1)
        torch.testing.assert_close(model(inputs), model.cls_head.scale() * expected)


def test_the_loss_of_matches_is_that_of_k_0():
    logits, ids = torch.randn(5, 5), torch.tensor([0, 1, 0, 2, 2])
    torch.testing.assert_close(
        matching_loss(logits, ids[:, None] == ids), augmented_contrastive_loss(logits, ids, ids)
    )


def test_the_loss_against_a_plain_one():
    model = kg_model(neck=dict(dropout=0.0), cosine_weight=0.5)
    inputs, samples = kg_batch(5)
    losses = model(inputs, samples, mode='loss')
    video, scale = model.encode_video(inputs)[:, 0], model.cls_head.scale()
    bank = model.text_bank

    def texts(names):
        return bank(torch.tensor([bank.corpus.index(name) for name in names]))

    def plain(heads, tails, names, relation):
        same = torch.tensor([[a == b for b in names] for a in names])
        cosine = matching_loss(scale * F.cosine_similarity(heads[:, None], tails, dim=-1), same)
        pairs = model.neck(heads, model.neck.encode_entities(tails, relation), relation)
        return cosine / 2 + sum(matching_loss(scale * pair, same) for pair in pairs) / 2

    classes = [CLASSES[int(sample.gt_label)] for sample in samples]
    expected = plain(video, texts(classes), classes, 'v-a')
    torch.testing.assert_close(losses['loss_va'], expected)
    seen = [i for i in range(5) if samples[i].triplet_ids[0] >= 0]
    names = [GRAPH.movements[samples[i].triplet_ids[0]] for i in seen]
    torch.testing.assert_close(losses['loss_vb'], plain(video[seen], texts(names), names, 'v-b'))
    actions = [GRAPH.actions[sample.triplet_ids[1]] for sample in samples]
    names = [GRAPH.movements[sample.triplet_ids[2]] for sample in samples]
    expected = plain(texts(actions), texts(names), names, 'a-b')
    torch.testing.assert_close(losses['loss_ab'], expected)


def test_operations_of_all_relations_are_counted():
    """On the meta device, of samples without triples."""
    model = kg_model().to('meta')
    _, samples = tiny_batch(2, 0)
    for sample in samples:
        sample.gt_label = sample.gt_label.to('meta')
    losses = model.training_loss(torch.zeros(2, 1, 128, device='meta'), samples)
    assert {'loss_va', 'loss_vb', 'loss_ab'} < set(losses)


def test_positives_of_the_graph():
    model = kg_model(positives='graph')
    _, samples = kg_batch(4)
    labels = torch.cat([sample.gt_label for sample in samples])
    triplets, movements = (
        torch.stack([sample.get(key) for sample in samples]) for key in ('triplet_ids', 'movements')
    )
    found = model._triples(labels, triplets, movements)
    # Videos 0, 1 and 3 show movement 0, movements 1 and 2, movements 3 and 4; 2 has none.
    assert found['v-b'][2].tolist() == torch.eye(3).bool().tolist()
    # 'opening door' pulls, too.
    assert found['a-b'][2].tolist()[2] == [False, False, True, True]


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(relations=('v-a',)),
        dict(graph=None, neck=dict(temporal_layers=1)),
        dict(triplet_weight=0.0, neck=dict(temporal_layers=1)),
        dict(positives='graph', neck=dict(attention='pairwise', deviation='relation')),
        dict(neck=dict(num_layers=0, deviation='none')),
        dict(cls_head=dict(train_text=True)),
    ],
)
def test_the_loss_reaches_what_is_used(changes):
    model = kg_model(**changes).train()
    inputs, samples = kg_batch(3, num_views=2)
    losses = model(inputs, samples, mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    missed = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not missed
    assert model.eval().explain(inputs).logits.shape == (3, 2, len(CLASSES))


def test_a_batch_without_movements_and_samples_without_triples():
    model = kg_model()
    inputs, samples = kg_batch(3)
    losses = model(inputs[2:], samples[2:], mode='loss')
    assert losses['loss_vb'] == 0
    assert losses['loss_ab'].isfinite()
    with pytest.raises(MGDMError, match='put AttachTriplets'):
        model(*tiny_batch(2, 0), mode='loss')


def test_explains_by_movements():
    model = kg_model().eval()
    inputs, _ = kg_batch(2, num_views=2)
    found = model.explain(inputs)
    torch.testing.assert_close(found.logits, model(inputs))
    movements = found.weights['movements']
    assert movements.values.shape == (2, 2, 6)
    assert movements.axes == ('items',)
    assert movements.names == GRAPH.movements
    torch.testing.assert_close(movements.values.sum(-1), torch.ones(2, 2))


def test_movements_rest_on_the_cosines_without_movements_of_videos():
    """No loss has reached the relation v-b, and a checkpoint still knows."""
    graph = KnowledgeGraph(GRAPH.actions, GRAPH.movements, GRAPH.action_movements)
    model = kg_model(graph=graph).eval()
    inputs, _ = kg_batch(2)
    with torch.no_grad():
        video = model.encode_video(inputs)[:, :, None]
        texts = model.text_bank(model.graph_table.ids(model.text_bank))
        cosines = F.cosine_similarity(video, texts, dim=-1)
        expected = (model.cls_head.scale() * cosines).softmax(-1)
        loaded = kg_model(seed=1, graph=None)
        loaded.text_bank.ready = False
        loaded.load_state_dict(model.state_dict())
        for found in (model, loaded.eval()):
            movements = found.explain(inputs).weights['movements']
            torch.testing.assert_close(movements.values, expected)


def test_what_belongs_together():
    model = kg_model()
    labels = model.text_bank.corpus.labels
    assert [(labels[a], labels[b]) for a, b in model.text_edges] == GRAPH.action_movements
    assert kg_model(graph=None).text_edges == []


def test_testing_needs_no_graph(tmp_path):
    torch.manual_seed(0)
    clip = tmp_path / 'clip.pt'
    torch.save(build_clip('mgdm-tiny').state_dict(), clip)
    weights = dict(cls_head=dict(pretrained=str(clip)), backbone=dict(pretrained=str(clip)))
    model = kg_model(**weights).eval()
    inputs, _ = kg_batch(2)
    with torch.no_grad():
        expected = model.explain(inputs)
    absent = kg_model(graph=None, **weights)
    absent.text_bank.ready = False
    absent.load_state_dict(model.state_dict())
    with torch.no_grad():
        found = absent.eval().explain(inputs)
        torch.testing.assert_close(found.logits, expected.logits)
        wanted = expected.weights['movements'].values
        torch.testing.assert_close(found.weights['movements'].values, wanted)
        absent.set_classes([CLASSES[4], 'swimming'])
        assert absent(inputs).shape == (2, 1, 2)
        torch.testing.assert_close(absent(inputs)[..., 0], expected.logits[..., 4])
        found = absent.explain(inputs).weights['movements']
        assert found.names == GRAPH.movements
        # Fewer classes move the movements in the corpus, and change none of them.
        torch.testing.assert_close(found.values, wanted)


def test_a_graph_that_does_not_fit():
    with pytest.raises(MGDMError, match='no class of the data set'):
        kg_model(graph=KnowledgeGraph(['swimming'], ['arm pull'], [('swimming', 'arm pull')]))
    with pytest.raises(MGDMError, match='does not exist'):
        kg_model(graph='/nowhere/graph.json')


@pytest.mark.parametrize(
    'attention', ['factored', pytest.param('pairwise', marks=pytest.mark.slow)]
)
def test_the_folded_model_scores_the_same(attention):
    model = kg_model(neck=dict(attention=attention)).eval()
    inputs, _ = kg_batch(2)
    with torch.no_grad():
        expected = model(inputs)[:, 0]
        folded = model.folded()
        torch.testing.assert_close(folded(inputs), expected)
        exported = torch.export.export(folded, (inputs,)).module()
        torch.testing.assert_close(exported(inputs), expected, atol=1e-5, rtol=1e-4)
        assert folded.forward_explained(inputs)[1]['movements'].shape == (2, 6)
    assert not any('text_bank' in name for name in folded.state_dict())


def build(seed):
    return kg_model(seed=seed, neck=dict(dropout=0.0)).double()


def batch():
    return kg_batch(5, dtype=torch.float64)


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    assert_two_equal_one(build, batch, tmp_path)


def test_blended_labels_are_refused():
    inputs, samples = kg_batch(2)
    for sample in samples:
        sample.gt_label = torch.full((len(CLASSES),), 0.2)
    with pytest.raises(MGDMError, match='one class a video: leave out data_preprocessor.blending'):
        kg_model()(inputs, samples, mode='loss')
