-- grain: council x transaction
-- Now with a comment on every column.
comment on table marts.offer is
'Whether a council provides a transaction and, when not, why';
comment on column marts.offer.council is
'the council, as its file is called';
comment on column marts.offer.transaction is
'the transaction, as its contract is called';
comment on column marts.offer.state is
'provided, awaited (it has no feed yet) or not-provided';
comment on column marts.offer.reason is
'why it is not provided';
comment on column marts.offer.not_supplied is
'KPIs that the columns of its feed cannot give';
