"""Puts into a wheel what stands beside the package: scenarios, recordings, locks."""

import runpy
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = runpy.run_path(str(ROOT / "azml_contract" / "shipped.py"))


class BuildWithShipped(build_py):
    """Copies what `azml_contract.shipped` looks for into the package."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        inside = Path(self.build_lib) / "azml_contract" / "shipped"
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir(parents=True)
        for name in SHIPPED["NAMES"]:
            if (ROOT / name).is_dir():
                left_out = SHIPPED["leave_out"]
                shutil.copytree(ROOT / name, inside / name, ignore=left_out)
            else:
                (inside / name).parent.mkdir(exist_ok=True)
                shutil.copy2(ROOT / name, inside / name)


setup(cmdclass={"build_py": BuildWithShipped})
