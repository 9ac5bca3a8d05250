"""The sentences around a label: one template, or several whose embeddings are averaged."""

from collections.abc import Sequence

from ..errors import MGDMError

__all__ = ['DEFAULT_PROMPT', 'PROMPT_SETS', 'describe_prompt', 'read_prompt']

DEFAULT_PROMPT = 'This is a video about {}'

# Lists that a config can name. 'actions' says the same thing in the ways that captions of clips do.
PROMPT_SETS = {
    'actions': [
        'This is a video about {}',
        'a video of someone {}',
        'a video of {}',
        'a photo taken during {}',
        'people {}',
        'an example of {}',
        'a short clip that shows {}',
        'the action of {}',
    ],
}


def read_prompt(prompt: str | Sequence[str]) -> str | list[str]:
    """Check a prompt and write it in its one form.

    Args:
        prompt (str | Sequence[str]): A template with one ``{}``, several of them, or the name of
            one of :data:`PROMPT_SETS`.

    Returns:
        str | list[str]: The template, or the list of two or more.

    Raises:
        MGDMError: If a template has not exactly one ``{}``, is there twice, or there is none.

    Example:
        >>> read_prompt(['a video of {}'])
        'a video of {}'
    """
    if isinstance(prompt, str) and prompt in PROMPT_SETS:
        return list(PROMPT_SETS[prompt])
    one = isinstance(prompt, str) or not isinstance(prompt, Sequence)
    templates = [prompt] if one else list(prompt)
    for template in templates:
        if not isinstance(template, str) or template.count('{}') != 1:
            raise MGDMError(
                f'prompt: found {template!r}; expected a text with exactly one {{}} where the '
                f'label goes, such as {DEFAULT_PROMPT!r}, a list of such texts, or one of the '
                f'packaged lists ({", ".join(sorted(PROMPT_SETS))}).'
            )
    if not templates:
        raise MGDMError(f'prompt: the list is empty; name a template, such as {DEFAULT_PROMPT!r}.')
    if twice := [template for template in templates if templates.count(template) > 1]:
        raise MGDMError(f'prompt: {twice[0]!r} is there twice; delete one.')
    return templates[0] if len(templates) == 1 else templates


def describe_prompt(prompt: str | Sequence[str]) -> str:
    """Describe a prompt, as :func:`read_prompt` returns it, in a few words."""
    if isinstance(prompt, str):
        return f'prompt {prompt!r}'
    return f'mean of {len(prompt)} prompts ({prompt[0]!r}, ...)'
