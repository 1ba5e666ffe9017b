"""Where the bodies of the workflow changed from one api-version to the next."""

LEGACY_ENDS = "2022-02-01-preview"
"""Older versions speak of Docker, bindings, compute targets and paths."""

PASCAL_ENDS = "2022-05-01"
"""Before it, input, output and data types are ``UriFile``, after it ``uri_file``."""

CANCEL_IS_ASYNC_FROM = "2022-05-01"
"""From here on cancelling a job answers 202 and a ``Location``."""

PASCAL_TYPES = {
    "literal": "Literal",
    "uri_file": "UriFile",
    "uri_folder": "UriFolder",
    "mltable": "MLTable",
    "custom_model": "CustomModel",
    "mlflow_model": "MLFlowModel",
    "triton_model": "TritonModel",
}
"""Types of data, inputs and outputs: today's names, and those of 2022-02-01-preview."""

SNAKE_TYPES = {pascal: snake for snake, pascal in PASCAL_TYPES.items()}
