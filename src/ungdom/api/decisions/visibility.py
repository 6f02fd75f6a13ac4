"""Which pushed messages a viewer may know of, and what they may learn of one."""

from collections.abc import Sequence
from uuid import UUID

from ungdom import cases
from ungdom.api.http.context import RequestContext
from ungdom.store import case_queries, concerns, inbox
from ungdom.store.concerns import Concern
from ungdom.store.inbox import InboundMessage
from ungdom.store.session import Connection
from ungdom.workflow.rules.permissions import CaseAccessFacts, Disclosure, disclosures_for, may_settle_messages
from ungdom.workflow.vocabulary import Protection, State, strictest


def visible_messages(context: RequestContext) -> inbox.MessageVisibility:
    """What this viewer may know of. Raises `RoleNotAllowed` for those who know of no messages."""
    if context.principal.authorities:
        return inbox.messages_visible_to(context.recorder.viewer, context.principal.source)
    context.require_role(may_settle_messages)
    return inbox.messages_visible_to(context.recorder.viewer, None)


def visible_concern(context: RequestContext, message: InboundMessage) -> Concern | None:
    """Why the message waits, as the viewer's office knows it; for the secretariat, of the most protected person.

    None for the sender, who gets the answer that an unknown person would get.
    """
    if context.principal.authorities:
        return None
    own_office = context.recorder.viewer.konfliktrad
    relevant = [
        concern for concern in concerns.parse_concerns(message.offices) if own_office in (None, concern.konfliktrad)
    ]
    level = strictest(*(concern.protection for concern in relevant))
    return next((concern for concern in relevant if concern.protection is level), None)


def visible_message(tx: Connection, context: RequestContext, message_id: UUID) -> InboundMessage:
    """A message that this viewer may know of. Raises `NotVisible`."""
    message = inbox.find_visible(tx, visible_messages(context), message_id)
    if message is None:
        raise cases.NotVisible
    return message


def disclosures(tx: Connection, context: RequestContext, message: InboundMessage) -> frozenset[Disclosure]:
    """What the viewer may learn of the content: by the case of the message, if it has one; the sender learns all."""
    if context.principal.authorities or message.case_id is None:
        return disclosures_before_opening(context, message)
    return cases.read(tx, context.recorder.viewer, message.case_id, context.now, None, None).disclosures


def disclosures_before_opening(context: RequestContext, message: InboundMessage) -> frozenset[Disclosure]:
    """The same, where the message has no case: nobody has opened one or is assigned to it."""
    if context.principal.authorities:
        return frozenset(Disclosure)
    concern = visible_concern(context, message)
    unopened = CaseAccessFacts(
        konfliktrad=(concern.konfliktrad if concern else message.konfliktrad) or "",
        state=State.REGISTERED,
        team=frozenset(),
        coordinator=None,
        opened_by="",
        protection=strictest(Protection(message.protection), *([concern.protection] if concern else [])),
    )
    return disclosures_for(context.recorder.viewer, unopened)


def listed_messages(tx: Connection, context: RequestContext, messages: Sequence[InboundMessage]) -> frozenset[UUID]:
    """The ids of those of these messages whose konfliktråd a list may show: with a case, by the case as it is now."""
    if context.principal.authorities:
        return frozenset(message.message_id for message in messages)
    case_ids = [message.case_id for message in messages if message.case_id is not None]
    listed = case_queries.listed_case_ids(tx, context.recorder.viewer, case_ids)
    return frozenset(
        message.message_id
        for message in messages
        if message.case_id in listed
        or (message.case_id is None and Disclosure.LISTED in disclosures_before_opening(context, message))
    )


def message_to_settle(tx: Connection, context: RequestContext, message_id: UUID) -> InboundMessage:
    """A message that this viewer may try again or put aside. Raises `NotVisible` if they may not learn who it is of."""
    message = visible_message(tx, context, message_id)
    if Disclosure.PERSON not in disclosures(tx, context, message):
        raise cases.NotVisible
    return message
