"""
The model: facts and decisions, pure.

`customer`, `merchant`, `order`, `program`, `loyalty` are the aggregates, each read downwards:
ids and values, events, state and its fold, commands, refusals, `decide`.
`policies` say what one aggregate's events ask of another; `personal` and `values` are shared.
"""
