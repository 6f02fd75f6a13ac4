"""The page of words: those of the law in three languages, and those of the code."""

from ungdom import texts
from ungdom.workflow.vocabulary import EventType, Party, Phase, Protection, Regime, Sanction, State


def glossary_text() -> str:
    """The vocabulary of the law with its labels in three languages, then the words of the code."""
    parts = [_GLOSSARY_HEAD]
    for title, kind in _KINDS.items():
        rows = "".join(
            f"| `{word}` | {texts.label('nb', word)} | {texts.label('nn', word)} | {texts.label('en', word)} |\n"
            for word in kind
        )
        parts.append(f"\n## {title}\n\n| code | nb | nn | en |\n|---|---|---|---|\n{rows}")
    words = "".join(f"| {term} | {sentence} |\n" for term, sentence in texts.code_words().items())
    parts.append(f"\n## Words of the code\n\n{_CODE_WORDS_HEAD}\n| term | meaning |\n|---|---|\n{words}")
    return "".join(parts)


_GLOSSARY_HEAD = """\
# Glossary

The words that ungdom uses: first the words of the law, by their code, with labels in bokmål, nynorsk and English; then
the [words of the code](#words-of-the-code). Code and interface use English.
"""
_CODE_WORDS_HEAD = "Technical terms that names, comments and documents use. Paths are relative to `src/ungdom/`.\n"

_KINDS = {
    "Sanctions": Sanction,
    "Regimes": Regime,
    "Phases": Phase,
    "States": State,
    "Events": EventType,
    "Parties": Party,
    "Protection of an address": Protection,
}
