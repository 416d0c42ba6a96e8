"""Config and sheet, checked by their schemas: each mistake is a sentence."""

import csv
import itertools
import json
from pathlib import Path

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent.parent / "schemas"


class Mistake(Exception):
    """What is wrong with the config or the sheet, in sentences for its author."""


def sentence(error, place):
    """One sentence of a schema's error: where, what is there, what is wanted."""
    name = ".".join(str(step) for step in error.absolute_path)
    where = f'"{name}"' if name else "it"
    if error.validator == "required":
        missing = error.message.split("'")[1]
        wanted = error.schema["properties"][missing]["description"]
        return f'{place}: "{missing}" is missing; wanted is {wanted}.'
    if error.validator == "additionalProperties" and error.schema.get("additionalProperties") is False:
        known = sorted(error.schema["properties"])
        strange = ", ".join(f'"{key}"' for key in error.instance if key not in known)
        return f"{place}: {strange} is not known in {where}; known are {', '.join(known)}."
    if "propertyNames" in error.absolute_schema_path:
        if error.validator == "not":
            return f'{place}: the option "{error.instance}" is set by the workflow itself; leave it out.'
        return f'{place}: "{error.instance}" is no name of an option; wanted is {error.schema["description"]}.'
    value = json.dumps(error.instance, ensure_ascii=False)
    return f"{place}: {where} is {value}; wanted is {error.schema.get('description', error.message)}."


def mistakes(instance, schema, place):
    """The sentences of all that a schema finds wrong."""
    text = (SCHEMAS / f"{schema}.schema.json").read_text()
    errors = Draft202012Validator(json.loads(text)).iter_errors(instance)
    return [sentence(error, place) for error in sorted(errors, key=lambda e: list(map(str, e.absolute_path)))]


def refuse(sentences):
    if sentences:
        raise Mistake("\n".join(sentences))


def check_config(config):
    """Raises Mistake with a sentence for each mistake of the config."""
    refuse(mistakes(config, "config", "config"))


def read_sheet(path, project=None):
    """The sheet's lines as dicts, paths absolute. Raises Mistake with a sentence for each mistake.

    A file that is not there is no mistake of the sheet's form: it is a sample that fails, and is reported as one.
    """
    sheet = Path(path)
    if not sheet.is_file():
        raise Mistake(f'config: "sheet" is "{path}", which is not there.')
    with open(sheet, newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file, delimiter="\t" if sheet.suffix == ".tsv" else ",")
        table = [[field.strip() for field in line] for line in lines if any(line)]
    if len(table) < 2:
        raise Mistake(f"{path}: it names no sample; wanted is a line of column names, then a line a sample.")
    names, rows, found = table[0], [], []
    for name in ["path", "sample"] + ([project] if project else []):
        if name not in names:
            found.append(f'{path}: it has no column "{name}"; it has {", ".join(names)}.')
    refuse(found)
    for number, line in enumerate(table[1:], start=2):
        place = f"{path}, line {number}"
        if len(line) != len(names):
            found.append(f"{place}: it has {len(line)} fields where the first line has {len(names)}.")
            continue
        row = dict(zip(names, line))
        found += mistakes(row, "sheet", place)
        if project and not row[project]:
            found.append(f'{place}: "{project}" is empty, and says which project the sample is of.')
        if any(row["sample"] == other["sample"] for other in rows):
            found.append(f'{place}: the sample "{row["sample"]}" is there twice; each needs a name of its own.')
        rows.append({**row, "path": str((sheet.parent / row["path"]).resolve())})
    refuse(found)
    return rows


def projects_of(rows, project=None):
    """The samples of each project; one project, "all", where no column names them."""
    groups = {}
    for row in rows:
        groups.setdefault(file_name(row[project]) if project else "all", []).append(row["sample"])
    return groups


def file_name(text):
    """A text as a part of a file's name."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in str(text))


def grid_of(options, leave_out=()):
    """Every combination of options given as lists, by a name such as n-latent_5.beta_1; one, "fit", where none is.

    Raises Mistake where what is left out is none of them, or all.
    """
    lists = {name: value for name, value in options.items() if isinstance(value, list)}
    grid = {}
    for values in itertools.product(*lists.values()):
        chosen = dict(zip(lists, values))
        name = ".".join(f"{key}_{file_name(value)}" for key, value in chosen.items())
        grid[name or "fit"] = {**options, **chosen}
    known = ", ".join(grid)
    refuse([f'config: "leave-out" has "{name}", which is no combination of the grid; it has {known}.' for name in leave_out if name not in grid])
    kept = {name: chosen for name, chosen in grid.items() if name not in leave_out}
    if not kept:
        raise Mistake('config: "leave-out" leaves no fit; leave out fewer.')
    return kept
