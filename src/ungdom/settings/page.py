"""The page on settings, generated from their table."""

from ungdom.settings.environment import FILE, PREFIX, TEST_PREFIX
from ungdom.settings.load import LoadSettings
from ungdom.settings.model import Settings, setting_info

_LINES = (
    "Every setting is an environment variable. They are read once, at start; a change takes effect with a restart.",
    "This page is made from `src/ungdom/settings/model.py`. Why it is so: [decision 0035](decisions/0035-settings.md).",
    "",
    "* A missing or wrong setting stops the command. All of them are named in one message, a line for each, with the",
    "  shape that is expected and the command that makes a value.",
    f"* A name with `{PREFIX}` that is not in the table is an error, with the nearest name that is. Names with",
    f"  `{TEST_PREFIX}` are left alone. Kubernetes sets variables such as `UNGDOM_SERVICE_HOST` for a service called",
    "  `ungdom`: switch that off with `enableServiceLinks: false`.",
    "* An empty value is an absent one; blanks around a value are ignored.",
    f"* A secret stands in its variable, or in the file that the variable with `{FILE}` at its end names, as",
    f"  `UNGDOM_PEOPLE_KEYS{FILE}=/run/secrets/people_keys`; not in both. It is shown in no message, log or error.",
    "* A secret may also be given by reference: `file:/path` reads a file, `exec:/path/to/program argument` runs a",
    "  program that prints it, for example one that asks a key service ([keys](keys.md)).",
    "* Keys are 32 random bytes; `ungdom keys new` makes them. Refused are keys of another length, keys that repeat",
    "  themselves, count or are text, a key used for two purposes, and outside development those of a development",
    "  installation.",
    "* Only `ungdom demo`, `ungdom token` and commands with `--demo` start without `UNGDOM_ENV`. They use the settings",
    "  of a development installation, on `demo.db` in the data folder.",
    "",
)


def page() -> str:
    """The page as Markdown."""
    fields = sorted(Settings.model_fields, key=lambda field: field in LoadSettings.model_fields)
    rows = "".join(_setting_row(field) for field in fields)
    head = "| setting | meaning | value | default | example | secret |\n" + "|---" * 6 + "|\n"
    return "# Settings\n\n" + "".join(f"{line}\n" for line in _LINES) + head + rows


def _setting_row(field: str) -> str:
    declared, info = Settings.model_fields[field], setting_info(field)
    name = f"`{PREFIX}{field.upper()}`"
    examples = ", ".join(f"`{example}`" for example in declared.examples or ())
    default = info.default or f"`{declared.default}`"
    secret = f"yes: also `…{FILE}`" if info.secret else "no"
    return "| " + " | ".join((name, declared.description or "", info.shape, default, examples, secret)) + " |\n"
