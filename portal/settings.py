"""The node's settings: from `GLASSPOOL_*` variables, `glasspool.toml` in the node's home, or the defaults below."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

DEFAULT_HOME = Path.home() / ".glasspool"
SETTINGS_FILE = "glasspool.toml"


def home_folder() -> Path:
    """Return the node's home: `GLASSPOOL_HOME`, or `.glasspool` in the user's home."""
    return Path(os.environ.get("GLASSPOOL_HOME") or DEFAULT_HOME)


class Settings(BaseSettings):
    """Everything an operator can set; docs/install.md lists each one and a test holds the list complete."""

    model_config = SettingsConfigDict(env_prefix="GLASSPOOL_", extra="forbid", frozen=True)

    home: Path = Field(
        default_factory=home_folder, description="Folder of the node: database, keys, evidence, settings file"
    )
    database: str = Field(default="", description="SQLAlchemy URL of the database; empty: ledger.db in the home folder")
    book: str = Field(
        default="",
        description="File or URL of the regulator's book, findings and cases; empty: book.db in the home folder",
    )
    source: str = Field(
        default="",
        description="Where raw blocks come from: archive folders or files, nodes' http(s) URLs; several with ; between",
    )
    group: str = Field(default="group0", description="The chain's group to ask a node for")
    workers: int = Field(
        default=0, ge=0, le=256, description="Verifying processes; 0: one less than the cores, at least one"
    )
    sm_engine: Literal["auto", "tongsuo", "gmssl"] = Field(default="auto", description="Engine of the SM algorithms")
    host: str = Field(
        default="127.0.0.1", description="Address the pages are served on; loopback only until sign-in exists"
    )
    port: int = Field(default=8765, ge=1, le=65535, description="Port the pages are served on")
    public_names: str = Field(
        default="",
        description="Host names under which other nodes may ask for checkpoints, and for nothing else; ; between",
    )
    log: Literal["text", "json"] = Field(default="text", description="Form of the log on standard error")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What is logged: this and what is worse"
    )
    trail_failure: Literal["show", "refuse"] = Field(
        default="show", description="What pages do when the trail cannot be written: show and log it, or refuse"
    )
    lang: Literal["zh", "en"] = Field(default="zh", description="Language of the pages and of answers about plans")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 pydantic's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, home_folder() / SETTINGS_FILE)
        return init_settings, env_settings, file

    @property
    def database_url(self) -> str:
        """The database as a SQLAlchemy URL."""
        return self.database or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def book_location(self) -> str:
        """The regulator's book: a file or a database URL."""
        return self.book or str(self.home / "book.db")

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources named by the setting, in order; none where it is empty."""
        return _listed(self.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The public host names of this node; none where the setting is empty."""
        return _listed(self.public_names)

    @property
    def evidence(self) -> Path:
        """Folder where refused blocks are kept."""
        return self.home / "evidence"

    @property
    def checkpoints(self) -> Path:
        """Folder where every checkpoint this node published is kept."""
        return self.home / "checkpoints"

    @property
    def trail_checkpoints(self) -> Path:
        """Folder where every checkpoint of the trail is kept."""
        return self.home / "trail-checkpoints"

    @property
    def verifying_processes(self) -> int:
        """How many worker processes verify: the committing process needs a core of its own."""
        return self.workers or max(1, (os.cpu_count() or 2) - 1)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(";") if each.strip())
