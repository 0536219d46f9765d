"""What the window remembers from one start to the next: a file of the user's own."""

import json
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

logger = logging.getLogger(__name__)


def default_memory() -> Path:
    """Where it lies by default: in the user's folder of settings."""
    folder = QStandardPaths.writableLocation(
        QStandardPaths.StandardLocation.GenericConfigLocation
    )
    return Path(folder) / "hn-capture" / "window.ini"


class Memory:
    """Values by name, as JSON texts in an INI file that people can read and delete.

    What cannot be read is as if it had never been there; what cannot be written is
    told to the log once, and nothing else comes of it. Without a file nothing is
    remembered.
    """

    def __init__(self, file: Path | None) -> None:
        self._settings = (
            None if file is None else QSettings(str(file), QSettings.Format.IniFormat)
        )

    def get(self, name: str, default: Any) -> Any:
        """What was put under this name, if it is of the default's type."""
        if self._settings is None:
            return default
        try:
            value = json.loads(str(self._settings.value(name)))
        except ValueError:
            return default
        return value if default is None or isinstance(value, type(default)) else default

    def put(self, name: str, value: Any) -> None:
        """Remember what JSON can hold."""
        if self._settings is not None:
            self._settings.setValue(name, json.dumps(value))

    def get_bytes(self, name: str) -> QByteArray:
        """What `put_bytes` put, or nothing."""
        return QByteArray.fromBase64(QByteArray(self.get(name, "").encode()))

    def put_bytes(self, name: str, value: QByteArray) -> None:
        """Remember a widget's own state."""
        self.put(name, bytes(value.toBase64().data()).decode())

    def save(self) -> None:
        """Write it out now."""
        if self._settings is None:
            return
        self._settings.sync()
        if self._settings.status() is not QSettings.Status.NoError:
            logger.warning(
                "the window's settings cannot be written to %s; the next start will "
                "not know them",
                self._settings.fileName(),
            )
