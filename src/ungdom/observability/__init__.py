"""What an operator sees of a running process: log lines, metrics, and spans of traces.

`event_table` and `metric_table` name every line and every metric with its meaning; `page` makes a document of them.
`logger` writes an event with its fields, `logs` sets up the output of a process, `masking` is the last look at every
line. `metrics`, `collectors` and `exposition` count and serve. `tracing` limits spans to the route template.

Nothing here knows a person: a field holds an id, a code, a number or a time.
"""
