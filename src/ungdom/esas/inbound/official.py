"""The result of parsing an official message: decision messages, and flags for every deviation."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ungdom.esas.receipt import ReceiptStatus
from ungdom.message import DecisionMessage
from ungdom.workflow.errors import Problem
from ungdom.workflow.vocabulary import ListedEnumType


class MessageType(StrEnum, metaclass=ListedEnumType):
    """The official messages that are read here, named as in the header `SchemaName`."""

    OVERFOERE_SAK = "overfoereSak"
    DOMSAVGJOERELSE = "DOMSAVGJOERELSE"
    FULLBYRDELSESORDRE = "FULLBYRDELSESORDRE"
    REKVISISJON = "REKVISISJON_PERSONUNDERSOEKELSE"
    RETUR = "RETUR_PERSONUNDERSOEKELSE"
    SIKTELSE_TILTALE = "SIKTELSE_TILTALE"
    KVITTERING = "KVITTERING"


class IgnoredReason(StrEnum):
    """Why a parsed message results in no decision message."""

    OTHER_CASE_TYPE = "other_case_type"  # mediation, a dropped case, oppfølging i konfliktråd
    OTHER_SANCTION = "other_sanction"  # an order to carry out something else than ungdomsstraff
    OTHER_INVESTIGATION = "other_investigation"  # not the personundersøkelse for minors (PUM)
    OTHER_KIND = "other_kind"  # arrest, driving licence
    NO_PERSON = "no_person"  # about companies only
    NO_REACTION = "no_reaction"  # guilt without a reaction: the outcome of the case is not stated
    RECEIPT = "receipt"  # a receipt for one of our messages


class FlagCode(StrEnum):
    """A deviation at a place in a message. The message is parsed nevertheless."""

    # the message
    NEWER_VERSION = "newer_version"  # a higher minor version than the ones known
    OLDER_VERSION = "older_version"
    UNKNOWN_FIELD = "unknown_field"  # not in the contract; not read
    UNKNOWN_VALUE = "unknown_value"  # not in the contract's list of codes
    BLANK = "blank"  # an empty text, treated as absent
    CUT = "cut"  # more than is kept; the remainder is in the official message only
    MORE_FLAGS = "more_flags"  # further flags are not listed
    # ids and numbers
    ID_NOT_GUID = "id_not_guid"
    ID_IN_BRACES = "id_in_braces"
    LETTERS_IN_NUMBER = "letters_in_number"
    ODD_COURT_NUMBER = "odd_court_number"  # not kept
    ODD_ORGANISATION_NUMBER = "odd_organisation_number"
    # days and hours
    OFFSET_NOT_OSLO = "offset_not_oslo"  # the offset differs from that of Oslo at that hour
    OFFSET_MISSING = "offset_missing"  # interpreted as Oslo time
    DATE_WOULD_CHANGE = "date_would_change"  # the day as written differs from the Oslo day of that instant
    IMPLAUSIBLE_YEAR = "implausible_year"
    BEFORE_THE_ACT = "before_the_act"  # a step before 1 July 2014, the day of the first youth sanctions
    PERIOD_REVERSED = "period_reversed"  # the end is before the start; the two are swapped
    # people
    NUMBER_MISSING = "number_missing"
    NUMBER_NOT_ELEVEN_DIGITS = "number_not_eleven_digits"  # not kept
    NUMBER_FAILS_CHECK = "number_fails_check"
    NUMBER_OF_2032 = "number_of_2032"  # valid only by the rule for numbers issued from 2032
    NUMBER_SYNTHETIC = "number_synthetic"
    D_NUMBER = "d_number"
    SSP_NUMBER = "ssp_number"  # the police's own register
    NUMBER_TYPE_DIFFERS = "number_type_differs"  # the stated kind differs from the form of the number
    SEVERAL_NUMBERS = "several_numbers"  # the first is used
    BIRTH_DATE_DIFFERS = "birth_date_differs"  # the day of birth in the number differs from the stated one
    SHARED_NUMBER = "shared_number"  # two people with one number
    PERSON_DIFFERS = "person_differs"  # two descriptions of the accused differ
    NOT_A_YOUTH = "not_a_youth"  # 18 or more at every act, or before there were youth sanctions
    UNDER_18_CONTRADICTS = "under_18_contradicts"  # under18 is false beside ungdomsstraff
    GUARDIANS_NOT_TOLD = "guardians_not_told"  # the list is absent: unknown, rather than none
    MINOR_WITHOUT_GUARDIAN = "minor_without_guardian"
    INTERPRETER_NEEDED = "interpreter_needed"
    # protection
    CLIENT_ADDRESS = "client_address"  # KLIENT_ADRESSE: treated as fortrolig
    ADDRESS_OF_PROTECTED = "address_of_protected"  # an address despite a grading: not kept
    GRADING_DIFFERS = "grading_differs"  # two gradings of one person: the stricter counts
    GUARDIAN_PROTECTED = "guardian_protected"  # no address in the message is kept
    # consent
    CONSENT_TOLD = "consent_told"  # without the day and the person who explained it: not a recorded consent
    CONSENT_MISSING = "consent_missing"
    CONSENT_NOT_ASKED = "consent_not_asked"  # ungdomsstraff from 1 September 2024 requires no consent
    INFORMATION_TOLD = "information_told"
    INFORMATION_MISSING = "information_missing"
    # places
    RECEIVER_UNKNOWN = "receiver_unknown"  # no konfliktråd has that name
    # lengths
    HOURS_NOT_CARRIED = "hours_not_carried"
    MONTH_AS_THIRTY_DAYS = "month_as_thirty_days"
    LENGTHS_CONTRADICT = "lengths_contradict"  # more is suspended than was imposed
    CUSTODY_CREDIT = "custody_credit"  # fradrag: not kept
    # judgments
    IMPLIED_BY_JUDGMENT = "implied_by_judgment"  # what the court must have found to impose the sanction
    SUBSIDIARY_MISSING = "subsidiary_missing"
    SPELLING = "spelling"  # the correct spelling, where the contract has another
    RESULT_CONTRADICTS = "result_contradicts"  # a reaction without guilt
    NO_REACTION = "no_reaction"  # guilt without a reaction: no event results
    CONDITIONS_IN_TEXT = "conditions_in_text"  # særvilkår: free text, not read
    SERVED_CONTRADICTS = "served_contradicts"  # a day of service, although not served
    SERVED_WITHOUT_DATE = "served_without_date"
    SERVICE_AS_BEFORE = "service_as_before"  # a correction: the service reported before remains valid
    ACCEPTED = "accepted"  # VEDTATT: the prosecution sets the day on which it becomes final
    APPEAL_DAY_IMPLIED = "appeal_day_implied"
    OUTCOME_NOT_COMPARED = "outcome_not_compared"  # upheld and changed cannot be distinguished here
    COMPANY = "company"  # one of the accused is a company: ignored
    # orders and charges
    EARLY_EXECUTION = "early_execution"  # foregrepet soning: execution before the judgment is final
    IMPLIED_BY_SENDING = "implied_by_sending"
    REGISTRATION_IMPLIED = "registration_implied"  # the day of registration is not told: that of the act is used
    FINE_OFFERED = "fine_offered"  # forelegg: whether it was accepted is not stated
    ACTS_NOT_LINKED = "acts_not_linked"  # the acts of this person are not stated: all acts are used
    HEARING_DAY_TOLD = "hearing_day_told"  # berammet, without the day on which that was done: not kept


@dataclass(frozen=True, slots=True)
class OfficialFlag:
    """A deviation and its place (JSON Pointer); never a value of the message."""

    code: FlagCode
    pointer: str


@dataclass(frozen=True, slots=True)
class OfficialReceipt:
    """A receipt for one of our messages. `description`: text of the partner, which may name people."""

    ref: str
    status: ReceiptStatus
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialMessage:
    """A parsed official message.

    `version`: as in the header. `meldings_id`: exactly as written, since receipts refer to it. `sent_at`: None when it
    is missing or implausible. `messages`: in the order of the events. `other`: the reason why there are none.
    """

    type: MessageType
    version: str | None
    meldings_id: str
    sent_at: datetime | None = None
    sender_number: str | None = None
    sender_name: str | None = None
    receiver_name: str | None = None
    messages: tuple[DecisionMessage, ...] = ()
    flags: tuple[OfficialFlag, ...] = ()
    other: IgnoredReason | None = None
    receipt: OfficialReceipt | None = None


class BadOfficial(Exception):
    """The message cannot be read.

    `problems`: places and errors, never a value. `missing`: whether a person at the sender can correct all of them;
    otherwise the system of the sender has an error. `meldings_id`, `sender_number`: if they could be read.
    """

    def __init__(
        self, problems: list[Problem], missing: bool, meldings_id: str | None = None, sender_number: str | None = None
    ) -> None:
        super().__init__(f"{len(problems)} problem(s) in the official message")
        self.problems = problems
        self.missing = missing
        self.meldings_id = meldings_id
        self.sender_number = sender_number


Pseudonymiser = Callable[[str], str]
"""Makes a pseudonym of the identity of a person, irreversible without the key."""
MAX_PSEUDONYM = 32
"""Number of characters of a pseudonym that become part of an id."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of parsing one type of message, without its sending."""

    messages: tuple[DecisionMessage, ...] = ()
    flags: tuple[OfficialFlag, ...] = ()
    other: IgnoredReason | None = None
    problems: tuple[Problem, ...] = ()
