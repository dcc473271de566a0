"""The description of the [mqtt] table, of a ward and of a hub: which broker, who we are to it. Structure only."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from pumpd.config.fields import PositiveMs, Record
from pumpd.config.hl7_file import FilePath
from pumpd.config.topic_id import is_topic_id


def _topic_id(text: str) -> str:
    if not is_topic_id(text):
        raise ValueError(f'expected small letters, digits and dashes, found "{text[:40]}": it stands in every topic')
    return text


TopicId = Annotated[str, AfterValidator(_topic_id)]
Seconds = Annotated[int, Field(ge=2, le=60)]


class BusTlsTable(Record):
    """Files of an encrypted connection, PEM: those whom we trust; ours and its key where the broker asks for them."""

    authorities: FilePath
    certificate: FilePath | None = None
    key: FilePath | None = None


class BrokerTable(Record):
    """Which broker. url: mqtt://host:port, or mqtts://host:port with tls. keepalive_s: how often we show life."""

    url: Annotated[str, Field(min_length=1, examples=["mqtts://broker.example:8883"])]
    tls: BusTlsTable | None = None
    username: str | None = None
    password_file: FilePath | None = None
    keepalive_s: Seconds = 5


class MqttTable(BrokerTable):
    """The ward on MQTT. site: the hospital. ward: by default the ward's id, as it may stand in a topic.

    page: where a hub sends people to see this ward itself; by default the first of [server] allowed_origins, else none.
    advisory: a broker that is away is told at the beds, once it has been for away_after.
    """

    site: TopicId
    ward: TopicId | None = None
    page: Annotated[str, Field(min_length=1, examples=["https://ward-4b.example:8443/"])] | None = None
    advisory: bool = True
    away_after: PositiveMs = 60_000
