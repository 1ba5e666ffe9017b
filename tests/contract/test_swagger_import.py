"""What the swagger importer makes of each thing that Azure's files can say."""

from __future__ import annotations
