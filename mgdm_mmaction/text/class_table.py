"""Tables of a class and a text about it: its movements, or sentences."""

import csv
import json
from pathlib import Path

from ..errors import MGDMError, explain_csv, require_file

__all__ = ['read_class_table']


def read_class_table(source: str | Path, column: str) -> dict[str, list[str]]:
    """Read classes and texts.

    Args:
        source (str | Path): A csv file with the columns ``class`` and ``column``, a class in one or
            more rows; or a JSON object of class name to a text or a list of them.
        column (str): What the texts are, such as 'sentence'.

    Returns:
        dict[str, list[str]]: Class name -> texts, in the order of the file.

    Raises:
        MGDMError: If it cannot be read, or has another form.
    """
    require_file(source, f'table of class and {column}')
    found: dict[str, list[str]] = {}
    if Path(source).suffix.lower() == '.json':
        try:
            content = json.loads(Path(source).read_text('utf-8-sig'))
            for name, texts in content.items():
                found[name] = [texts] if isinstance(texts, str) else [*map(str.strip, texts)]
        except (ValueError, AttributeError, TypeError) as error:
            raise MGDMError(
                f'{source}: expected {{"class": "{column}"}} or {{"class": ["{column}", ...]}} '
                f'({type(error).__name__}: {error}).'
            ) from None
        return found
    with open(source, encoding='utf-8-sig', newline='') as file:
        reader = csv.reader(file)
        with explain_csv(source, reader):
            for row in reader:
                row = [' '.join(cell.split()) for cell in row]
                if row == ['class', column] or not any(row):
                    continue
                if len(row) != 2:
                    raise MGDMError(
                        f'{source}:{reader.line_num}: expected class,{column}, but found '
                        f'{len(row)} columns. Put a {column} with commas in double quotes.'
                    )
                found.setdefault(row[0], []).append(row[1])
    return found
