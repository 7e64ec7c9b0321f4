"""
Use cases, free of technology: the way of a command, the views and the questions they answer.

`ports` is what is asked of the outside world. `door`, `handling`, `states`, `snapshots` and
`reactions` are the way of a command; `views`, `projecting`, `queries` the machinery of reading;
`customer`, `loyalty`, `sales`, `report` what is read; `history` the import; `audit` the proof;
`crm` the front.
"""
