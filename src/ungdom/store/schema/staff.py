"""The table of the people who work with cases."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Table, Text, text

from ungdom.store.schema.base import EnumText, metadata
from ungdom.workflow.vocabulary import Role

staff = Table(
    "staff",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("konfliktrad", ForeignKey("konfliktrad.code"), nullable=False, index=True),
    Column("role", EnumText(Role), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("telephone", Text),
    Column("active_from", Date, nullable=False),
    Column("active_to", Date),
    Column(
        "cleared",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="may be given cases of people whose address is protected",
    ),
)
