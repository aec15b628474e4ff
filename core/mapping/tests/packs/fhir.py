"""Judges FHIR R4 resources by the base definitions, one JSON document a line.

Prints a line for each that does not hold: its number from 0, and why. Used by fhir.rs.
"""

import json
import sys

from fhir.resources import get_fhir_model_class


def references(value):
    """Every `reference` within."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def within(resource):
    """The resource and, of a Bundle, those of its entries."""
    yield resource
    for entry in resource.get("entry", []):
        yield from within(entry["resource"])


def loose_ends(document):
    """References to what is not there, and contained resources that nothing names (dom-3)."""
    urls = {entry.get("fullUrl") for entry in document.get("entry", [])}
    for resource in within(document):
        named = {url for url in references(resource) if url.startswith(("#", "urn:uuid:"))}
        inner = {"#" + contained["id"] for contained in resource.get("contained", [])}
        known = inner | urls
        yield from (f"{url} names nothing" for url in named - known if "entry" not in resource)
        yield from (f"nothing names {url}" for url in inner - named)


for number, line in enumerate(sys.stdin):
    document = json.loads(line)
    try:
        get_fhir_model_class(document["resourceType"]).parse_obj(document)
        wrong = list(loose_ends(document))
    except ValueError as error:
        wrong = [" ".join(str(error).split())]
    for why in wrong:
        print(number, document["resourceType"], why)
