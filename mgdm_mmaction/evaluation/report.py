"""The report of one test: accuracies, and everything that they depend on."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import MGDMError, require_file

__all__ = ['METRICS', 'Report', 'markdown_table', 'percent', 'read_reports', 'title_of']

FORMAT = 'mgdm-report'
FORMAT_VERSION = 1
#: Name in a report -> words.
METRICS = {'top1': 'top-1', 'top5': 'top-5', 'mean_class': 'mean class'}


@dataclass(frozen=True)
class Report:
    """Accuracies of one checkpoint on one list.

    Args:
        metrics (dict[str, float]): ``top1``, ``top5``, ``mean_class`` as fractions.
        protocol (dict): What has to agree, or has to be stated, when numbers are compared.
        config (str): File of the config.
        versions (dict[str, str]): Packages.
    """

    metrics: dict[str, float]
    protocol: dict
    config: str
    versions: dict[str, str]

    def to_text(self) -> str:
        """Return the report in words, one fact a line."""
        p = self.protocol
        missing = p['classes'] - p['classes_with_videos']
        found = 'all with videos' if not missing else f'{missing} of them without videos'
        lines = [
            ('protocol', title_of(p)),
            ('config', self.config),
            ('videos', f'{p["videos"]} in {p["list"]}, list digest {p["list_digest"]}'),
            ('classes', f'{p["classes"]} (digest {p["classes_digest"]}), {found}'),
            ('views', f'{_views(p)}, averaged by {p["average_clips"]}'),
            (
                'texts',
                f'corpus of {p["corpus_labels"]} labels (digest {p["corpus_digest"]}), '
                f'{p["prompt"]!r}' + (f', context {p["context"]!r}' if p['context'] else ''),
            ),
            ('model', f'{p["arch"]}, trained with {_k(p)}'),
            ('checkpoint', _checkpoint(p)),
            ('versions', ', '.join(f'{name} {value}' for name, value in self.versions.items())),
            *((METRICS[key], percent(self.metrics[key])) for key in METRICS),
        ]
        if p['seen_classes'] is not None:
            seen = f'{p["seen_classes"]} of the classes, by their names'
            lines.insert(8, ('trained on', seen))
        return '\n'.join(f'{name:12}{value}' for name, value in lines)

    def to_row(self) -> dict[str, str]:
        """Return the cells of a row of Markdown."""
        p = self.protocol
        return {
            'protocol': title_of(p),
            'videos': str(p['videos']),
            'list': p['list_digest'],
            'classes': str(p['classes']),
            'frames x clips x crops': f'{p["frames"]} x {p["clips"]} x {p["crops"]}',
            'corpus': str(p['corpus_labels']),
            'context': p['context'] or '-',
            'k': '-' if p['k'] is None else str(p['k']),
            'checkpoint': p['checkpoint_digest'] or 'none',
            **{METRICS[key]: f'{100 * self.metrics[key]:.1f}' for key in METRICS},
        }


def title_of(protocol: dict) -> str:
    """Return the name of a protocol with its numbers, in words."""
    words = [protocol['name'], protocol['data']]
    words += [f'{protocol["shots"]} shots'] if protocol.get('shots') is not None else []
    words += [
        f'{key} {protocol[key]}'
        for key in ('split', 'draw', 'seed')
        if protocol.get(key) is not None
    ]
    words += [f'{protocol["part"]} classes'] if protocol.get('part') else []
    return ', '.join(filter(None, words))


def percent(fraction: float) -> str:
    """Write a fraction as people read it."""
    return f'{100 * fraction:.2f} %'


def markdown_table(rows: list[dict[str, str]]) -> str:
    """Return rows of equal columns as a Markdown table."""
    lines = [list(rows[0]), ['---'] * len(rows[0]), *(list(row.values()) for row in rows)]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def read_reports(path: str) -> list[Report]:
    """Read the reports that a file of ``tools/evaluate.py --out`` holds."""
    require_file(path, 'report')
    try:
        content = json.loads(Path(path).read_text('utf-8'))
    except (OSError, ValueError, RecursionError) as error:
        raise MGDMError(f'{path} cannot be read as a report: {error}') from None
    if not isinstance(content, dict) or content.get('format') != FORMAT:
        raise MGDMError(f'{path} is no report; expected what tools/evaluate.py --out wrote.')
    if content.get('format_version') != FORMAT_VERSION:
        raise MGDMError(
            f'{path} has the format version {content.get("format_version")}, expected '
            f'{FORMAT_VERSION}: test again with this version of mgdm_mmaction.'
        )
    try:
        return [Report(**report) for report in content['reports']]
    except (KeyError, TypeError) as error:
        raise MGDMError(f'{path} is damaged ({error}); test again.') from None


def dump_reports(reports: list[Report], summary: dict | None = None) -> str:
    """Return the JSON text of reports."""
    content = {
        'format': FORMAT,
        'format_version': FORMAT_VERSION,
        'reports': [asdict(report) for report in reports],
    }
    if summary is not None:
        content['summary'] = summary
    return json.dumps(content, indent=2) + '\n'


def text_digest(lines: list[str]) -> str:
    """Return a short fingerprint of lines."""
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()[:16]


def _views(protocol: dict) -> str:
    return f'{protocol["frames"]} frames x {protocol["clips"]} clips x {protocol["crops"]} crops'


def _k(protocol: dict) -> str:
    if not protocol['checkpoint_digest']:
        return 'nothing'
    return 'unknown k' if protocol['k'] is None else f'k = {protocol["k"]} negatives a video'


def _checkpoint(protocol: dict) -> str:
    if not protocol['checkpoint_digest']:
        if not protocol['new_weights']:
            return "none: CLIP's weights, nothing trained"
        return (
            f"none: CLIP's weights, and {protocol['new_weights']} random ones beside them, so that "
            'the numbers mean nothing; configs/zero_shot/clip_*.py test CLIP alone'
        )
    return f'{protocol["checkpoint"]}, sha256 {protocol["checkpoint_digest"]}'
