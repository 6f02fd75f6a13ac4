"""Rules of retention as schemas."""

from collections.abc import Iterable, Sequence

from ungdom import texts
from ungdom.api.http.present import from_source
from ungdom.api.retention.schemas import (
    KeepOut,
    RetentionBasisOut,
    RetentionRuleList,
    RetentionRuleOut,
    RetentionRunOut,
    RuleReportOut,
)
from ungdom.retention.rules import EffectiveRule, parse_length
from ungdom.retention.run import RuleReport
from ungdom.store.retention import StoredBasis
from ungdom.workflow.calendar import Length


def rules_out(
    language: texts.Language, rules: Iterable[EffectiveRule], bases: dict[str, list[StoredBasis]]
) -> RetentionRuleList:
    return RetentionRuleList(items=[rule_out(language, rule, bases.get(rule.rule.code, ())) for rule in rules])


def rule_out(language: texts.Language, effective: EffectiveRule, entered: Sequence[StoredBasis]) -> RetentionRuleOut:
    rule = effective.rule
    return from_source(
        RetentionRuleOut,
        rule,
        what=texts.label(language, rule.code),
        keep=_keep_out(effective.keep),
        keep_label=texts.render(language, str(effective.keep)),
        counted_from_label=texts.label(language, rule.counted_from),
        basis=texts.text(language, "retention_basis", "verified" if rule.verified else "unverified"),
        applies=effective.applies,
        confirmed=[
            from_source(RetentionBasisOut, basis, keep=_keep_out(parse_length(basis.keep)) if basis.keep else None)
            for basis in reversed(entered)
        ],
    )


def run_out(language: texts.Language, reports: Iterable[RuleReport]) -> RetentionRunOut:
    return RetentionRunOut(
        items=[
            from_source(
                RuleReportOut,
                report,
                what=texts.label(language, report.rule),
                message=texts.label(language, report.fault) if report.fault else None,
            )
            for report in reports
        ]
    )


def _keep_out(length: Length) -> KeepOut:
    return KeepOut(years=length.years, months=length.months, days=length.days + 7 * length.weeks)
