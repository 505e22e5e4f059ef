-- grain: council x transaction x period x cell of a breakdown (or of two)
-- Now with a comment on every column.
comment on view marts.released_count is
'Counts as they were released, newest version; small ones are withheld';
comment on column marts.released_count.council is
'the council, as its file is called';
comment on column marts.released_count.transaction is
'the transaction, as its contract is called';
comment on column marts.released_count.period_kind is
'week or month';
comment on column marts.released_count.period_start is
'first day of the period, on the Europe/London calendar; weeks begin on Monday';
comment on column marts.released_count.reports is
'transactions that count as demand; empty where withheld';
comment on column marts.released_count.state is
'shown or withheld';
comment on column marts.released_count.version is
'how often the counts of this period were released, from 1';
comment on column marts.released_count.released_at is
'when this version was released';
comment on column marts.released_count.breakdown is
'field by which the count is broken down';
comment on column marts.released_count.label is
'value of that field';
comment on column marts.released_count.across is
'second field, where there is one; empty otherwise';
comment on column marts.released_count.across_label is
'value of the second field';
