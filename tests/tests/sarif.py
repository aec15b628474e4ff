"""Judges SARIF logs by a JSON schema, one log a line; the schema's file is the argument.

Prints a line for each thing that does not hold: the log's number from 0, where, and why. Used by
sarif.rs.
"""

import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
judge = kind(schema, format_checker=kind.FORMAT_CHECKER)
for number, line in enumerate(sys.stdin):
    for fault in judge.iter_errors(json.loads(line)):
        print(number, fault.json_path, fault.message[:200])
