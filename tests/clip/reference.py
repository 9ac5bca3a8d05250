"""CLIP written out plainly over a dict of OpenAI's names, and small random weights for it."""

import json
import math

import torch
from torch import nn

WIDTH, HEADS, LAYERS, EMBED, VOCAB, CONTEXT = 128, 2, 2, 32, 200, 12
PATCH, IMAGE = 8, 32


def write_arch(path, **changes):
    """Write the architecture of the random weights as open_clip's JSON and return its path."""
    config = dict(
        embed_dim=EMBED,
        vision_cfg=dict(
            image_size=IMAGE, layers=LAYERS, width=WIDTH, head_width=64, patch_size=PATCH
        ),
        text_cfg=dict(
            context_length=CONTEXT, vocab_size=VOCAB, width=WIDTH, heads=HEADS, layers=LAYERS
        ),
    )
    path.write_text(json.dumps({**config, **changes}))
    return str(path)


def random_weights(seed=0):
    """State dict with OpenAI's names, large enough that every tensor matters."""
    g = torch.Generator().manual_seed(seed)

    def rand(*shape, scale=0.1):
        return scale * torch.randn(*shape, generator=g)

    state = {
        'positional_embedding': rand(CONTEXT, WIDTH),
        'text_projection': rand(WIDTH, EMBED),
        'logit_scale': torch.tensor(2.0),
        'visual.class_embedding': rand(WIDTH),
        'visual.positional_embedding': rand((IMAGE // PATCH) ** 2 + 1, WIDTH),
        'visual.proj': rand(WIDTH, EMBED),
        'visual.conv1.weight': rand(WIDTH, 3, PATCH, PATCH),
        'token_embedding.weight': rand(VOCAB, WIDTH, scale=0.5),
    }
    for name in ('visual.ln_pre', 'visual.ln_post', 'ln_final'):
        state[f'{name}.weight'], state[f'{name}.bias'] = 1 + rand(WIDTH), rand(WIDTH)
    for tower in ('visual.transformer', 'transformer'):
        for i in range(LAYERS):
            block = f'{tower}.resblocks.{i}'
            for name in ('ln_1', 'ln_2'):
                state[f'{block}.{name}.weight'] = 1 + rand(WIDTH)
                state[f'{block}.{name}.bias'] = rand(WIDTH)
            state[f'{block}.attn.in_proj_weight'] = rand(3 * WIDTH, WIDTH)
            state[f'{block}.attn.in_proj_bias'] = rand(3 * WIDTH)
            for name, out, inp in (
                ('attn.out_proj', WIDTH, WIDTH),
                ('mlp.c_fc', 4 * WIDTH, WIDTH),
                ('mlp.c_proj', WIDTH, 4 * WIDTH),
            ):
                state[f'{block}.{name}.weight'] = rand(out, inp)
                state[f'{block}.{name}.bias'] = rand(out)
    return state


def random_inputs(seed=1):
    """Three images and three rows of tokens; the end token is the largest id of a row."""
    g = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, VOCAB - 2, (3, CONTEXT), generator=g)
    for row, end in enumerate((3, 7, CONTEXT - 1)):
        tokens[row, end], tokens[row, end + 1 :] = VOCAB - 1, 0
    return torch.randn(3, 3, IMAGE, IMAGE, generator=g), tokens


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def _norm(state, name, x):
    mean, var = x.mean(-1, keepdim=True), x.var(-1, unbiased=False, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt() * state[f'{name}.weight'] + state[f'{name}.bias']


def _blocks(state, tower, x, act, mask=None):
    n, length, width = x.shape
    for i in range(LAYERS):
        block = f'{tower}.resblocks.{i}'
        y = _norm(state, f'{block}.ln_1', x)
        qkv = y @ state[f'{block}.attn.in_proj_weight'].T + state[f'{block}.attn.in_proj_bias']
        q, k, v = qkv.view(n, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // HEADS)
        if mask is not None:
            scores = scores.masked_fill(mask, float('-inf'))
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, length, width)
        x = x + y @ state[f'{block}.attn.out_proj.weight'].T + state[f'{block}.attn.out_proj.bias']
        y = _norm(state, f'{block}.ln_2', x)
        y = act(y @ state[f'{block}.mlp.c_fc.weight'].T + state[f'{block}.mlp.c_fc.bias'])
        x = x + y @ state[f'{block}.mlp.c_proj.weight'].T + state[f'{block}.mlp.c_proj.bias']
    return x


def embed_images(state, images, act=quick_gelu):
    """Images [N, 3, H, W] -> [N, D]."""
    n = images.shape[0]
    patches = images.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)  # [N, 3, h, w, P, P]
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(n, (IMAGE // PATCH) ** 2, -1)
    x = patches @ state['visual.conv1.weight'].reshape(WIDTH, -1).T
    x = torch.cat([state['visual.class_embedding'].expand(n, 1, WIDTH), x], 1)
    x = _norm(state, 'visual.ln_pre', x + state['visual.positional_embedding'])
    x = _blocks(state, 'visual.transformer', x, act)
    return _norm(state, 'visual.ln_post', x[:, 0]) @ state['visual.proj']


def embed_tokens(state, tokens, act=quick_gelu):
    """Tokens [N, L] -> [N, D]."""
    x = state['token_embedding.weight'][tokens] + state['positional_embedding']
    future = torch.ones(CONTEXT, CONTEXT, dtype=torch.bool).triu(1)
    x = _norm(state, 'ln_final', _blocks(state, 'transformer', x, act, future))
    return x[torch.arange(len(tokens)), tokens.argmax(1)] @ state['text_projection']


class PlainCLIP(nn.Module):
    """The same as a module with OpenAI's parameter names, to be traced into an archive."""

    def __init__(self, state):
        super().__init__()
        for name, value in state.items():
            *path, leaf = name.split('.')
            module = self
            for part in path:
                if not hasattr(module, part):
                    module.add_module(part, nn.Module())
                module = getattr(module, part)
            module.register_parameter(leaf, nn.Parameter(value.clone(), requires_grad=False))
        for name, value in (('input_resolution', IMAGE), ('context_length', CONTEXT)):
            self.register_buffer(name, torch.tensor(value))
        self.register_buffer('vocab_size', torch.tensor(VOCAB))

    def forward(self, images, tokens):
        state = dict(self.named_parameters())
        return embed_images(state, images), embed_tokens(state, tokens)


def to_hugging_face(state):
    """Rename the random weights to those of Hugging Face's CLIPModel."""
    renamed = {
        'logit_scale': state['logit_scale'],
        'visual_projection.weight': state['visual.proj'].T.contiguous(),
        'text_projection.weight': state['text_projection'].T.contiguous(),
        'vision_model.embeddings.class_embedding': state['visual.class_embedding'],
        'vision_model.embeddings.patch_embedding.weight': state['visual.conv1.weight'],
        'vision_model.embeddings.position_embedding.weight': state['visual.positional_embedding'],
        'text_model.embeddings.token_embedding.weight': state['token_embedding.weight'],
        'text_model.embeddings.position_embedding.weight': state['positional_embedding'],
        'text_model.embeddings.position_ids': torch.arange(CONTEXT)[None],
    }
    for kind in ('weight', 'bias'):
        for new, old in (
            ('vision_model.pre_layrnorm', 'visual.ln_pre'),
            ('vision_model.post_layernorm', 'visual.ln_post'),
            ('text_model.final_layer_norm', 'ln_final'),
        ):
            renamed[f'{new}.{kind}'] = state[f'{old}.{kind}']
        for model, tower in (('vision', 'visual.transformer'), ('text', 'transformer')):
            for i in range(LAYERS):
                old, new = f'{tower}.resblocks.{i}', f'{model}_model.encoder.layers.{i}'
                joined = state[f'{old}.attn.in_proj_{kind}'].split(WIDTH)
                for letter, part in zip('qkv', joined, strict=True):
                    renamed[f'{new}.self_attn.{letter}_proj.{kind}'] = part.clone()
                for theirs, ours in (
                    ('self_attn.out_proj', 'attn.out_proj'),
                    ('layer_norm1', 'ln_1'),
                    ('layer_norm2', 'ln_2'),
                    ('mlp.fc1', 'mlp.c_fc'),
                    ('mlp.fc2', 'mlp.c_proj'),
                ):
                    renamed[f'{new}.{theirs}.{kind}'] = state[f'{old}.{ours}.{kind}']
    return renamed


def to_mmpretrain(state):
    """Rename the random weights to those of MMPretrain's CLIP."""
    renamed = {}
    for name, value in state.items():
        if name == 'visual.proj':
            renamed['visual_proj.proj'] = value
        elif name == 'visual.class_embedding':
            renamed['visual.cls_token'] = value[None, None]
        elif name == 'visual.positional_embedding':
            renamed['visual.pos_embed'] = value[None]
        elif name.startswith('visual.'):
            for ours, theirs in (
                ('conv1.', 'patch_embed.projection.'),
                ('ln_pre.', 'pre_norm.'),
                ('ln_post.', 'ln1.'),
                ('transformer.resblocks.', 'layers.'),
                ('.ln_1.', '.ln1.'),
                ('.ln_2.', '.ln2.'),
                ('.attn.in_proj_', '.attn.qkv.'),
                ('.attn.out_proj.', '.attn.proj.'),
                ('.mlp.c_fc.', '.ffn.layers.0.0.'),
                ('.mlp.c_proj.', '.ffn.layers.1.'),
            ):
                name = name.replace(ours, theirs)
            renamed[name] = value
        else:
            renamed[name] = value
    return renamed
