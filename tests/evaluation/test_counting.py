"""The counter of Linear and Conv modules, against counts by hand."""

import torch
from torch import nn

from mgdm_mmaction.evaluation.module_counter import count_modules


def test_linear_and_conv_by_hand():
    conv = nn.Conv2d(6, 4, kernel_size=(3, 2), groups=2, bias=False)
    linear = nn.Linear(5, 7)
    with count_modules() as counter:
        conv(torch.zeros(2, 6, 5, 5))  # -> [2, 4, 3, 4], each from 3 x 3 x 2 inputs
        linear(torch.zeros(2, 3, 5))
    assert counter.macs == 2 * 4 * 3 * 4 * 18 + 2 * 3 * 7 * 5
    assert counter.params == 4 * 18 + 5 * 7 + 7


def test_a_module_called_twice_works_twice_but_has_its_parameters_once():
    linear = nn.Linear(5, 7)
    with count_modules() as counter:
        linear(linear.weight)
        linear(linear.weight)
    assert (counter.macs, counter.params) == (2 * 7 * 7 * 5, 42)


def test_attention_norms_and_embeddings_do_not_count():
    attention = nn.MultiheadAttention(8, 2)
    x = torch.randn(3, 1, 8)
    with count_modules() as counter:
        attention(nn.LayerNorm(8)(x), x, x)
        nn.Embedding(4, 8)(torch.zeros(1, dtype=torch.long))
    assert (counter.macs, counter.params) == (0, 0)


def test_counting_ends_with_the_block_and_copies_go_on_alone():
    linear = nn.Linear(2, 2)
    with count_modules() as counter:
        linear(torch.zeros(1, 2))
    linear(torch.zeros(1, 2))
    twin = counter.copy()
    with count_modules(twin):
        nn.Linear(3, 1)(torch.zeros(1, 3))
    assert (counter.macs, counter.params) == (4, 6)
    assert (twin.macs, twin.params) == (7, 10)
