"""Prompt templates and their ensembles: one template stays what it was, several are averaged."""

import hashlib
import json
from dataclasses import replace

import open_clip
import pytest
import torch

from mgdm_mmaction.clip import build_clip, weights_digest
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import FrozenClip
from mgdm_mmaction.models.heads import HardNegativeTextHead
from mgdm_mmaction.negatives import NegativesWriter, read_negatives
from mgdm_mmaction.text.bank import encode_labels
from mgdm_mmaction.text.corpus import LabelCorpus
from mgdm_mmaction.text.prompts import DEFAULT_PROMPT, PROMPT_SETS, describe_prompt, read_prompt
from tests.negatives.test_negatives_file import HEADER, ROWS

TWO = ['a {}', 'a clip of {} outside']


def test_forms_of_a_prompt():
    assert read_prompt('a {}') == read_prompt(['a {}']) == read_prompt(('a {}',)) == 'a {}'
    assert read_prompt(tuple(TWO)) == TWO
    assert read_prompt('actions') == PROMPT_SETS['actions']
    assert PROMPT_SETS['actions'][0] == DEFAULT_PROMPT
    assert describe_prompt('a {}') == "prompt 'a {}'"
    assert describe_prompt(TWO) == "mean of 2 prompts ('a {}', ...)"


@pytest.mark.parametrize(
    ('prompt', 'message'),
    [
        ('a', r"prompt: found 'a'; expected a text with exactly one \{\}.*packaged lists .actions"),
        ([], 'prompt: the list is empty'),
        (['a {}', 'b'], "prompt: found 'b'"),
        (['a {}', 3], 'prompt: found 3'),
        (['a {}', 'b {}', 'a {}'], "'a {}' is there twice"),
        (None, 'prompt: found None'),
        ('{} and {}', 'prompt: found'),
    ],
)
def test_bad_prompts(prompt, message):
    with pytest.raises(MGDMError, match=message):
        LabelCorpus(['run'], prompt=prompt)


def test_corpus_with_two_templates():
    corpus = LabelCorpus(['run', 'HighJump'], prompt=TWO)
    assert corpus.prompts == [
        'a run',
        'a clip of run outside',
        'a high jump',
        'a clip of high jump outside',
    ]
    again = LabelCorpus.from_dict(json.loads(json.dumps(corpus.to_dict())))
    assert again == corpus
    for other in (TWO[0], TWO[::-1], [*TWO, '{}']):
        assert LabelCorpus(['run', 'HighJump'], prompt=other) != corpus
    assert "its prompt is 'a {}', expected ['a {}'," in LabelCorpus(
        ['run', 'HighJump'], prompt='a {}'
    ).difference(corpus)


def test_corpora_of_one_template_keep_the_digest_they_had_before_there_were_ensembles():
    assert LabelCorpus('hmdb51', 'ucf101').digest == 'b1fc6950f21f2e5b'
    corpus = LabelCorpus(['PlayingGuitar', 'Archery'], ['dive'], 'a {}')
    assert (
        corpus.digest
        == LabelCorpus(corpus.classes, ['dive'], ['a {}']).digest
        == '247f7cfc647d2be5'
    )
    assert corpus.to_dict()['prompt'] == 'a {}'


@torch.no_grad()
def test_label_embeddings_are_those_of_clips_own_ensembling():
    torch.manual_seed(0)
    model = build_clip('mgdm-tiny').eval()
    tokenizer = open_clip.tokenizer.SimpleTokenizer(context_length=model.context_length)
    corpus = LabelCorpus(['run', 'HighJump', 'swim'], prompt=[*TWO, 'nobody does {}'])
    found = encode_labels(model, corpus, 'mgdm-tiny')
    for label, row in zip(['run', 'high jump', 'swim'], found, strict=True):
        texts = [f'a {label}', f'a clip of {label} outside', f'nobody does {label}']
        vectors = [model.encode_text(tokenizer([text]))[0] for text in texts]
        total = sum(vector / vector.norm() for vector in vectors)
        torch.testing.assert_close(row / row.norm(), total / total.norm())
        torch.testing.assert_close(row.norm(), sum(v.norm() for v in vectors) / 3)
    # One template: the very embedding.
    one = encode_labels(model, LabelCorpus(['run'], prompt=['a {}']), 'mgdm-tiny')
    assert torch.equal(one, model.encode_text(tokenizer(['a run'])))


def test_miner_and_head_use_the_same_embeddings(tmp_path, monkeypatch):
    monkeypatch.setenv('MGDM_CACHE', str(tmp_path))
    torch.manual_seed(0)
    model = build_clip('mgdm-tiny')
    file = str(tmp_path / 'clip.pt')
    torch.save(model.state_dict(), file)
    scorer = FrozenClip(dict(arch='mgdm-tiny', pretrained=file))
    names = ['run', 'HighJump']

    def bank(prompt):
        head = HardNegativeTextHead(names, 'mgdm-tiny', pretrained=file, prompt=prompt)
        head.init_weights()
        mined_with = torch.from_numpy(scorer.prepare(head.text_bank.corpus))
        unit = torch.nn.functional.normalize(head.text_bank.embeddings, dim=-1)
        torch.testing.assert_close(unit, mined_with)
        return head

    first, two = bank('a {}'), bank(TWO)
    assert not torch.allclose(first.text_bank.embeddings, two.text_bank.embeddings)
    # The cache of a single template is found under the name it always had.
    cached = {path.stem: torch.load(path) for path in (tmp_path / 'text_bank').iterdir()}
    key = json.dumps(['mgdm-tiny', weights_digest(model), ['a run', 'a high jump']])
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    assert torch.equal(cached.pop(name), first.text_bank.embeddings)
    assert [torch.equal(value, two.text_bank.embeddings) for value in cached.values()] == [True]

    # A checkpoint carries the templates, and new classes are encoded with all of them.
    other = HardNegativeTextHead(names, 'mgdm-tiny', pretrained=file, prompt=TWO)
    other.load_state_dict(two.state_dict())
    other.text_bank.set_classes(['swim', 'run'])
    expected = encode_labels(model, LabelCorpus(['swim', 'run'], prompt=TWO), 'mgdm-tiny')
    torch.testing.assert_close(other.encode_classes()[0], expected)
    with pytest.raises(MGDMError, match='another corpus than the config.*its prompt is'):
        HardNegativeTextHead(names, 'mgdm-tiny').load_state_dict(two.state_dict())


def test_negatives_files_with_two_templates_have_version_2(tmp_path):
    for prompt, version in (('a {}', 1), (TWO, 2)):
        path = tmp_path / f'{version}.jsonl'
        with NegativesWriter(path, replace(HEADER, prompt=prompt)) as writer:
            for row in ROWS:
                writer.write(*row)
        assert json.loads(path.read_text('utf-8').splitlines()[0])['format_version'] == version
        file = read_negatives(path)
        assert file.header.prompt == file.corpus.prompt == prompt
        file.check_corpus(LabelCorpus(HEADER.classes, HEADER.labels[3:], prompt))
    with pytest.raises(MGDMError, match='mined for another corpus: its prompt'):
        file.check_corpus(LabelCorpus(HEADER.classes, HEADER.labels[3:], 'a {}'))
    assert "mean of 2 prompts ('a {}', ...)" in str(read_negatives(path))
