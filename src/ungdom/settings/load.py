"""The settings of load: how much one caller may send, how long a connection may wait, how many requests may queue."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from ungdom.settings.forms import Number, SettingInfo, network, split_list

_COUNT = "a whole number above 0"
_EACH = "Counted by each worker process for itself."


class LoadSettings(BaseModel):
    """Limits of requests, connections and queues. Each is of one worker process."""

    trusted_proxies: Annotated[
        tuple[Annotated[str, AfterValidator(network)], ...],
        BeforeValidator(split_list),
        SettingInfo("addresses or networks with commas between", default="none: the address of the connection counts"),
    ] = Field(
        default=(),
        description="Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
        examples=["10.0.0.5,10.1.0.0/16"],
    )
    subject_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=6_000, description=f"Requests a minute of one person or system. {_EACH}", examples=["12000"]
    )
    address_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=30_000,
        description=f"Requests a minute from one address, whoever sends them. {_EACH}",
        examples=["60000"],
    )
    login_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=300,
        description=f"Requests a minute from one address without a valid token or secret. {_EACH}",
        examples=["60"],
    )
    search_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=60, description=f"Searches for persons a minute by one person. {_EACH}", examples=["20"]
    )
    connection_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=1_000, description="Open connections of one worker process.", examples=["4000"]
    )
    header_seconds: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=10, description="Seconds in which the header of a request has to arrive.", examples=["5"]
    )
    body_seconds: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=20,
        description="Seconds in which the body of a request has to arrive, or 500 bytes for each of them; as long may a"
        " client take to read as much of an answer.",
        examples=["10"],
    )
    idle_seconds: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=75,
        description="Seconds that a connection may stay open between two requests, and a batch without a new line.",
        examples=["20"],
    )
    queue_limit: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=64, description="Requests of one worker process that may wait for a thread.", examples=["128"]
    )
    queue_seconds: Annotated[Number, SettingInfo(_COUNT)] = Field(
        default=2, description="Seconds that a request may wait for a thread.", examples=["1"]
    )
