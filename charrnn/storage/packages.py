"""Layer storage: packages that charrnn uses where they are installed, and that no command needs: pandas, matplotlib."""

from importlib import import_module
from types import ModuleType

from charrnn.errors import SettingsError


def package_for(call: str, name: str) -> ModuleType:
    """The package or module `name`, which `call` needs; raises SettingsError where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        top = name.split(".")[0]
        raise SettingsError(f"{call} needs {top}, which is not installed here; install it with: pip install {top}"
                            ) from error
