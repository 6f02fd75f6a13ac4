"""Official messages (ESAS) in and out: received, answered by receipts, sent on, over HTTP or AMQP."""
