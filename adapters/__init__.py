"""
The world: what satisfies the ports of the application, and what calls it.

`database`, `event_log`, `view_store`, `snapshots`, `storage`, `keys` in SQL; `memory` without a
disk; `envelope`, `vault`, `key_ring` for personal data; `history_files` for imports; `cli` for
people.
"""
