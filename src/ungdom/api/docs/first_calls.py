"""Five calls to begin with, against the demonstration.

They are printed when it starts, and stand in docs/first-hour.md and on the page `/docs`.
"""

from dataclasses import dataclass

from ungdom.workflow.vocabulary import Role

TOKENS = ".ungdom/demo/tokens"
"""Where the demonstration writes its tokens, as seen from the folder in which it was started with its own settings."""
LOCAL = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class FirstCall:
    """A GET by that role. `title`: what the answer shows."""

    title: str
    role: Role
    path: str

    def command(self, base: str = LOCAL, tokens: str = TOKENS) -> str:
        """The call for a shell, with the token from its file and the answer in English."""
        token = f"$(cat {tokens}/{self.role})"
        return f'curl -sS "{base}{self.path}" -H "Accept-Language: en" -H "Authorization: Bearer {token}"'


FIRST_CALLS = (
    FirstCall("what needs doing in Oslo, for whom, by when", Role.COORDINATOR, "/v1/worklist?limit=3"),
    FirstCall("the cases of the office, a page at a time", Role.COORDINATOR, "/v1/cases?limit=3"),
    FirstCall("which cases are late, and who is waited for", Role.LEADER, "/v1/alerts?limit=3"),
    FirstCall("who has how much to do, and what will come", Role.LEADER, "/v1/statistics/caseload"),
    FirstCall("every deadline with its paragraph of law", Role.COORDINATOR, "/v1/deadline-rules"),
)


def as_text(base: str = LOCAL, tokens: str = TOKENS) -> str:
    """The calls for a terminal and for docs/first-hour.md: a comment, then the command."""
    return "\n".join(f"# {call.title}\n{call.command(base, tokens)}" for call in FIRST_CALLS)
