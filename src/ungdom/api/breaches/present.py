"""Breaches and what followed them, as schemas."""

from ungdom import texts
from ungdom.api.breaches.schemas import BreachesOut, ChainOut, ChainStepOut, ControlOut, HeardOut, WindowOut
from ungdom.api.http.schemas import AsOfOut
from ungdom.cases import CaseView
from ungdom.workflow import redaction
from ungdom.workflow.derived import breaches, right_to_be_heard
from ungdom.workflow.derived.breaches import BreachChain, BreachChainStep
from ungdom.workflow.derived.right_to_be_heard import HeardStatus
from ungdom.workflow.events import plain_details
from ungdom.workflow.rules.sharing import Matter


def breaches_out(read: CaseView, then: AsOfOut, language: texts.Language) -> BreachesOut:
    """The chains, and what belongs to them on the day."""
    case, day = read.case, read.on
    heard = right_to_be_heard.heard_statuses(case, day) if right_to_be_heard.is_required(case, day) else []
    window = breaches.window(case, day)
    return BreachesOut(
        as_of=then,
        items=[
            _chain_out(read, chain, language)
            for chain in breaches.chains(case)
            if read.may_learn(Matter.PROGRESS) and redaction.may_learn_event(read, chain.ground.type)
        ],
        heard=[_heard_out(item, language) for item in heard],
        control_periods=[ControlOut.model_validate(item) for item in breaches.control_periods(case)],
        window=WindowOut.model_validate(window) if window else None,
    )


def _chain_out(read: CaseView, chain: BreachChain, language: texts.Language) -> ChainOut:
    ground = chain.ground
    return ChainOut(
        type=ground.type,
        label=texts.label(language, ground.type),
        occurred_on=ground.occurred_on,
        steps=[
            _step_out(read, step, language) for step in chain.steps if redaction.may_learn_event(read, step.event.type)
        ],
    )


def _step_out(read: CaseView, step: BreachChainStep, language: texts.Language) -> ChainStepOut:
    event = step.event
    return ChainStepOut(
        seq=read.numbers.get(event.seq, event.seq),
        type=event.type,
        label=texts.label(language, event.type),
        occurred_on=event.occurred_on,
        days=step.days,
        total_days=step.total,
        details=redaction.learnt_details(
            read, event.type, plain_details(event.type, event.details), read.stored.protection
        ),
    )


def _heard_out(status: HeardStatus, language: texts.Language) -> HeardOut:
    return HeardOut(
        about=status.about,
        label=texts.label(language, status.about),
        ground_on=status.ground.occurred_on if status.ground else None,
        heard_on=status.hearing.occurred_on if status.hearing else None,
        how=status.how,
        how_label=texts.label(language, status.how) if status.how else None,
        law=right_to_be_heard.LAW,
    )
