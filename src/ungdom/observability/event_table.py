"""Every event that the program logs: what it means, and its fields. A field holds no value of a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEvent:
    """What an event means, and the names of its fields. `error`: also the type and places of an exception."""

    meaning: str
    fields: tuple[str, ...] = ()
    error: bool = False


EVENTS: dict[str, LogEvent] = {
    # --- requests -------------------------------------------------------------------------------------------
    "request.finished": LogEvent(
        "A request was answered: one line per request. `route` is the template of the address, never the address;"
        " `unmatched` where there is none. `role` is that of the token; who it was stands in the access log of the"
        " database. Level warning from status 500 on, debug for `/health/`.",
        ("method", "route", "status", "duration_ms", "role"),
    ),
    "request.failed": LogEvent("An error that nobody foresaw; the caller got 500.", error=True),
    "request.unavailable": LogEvent("The database could not be used; the caller got 503.", ("reason",)),
    "access.break_not_recorded": LogEvent(
        "An answer was broken off, and the database did not take that into the access log.", ("access_id",)
    ),
    "access.index_not_filled": LogEvent(
        "The entries of long answers could not be written to the access log; they stay pending, and are read as such.",
        error=True,
    ),
    # --- erasures -------------------------------------------------------------------------------------------
    "erasures.carried_out_again": LogEvent(
        "Erasures of the journal were not in the database, which was restored, and have been carried out again.",
        ("count",),
    ),
    "retention.not_erased": LogEvent(
        "A rule of retention has not erased everything that is due; it is tried again in the next night.",
        ("rule", "reason", "count"),
    ),
    "erasures.not_carried_out": LogEvent(
        "Erasures of the journal are not in the database; nothing is served until they are.", ("reason",)
    ),
    # --- the replica ----------------------------------------------------------------------------------------
    "replica.avoided": LogEvent(
        "The primary was read in place of the replica, which is not tried for five seconds. `reason`: `behind`,"
        " `unreachable`, `not_standby`, `foreign`, or the error of a read from it.",
        ("reason",),
    ),
    # --- tokens ---------------------------------------------------------------------------------------------
    "token.accepted": LogEvent(
        "A token was seen for the first time and holds. `about` names issuer, token id, client and organisations.",
        ("about",),
    ),
    "token.refused": LogEvent("A token was refused; the caller is not told why.", ("reason", "about")),
    "token.keys_not_fetched": LogEvent("An issuer could not be asked for its keys.", ("issuer", "reason")),
    "sign_in.refused": LogEvent("Somebody could not sign in to the pages; they are not told why.", ("reason",)),
    # --- the process ----------------------------------------------------------------------------------------
    "process.started": LogEvent("A command that stays began.", ("command", "version")),
    "process.stopped": LogEvent("It ended in order.", ("command",)),
    "command.failed": LogEvent("A command ended with an error that nobody foresaw; its exit code is 70.", error=True),
    "metrics.served": LogEvent("Metrics are served for Prometheus at this address.", ("host", "port")),
    "metrics.database_unreadable": LogEvent("The figures of the database are missing in this answer.", error=True),
    # --- work at an interval --------------------------------------------------------------------------------
    "work.failed": LogEvent("A part of a round failed; the next round tries again.", ("work",), error=True),
    "work.database_away": LogEvent(
        "A part of a round had no database; the next round tries again.", ("work", "reason")
    ),
    # --- the nightly run ------------------------------------------------------------------------------------
    "nightly.finished": LogEvent(
        "A night was run: its day, its status and counts, as they stand in `job_run`.",
        ("for_date", "status", "scanned", "raised", "failed"),
    ),
    "nightly.step_failed": LogEvent(
        "A step of the night failed; the others were run.", ("step", "for_date"), error=True
    ),
    "nightly.case_failed": LogEvent(
        "A case could not be examined; it is retried the next night.", ("case_id",), error=True
    ),
    "nightly.group_split": LogEvent("The cases of a group are checked one by one.", ("cases",), error=True),
    "jobs.end_not_recorded": LogEvent("The end of a job that was broken off could not be written.", ("run_id",)),
    "jobs.progress_not_recorded": LogEvent("How far a job is could not be written.", ("run_id",), error=True),
    "nightly.finding": LogEvent("An integrity check found something.", ("code", "case", "since")),
    "nightly.term_not_recorded": LogEvent("The end of a term could not be recorded.", ("case_id",), error=True),
    "nightly.absence_postponed": LogEvent(
        "A case changed while an absence was handed over; left to the next night.", ("absence_id",)
    ),
    "case.left_out": LogEvent(
        "The history of a case cannot be read: lists, calendars and notices leave it out, or show it as it was stored.",
        ("case_id",),
        error=True,
    ),
    "chain.broken": LogEvent("A row of a hash chain was changed past the service: stream and position.", ("finding",)),
    "chain.anchor_not_written": LogEvent(
        "The seal of a night could not be written to the folder of anchors; it is tried again.",
        ("for_date", "reason"),
    ),
    # --- messages in ----------------------------------------------------------------------------------------
    "batch.line_not_tried": LogEvent("A line of a dry run could not be tried.", ("line",), error=True),
    "batch.split": LogEvent("The lines of a group are taken one by one.", ("lines",), error=True),
    "batch.database_away": LogEvent("The rest of a batch could not be taken.", ("lines", "reason")),
    "batch.line_failed": LogEvent(
        "A line could not be taken; its sender is asked to send it again.", ("line",), error=True
    ),
    "retry.failed": LogEvent("A parked message could not be tried again.", ("message_id",), error=True),
    "retry.stopped": LogEvent("Parked messages are left to the next round.", ("messages",), error=True),
    "retry.overtaken": LogEvent("A parked message is left to the next round: others were faster.", ("message_id",)),
    "exchange.received": LogEvent("An official message came in over a queue.", ("exchange_id", "sender", "status")),
    "exchange.rejected": LogEvent(
        "A message of a queue can never be handled: rejected to its dead letters.", ("message_id", "reason")
    ),
    "exchange.message_failed": LogEvent(
        "A message of a queue failed: put back once, rejected the second time.", ("message_id", "outcome"), error=True
    ),
    "exchange.queue_lost": LogEvent("A queue cannot be read; it is tried again.", ("queue", "reason", "seconds")),
    # --- messages out ---------------------------------------------------------------------------------------
    "exchange.attempted": LogEvent(
        "An official message was tried. `status`: `sent`, or what it waits for. Level error for a dead letter.",
        ("message_id", "schema", "partner", "status", "attempt"),
    ),
    "exchange.not_composed": LogEvent("An official message could not be composed.", ("message_id",), error=True),
    "exchange.partner_not_usable": LogEvent(
        "A partner's settings cannot be used; its messages wait.", ("partner", "reason")
    ),
    "exchange.partners_not_read": LogEvent(
        "The partners file cannot be used; the partners stay as they were.", ("reason",)
    ),
    "notices.attempted": LogEvent("A notice was tried.", ("delivery_id", "kind", "channel", "outcome", "attempt")),
    "anchors.attempted": LogEvent("A seal was mailed, or was to be.", ("number", "outcome", "attempt")),
    "notices.not_composed": LogEvent("A notice could not be composed.", ("delivery_id",), error=True),
    "notices.not_recorded": LogEvent("The database did not take the result of an attempt.", error=True),
    # --- extracts -------------------------------------------------------------------------------------------
    "extracts.finished": LogEvent("An extract was made.", ("job_id", "rows")),
    "extracts.failed": LogEvent("An extract could not be made.", ("job_id",), error=True),
}
"""Event → meaning and fields. `tests/api/test_logs.py` compares it with the calls in the source."""
