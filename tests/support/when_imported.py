"""Do something as soon as a module is there, without importing it.

In: the name of a module and a function. Out: the function is called at once where the
module was imported before, and each time that it is imported from now on, when its
last line has run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Finder(MetaPathFinder):
    """Lets all other finders look, and adds a line to the end of one module."""

    def __init__(self, name: str, then: Callable[[], object]) -> None:
        self._name = name
        self._then = then

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        others = (one for one in sys.meta_path if one is not self)
        found = (one.find_spec(fullname, path, target) for one in others)
        spec = next((one for one in found if one is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)
        return spec


class _Loader(Loader):
    """Another loader, which may load many modules, and what follows on this one."""

    def __init__(self, loader: Loader, then: Callable[[], object]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._then()

    def __getattr__(self, name: str) -> object:
        # Whoever reads sources and data through a loader finds them here, too.
        return getattr(self._loader, name)


@contextmanager
def when_imported(name: str, then: Callable[[], object]) -> Iterator[None]:
    """Call a function as soon as a module is there, and whenever it is loaded anew."""
    finder = _Finder(name, then)
    sys.meta_path.insert(0, finder)
    try:
        if name in sys.modules:
            then()
        yield
    finally:
        # Whoever restores the path for another reason may have taken it out.
        sys.meta_path[:] = [one for one in sys.meta_path if one is not finder]
