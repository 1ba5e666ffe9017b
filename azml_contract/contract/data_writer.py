"""Write the contracts of many api-versions as text that reviews well.

In: `Imported` versions. Out: the text of ``definitions.txt`` and
``operations.txt``. What versions share is written once, with the versions
that have it; inherited properties are written where they are declared; a
property is one line. `data_reader` reads both back.

    Name @ versions              a definition; no versions: all of them
      .extends A B               inherits the properties of these
      .discriminator property    a base
      .variant value Name        of a base
      .value value Base          a derived definition
      .additional type           properties that are not listed
      .carried version           as in that version, which is a swagger
      .learned version           properties without a `~` are carried over from it
      property: words            see `notation`

    OperationId @ versions
      .PUT /template
      .body type [!]             a dash for none
      .lro [final-state-via]     .pages link    .vague (nothing but path and body)
      .carried version           all as in that version; no other line applies
      .assumed version           the same, and its existence is assumed, too
      .takes type [!]            a body that differs from the one carried over
      .result type
      query name: words          without words: as in the block `*`, and so are
                                 api-version and path parameters not mentioned
      200: type headers          a dash for no body
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from azml_contract.api_version import sort_key
from azml_contract.contract.imported import Imported
from azml_contract.contract.model import (
    Definition,
    Operation,
    Parameter,
    Property,
    ResponseSpec,
    Type,
)
from azml_contract.contract.notation import (
    quote_word,
    write_property,
    write_type,
)
from azml_contract.contract.resource_path import path_names
from azml_contract.contract.version_set import write_versions

SHARED = "*"
API_VERSION = "query api-version"

# Line text to the versions that have it.
_Lines = dict[str, list[str]]


def write_definitions(versions: Iterable[Imported]) -> str:
    """The text of ``definitions.txt``."""
    ordered = _by_version(versions)
    everything = [version.api_version for version in ordered]
    blocks = []
    for name in sorted({n for version in ordered for n in version.definitions}):
        having = [v for v in ordered if name in v.definitions]
        lines = _definition_lines(name, having)
        members = [version.api_version for version in having]
        blocks.append(_block(quote_word(name), members, lines, everything))
    return "\n".join(blocks)


def write_operations(versions: Iterable[Imported]) -> str:
    """The text of ``operations.txt``."""
    ordered = _by_version(versions)
    everything = [version.api_version for version in ordered]
    shared = _shared_parameters(ordered)
    lines: _Lines = defaultdict(list)
    for (name, version), words in sorted(shared.items()):
        lines[f"{name}: {words}"].append(version)
    blocks = [_block(SHARED, everything, lines, everything)]
    for name in sorted({n for version in ordered for n in version.operations}):
        having = [v for v in ordered if name in v.operations]
        lines = _operation_lines(name, having, shared)
        members = [version.api_version for version in having]
        blocks.append(_block(quote_word(name), members, lines, everything))
    return "\n".join(blocks)


def _by_version(versions: Iterable[Imported]) -> list[Imported]:
    return sorted(versions, key=lambda v: sort_key(v.api_version))


def _block(
    name: str, members: list[str], lines: Mapping[str, list[str]], everything: list[str]
) -> str:
    """A block; lines of its own concern only versions that carry nothing over."""
    carried = {v for line in lines if _carries(line) for v in lines[line]}
    own = [version for version in members if version not in carried]
    text = _with_versions(name, members, everything) + "\n"
    for line in sorted(lines, key=lambda t: _line_order(t, lines[t])):
        universe = members if _carries(line) else own
        text += f"  {_with_versions(line, lines[line], universe)}\n"
    return text


def _carries(line: str) -> bool:
    return line.startswith((".assumed", ".carried", ".takes"))


def _line_order(text: str, versions: list[str]) -> tuple[int, str, object, str]:
    """A new line has its one place: by kind, then by name, then by age."""
    kind = 0 if _carries(text) else 1 if text.startswith(".") else 2
    return (kind, text.partition(":")[0], sort_key(versions[0]), text)


def _with_versions(text: str, members: list[str], universe: list[str]) -> str:
    written = write_versions(members, universe)
    return f"{text} @ {written}" if written else text


# -- definitions -------------------------------------------------------------


def _definition_lines(name: str, having: Sequence[Imported]) -> _Lines:
    lines: _Lines = defaultdict(list)
    properties: dict[str, _Lines] = defaultdict(dict)
    for version in having:
        definition = version.definitions[name]
        label = version.api_version
        if definition.carried_from:
            lines[f".carried {definition.carried_from}"].append(label)
            continue
        parents = _usable_parents(definition, version)
        own = list(_own_properties(definition, version, parents))
        for text in _remarks(definition, parents, own):
            lines[text].append(label)
        for prop in own:
            known = properties[prop.name]
            text = write_property(prop)
            known.setdefault(text, []).append(label)
    for key, known in properties.items():
        for text, labels in known.items():
            lines[f"{quote_word(key)}: {text}"] += sorted(labels, key=sort_key)
    return lines


def _usable_parents(definition: Definition, version: Imported) -> tuple[str, ...]:
    """Parents all of whose properties the definition has."""
    names = version.parents.get(definition.name, ())
    return tuple(
        name
        for name in names
        if version.definitions[name].properties.keys() <= definition.properties.keys()
    )


def _own_properties(
    definition: Definition, version: Imported, parents: Sequence[str]
) -> Iterator[Property]:
    inherited: dict[str, Property] = {}
    for parent in parents:
        inherited |= version.definitions[parent].properties
    for key, prop in definition.properties.items():
        if inherited.get(key) != prop:
            yield prop


def _remarks(
    definition: Definition, parents: Sequence[str], own: Sequence[Property]
) -> Iterator[str]:
    if parents:
        yield ".extends " + " ".join(quote_word(parent) for parent in parents)
    if definition.discriminator:
        yield f".discriminator {quote_word(definition.discriminator)}"
    for value, name in definition.variants.items():
        yield f".variant {quote_word(value)} {quote_word(name)}"
    if definition.base:
        value = quote_word(definition.discriminator_value)
        yield f".value {value} {quote_word(definition.base)}"
    for version in sorted({p.carried_from for p in own} - {""}):
        yield f".learned {version}"
    if definition.additional is not None:
        yield f".additional {write_type(definition.additional)}"


# -- operations --------------------------------------------------------------


def _parameter_key(parameter: Parameter) -> str:
    return f"{parameter.place} {quote_word(parameter.name)}"


def _parameter_words(parameter: Parameter) -> str:
    prop = Property(parameter.name, parameter.type, required=parameter.required)
    return write_property(prop)


def _shared_parameters(versions: Sequence[Imported]) -> dict[tuple[str, str], str]:
    """The most usual words of a parameter in a version, where it is common."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for version in versions:
        for operation in version.operations.values():
            for parameter in operation.parameters:
                key = (_parameter_key(parameter), version.api_version)
                seen[key][_parameter_words(parameter)] += 1
    return {
        key: min(counts, key=lambda words: (-counts[words], words))
        for key, counts in seen.items()
        if counts.total() > 1
    }


def _operation_lines(
    name: str, having: Sequence[Imported], shared: Mapping[tuple[str, str], str]
) -> _Lines:
    lines: _Lines = defaultdict(list)
    by_version = {version.api_version: version for version in having}
    for version in having:
        operation = version.operations[name]
        origin = by_version.get(operation.carried_from)
        if operation.carried_from and origin is not None:
            texts = _carried_lines(operation, origin.operations[name])
        else:
            texts = _own_lines(operation, version.api_version, shared)
        for text in texts:
            lines[text].append(version.api_version)
    return lines


def _carried_lines(operation: Operation, origin: Operation) -> Iterator[str]:
    yield f"{'.assumed' if operation.assumed else '.carried'} {operation.carried_from}"
    if (operation.body, operation.body_required) != (origin.body, origin.body_required):
        yield f".takes {_body(operation)}"


def _own_lines(
    operation: Operation, version: str, shared: Mapping[tuple[str, str], str]
) -> Iterator[str]:
    yield f".{operation.method} {operation.path}"
    if operation.body:
        yield f".body {_body(operation)}"
    if operation.result:
        yield f".result {write_type(operation.result)}"
    if operation.responses is None:
        yield ".vague assumed" if operation.assumed else ".vague"
    if operation.long_running:
        via = operation.final_state_via
        yield f".lro {quote_word(via)}" if via else ".lro"
    if operation.paging:
        yield f".pages {quote_word(operation.paging)}"
    usual = {f"path {quote_word(name)}" for name in path_names(operation.path)}
    usual.add(API_VERSION)
    for parameter in operation.parameters:
        key, words = _parameter_key(parameter), _parameter_words(parameter)
        if shared.get((key, version)) != words:
            yield f"{key}: {words}"
        elif key not in usual:
            yield key
        usual.discard(key)
    for key in usual:
        yield f"{key}: -"
    for status, answer in (operation.responses or {}).items():
        yield f"{status}: {_answer_words(answer)}"


def _body(operation: Operation) -> str:
    return _body_words(operation.body) + (" !" if operation.body_required else "")


def _body_words(body: Type | None) -> str:
    return "-" if body is None else write_type(body)


def _answer_words(answer: ResponseSpec) -> str:
    headers = ",".join(quote_word(header) for header in answer.headers)
    return _body_words(answer.body) + (f" headers={headers}" if headers else "")
